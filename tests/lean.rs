//! What a start costs: a function that serves lists pays nothing for being able to search.

use dateline::{access::Policy, archive::Archive, http::Service, store::embedded};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};

struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does the work; counting touches no memory of its own.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One test in this binary, so that nobody else allocates meanwhile.
#[test]
fn being_able_to_search_costs_a_start_one_allocation() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (store, _engine) = runtime.block_on(embedded::memory()).expect("an engine in memory");
    let archive = Archive::new(store);
    let before = (ALLOCATIONS.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed));
    let service = Service::new(archive, Policy::OPEN);
    let after = (ALLOCATIONS.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed));
    drop(service);
    let (allocations, bytes) = (after.0 - before.0, after.1 - before.1);
    // The search's handle, and the name of the table beside its clone of the store.
    assert!(allocations <= 2 && bytes < 4_096, "{allocations} allocations of {bytes} bytes");
}
