//! The indexer: follows the change feed from the manifest's watermark, and puts the next manifest in its place.
//!
//! 1. The next changes are read; the articles that they name are masked in the parts there are, and indexed as they are
//!    now in a new one.
//! 2. Parts of about one size are merged when there are enough of them, and those that are masked for a good part.
//! 3. Parts and masks are put under names that nobody else uses, then the manifest takes the place of the one that was
//!    read. If another indexer was quicker, everything is decided again upon what that one left.
//! 4. Files that no manifest names go after a time in which whoever wrote them, or reads them, is long done.
//!
//! One that ends anywhere in between leaves the manifest as it was, and at most files that go later.

use super::{
    SearchError,
    bytes::Cache,
    manifest::{COPIES, Entry, Manifest, MaskPlace, unique},
    part::{Mask, Part},
    view::{Touched, articles, blocking},
};
use crate::{
    article::Article,
    store::{Change, FeedPosition, Objects, Store, StoreError},
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

/// Changes in one batch: as many articles are in memory at once.
const BATCH: usize = 1_000;
/// Parts of one size that are merged, and how the sizes grow.
const MERGE: usize = 4;
/// The articles of the smallest size.
const SMALLEST: u32 = 64;
/// Parts with more articles are left as they are: they are in memory as a whole while they are merged.
const MERGED_MAX: u32 = 250_000;
/// Of a part, the share that may be masked: one in so many.
const MASKED: u32 = 4;
/// How often an indexer that was not quick enough decides again.
const ATTEMPTS: usize = 8;
/// How long files stay that no manifest in force names.
const GRACE: SignedDuration = SignedDuration::from_hours(6);
/// How often it is looked for such files: once in so many generations.
const SWEEP: u64 = 16;

/// What an indexer did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Indexed {
    pub changes: usize,
    pub batches: usize,
    /// Whether nothing more is to be done now.
    pub finished: bool,
}

pub struct Indexer {
    store: Store,
    cache: Arc<Cache>,
    grace: SignedDuration,
}

impl Indexer {
    pub fn new(store: Store) -> Self {
        Self { store, cache: Arc::default(), grace: GRACE }
    }

    /// Keeps files that no manifest names for another time.
    pub fn with_grace(self, grace: SignedDuration) -> Self {
        Self { grace, ..self }
    }

    /// Until there is nothing more to index, or the time is over; a batch that has begun is ended.
    pub async fn run(&self, time: Duration) -> Result<Indexed, SearchError> {
        let begun = Instant::now();
        let mut indexed = Indexed::default();
        loop {
            let changes = self.batch().await?;
            indexed.changes += changes;
            indexed.batches += usize::from(changes > 0);
            indexed.finished = changes == 0;
            if indexed.finished || begun.elapsed() >= time {
                return Ok(indexed);
            }
        }
    }

    /// One batch; how many changes it had.
    async fn batch(&self) -> Result<usize, SearchError> {
        for attempt in 0..ATTEMPTS {
            let (manifest, version) = Manifest::current(self.objects()).await?;
            let page = self.store.changes(manifest.watermark(), BATCH).await?;
            if page.changes.is_empty() {
                return Ok(0);
            }
            let parts = self.append(manifest.parts.clone(), &page.changes).await?;
            let parts = self.merged(parts).await?;
            let next = Manifest::new(manifest.generation + 1, parts, page.next);
            if next.swap(self.objects(), version).await? {
                tracing::info!(generation = next.generation, changes = page.changes.len(), "indexed");
                if next.generation.is_multiple_of(SWEEP) {
                    self.sweep().await?;
                }
                return Ok(page.changes.len());
            }
            tracing::info!(attempt, "another indexer was quicker");
        }
        Err(StoreError::Conflict.into())
    }

    /// The index from nothing, put in the place of whatever there is, while searches go on upon that.
    pub async fn rebuild(&self) -> Result<Indexed, SearchError> {
        let mut indexed = Indexed { finished: true, ..Indexed::default() };
        let mut parts = Vec::new();
        let mut position = FeedPosition::default();
        loop {
            let page = self.store.changes(position, BATCH).await?;
            position = page.next;
            if !page.changes.is_empty() {
                indexed.changes += page.changes.len();
                indexed.batches += 1;
                parts = self.append(parts, &page.changes).await?;
            }
            if !page.more {
                break;
            }
        }
        self.replace(parts, position).await?;
        Ok(indexed)
    }

    /// An index of articles that come from nowhere, for measurements.
    #[cfg(feature = "local")]
    pub(crate) async fn build(&self, batches: impl Iterator<Item = Vec<Article>>) -> Result<(), SearchError> {
        let mut parts = Vec::new();
        for articles in batches {
            parts = self.add(parts, articles).await?;
        }
        self.replace(parts, FeedPosition::default()).await
    }

    /// Puts an index that is complete by itself in the place of whatever there is.
    async fn replace(&self, mut parts: Vec<Entry>, position: FeedPosition) -> Result<(), SearchError> {
        if parts.len() > 1 && parts.iter().map(|it| it.articles).sum::<u32>() <= MERGED_MAX {
            let all: Vec<usize> = (0..parts.len()).collect();
            parts = self.merge(parts, &all).await?;
        }
        parts = self.merged(parts).await?;
        for _ in 0..ATTEMPTS {
            let version = Manifest::version(self.objects()).await?;
            if Manifest::new(1, parts.clone(), position).swap(self.objects(), version).await? {
                self.sweep().await?;
                return Ok(());
            }
        }
        Err(StoreError::Conflict.into())
    }

