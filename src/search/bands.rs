//! The bands of recent texts: which articles may be near-duplicates of one.
//!
//! A text has a hash for each band ([`Shingles::bands`]); similar texts have one in common. They are kept for
//! [`RECENT_TEXTS`] articles of two weeks in files of the index, which the manifest names: an article that is alone in
//! its story has no item in the table for them. 32 bits of a hash are enough for candidates, because comparing the texts
//! decides.

use super::{SearchError, block_storage::unique, blocking::blocking};
use crate::{
    article::{ArticleId, Instant},
    enrich::near_duplicates::{BANDS, Shingles},
    limits::RECENT_TEXTS,
    store::Objects,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

/// Two articles of one story are stored at most this far apart.
const KEPT_SECONDS: i64 = 14 * 24 * 60 * 60;
/// Maximum articles of one file, unless one batch has more. Smaller files are merged as they get old, so that there are
/// few of them.
const FILE_TEXTS: usize = 32_768;
/// Maximum articles of one band that are looked at: the latest.
const BAND_TEXTS: usize = 40;
/// Maximum candidates: those with the most bands in common.
const CANDIDATES: usize = 20;
/// Bytes of a text in a file: its article's id, the second of its change, and its bands.
const TEXT_BYTES: usize = ArticleId::LENGTH + 8 + 4 * BANDS;

/// A file of bands, as the manifest names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BandsEntry {
    pub file: String,
    pub texts: usize,
    /// The second of the latest change in it.
    latest: i64,
    checksum: u32,
}

/// The bands of an article's text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Text {
    article: ArticleId,
    second: i64,
    bands: [u32; BANDS],
}

/// Texts in the order of their changes, and who has which band.
#[derive(Debug, Default)]
struct Texts {
    texts: Vec<Text>,
    /// Sorted by band, then by text.
    by_band: Vec<(u32, u32)>,
}

impl Texts {
    fn new(texts: Vec<Text>) -> Self {
        let numbered = texts.iter().zip(0u32..);
        let mut by_band: Vec<(u32, u32)> =
            numbered.flat_map(|(text, number)| text.bands.iter().map(move |band| (*band, number))).collect();
        by_band.sort_unstable();
        Self { texts, by_band }
    }

    /// Returns the texts that have a band, the latest first.
    fn with_band(&self, band: u32) -> impl Iterator<Item = &Text> {
        let start = self.by_band.partition_point(|(other, _)| *other < band);
        let end = start + self.by_band[start..].partition_point(|(other, _)| *other == band);
        self.by_band[start..end].iter().rev().map(|(_, text)| &self.texts[*text as usize])
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.texts.len() * TEXT_BYTES);
        for text in &self.texts {
            bytes.extend_from_slice(text.article.as_str().as_bytes());
            bytes.extend_from_slice(&text.second.to_le_bytes());
            bytes.extend(text.bands.iter().flat_map(|band| band.to_le_bytes()));
        }
        bytes
    }

    /// Returns `None` for bytes that no [`Self::to_bytes`] wrote.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (texts, rest) = bytes.as_chunks::<TEXT_BYTES>();
        let text = |bytes: &[u8; TEXT_BYTES]| {
            let (id, rest) = bytes.split_at(ArticleId::LENGTH);
            let (second, bands) = rest.split_first_chunk::<8>()?;
            let mut text = Text {
                article: ArticleId::parse(str::from_utf8(id).ok()?).ok()?,
                second: i64::from_le_bytes(*second),
                bands: [0; BANDS],
            };
            for (band, bytes) in text.bands.iter_mut().zip(bands.as_chunks::<4>().0) {
                *band = u32::from_le_bytes(*bytes);
            }
            Some(text)
        };
        rest.is_empty().then(|| texts.iter().map(text).collect::<Option<Vec<_>>>())?.map(Self::new)
    }
}

/// The files that are open, shared by the batches of one indexer.
#[derive(Debug)]
pub struct OpenBands {
    files: Mutex<HashMap<String, Arc<Texts>>>,
    /// Maximum articles of one file, and of all.
    limits: (usize, usize),
}

impl Default for OpenBands {
    fn default() -> Self {
        Self { files: Mutex::default(), limits: (FILE_TEXTS, RECENT_TEXTS) }
    }
}

impl OpenBands {
    async fn open(&self, objects: &Objects, entry: &BandsEntry) -> Result<Arc<Texts>, SearchError> {
        if let Some(open) = self.files.lock().unwrap_or_else(PoisonError::into_inner).get(&entry.file) {
            return Ok(open.clone());
        }
        let damaged = |problem: &str| SearchError::Damaged { file: entry.file.clone(), problem: problem.to_owned() };
        let (bytes, _) = objects.index_file(&entry.file).await?.ok_or_else(|| damaged("it is missing"))?;
        if crc32fast::hash(&bytes) != entry.checksum {
            return Err(damaged("its checksum does not match"));
        }
        let texts = blocking(move || Ok(Texts::from_bytes(&bytes))).await?;
        let texts = Arc::new(texts.ok_or_else(|| damaged("it holds something else than bands"))?);
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(entry.file.clone(), texts.clone());
        Ok(texts)
    }

