//! When a source is polled next.
//!
//! A feed that had something new is asked again sooner, one that had not later, within its limits: so the interval comes to
//! the feed's own rhythm. What the server says of its age, or of how long to wait, is heeded. Failures put it off twice as
//! long each time, and none for ever.

use super::source::Source;
use crate::article::Instant;
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

/// However often it failed, it is asked again within this.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);
/// What a server asks for is heeded up to here.
const HEEDED: Duration = Duration::from_secs(7 * 86_400);
/// After a poll that could not take everything.
const SOON: Duration = Duration::from_secs(60);
/// Doublings after which the wait is the longest anyway.
const DOUBLINGS: u32 = 12;

/// After a poll that went well.
pub fn after_success(source: &mut Source, new_entries: bool, max_age: Option<Duration>, now: Instant) {
    let interval = source.interval_seconds;
    let next = if new_entries { interval / 2 } else { interval + interval / 2 };
    let settings = &source.settings;
    source.interval_seconds = next.clamp(settings.minimum_interval_seconds, settings.maximum_interval_seconds);
    let fresh = max_age.unwrap_or_default().min(Duration::from_secs(settings.maximum_interval_seconds));
    source.next_poll_at = Some(now.after(source.interval().max(fresh)));
}

/// When the rest of what it lists is taken.
pub fn soon(source: &Source, now: Instant) -> Instant {
    now.after(Duration::from_secs(source.settings.minimum_interval_seconds).min(SOON))
}

/// After one that failed, as often as the source says by now. `wait`: what the server asks for.
pub fn after_failure(source: &mut Source, wait: Option<Duration>, now: Instant) {
    let doublings = source.health.failures.saturating_sub(1).min(DOUBLINGS);
    let backoff = Duration::from_secs(source.settings.minimum_interval_seconds << doublings).min(LONGEST_WAIT);
    let pause = (backoff + jitter(source, backoff)).max(wait.unwrap_or_default().min(HEEDED));
    source.next_poll_at = Some(now.after(pause));
}

/// Up to a fifth more, so that what failed together does not come again together. The same for the same failure.
fn jitter(source: &Source, of: Duration) -> Duration {
    let mut hasher = DefaultHasher::new();
    (&source.id, source.health.failures).hash(&mut hasher);
    of.mul_f64((hasher.finish() % 1_000) as f64 / 5_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Settings;

    fn wait(source: &Source, now: Instant) -> u64 {
        let next = source.next_poll_at.expect("a time").timestamp();
        u64::try_from(next.duration_since(now.timestamp()).as_secs()).expect("in the future")
    }

    #[test]
    fn the_interval_comes_to_the_feeds_rhythm_within_its_limits() {
        let now = Instant::parse("2026-01-01T12:00:00Z").expect("a time");
        let mut source = Source::new(Settings::new("https://a.example/feed".to_owned()), now);
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
    fn failures_put_it_off_and_never_for_good() {
        let now = Instant::parse("2026-01-01T12:00:00Z").expect("a time");
        let mut source = Source::new(Settings::new("https://a.example/feed".to_owned()), now);
        let mut last = 0;
        for failures in 1..40 {
            source.health.failures = failures;
            after_failure(&mut source, None, now);
            let waits = wait(&source, now);
            assert!(waits >= last.min(86_400) && waits <= 86_400 * 6 / 5, "{failures}: {waits}");
            last = waits;
        }
        source.health.failures = 1;
        after_failure(&mut source, Some(Duration::from_secs(50_000)), now);
        assert_eq!(wait(&source, now), 50_000);
        after_failure(&mut source, Some(Duration::from_secs(u64::MAX / 4)), now);
        assert_eq!(wait(&source, now), 7 * 86_400);
    }
}
