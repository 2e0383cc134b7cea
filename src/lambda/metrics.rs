//! The functions' metrics: one line in CloudWatch's embedded metric format for each invocation that did something.
//!
//! CloudWatch turns such a line of the log into metrics of the namespace `Dateline`, by stage and function. A metric
//! that is zero is left out, so an idle archive publishes, and pays for, none. What AWS publishes without our help
//! (invocations, errors, duration, throttles) is not repeated. The dashboard shows every metric of [`PUBLISHED`].

use crate::{
    config::Config,
    store::{Store, Usage},
};
use serde_json::{Map, Value, json};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

pub const NAMESPACE: &str = "Dateline";
const MILLISECONDS: &str = "Milliseconds";
const READ_UNITS: &str = "ReadUnits";
const WRITE_UNITS: &str = "WriteUnits";

/// The metrics of each function. All are counts, except for `Milliseconds`.
pub const PUBLISHED: &[(&str, &[&str])] = &[
    ("api", &["Succeeded", "Refused", "Failed", MILLISECONDS, READ_UNITS, WRITE_UNITS]),
    ("ingest", &["Created", "Revised", "Unchanged", "Kept", "Failed", READ_UNITS, WRITE_UNITS]),
    ("poll", &["Polled", "Failed", "Ingested", READ_UNITS, WRITE_UNITS]),
    ("index", &["Changes", READ_UNITS]),
    ("notify", &["Delivered", "Failed", READ_UNITS, WRITE_UNITS]),
];

/// What an invocation did, by the name of the metric.
pub type Counts = Vec<(&'static str, u64)>;

/// Publishes the metrics of one function.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// `None` publishes nothing.
    stage: Option<String>,
    function: &'static str,
    store: Store,
}

impl Metrics {
    pub fn new(config: &Config, function: &'static str, store: &Store) -> Self {
        Self { stage: config.metrics.clone(), function, store: store.clone() }
    }

    /// Runs the work of one invocation, and publishes its counts, its capacity units and, for the `api`, its duration.
    pub async fn measure<T>(
        &self,
        request_id: &str,
        work: impl Future<Output = T>,
        counts: impl FnOnce(&T) -> Counts,
    ) -> T {
        let (started, before) = (Instant::now(), self.store.usage());
        let result = work.await;
        if let Some(stage) = &self.stage {
            let counts = counts(&result);
            let mut values: Vec<(&str, f64)> = counts.into_iter().map(|(name, count)| (name, count as f64)).collect();
            let Usage { read_units, write_units } = self.store.usage().since(before);
            // Timers find nothing to do most of the time: the reads by which they notice are not worth a metric.
            if values.iter().any(|(_, value)| *value > 0.0) {
                values.extend([(READ_UNITS, read_units), (WRITE_UNITS, write_units)]);
                values.push((MILLISECONDS, started.elapsed().as_secs_f64() * 1_000.0));
            }
            self.publish(stage, request_id, &values);
        }
        result
    }

    fn publish(&self, stage: &str, request_id: &str, values: &[(&str, f64)]) {
        let published = PUBLISHED.iter().find(|(function, _)| *function == self.function).map(|(_, names)| *names);
        let published = published.unwrap_or_default();
        let values = values.iter().filter(|(name, value)| *value > 0.0 && published.contains(name));
        // Three decimals: whole numbers stay short.
        let number =
            |value: f64| if value.fract() == 0.0 { json!(value as u64) } else { json!((value * 1e3).round() / 1e3) };
        let values: Map<String, Value> = values.map(|(name, value)| ((*name).to_owned(), number(*value))).collect();
        if values.is_empty() {
            return;
        }
        let unit = |name: &str| if name == MILLISECONDS { "Milliseconds" } else { "Count" };
        let metrics: Vec<Value> = values.keys().map(|name| json!({"Name": name, "Unit": unit(name)})).collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut line = json!({
            "_aws": {
                "Timestamp": u64::try_from(now.as_millis()).unwrap_or_default(),
                "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["Stage", "Function"]], "Metrics": metrics}],
            },
            "Stage": stage,
            "Function": self.function,
            "request_id": request_id,
        });
        line.as_object_mut().expect("an object").extend(values);
        println!("{line}");
    }
}