    fn close_all_but(&self, entries: &[BandsEntry]) {
        let mut open = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|file, _| entries.iter().any(|entry| entry.file == *file));
    }
}

/// The bands of the texts before a batch of changes, and those of the batch so far.
pub struct RecentTexts<'a> {
    open: &'a OpenBands,
    objects: &'a Objects,
    entries: Vec<BandsEntry>,
    files: Vec<Arc<Texts>>,
    new: Vec<Text>,
    new_by_band: HashMap<u32, Vec<usize>>,
    gone: HashSet<ArticleId>,
}

impl<'a> RecentTexts<'a> {
    pub async fn open(
        open: &'a OpenBands,
        objects: &'a Objects,
        entries: Vec<BandsEntry>,
    ) -> Result<Self, SearchError> {
        open.close_all_but(&entries);
        let mut files = Vec::with_capacity(entries.len());
        for entry in &entries {
            files.push(open.open(objects, entry).await?);
        }
        Ok(Self { open, objects, entries, files, new: Vec::new(), new_by_band: HashMap::new(), gone: HashSet::new() })
    }

    /// Returns the articles with a band in common with a text, those with the most first, and keeps the text's bands.
    pub fn meet(&mut self, article: &ArticleId, at: Instant, shingles: &Shingles) -> Vec<ArticleId> {
        let Ok(bands) = <[u32; BANDS]>::try_from(numbered(shingles)) else { return Vec::new() };
        let second = at.timestamp().as_second();
        let mut common: HashMap<&ArticleId, usize> = HashMap::new();
        for band in bands {
            let new = self.new_by_band.get(&band).into_iter().flatten().rev().map(|number| &self.new[*number]);
            let stored = self.files.iter().rev().flat_map(|file| file.with_band(band));
            let kept = |text: &&Text| text.second >= second - KEPT_SECONDS && text.article != *article;
            let mut once: HashSet<&ArticleId> = HashSet::new();
            for text in new.chain(stored).take(BAND_TEXTS).filter(kept) {
                if once.insert(&text.article) {
                    *common.entry(&text.article).or_default() += 1;
                }
            }
        }
        let mut candidates: Vec<(&ArticleId, usize)> = common.into_iter().collect();
        candidates.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let candidates = candidates.into_iter().take(CANDIDATES).map(|(id, _)| id.clone()).collect();
        for band in bands {
            self.new_by_band.entry(band).or_default().push(self.new.len());
        }
        self.new.push(Text { article: article.clone(), second, bands });
        candidates
    }

    /// Forgets the bands of an article that was deleted.
    pub fn forget(&mut self, article: &ArticleId) {
        self.gone.insert(article.clone());
    }

    /// Writes the bands of the batch, and returns the files that are in force then.
    pub async fn stored(mut self) -> Result<Vec<BandsEntry>, SearchError> {
        let (of_file, of_all) = self.open.limits;
        let is_gone = |text: &Text| self.gone.contains(&text.article);
        let latest = self.new.iter().map(|text| text.second).max();
        let mut files: Vec<(Option<BandsEntry>, Arc<Texts>)> =
            self.entries.drain(..).map(Some).zip(self.files.drain(..)).collect();
        if let Some(latest) = latest {
            files.retain(|(entry, _)| entry.as_ref().is_some_and(|entry| entry.latest >= latest - KEPT_SECONDS));
        }
        for (entry, texts) in &mut files {
            if !self.gone.is_empty() && texts.texts.iter().any(is_gone) {
                let left = texts.texts.iter().filter(|text| !is_gone(text)).cloned().collect();
                (*entry, *texts) = (None, Arc::new(Texts::new(left)));
            }
        }
        self.new.retain(|text| !self.gone.contains(&text.article));
        let mut new = std::mem::take(&mut self.new);
        // Each file stays at least twice as large as the next one, so their number grows with the logarithm of the texts.
        while let Some((_, older)) = files.last()
            && !new.is_empty()
            && older.texts.len() < 2 * new.len()
            && older.texts.len() + new.len() <= of_file
        {
            new.splice(0..0, older.texts.iter().cloned());
            files.pop();
        }
        files.push((None, Arc::new(Texts::new(new))));
        files.retain(|(_, texts)| !texts.texts.is_empty());
        while files.iter().map(|(_, texts)| texts.texts.len()).sum::<usize>() > of_all {
            tracing::warn!(limit = of_all, "the oldest recent texts are not compared with new ones any more");
            files.remove(0);
        }
        let mut entries = Vec::with_capacity(files.len());
        for (entry, texts) in files {
            entries.push(match entry {
                Some(entry) => entry,
                None => self.put(texts).await?,
            });
        }
        Ok(entries)
    }

