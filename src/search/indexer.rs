//! The indexer: follows the change log from the manifest's watermark, and replaces the manifest.
//!
//! 1. It reads the next changes, deletes the articles that they name from the existing segments, and indexes their
//!    current versions in a new segment.
//! 2. It forms the stories of those articles ([`super::story_former`]).
//! 3. It merges segments of similar size when there are enough of them, and rewrites those with many deleted articles.
//! 4. It writes segments and bitmaps under unique names, then replaces the manifest that was read. If another indexer
//!    was faster, it starts again from that indexer's manifest.
//! 5. It deletes files that no manifest names after a grace period that outlasts their writers and readers.
//!
//! An indexer that is interrupted leaves the manifest unchanged, and at most files that are deleted later.

use super::{
    SearchError,
    bands::BandsEntry,
    block_storage::{Cache, unique},
    blocking::blocking,
    manifest::{BitmapLocation, COPIES, Manifest, SegmentEntry},
    segment::{DeleteBitmap, Segment},
    snapshot::Touched,
    story_former::StoryFormer,
};
use crate::{
    article::{Article, ArticleId},
    store::{Change, ChangePosition, Objects, RetryOnConflict, Store, StoreError},
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

/// Maximum changes in one batch, and so of articles in memory at once.
const BATCH: usize = 1_000;
/// Segments of one size class that are merged, and the growth factor of the classes.
const MERGE: usize = 4;
/// Articles of the smallest size class.
const SMALLEST: u32 = 64;
/// Segments with more articles are not merged: a merge holds its segments in memory.
const MERGED_MAX: u32 = 250_000;
/// Maximum share of deleted articles in a segment: one in this many.
const DELETED_SHARE: u32 = 4;
/// How long files are kept that the manifest in force does not name.
const GRACE: SignedDuration = SignedDuration::from_hours(6);
/// Generations between sweeps for such files.
const SWEEP: u64 = 16;

/// The result of an indexer's run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Indexed {
    pub changes: usize,
    pub batches: usize,
    /// Whether all changes are indexed.
    pub finished: bool,
}

pub struct Indexer {
    store: Store,
    stories: StoryFormer,
    cache: Arc<Cache>,
    grace: SignedDuration,
}

impl Indexer {
    pub fn new(store: Store) -> Self {
        Self { stories: StoryFormer::new(store.clone()), store, cache: Arc::default(), grace: GRACE }
    }

    /// Sets how long files are kept that no manifest names.
    pub fn with_grace(self, grace: SignedDuration) -> Self {
        Self { grace, ..self }
    }

    /// Indexes until no changes are left or the time is over. A batch in progress is completed.
    pub async fn run(&self, time: Duration) -> Result<Indexed, SearchError> {
        let started = Instant::now();
        let mut indexed = Indexed::default();
        loop {
            let changes = self.batch().await?;
            indexed.changes += changes;
            indexed.batches += usize::from(changes > 0);
            indexed.finished = changes == 0;
            if indexed.finished || started.elapsed() >= time {
                return Ok(indexed);
            }
        }
    }

    /// Indexes one batch, and returns its number of changes.
    async fn batch(&self) -> Result<usize, SearchError> {
        let mut retries = RetryOnConflict::default();
        loop {
            let (manifest, version) = Manifest::current(self.objects()).await?;
            let page = self.store.changes(manifest.watermark(), BATCH).await?;
            if page.changes.is_empty() {
                return Ok(0);
            }
            let (segments, bands) =
                self.append(manifest.segments.clone(), manifest.bands.clone(), &page.changes).await?;
            let segments = self.merged(segments).await?;
            let next = Manifest::new(manifest.generation + 1, segments, bands, page.next);
            if next.swap(self.objects(), version).await? {
                tracing::info!(generation = next.generation, changes = page.changes.len(), "changes indexed");
                if next.generation.is_multiple_of(SWEEP) {
                    self.sweep().await?;
                }
                return Ok(page.changes.len());
            }
            tracing::info!("another indexer swapped the manifest first");
            retries.pause(StoreError::Conflict).await?;
        }
    }

