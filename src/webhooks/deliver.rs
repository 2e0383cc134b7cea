//! Delivery: every change that a webhook subscribes to, in the order of the change log, at least once.
//!
//! A worker claims a webhook by postponing its next call, on the condition that the webhook did not change since it was
//! read. The webhook stores its position in the change log. One that does not respond does not delay the others: it is
//! retried with growing waits and disabled after [`WEBHOOK_FAILURES`] consecutive failures. Once enabled again, it
//! receives everything since.

use super::{Event, Webhook, message::Message};
use crate::{
    article::{Article, Instant},
    fetch::{FetchError, Fetcher},
    limits::WEBHOOK_FAILURES,
    query::Filter,
    sources::RemoteError,
    store::{Change, ChangeKind, ChangePage, Store, StoreError},
};
use futures::{StreamExt, stream};
use std::time::Duration;

/// A claimed webhook may be called again after this time, if the claim was not released.
const LEASE: Duration = Duration::from_secs(300);
/// Webhooks called concurrently, changes per read of the change log, and the time limit per webhook in a round.
const CONCURRENT_CALLS: usize = 8;
const CHANGES: usize = 50;
const ROUND: Duration = Duration::from_secs(60);
/// The wait after the first failure. It triples with each further failure, up to `LONGEST_WAIT`.
const FIRST_WAIT: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3_600);

#[derive(Clone, Debug)]
pub struct Deliverer {
    store: Store,
    fetcher: Fetcher,
}

/// The result of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct DeliveryReport {
    pub delivered: usize,
    /// Webhooks whose call failed.
    pub failed: usize,
    /// Whether there is more to deliver to a webhook that responds.
    pub more: bool,
}

