//! The memory of an upload: if its length is declared, its bytes are held once.

use axum::body::{Body, Bytes, HttpBody};
use dateline::{access::Policy, archive::Archive, http::Service, limits::DOCUMENT_BYTES, store::embedded};
use futures::stream;
use http::{Request, StatusCode};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    convert::Infallible,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};
use tower::ServiceExt;

struct CountingAllocator;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system allocator does the work; the counters are atomics and never touch the allocated memory.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(held, Relaxed);
        // SAFETY: the caller keeps this function's contract, which is that of `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller passes a pointer that `alloc` returned, with its layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const FRAME: usize = 64 * 1024;
/// More than a document may have, so that it is received and not read.
const FRAMES: usize = DOCUMENT_BYTES / FRAME + 8;
const BYTES: usize = FRAMES * FRAME;

/// The only test in this binary, so that no other test allocates meanwhile.
#[tokio::test]
async fn an_upload_is_held_once() {
    let (store, _) = embedded::memory().expect("a table in memory");
    let router = dateline::pages::router(Service::new(Archive::new(store), Policy::OPEN));
    for media_type in ["text/plain", "text/html", "application/x-ndjson"] {
        for attempt in ["cold", "warm"] {
            let frames = stream::iter((0..FRAMES).map(|_| Ok::<_, Infallible>(Bytes::from(vec![b'a'; FRAME]))));
            let request = Request::post("/v1/articles").header("content-type", media_type);
            let request = request.body(Body::new(Sized(Body::from_stream(frames)))).expect("a request");
            let before = HELD.load(Relaxed);
            PEAK.store(before, Relaxed);
            let response = router.clone().oneshot(request).await.expect("the router never fails");
            let of_upload = (PEAK.load(Relaxed) - before) as f64 / BYTES as f64;
            let expected =
                if media_type == "application/x-ndjson" { StatusCode::OK } else { StatusCode::PAYLOAD_TOO_LARGE };
            assert_eq!(response.status(), expected, "{media_type}");
            drop(response);
            assert!(attempt == "cold" || of_upload < 1.2, "{media_type}: {of_upload:.2} times the upload");
        }
    }
}

/// A body whose length was declared.
struct Sized(Body);

impl HttpBody for Sized {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, axum::Error>>> {
        std::pin::Pin::new(&mut self.0).poll_frame(context)
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        hyper::body::SizeHint::with_exact(BYTES as u64)
    }
}
