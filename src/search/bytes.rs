//! The bytes of a part's object: read in blocks, each checked against what was written, kept in a bounded cache.
//!
//! A part is one object: its files one after another, then its tail: which files there are, a checksum of every block,
//! and copies of the small ranges that every opening reads, so that opening a part is one request. A small part comes
//! whole. The tail's own place and checksum are in the manifest.
//!
//! Nothing reaches the index library that is not what was written: it trusts its bytes, and would end the process over
//! some that are wrong.

use super::SearchError;
use crate::store::{Objects, StoreError};
use base64::{Engine, prelude::BASE64_STANDARD};
use lru::LruCache;
use serde::{Deserialize, Serialize};
use std::{
    num::NonZeroUsize,
    ops::Range,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tantivy::directory::OwnedBytes;

/// What is fetched at once at least, and has a checksum.
const BLOCK: usize = 32 * 1024;
/// What is fetched at once at most. Longer reads take several requests.
const FETCH_MAX: usize = 8 * 1024 * 1024;
/// A part up to here comes whole.
const WHOLE: u64 = 512 * 1024;
/// The ranges that the tail has copies of are no longer than this, each and together.
const HOT_EACH: usize = 16 * 1024;
const HOT_ALL: usize = 512 * 1024;
/// The blocks that one cache keeps: 64 MB.
const CACHED_BLOCKS: usize = 2_048;

/// Where a part is, as the manifest says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub file: String,
    pub bytes: u64,
    tail: u64,
    tail_checksum: u32,
}

#[derive(Serialize, Deserialize)]
struct Tail {
    files: Vec<(String, Range<usize>)>,
    /// Four bytes of each block, in base 64.
    checksums: String,
    /// Ranges of the object that copies follow of.
    hot: Vec<Range<usize>>,
}

/// Counts what is fetched, for measurements.
#[derive(Debug, Default)]
pub struct Fetched {
    pub requests: AtomicU64,
    pub bytes: AtomicU64,
}

impl Fetched {
    pub fn count(&self, bytes: usize) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// What all parts of one reader share.
#[derive(Debug)]
pub struct Cache {
    blocks: Mutex<LruCache<(u64, usize), OwnedBytes>>,
    parts: AtomicU64,
    pub fetched: Fetched,
}

impl Default for Cache {
    fn default() -> Self {
        let blocks = Mutex::new(LruCache::new(NonZeroUsize::new(CACHED_BLOCKS).expect("some blocks are kept")));
        Self { blocks, parts: AtomicU64::new(0), fetched: Fetched::default() }
    }
}

/// The bytes of one part.
#[derive(Debug)]
pub struct PartBytes {
    file: String,
    files: Vec<(String, Range<usize>)>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Whole { bytes: OwnedBytes, asked: Option<Mutex<Vec<Range<usize>>>> },
    Fetched(Remote),
}

#[derive(Debug)]
struct Remote {
    objects: Objects,
    cache: Arc<Cache>,
    number: u64,
    /// Where the tail begins.
    end: usize,
    checksums: Vec<u32>,
    hot: Vec<(Range<usize>, OwnedBytes)>,
    runtime: tokio::runtime::Handle,
}

impl PartBytes {
    /// Files that are at hand, and a record of what is asked of them.
    pub fn recording(files: Vec<(String, Vec<u8>)>) -> Self {
        let mut ranges = Vec::with_capacity(files.len());
        let mut bytes = Vec::new();
        for (name, content) in files {
            ranges.push((name, bytes.len()..bytes.len() + content.len()));
            bytes.extend(content);
        }
        let source = Source::Whole { bytes: OwnedBytes::new(bytes), asked: Some(Mutex::default()) };
        Self { file: "a part that is being built".to_owned(), files: ranges, source }
    }

    /// The object that a recording makes, and its place under a name.
    pub fn packed(&self, file: String) -> (Place, Vec<u8>) {
        let Source::Whole { bytes, asked } = &self.source else { unreachable!("only what is at hand is packed") };
        let hot = asked.as_ref().map(|it| hot(&it.lock().unwrap_or_else(PoisonError::into_inner))).unwrap_or_default();
        let checksums: Vec<u8> = bytes.chunks(BLOCK).flat_map(|it| crc32fast::hash(it).to_le_bytes()).collect();
        let tail = Tail { files: self.files.clone(), checksums: BASE64_STANDARD.encode(checksums), hot: hot.clone() };
        let tail = serde_json::to_vec(&tail).expect("names and numbers cannot fail");
        let mut object = bytes.to_vec();
        let begin = object.len();
        object.extend((tail.len() as u64).to_le_bytes());
        object.extend(tail);
        for range in hot {
            object.extend(&bytes[range]);
        }
        let tail_checksum = crc32fast::hash(&object[begin..]);
        (Place { file, bytes: object.len() as u64, tail: begin as u64, tail_checksum }, object)
    }