    /// Builds the index from scratch and replaces the existing one, which searches use until then.
    pub async fn rebuild(&self) -> Result<Indexed, SearchError> {
        let mut indexed = Indexed { finished: true, ..Indexed::default() };
        let (mut segments, mut bands) = (Vec::new(), Vec::new());
        let mut position = ChangePosition::default();
        loop {
            let page = self.store.changes(position, BATCH).await?;
            position = page.next;
            if !page.changes.is_empty() {
                indexed.changes += page.changes.len();
                indexed.batches += 1;
                (segments, bands) = self.append(segments, bands, &page.changes).await?;
            }
            if !page.more {
                break;
            }
        }
        self.replace(segments, bands, position).await?;
        Ok(indexed)
    }

    /// Builds an index of articles that are not in the archive, for measurements.
    pub async fn build(&self, batches: impl Iterator<Item = Vec<Article>>) -> Result<(), SearchError> {
        let mut segments = Vec::new();
        for articles in batches {
            segments = self.add(segments, articles).await?;
        }
        self.replace(segments, Vec::new(), ChangePosition::default()).await
    }

    /// Replaces the existing index with a complete one.
    async fn replace(
        &self,
        mut segments: Vec<SegmentEntry>,
        bands: Vec<BandsEntry>,
        position: ChangePosition,
    ) -> Result<(), SearchError> {
        if segments.len() > 1 && segments.iter().map(|segment| segment.articles).sum::<u32>() <= MERGED_MAX {
            let all: Vec<usize> = (0..segments.len()).collect();
            segments = self.merge(segments, &all).await?;
        }
        segments = self.merged(segments).await?;
        let mut retries = RetryOnConflict::default();
        loop {
            let version = Manifest::version(self.objects()).await?;
            if Manifest::new(1, segments.clone(), bands.clone(), position).swap(self.objects(), version).await? {
                self.sweep().await?;
                return Ok(());
            }
            retries.pause(StoreError::Conflict).await?;
        }
    }

    fn objects(&self) -> &Objects {
        self.store.objects()
    }

    /// Applies changes to the segments, the stories and the bands.
    async fn append(
        &self,
        mut segments: Vec<SegmentEntry>,
        bands: Vec<BandsEntry>,
        changes: &[Change],
    ) -> Result<(Vec<SegmentEntry>, Vec<BandsEntry>), SearchError> {
        let touched = Touched::by(changes);
        if !touched.older.is_empty() {
            let older = Arc::new(touched.older);
            for entry in &mut segments {
                let segment = Segment::open(self.objects(), &self.cache, &entry.place, false).await?;
                let older = older.clone();
                let found = blocking(move || segment.find(&older)).await?;
                let mut bitmap = entry.bitmap(self.objects()).await?;
                let before = bitmap.count();
                bitmap.add(found);
                if bitmap.count() > before {
                    entry.deleted = Some(BitmapLocation::put(self.objects(), &bitmap).await?);
                }
            }
        }
        let ids: Vec<ArticleId> = touched.all.into_iter().collect();
        let (records, _) = self.store.articles(&ids).await?;
        let articles = records.iter().map(|record| record.article.clone()).collect();
        let bands = self.stories.follow(bands, changes, records).await?;
        Ok((self.add(segments, articles).await?, bands))
    }

    async fn add(
        &self,
        mut segments: Vec<SegmentEntry>,
        articles: Vec<Article>,
    ) -> Result<Vec<SegmentEntry>, SearchError> {
        let segment = blocking(move || Segment::build(&articles)?.map(packed).transpose()).await?;
        if let Some(segment) = segment {
            segments.push(self.put(segment).await?);
        }
        Ok(segments)
    }

