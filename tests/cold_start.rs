//! The cost of a cold start: a function that only serves lists pays almost nothing for search support.

use dateline::{
    access::Policy,
    archive::Archive,
    http::Service,
    store::{
        embedded,
        table::{Action, Item, Table},
    },
};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};

struct CountingAllocator;

static BYTES: AtomicUsize = AtomicUsize::new(0);
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system allocator does the work; the counters are atomics and never touch the allocated memory.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps this function's contract, which is that of `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller passes a pointer that `alloc` returned, with its layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// The only test in this binary, so that no other test allocates meanwhile.
#[test]
fn a_service_adds_at_most_two_allocations_to_a_cold_start() {
    let (store, table) = embedded::memory().expect("an engine in memory");
    // The table's thread allocates while it starts; it has started when it has written.
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let written = table.write(Action::Put(Item::new("started", "HEAD")).always());
    runtime.block_on(written).expect("written");
    let archive = Archive::new(store);
    let before = (ALLOCATIONS.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed));
    let service = Service::new(archive, Policy::OPEN);
    let after = (ALLOCATIONS.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed));
    drop(service);
    let (allocations, bytes) = (after.0 - before.0, after.1 - before.1);
    // The search handle, and the responses since the last write.
    assert!(allocations <= 2 && bytes < 4_096, "{allocations} allocations of {bytes} bytes");
}