/// Why delivery to a webhook stopped.
enum Stop {
    Unheard(FetchError),
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Deliverer {
    pub fn new(store: Store, fetcher: Fetcher) -> Self {
        Self { store, fetcher }
    }

    /// Calls every webhook that is due, for as long as it responds and has changes to receive.
    pub async fn round(&self) -> Result<DeliveryReport, StoreError> {
        let now = Instant::now();
        let webhooks = Webhook::all(&self.store).await?.into_iter();
        let due = webhooks.filter(|webhook| webhook.enabled && webhook.not_before.is_none_or(|at| at <= now));
        // One failing webhook does not stop the others.
        let calls = stream::iter(due).map(|webhook| self.call(webhook)).buffer_unordered(CONCURRENT_CALLS);
        let rounds: Vec<Result<DeliveryReport, StoreError>> = calls.collect().await;
        rounds.into_iter().try_fold(DeliveryReport::default(), |all, round| {
            let round = round?;
            Ok(DeliveryReport {
                delivered: all.delivered + round.delivered,
                failed: all.failed + round.failed,
                more: all.more || round.more,
            })
        })
    }

    async fn call(&self, mut webhook: Webhook) -> Result<DeliveryReport, StoreError> {
        let mut round = DeliveryReport::default();
        // A webhook without new changes causes no write.
        let page = self.store.changes(webhook.position(), CHANGES).await?;
        if page.changes.is_empty() {
            return Ok(round);
        }
        webhook.not_before = Some(Instant::now().after(LEASE));
        match webhook.put(&self.store).await {
            Err(StoreError::Conflict) => return Ok(round),
            put => put?,
        }
        // The position is stored, whatever ended the delivery.
        let delivered = self.deliver_changes(&mut webhook, page, &mut round).await;
        webhook.not_before = None;
        let result = match delivered {
            Ok(()) => Ok(()),
            Err(Stop::Unheard(error)) => {
                round.failed = 1;
                fail(&mut webhook, error);
                Ok(())
            }
            Err(Stop::Store(error)) => Err(error),
        };
        self.put_back(webhook).await?;
        result.map(|()| round)
    }

    /// Delivers the pending changes one by one, until none is left or the time limit of a round is reached.
    async fn deliver_changes(
        &self,
        webhook: &mut Webhook,
        mut page: ChangePage,
        round: &mut DeliveryReport,
    ) -> Result<(), Stop> {
        let filter = webhook.filter()?;
        let deadline = tokio::time::Instant::now() + ROUND;
        while !page.changes.is_empty() {
            let mut position = webhook.position();
            for change in &page.changes {
                if let Some(message) = self.message(webhook, &filter, change).await? {
                    let headers = message.headers(&webhook.secret, Instant::now());
                    self.fetcher.post(&webhook.url, headers, message.body).await.map_err(Stop::Unheard)?;
                    round.delivered += 1;
                    webhook.delivered += 1;
                    webhook.last_delivery_at = Some(Instant::now());
                    webhook.failures = 0;
                }
                position.pass(change);
                webhook.move_to(position);
                if tokio::time::Instant::now() > deadline {
                    round.more = true;
                    return Ok(());
                }
            }
            webhook.move_to(page.next);
            page = self.store.changes(page.next, CHANGES).await?;
        }
        Ok(())
    }

    /// Stores the delivery state and releases the claim. Settings that a user changed meanwhile are kept.
    async fn put_back(&self, mut webhook: Webhook) -> Result<(), StoreError> {
        loop {
            match webhook.put(&self.store).await {
                Err(StoreError::Conflict) => {
                    let Some(mut changed) = Webhook::find(&self.store, &webhook.id).await? else { return Ok(()) };
                    changed.move_to(webhook.position());
                    changed.delivered = webhook.delivered;
                    (changed.failures, changed.not_before) = (webhook.failures, webhook.not_before);
                    changed.last_delivery_at = webhook.last_delivery_at;
                    changed.last_error = webhook.last_error;
                    webhook = changed;
                }
                put => return put,
            }
        }
    }

    /// Returns the message for a change, if the webhook is to receive it.
    ///
    /// An article that no longer matches the filter is delivered once more, so that receivers who have it learn of the
    /// change.
    async fn message(
        &self,
        webhook: &Webhook,
        filter: &Filter,
        change: &Change,
    ) -> Result<Option<Message>, StoreError> {
        let event = match change.kind {
            ChangeKind::Created => Event::Created,
            ChangeKind::Revised => Event::Revised,
            ChangeKind::Deleted => Event::Deleted,
        };
        if !webhook.events.contains(&event) {
            return Ok(None);
        }
        let now = self.article(change, change.revision).await?;
        let before = match event {
            Event::Created => None,
            _ => self.article(change, change.revision.saturating_sub(1)).await?,
        };
        let fits = |article: &Option<Article>| article.as_ref().is_some_and(|article| filter.fits(article));
        // After a purge it is unknown which webhooks received the article, so all get the deletion, without its
        // content.
        let is_purged = event == Event::Deleted && before.is_none();
        if !(fits(&now) || fits(&before) || is_purged) {
            return Ok(None);
        }
        Ok(Some(Message::of(webhook, change, event, now.as_ref())))
    }

    async fn article(&self, change: &Change, revision: u32) -> Result<Option<Article>, StoreError> {
        let stored = self.store.revision(&change.id, revision).await?;
        Ok(stored.and_then(|(_, article)| article).map(|(article, _)| article))
    }
}

fn fail(webhook: &mut Webhook, error: FetchError) {
    webhook.failures += 1;
    webhook.last_error = Some(RemoteError::new(error.code(), &crate::logs::chain(&error)));
    let (requested, gone) = match &error {
        FetchError::Status { status, retry_after } => (*retry_after, *status == http::StatusCode::GONE),
        _ => (None, false),
    };
    let wait = wait(webhook.failures).max(requested.unwrap_or_default().min(LONGEST_WAIT));
    webhook.not_before = Some(Instant::now().after(wait));
    webhook.enabled = !gone && webhook.failures < WEBHOOK_FAILURES;
    tracing::warn!(webhook = webhook.id, failures = webhook.failures, enabled = webhook.enabled, "webhook call failed");
}

/// Returns the wait after a number of consecutive failures.
fn wait(failures: u32) -> Duration {
    FIRST_WAIT.saturating_mul(3_u32.saturating_pow(failures.saturating_sub(1))).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_webhook_is_retried_for_27_hours_before_it_is_disabled() {
        assert_eq!([1, 2, 3, 8, 12].map(|failures| wait(failures).as_secs()), [10, 30, 90, 21_600, 21_600]);
        let all: Duration = (1..WEBHOOK_FAILURES).map(wait).sum();
        assert_eq!(all.as_secs() / 3_600, 27);
    }
}