    async fn put(&self, texts: Arc<Texts>) -> Result<BandsEntry, SearchError> {
        let bytes = texts.to_bytes();
        let entry = BandsEntry {
            file: format!("bands/{}", unique()),
            texts: texts.texts.len(),
            latest: texts.texts.iter().map(|text| text.second).max().unwrap_or_default(),
            checksum: crc32fast::hash(&bytes),
        };
        self.objects.put_index_file(&entry.file, bytes).await?;
        self.open.files.lock().unwrap_or_else(PoisonError::into_inner).insert(entry.file.clone(), texts);
        Ok(entry)
    }
}

/// Returns 32 bits for each band of a text, which depend on the band's number too; none for a text without bands.
fn numbered(shingles: &Shingles) -> Vec<u32> {
    let bands = shingles.bands().into_iter().zip(0u32..);
    bands.map(|(hash, number)| ((hash >> 32) as u32).wrapping_add(number.wrapping_mul(0x9e37_79b9))).collect()
}

#[cfg(all(test, feature = "local"))]
mod tests {
    use super::*;
    use jiff::ToSpan;

    const DAY: i64 = 24 * 60 * 60;

    /// A batch: articles with the number of their text, and the seconds of their changes.
    type Batch<'a> = &'a [(usize, usize, i64)];

    struct Consumer {
        open: OpenBands,
        objects: Objects,
        entries: Vec<BandsEntry>,
    }

    impl Consumer {
        fn new(limits: (usize, usize)) -> Self {
            let (store, _) = crate::store::embedded::memory().expect("a table in memory");
            let open = OpenBands { limits, ..OpenBands::default() };
            Self { open, objects: store.objects().clone(), entries: Vec::new() }
        }

        /// Returns the candidates of each article.
        async fn follow(&mut self, batch: Batch<'_>) -> Vec<Vec<ArticleId>> {
            let entries = std::mem::take(&mut self.entries);
            let mut recent = RecentTexts::open(&self.open, &self.objects, entries).await.expect("opened");
            let start = Instant::parse("2025-04-07").expect("a day");
            let mut candidates = Vec::new();
            for (article, text, second) in batch {
                let at = start.timestamp().checked_add(second.seconds()).expect("in range");
                let at = Instant::from_timestamp(at).expect("in range");
                candidates.push(recent.meet(&id(*article), at, &Shingles::of(&body(*text))));
            }
            self.entries = recent.stored().await.expect("stored");
            candidates
        }
    }

    fn id(article: usize) -> ArticleId {
        ArticleId::of_identity(&article.to_string())
    }

    fn body(text: usize) -> Vec<String> {
        vec![(0..40).map(|word| format!("word{} ", text * 1_000 + word)).collect()]
    }

    #[tokio::test]
    async fn texts_are_candidates_for_two_weeks() {
        let mut consumer = Consumer::new((FILE_TEXTS, RECENT_TEXTS));
        assert_eq!(consumer.follow(&[(1, 1, 0), (2, 2, 0)]).await, [vec![], vec![]]);
        assert_eq!(consumer.follow(&[(3, 1, 14 * DAY)]).await, [vec![id(1)]]);
        assert_eq!(consumer.follow(&[(4, 2, 14 * DAY + 1)]).await, [vec![]]);
        assert_eq!(consumer.follow(&[(1, 1, 14 * DAY)]).await, [vec![id(3)]], "not the article itself");
    }

    #[tokio::test]
    async fn twenty_of_the_latest_forty_copies_are_candidates() {
        let mut consumer = Consumer::new((FILE_TEXTS, RECENT_TEXTS));
        let copies: Vec<_> = (0..50).map(|article| (article, 1, article as i64)).collect();
        for batch in copies.chunks(7) {
            consumer.follow(batch).await;
        }
        let [candidates] = consumer.follow(&[(99, 1, 60)]).await.try_into().expect("one article");
        assert_eq!(candidates.len(), CANDIDATES);
        let latest: Vec<ArticleId> = (50 - BAND_TEXTS..50).map(id).collect();
        assert!(candidates.iter().all(|candidate| latest.contains(candidate)));
    }

    #[tokio::test]
    async fn files_are_few_and_the_oldest_is_left_out() {
        let limits = (64, 200);
        let mut consumer = Consumer::new(limits);
        for batch in 0..100 {
            let articles: Vec<_> = (batch * 5..batch * 5 + 5).map(|article| (article, article, 0)).collect();
            consumer.follow(&articles).await;
            let texts: Vec<usize> = consumer.entries.iter().map(|entry| entry.texts).collect();
            assert!(texts.iter().all(|texts| *texts <= limits.0), "{texts:?}");
            assert!(texts.iter().sum::<usize>() <= limits.1 && texts.len() <= 8, "{texts:?}");
        }
        let kept: usize = consumer.entries.iter().map(|entry| entry.texts).sum();
        assert!(kept > limits.1 - limits.0);
        for (article, found) in [(499, true), (500 - kept, true), (499 - kept, false), (0, false)] {
            let candidates = consumer.follow(&[(1_000 + article, article, 0)]).await;
            assert_eq!(candidates, [if found { vec![id(article)] } else { vec![] }], "{article}");
        }
    }
}