    /// A part out of the object store: its tail, or all of it if it is small or all of it is wanted.
    pub async fn open(objects: &Objects, cache: &Arc<Cache>, place: &Place, all: bool) -> Result<Self, SearchError> {
        let damaged = |problem: &str| SearchError::Damaged { file: place.file.clone(), problem: problem.to_owned() };
        let whole = all || place.bytes <= WHOLE;
        let begin = if whole { 0 } else { place.tail };
        if place.tail > place.bytes {
            return Err(damaged("the manifest has its tail behind its end"));
        }
        let fetched = objects.index_range(&place.file, begin..place.bytes).await.map_err(|error| match error {
            StoreError::MissingObject(_) => damaged("it is not there"),
            other => other.into(),
        })?;
        cache.fetched.count(fetched.len());
        if fetched.len() as u64 != place.bytes - begin {
            return Err(damaged("it is shorter than when it was written"));
        }
        let at =
            usize::try_from(place.tail - begin).map_err(|_| damaged("it is larger than this machine addresses"))?;
        let (content, tail) = fetched.split_at(at);
        if crc32fast::hash(tail) != place.tail_checksum {
            return Err(damaged("its tail is not as it was written"));
        }
        let (length, rest) = tail.split_first_chunk::<8>().ok_or_else(|| damaged("its tail is too short"))?;
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let (described, mut copies) = rest.split_at_checked(length).ok_or_else(|| damaged("its tail is too short"))?;
        let described: Tail = serde_json::from_slice(described).map_err(|error| damaged(&error.to_string()))?;
        let checksums = BASE64_STANDARD.decode(&described.checksums).map_err(|error| damaged(&error.to_string()))?;
        let checksums: Vec<u32> = checksums.as_chunks::<4>().0.iter().map(|it| u32::from_le_bytes(*it)).collect();
        let end = usize::try_from(place.tail).unwrap_or(usize::MAX);
        if checksums.len() != end.div_ceil(BLOCK) {
            return Err(damaged("it has not one checksum for each block"));
        }
        let source = if whole {
            if !content.chunks(BLOCK).zip(&checksums).all(|(block, sum)| crc32fast::hash(block) == *sum) {
                return Err(damaged("a block is not as it was written"));
            }
            Source::Whole { bytes: OwnedBytes::new(content.to_vec()), asked: None }
        } else {
            let mut hot = Vec::with_capacity(described.hot.len());
            for range in described.hot {
                let (copy, rest) = copies.split_at_checked(range.len()).ok_or_else(|| damaged("a copy is cut off"))?;
                hot.push((range, OwnedBytes::new(copy.to_vec())));
                copies = rest;
            }
            let number = cache.parts.fetch_add(1, Ordering::Relaxed);
            let runtime = tokio::runtime::Handle::current();
            Source::Fetched(Remote {
                objects: objects.clone(),
                cache: cache.clone(),
                number,
                end,
                checksums,
                hot,
                runtime,
            })
        };
        Ok(Self { file: place.file.clone(), files: described.files, source })
    }

    pub fn file(&self, name: &str) -> Option<Range<usize>> {
        self.files.iter().find(|it| it.0 == name).map(|it| it.1.clone())
    }

    /// Fetches what is not at hand. Must not be called on a thread of the runtime's own.
    pub fn read(&self, range: Range<usize>) -> std::io::Result<OwnedBytes> {
        match &self.source {
            Source::Whole { bytes, asked } => {
                if let Some(asked) = asked {
                    asked.lock().unwrap_or_else(PoisonError::into_inner).push(range.clone());
                }
                Ok(bytes.slice(range))
            }
            Source::Fetched(remote) => remote.read(&self.file, range),
        }
    }
}

impl Remote {
    fn read(&self, file: &str, range: Range<usize>) -> std::io::Result<OwnedBytes> {
        if range.is_empty() {
            return Ok(OwnedBytes::empty());
        }
        if let Some((at, copy)) = self.hot.iter().find(|(it, _)| it.start <= range.start && range.end <= it.end) {
            return Ok(copy.slice(range.start - at.start..range.end - at.start));
        }
        let (first, last) = (range.start / BLOCK, (range.end - 1) / BLOCK);
        let begin = range.start - first * BLOCK;
        if first == last
            && let Some(block) = self.cached(first)
        {
            return Ok(block.slice(begin..begin + range.len()));
        }
        let mut read = Vec::with_capacity((last - first + 1) * BLOCK);
        let mut next = first;
        while next <= last {
            if let Some(block) = self.cached(next) {
                read.extend_from_slice(&block);
                next += 1;
                continue;
            }
            // As far as the cache has nothing.
            let run = (next..=last).take(FETCH_MAX / BLOCK).take_while(|it| self.cached(*it).is_none()).count();
            let bytes = self.fetch(file, next, run)?;
            read.extend_from_slice(&bytes);
            next += run;
        }
        Ok(OwnedBytes::new(read).slice(begin..begin + range.len()))
    }

    fn cached(&self, block: usize) -> Option<OwnedBytes> {
        let mut blocks = self.cache.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.get(&(self.number, block)).cloned()
    }

    fn fetch(&self, file: &str, first: usize, count: usize) -> std::io::Result<bytes::Bytes> {
        let range = first * BLOCK..((first + count) * BLOCK).min(self.end);
        let wanted = range.start as u64..range.end as u64;
        let fetched = self.runtime.block_on(self.objects.index_range(file, wanted));
        let fetched = fetched.map_err(std::io::Error::other)?;
        self.cache.fetched.count(fetched.len());
        let damaged = |problem: String| std::io::Error::other(SearchError::Damaged { file: file.to_owned(), problem });
        if fetched.len() != range.len() {
            return Err(damaged("it is shorter than when it was written".to_owned()));
        }
        let mut blocks = self.cache.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, block) in fetched.chunks(BLOCK).enumerate() {
            if crc32fast::hash(block) != self.checksums[first + at] {
                return Err(damaged(format!("block {} is not as it was written", first + at)));
            }
            blocks.put((self.number, first + at), OwnedBytes::new(block.to_vec()));
        }
        Ok(fetched)
    }
}

/// Of the ranges that were asked for, the short ones, joined where they touch.
fn hot(asked: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut short: Vec<Range<usize>> =
        asked.iter().filter(|it| !it.is_empty() && it.len() <= HOT_EACH).cloned().collect();
    short.sort_by_key(|it| (it.start, it.end));
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in short {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    let mut bytes = 0;
    joined.retain(|it| {
        bytes += it.len();
        bytes <= HOT_ALL
    });
    joined
}
