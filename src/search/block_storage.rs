//! The bytes of a segment's object: read in blocks, each verified by its checksum and kept in a bounded cache.
//!
//! A segment is one object: its files one after another, then its tail. The tail has a list of the files, a checksum of
//! every block, and copies of the small ranges that every opening reads, so that opening a segment takes one request. A
//! small segment is fetched whole. The manifest has the tail's offset and checksum.
//!
//! Only verified bytes reach the index library: it trusts its input, and some corrupt bytes would end the process.

use super::SearchError;
use crate::{
    json::to_json,
    store::{Objects, StoreError},
};
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

/// The unit of fetching, caching and checksums, in bytes.
const BLOCK: usize = 32 * 1024;
/// Maximum bytes of one request. Longer reads take several requests.
const FETCH_MAX: usize = 8 * 1024 * 1024;
/// Segments up to this size, in bytes, are fetched whole.
const WHOLE: u64 = 512 * 1024;
/// Maximum bytes of the ranges that are copied into the tail, each and in total.
const HOT_EACH: usize = 16 * 1024;
const HOT_ALL: usize = 512 * 1024;
/// Blocks in one cache: 64 MB.
const CACHED_BLOCKS: usize = 2_048;

/// The location of a segment, as recorded in the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileLocation {
    pub file: String,
    pub bytes: u64,
    tail: u64,
    tail_checksum: u32,
}

#[derive(Serialize, Deserialize)]
struct Tail {
    files: Vec<(String, Range<usize>)>,
    /// Four bytes for each block, in Base64.
    checksums: String,
    /// Ranges of the object whose copies follow.
    hot: Vec<Range<usize>>,
}

/// Returns a unique file name.
pub fn unique() -> String {
    tantivy::index::SegmentId::generate_random().uuid_string()
}

/// Counts requests and bytes fetched, for measurements.
#[derive(Debug, Default)]
pub struct FetchCounters {
    pub requests: AtomicU64,
    pub bytes: AtomicU64,
}

impl FetchCounters {
    pub fn count(&self, bytes: usize) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// The block cache that all segments of one reader share.
#[derive(Debug)]
pub struct Cache {
    blocks: Mutex<LruCache<(u64, usize), OwnedBytes>>,
    segments: AtomicU64,
    pub fetched: FetchCounters,
}

impl Default for Cache {
    fn default() -> Self {
        let blocks = Mutex::new(LruCache::new(NonZeroUsize::new(CACHED_BLOCKS).expect("the constant is not zero")));
        Self { blocks, segments: AtomicU64::new(0), fetched: FetchCounters::default() }
    }
}

/// The bytes of one segment.
#[derive(Debug)]
pub struct SegmentBytes {
    file: String,
    files: Vec<(String, Range<usize>)>,
    source: ByteSource,
}

#[derive(Debug)]
enum ByteSource {
    /// `recorded`: the ranges that were read, if they are recorded.
    Whole {
        bytes: OwnedBytes,
        recorded: Option<Mutex<Vec<Range<usize>>>>,
    },
    Remote(Remote),
}

#[derive(Debug)]
struct Remote {
    objects: Objects,
    cache: Arc<Cache>,
    number: u64,
    /// The offset of the tail.
    end: usize,
    checksums: Vec<u32>,
    hot: Vec<(Range<usize>, OwnedBytes)>,
    runtime: tokio::runtime::Handle,
}

impl SegmentBytes {
    /// Wraps files in memory, and records which ranges of them are read.
    pub fn recording(files: Vec<(String, Vec<u8>)>) -> Self {
        let mut ranges = Vec::with_capacity(files.len());
        let mut bytes = Vec::new();
        for (name, content) in files {
            ranges.push((name, bytes.len()..bytes.len() + content.len()));
            bytes.extend(content);
        }
        let source = ByteSource::Whole { bytes: OwnedBytes::new(bytes), recorded: Some(Mutex::default()) };
        Self { file: "a segment being built".to_owned(), files: ranges, source }
    }

    /// Packs a recording into the object to be stored under a name, and returns its location.
    pub fn packed(&self, file: String) -> (FileLocation, Vec<u8>) {
        let ByteSource::Whole { bytes, recorded } = &self.source else { unreachable!("only recordings are packed") };
        let hot = recorded.as_ref().map(|ranges| hot(&ranges.lock().unwrap_or_else(PoisonError::into_inner)));
        let hot = hot.unwrap_or_default();
        let checksums: Vec<u8> = bytes.chunks(BLOCK).flat_map(|chunk| crc32fast::hash(chunk).to_le_bytes()).collect();
        let tail = Tail { files: self.files.clone(), checksums: BASE64_STANDARD.encode(checksums), hot: hot.clone() };
        let tail = to_json(&tail).into_bytes();
        let mut object = bytes.to_vec();
        let begin = object.len();
        object.extend((tail.len() as u64).to_le_bytes());
        object.extend(tail);
        for range in hot {
            object.extend(&bytes[range]);
        }
        let tail_checksum = crc32fast::hash(&object[begin..]);
        (FileLocation { file, bytes: object.len() as u64, tail: begin as u64, tail_checksum }, object)
    }

