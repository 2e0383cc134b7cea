//! Retries after a conflict: how often, and how long apart.

use std::time::Duration;

/// Maximum attempts of one write. Each round of a race has a winner, so this many writers must write one item at the
/// same moment before any of them fails.
const ATTEMPTS: u32 = 8;

/// Counts the attempts of one write that other writers may win. Each attempt must read again what its condition
/// depends on.
#[derive(Debug, Default)]
pub struct RetryOnConflict {
    conflicts: u32,
}

impl RetryOnConflict {
    /// Waits before the next attempt, with exponential backoff and jitter; returns the error after the last attempt.
    pub async fn pause<E>(&mut self, conflict: E) -> Result<(), E> {
        self.conflicts += 1;
        if self.conflicts == ATTEMPTS {
            return Err(conflict);
        }
        tokio::time::sleep(backoff(self.conflicts)).await;
        Ok(())
    }
}

fn backoff(conflicts: u32) -> Duration {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let jitter = u64::from(now.subsec_nanos() % 10);
    Duration::from_millis((5 << (conflicts - 1)) + jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_conflict_is_returned() {
        let mut retries = RetryOnConflict::default();
        for attempt in 1..ATTEMPTS {
            assert_eq!(retries.pause(attempt).await, Ok(()));
        }
        assert_eq!(retries.pause(ATTEMPTS).await, Err(ATTEMPTS));
    }
}