    fn objects(&self) -> &Objects {
        self.store.objects()
    }

    /// The parts with what changed.
    async fn append(&self, mut parts: Vec<Entry>, changes: &[Change]) -> Result<Vec<Entry>, SearchError> {
        let touched = Touched::by(changes);
        if !touched.older.is_empty() {
            let older = Arc::new(touched.older);
            for entry in &mut parts {
                let part = Part::open(self.objects(), &self.cache, &entry.place, false).await?;
                let older = older.clone();
                let found = blocking(move || part.find(&older)).await?;
                let mut mask = entry.mask(self.objects()).await?;
                let before = mask.count();
                mask.add(found);
                if mask.count() > before {
                    entry.masked = Some(MaskPlace::put(self.objects(), &mask).await?);
                }
            }
        }
        let articles = articles(&self.store, touched.all.into_iter().collect()).await?;
        self.add(parts, articles).await
    }

    async fn add(&self, mut parts: Vec<Entry>, articles: Vec<Article>) -> Result<Vec<Entry>, SearchError> {
        let part = blocking(move || Part::build(&articles)?.map(packed).transpose()).await?;
        if let Some(part) = part {
            parts.push(self.put(part).await?);
        }
        Ok(parts)
    }

    /// The parts, merged until none are due.
    async fn merged(&self, mut parts: Vec<Entry>) -> Result<Vec<Entry>, SearchError> {
        while let Some(due) = due(&parts) {
            parts = self.merge(parts, &due).await?;
        }
        Ok(parts)
    }

    async fn merge(&self, parts: Vec<Entry>, due: &[usize]) -> Result<Vec<Entry>, SearchError> {
        let mut merging = Vec::with_capacity(due.len());
        for number in due {
            let entry = &parts[*number];
            let part = Part::open(self.objects(), &self.cache, &entry.place, true).await?;
            merging.push((part, entry.mask(self.objects()).await?));
        }
        let merged = blocking(move || {
            let merging: Vec<(&Part, &Mask)> = merging.iter().map(|(part, mask)| (part, mask)).collect();
            Part::merge(&merging)?.map(packed).transpose()
        })
        .await?;
        let mut kept: Vec<Entry> =
            parts.into_iter().enumerate().filter(|(number, _)| !due.contains(number)).map(|it| it.1).collect();
        if let Some(merged) = merged {
            kept.push(self.put(merged).await?);
        }
        Ok(kept)
    }

    async fn put(&self, (entry, object): (Entry, Vec<u8>)) -> Result<Entry, SearchError> {
        self.objects().put_index_file(&entry.place.file, object).await?;
        Ok(entry)
    }

    /// Takes away what no manifest needs that is in force, or was lately.
    pub async fn sweep(&self) -> Result<usize, SearchError> {
        let listed = self.objects().index_files().await?;
        let recently = Timestamp::now() - self.grace;
        let is_recent = |at: Timestamp| at >= recently;
        let mut needed: HashSet<String> = Manifest::current(self.objects()).await?.0.files().collect();
        for file in listed.iter().filter(|it| is_recent(it.last_modified)) {
            let name = file.name.strip_prefix(COPIES).and_then(|it| it.strip_suffix(".json"));
            if let Some(name) = name
                && let Some(manifest) = Manifest::named(self.objects(), name).await?
            {
                needed.extend(manifest.files());
            }
        }
        let gone = listed.iter().filter(|it| !is_recent(it.last_modified) && !needed.contains(&it.name));
        let mut count = 0;
        for file in gone {
            self.objects().delete_index_file(&file.name).await?;
            count += 1;
        }
        Ok(count)
    }
}

fn packed(part: Part) -> Result<(Entry, Vec<u8>), SearchError> {
    let (place, object) = part.packed(format!("parts/{}", unique()))?;
    Ok((Entry { place, articles: part.articles(), masked: None }, object))
}

/// The parts that are to be merged next, if any are.
fn due(parts: &[Entry]) -> Option<Vec<usize>> {
    let size = |it: &Entry| (it.articles.max(SMALLEST) / SMALLEST).ilog(MERGE as u32);
    let small = |it: &&usize| parts[**it].articles <= MERGED_MAX;
    let all: Vec<usize> = (0..parts.len()).collect();
    let masked =
        |it: &&usize| parts[**it].masked.as_ref().is_some_and(|mask| mask.count > parts[**it].articles / MASKED);
    if let Some(one) = all.iter().filter(small).find(masked) {
        return Some(vec![*one]);
    }
    let sizes: HashSet<u32> = all.iter().filter(small).map(|it| size(&parts[*it])).collect();
    let mut sizes: Vec<u32> = sizes.into_iter().collect();
    sizes.sort_unstable();
    sizes.into_iter().find_map(|wanted| {
        let of_size: Vec<usize> = all.iter().filter(small).filter(|it| size(&parts[**it]) == wanted).copied().collect();
        (of_size.len() >= MERGE).then_some(of_size)
    })
}