    /// Opens a segment in the object store. Fetches its tail only, or all of it if it is small or `all` is set.
    pub async fn open(
        objects: &Objects,
        cache: &Arc<Cache>,
        place: &FileLocation,
        all: bool,
    ) -> Result<Self, SearchError> {
        let damaged = |problem: &str| SearchError::Damaged { file: place.file.clone(), problem: problem.to_owned() };
        let whole = all || place.bytes <= WHOLE;
        let begin = if whole { 0 } else { place.tail };
        if place.tail > place.bytes {
            return Err(damaged("the manifest places its tail after its end"));
        }
        let fetched = objects.index_range(&place.file, begin..place.bytes).await.map_err(|error| match error {
            StoreError::MissingObject(_) => damaged("it is missing"),
            other => other.into(),
        })?;
        cache.fetched.count(fetched.len());
        if fetched.len() as u64 != place.bytes - begin {
            return Err(damaged("it is shorter than the manifest states"));
        }
        let at = usize::try_from(place.tail - begin).map_err(|_| damaged("it exceeds this machine's address space"))?;
        let (content, tail) = fetched.split_at(at);
        if crc32fast::hash(tail) != place.tail_checksum {
            return Err(damaged("the checksum of its tail does not match"));
        }
        let (length, rest) = tail.split_first_chunk::<8>().ok_or_else(|| damaged("its tail is too short"))?;
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let (header, mut copies) = rest.split_at_checked(length).ok_or_else(|| damaged("its tail is too short"))?;
        let header: Tail = serde_json::from_slice(header).map_err(|error| damaged(&error.to_string()))?;
        let checksums = BASE64_STANDARD.decode(&header.checksums).map_err(|error| damaged(&error.to_string()))?;
        let checksums: Vec<u32> = checksums.as_chunks::<4>().0.iter().map(|chunk| u32::from_le_bytes(*chunk)).collect();
        let end = usize::try_from(place.tail).unwrap_or(usize::MAX);
        if checksums.len() != end.div_ceil(BLOCK) {
            return Err(damaged("it does not have one checksum for each block"));
        }
        let source = if whole {
            if !content.chunks(BLOCK).zip(&checksums).all(|(block, sum)| crc32fast::hash(block) == *sum) {
                return Err(damaged("the checksum of a block does not match"));
            }
            ByteSource::Whole { bytes: OwnedBytes::new(content.to_vec()), recorded: None }
        } else {
            let mut hot = Vec::with_capacity(header.hot.len());
            for range in header.hot {
                let (copy, rest) =
                    copies.split_at_checked(range.len()).ok_or_else(|| damaged("a copy is truncated"))?;
                hot.push((range, OwnedBytes::new(copy.to_vec())));
                copies = rest;
            }
            let number = cache.segments.fetch_add(1, Ordering::Relaxed);
            let runtime = tokio::runtime::Handle::current();
            ByteSource::Remote(Remote {
                objects: objects.clone(),
                cache: cache.clone(),
                number,
                end,
                checksums,
                hot,
                runtime,
            })
        };
        Ok(Self { file: place.file.clone(), files: header.files, source })
    }

    pub fn file(&self, name: &str) -> Option<Range<usize>> {
        self.files.iter().find(|file| file.0 == name).map(|file| file.1.clone())
    }

    /// Reads a range, fetching blocks that are not cached. Must not be called on a worker thread of the runtime.
    pub fn read(&self, range: Range<usize>) -> std::io::Result<OwnedBytes> {
        match &self.source {
            ByteSource::Whole { bytes, recorded } => {
                if let Some(ranges) = recorded {
                    ranges.lock().unwrap_or_else(PoisonError::into_inner).push(range.clone());
                }
                Ok(bytes.slice(range))
            }
            ByteSource::Remote(remote) => remote.read(&self.file, range),
        }
    }
}

impl Remote {
    fn read(&self, file: &str, range: Range<usize>) -> std::io::Result<OwnedBytes> {
        if range.is_empty() {
            return Ok(OwnedBytes::empty());
        }
        if let Some((at, copy)) = self.hot.iter().find(|(hot, _)| hot.start <= range.start && range.end <= hot.end) {
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
            // Up to the next cached block.
            let run = (next..=last).take(FETCH_MAX / BLOCK).take_while(|block| self.cached(*block).is_none()).count();
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
            return Err(damaged("it is shorter than the manifest states".to_owned()));
        }
        let mut blocks = self.cache.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, block) in fetched.chunks(BLOCK).enumerate() {
            if crc32fast::hash(block) != self.checksums[first + at] {
                return Err(damaged(format!("the checksum of block {} does not match", first + at)));
            }
            blocks.put((self.number, first + at), OwnedBytes::new(block.to_vec()));
        }
        Ok(fetched)
    }
}

/// Returns the short ones of the ranges that were read, merged where they touch.
fn hot(reads: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut short: Vec<Range<usize>> =
        reads.iter().filter(|range| !range.is_empty() && range.len() <= HOT_EACH).cloned().collect();
    short.sort_by_key(|range| (range.start, range.end));
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in short {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    let mut bytes = 0;
    joined.retain(|range| {
        bytes += range.len();
        bytes <= HOT_ALL
    });
    joined
}
