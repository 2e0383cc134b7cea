//! When a source is polled next.
//!
//! A feed with new entries is polled sooner, one without later, within the source's limits: so the interval adapts to
//! the feed's rhythm. The server's `max-age` and `Retry-After` are respected. Each failure doubles the wait, up to a
//! limit.

use super::source::Source;
use crate::article::Instant;
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

/// Maximum wait after failures, before jitter.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);
/// Maximum wait that a server may request.
const SERVER_WAIT_MAX: Duration = Duration::from_secs(7 * 86_400);
/// The maximum wait after a poll that could not process all entries.
const SOON: Duration = Duration::from_secs(60);
/// Doublings after which the wait has reached its maximum.
const DOUBLINGS: u32 = 12;

/// Schedules the next poll after a successful one.
pub fn after_success(source: &mut Source, new_entries: bool, max_age: Option<Duration>, now: Instant) {
    let interval = source.interval_seconds;
    let next = if new_entries { interval / 2 } else { interval + interval / 2 };
    let settings = &source.settings;
    source.interval_seconds = next.clamp(settings.minimum_interval_seconds, settings.maximum_interval_seconds);
    let fresh = max_age.unwrap_or_default().min(Duration::from_secs(settings.maximum_interval_seconds));
    source.next_poll_at = Some(now.after(source.interval().max(fresh)));
}

/// Returns when to process the rest of the entries.
pub fn soon(source: &Source, now: Instant) -> Instant {
    now.after(Duration::from_secs(source.settings.minimum_interval_seconds).min(SOON))
}

/// Schedules the next poll after a failed one, by the source's number of failures. `wait`: what the server requests.
pub fn after_failure(source: &mut Source, wait: Option<Duration>, now: Instant) {
    let doublings = source.health.failures.saturating_sub(1).min(DOUBLINGS);
    let backoff = Duration::from_secs(source.settings.minimum_interval_seconds << doublings).min(LONGEST_WAIT);
    let pause = (backoff + jitter(source, backoff)).max(wait.unwrap_or_default().min(SERVER_WAIT_MAX));
    source.next_poll_at = Some(now.after(pause));
}

/// Returns up to a fifth of the wait, so that sources that failed together are not retried together. Deterministic for
/// a source and its number of failures.
fn jitter(source: &Source, of: Duration) -> Duration {
    let mut hasher = DefaultHasher::new();
    (&source.id, source.health.failures).hash(&mut hasher);
    of.mul_f64((hasher.finish() % 1_000) as f64 / 5_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::SourceSettings;

    fn wait(source: &Source, now: Instant) -> u64 {
        let next = source.next_poll_at.expect("a time").timestamp();
        u64::try_from(next.duration_since(now.timestamp()).as_secs()).expect("in the future")
    }

    #[test]
    fn the_interval_adapts_to_the_feed_within_its_limits() {
        let now = Instant::parse("2026-01-01T12:00:00Z").expect("a time");
        let mut source = Source::new(SourceSettings::new("https://a.example/feed".to_owned()), now);
        for _ in 0..10 {
            after_success(&mut source, true, None, now);
        }
        assert_eq!(wait(&source, now), 300);
        for _ in 0..30 {
            after_success(&mut source, false, None, now);
        }
        assert_eq!(wait(&source, now), 86_400);
        after_success(&mut source, true, Some(Duration::from_secs(7_200)), now);
        assert_eq!(wait(&source, now), 43_200);
        source.interval_seconds = 300;
        after_success(&mut source, true, Some(Duration::from_secs(7_200)), now);
        assert_eq!(wait(&source, now), 7_200, "the server knows when there may be something new");
    }

    #[test]
    fn failures_delay_the_next_poll_by_a_bounded_time() {
        let now = Instant::parse("2026-01-01T12:00:00Z").expect("a time");
        let mut source = Source::new(SourceSettings::new("https://a.example/feed".to_owned()), now);
        let mut last = 0;
        for failures in 1..40 {
            source.health.failures = failures;
            after_failure(&mut source, None, now);
            let seconds = wait(&source, now);
            assert!(seconds >= last.min(86_400) && seconds <= 86_400 * 6 / 5, "{failures}: {seconds}");
            last = seconds;
        }
        source.health.failures = 1;
        after_failure(&mut source, Some(Duration::from_secs(50_000)), now);
        assert_eq!(wait(&source, now), 50_000);
        after_failure(&mut source, Some(Duration::from_secs(u64::MAX / 4)), now);
        assert_eq!(wait(&source, now), 7 * 86_400);
    }
}