    /// Merges segments until none are due.
    async fn merged(&self, mut segments: Vec<SegmentEntry>) -> Result<Vec<SegmentEntry>, SearchError> {
        while let Some(due) = due(&segments) {
            segments = self.merge(segments, &due).await?;
        }
        Ok(segments)
    }

    async fn merge(&self, segments: Vec<SegmentEntry>, due: &[usize]) -> Result<Vec<SegmentEntry>, SearchError> {
        let mut merging = Vec::with_capacity(due.len());
        for number in due {
            let entry = &segments[*number];
            let segment = Segment::open(self.objects(), &self.cache, &entry.place, true).await?;
            merging.push((segment, entry.bitmap(self.objects()).await?));
        }
        let merged = blocking(move || {
            let merging: Vec<(&Segment, &DeleteBitmap)> =
                merging.iter().map(|(segment, bitmap)| (segment, bitmap)).collect();
            Segment::merge(&merging)?.map(packed).transpose()
        })
        .await?;
        let remaining = segments.into_iter().enumerate().filter(|(number, _)| !due.contains(number));
        let mut remaining: Vec<SegmentEntry> = remaining.map(|(_, entry)| entry).collect();
        if let Some(merged) = merged {
            remaining.push(self.put(merged).await?);
        }
        Ok(remaining)
    }

    async fn put(&self, (entry, object): (SegmentEntry, Vec<u8>)) -> Result<SegmentEntry, SearchError> {
        self.objects().put_index_file(&entry.place.file, object).await?;
        Ok(entry)
    }

    /// Deletes files that neither the manifest in force nor a recent one needs, and returns their number.
    pub async fn sweep(&self) -> Result<usize, SearchError> {
        let listed = self.objects().index_files().await?;
        let recently = Timestamp::now() - self.grace;
        let is_recent = |at: Timestamp| at >= recently;
        let mut needed: HashSet<String> = Manifest::current(self.objects()).await?.0.files().collect();
        for file in listed.iter().filter(|file| is_recent(file.last_modified)) {
            let name = file.name.strip_prefix(COPIES).and_then(|rest| rest.strip_suffix(".json"));
            if let Some(name) = name
                && let Some(manifest) = Manifest::named(self.objects(), name).await?
            {
                needed.extend(manifest.files());
            }
        }
        let unused = listed.iter().filter(|file| !is_recent(file.last_modified) && !needed.contains(&file.name));
        let mut count = 0;
        for file in unused {
            self.objects().delete_index_file(&file.name).await?;
            count += 1;
        }
        Ok(count)
    }
}

fn packed(segment: Segment) -> Result<(SegmentEntry, Vec<u8>), SearchError> {
    let (place, object) = segment.packed(format!("segments/{}", unique()))?;
    Ok((SegmentEntry { place, articles: segment.articles(), deleted: None }, object))
}

/// Returns the segments to merge next, if any.
fn due(segments: &[SegmentEntry]) -> Option<Vec<usize>> {
    let size = |entry: &SegmentEntry| (entry.articles.max(SMALLEST) / SMALLEST).ilog(MERGE as u32);
    let small = |number: &&usize| segments[**number].articles <= MERGED_MAX;
    let all: Vec<usize> = (0..segments.len()).collect();
    let deleted = |number: &&usize| {
        let entry = &segments[**number];
        entry.deleted.as_ref().is_some_and(|bitmap| bitmap.count > entry.articles / DELETED_SHARE)
    };
    if let Some(number) = all.iter().filter(small).find(deleted) {
        return Some(vec![*number]);
    }
    let sizes: HashSet<u32> = all.iter().filter(small).map(|number| size(&segments[*number])).collect();
    let mut sizes: Vec<u32> = sizes.into_iter().collect();
    sizes.sort_unstable();
    sizes.into_iter().find_map(|wanted| {
        let of_size: Vec<usize> =
            all.iter().filter(small).filter(|number| size(&segments[**number]) == wanted).copied().collect();
        (of_size.len() >= MERGE).then_some(of_size)
    })
}
