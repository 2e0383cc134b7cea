//! The capacity units that a store consumed, counted over all of its calls.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Counts capacity units. Clones share the counters.
#[derive(Clone, Debug, Default)]
pub(super) struct UsageCounters(Arc<Counters>);

/// In thousandths: units come in halves.
#[derive(Debug, Default)]
struct Counters {
    read: AtomicU64,
    written: AtomicU64,
}

/// Capacity units as DynamoDB bills them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    pub read_units: f64,
    pub write_units: f64,
}

impl Usage {
    /// Returns the units consumed since an earlier count.
    pub fn since(self, earlier: Self) -> Self {
        Self { read_units: self.read_units - earlier.read_units, write_units: self.write_units - earlier.write_units }
    }
}

impl UsageCounters {
    pub fn read(&self, units: f64) {
        add(&self.0.read, units);
    }

    pub fn written(&self, units: f64) {
        add(&self.0.written, units);
    }

    pub fn now(&self) -> Usage {
        let units = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64 / 1_000.0;
        Usage { read_units: units(&self.0.read), write_units: units(&self.0.written) }
    }
}

fn add(counter: &AtomicU64, units: f64) {
    counter.fetch_add((units * 1_000.0).round() as u64, Ordering::Relaxed);
}
