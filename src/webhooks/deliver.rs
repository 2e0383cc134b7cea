//! Delivery: every change that a webhook asked for, in the order of the change feed, at least once.
//!
//! A webhook is taken by putting off when it may be called, under the condition that nobody did since it was read; its
//! place in the feed is kept with it. One that does not answer holds up no other. It is tried again, later each time, and
//! disabled after [`DISABLED_AFTER`] failures in a row; whoever enables it again gets everything since.

use super::{DISABLED_AFTER, Event, Webhook, message::Message};
use crate::{
    article::{Article, Instant},
    query::Filter,
    sources::{
        RemoteError,
        fetch::{FetchError, Fetcher},
    },
    store::{Change, ChangeKind, ChangePage, Store, StoreError},
};
use futures::{StreamExt, stream};
use std::time::Duration;

/// A webhook that was taken may be called again after this, if it was not put back.
const LEASE: Duration = Duration::from_secs(300);
/// Webhooks that are called at once, changes in one look at the feed, and how long one webhook is called in a round.
const AT_ONCE: usize = 8;
const CHANGES: usize = 50;
const ROUND: Duration = Duration::from_secs(60);
/// After the first failure; three times as long after each further one, up to the longest.
const FIRST_WAIT: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3_600);

#[derive(Clone, Debug)]
pub struct Deliverer {
    store: Store,
    fetcher: Fetcher,
}

/// What a round came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Round {
    pub delivered: usize,
    /// Webhooks whose call failed.
    pub failed: usize,
    /// Whether there is more to deliver to somebody who answers.
    pub more: bool,
}

/// Why no more was told.
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

    /// Calls every webhook that may be called, for as long as it answers and there is something to tell.
    pub async fn round(&self) -> Result<Round, StoreError> {
        let now = Instant::now();
        let webhooks = Webhook::all(&self.store).await?.into_iter();
        let may = webhooks.filter(|it| it.enabled && it.not_before.is_none_or(|at| at <= now));
        // One that fails ends no other.
        let calls = stream::iter(may).map(|it| self.call(it)).buffer_unordered(AT_ONCE);
        let rounds: Vec<Result<Round, StoreError>> = calls.collect().await;
        rounds.into_iter().try_fold(Round::default(), |all, it| {
            let it = it?;
            Ok(Round {
                delivered: all.delivered + it.delivered,
                failed: all.failed + it.failed,
                more: all.more || it.more,
            })
        })
    }

    async fn call(&self, mut webhook: Webhook) -> Result<Round, StoreError> {
        let mut round = Round::default();
        // Nothing is written for one that has nothing to be told.
        let page = self.store.changes(webhook.position(), CHANGES).await?;
        if page.changes.is_empty() {
            return Ok(round);
        }
        webhook.not_before = Some(Instant::now().after(LEASE));
        match webhook.put(&self.store).await {
            Err(StoreError::Conflict) => return Ok(round),
            put => put?,
        }
        // How far it was told is kept, whatever ended it.
        let told = self.tell(&mut webhook, page, &mut round).await;
        webhook.not_before = None;
        let unread = match told {
            Ok(()) => Ok(()),
            Err(Stop::Unheard(error)) => {
                round.failed = 1;
                fail(&mut webhook, error);
                Ok(())
            }
            Err(Stop::Store(error)) => Err(error),
        };
        self.put_back(webhook).await?;
        unread.map(|()| round)
    }

    /// Tells what there is, one change after another, until there is no more, or for as long as a round may take.
    async fn tell(&self, webhook: &mut Webhook, mut page: ChangePage, round: &mut Round) -> Result<(), Stop> {
        let filter = webhook.filter()?;
        let until = tokio::time::Instant::now() + ROUND;
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
                if tokio::time::Instant::now() > until {
                    round.more = true;
                    return Ok(());
                }
            }
            webhook.move_to(page.next);
            page = self.store.changes(page.next, CHANGES).await?;
        }
        Ok(())
    }

    /// What was changed by hand meanwhile stays so; how far it was told is kept.
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

    /// What a webhook is told of a change, if anything.
    ///
    /// Of an article that ceased to match it is told once more: so is everybody who got it.
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
        let fits = |it: &Option<Article>| it.as_ref().is_some_and(|it| filter.fits(it));
        // Of one that was purged nobody can tell any more who got it; what it was before is told to nobody.
        let is_purged = event == Event::Deleted && before.is_none();
        if !(fits(&now) || fits(&before) || is_purged) {
            return Ok(None);
        }
        Ok(Some(Message::of(webhook, change, event, now.as_ref())))
    }

    async fn article(&self, change: &Change, revision: u32) -> Result<Option<Article>, StoreError> {
        let found = self.store.revision(&change.id, revision).await?;
        Ok(found.and_then(|it| it.1).map(|it| it.0))
    }
}

fn fail(webhook: &mut Webhook, error: FetchError) {
    webhook.failures += 1;
    webhook.last_error = Some(RemoteError::new(error.code(), &crate::logs::chain(&error)));
    let (asked, gone) = match &error {
        FetchError::Status { status, retry_after } => (*retry_after, *status == http::StatusCode::GONE),
        _ => (None, false),
    };
    let wait = wait(webhook.failures).max(asked.unwrap_or_default().min(LONGEST_WAIT));
    webhook.not_before = Some(Instant::now().after(wait));
    webhook.enabled = !gone && webhook.failures < DISABLED_AFTER;
    tracing::warn!(webhook = webhook.id, failures = webhook.failures, enabled = webhook.enabled, "a webhook failed");
}

/// After so many failures in a row.
fn wait(failures: u32) -> Duration {
    FIRST_WAIT.saturating_mul(3_u32.saturating_pow(failures.saturating_sub(1))).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_for_27_hours_before_it_is_disabled() {
        assert_eq!([1, 2, 3, 8, 12].map(|it| wait(it).as_secs()), [10, 30, 90, 21_600, 21_600]);
        let all: Duration = (1..DISABLED_AFTER).map(wait).sum();
        assert_eq!(all.as_secs() / 3_600, 27);
    }
}
