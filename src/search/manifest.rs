//! The manifest: which segments make up the index, and how far into the change log they reach.
//!
//! It is the only mutable file. A new manifest replaces the version that was read, or is refused because another
//! indexer was faster; every file that it names was written before, under a unique name. A copy of each manifest is
//! kept for a while under its own name, for cursors of a relevance order that began on it.

use super::{
    SearchError,
    bands::BandsEntry,
    block_storage::{FileLocation, unique},
    schema,
    segment::DeleteBitmap,
};
use crate::{
    json::to_json,
    store::{ChangePosition, FileVersion, Objects, SHARDS},
};
use serde::{Deserialize, Serialize};

const MANIFEST: &str = "manifest.json";
/// The name of the empty manifest, on which cursors begin before there is an index.
const EMPTY: &str = "empty";
pub const COPIES: &str = "manifests/";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the schema ([`schema::VERSION`]).
    version: u32,
    /// Unique, so that a cursor can refer to it.
    pub name: String,
    /// Counted from the last rebuild.
    pub generation: u64,
    watermark: Vec<u64>,
    pub segments: Vec<SegmentEntry>,
    /// The bands of recent texts, from the oldest file to the newest.
    pub bands: Vec<BandsEntry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SegmentEntry {
    pub place: FileLocation,
    pub articles: u32,
    pub deleted: Option<BitmapLocation>,
}

/// The location of a segment's delete bitmap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BitmapLocation {
    pub file: String,
    pub count: u32,
    checksum: u32,
}

/// The version alone, which is read first.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl Manifest {
    /// Returns the manifest of an empty index.
    pub fn empty() -> Self {
        Self {
            version: schema::VERSION,
            name: EMPTY.to_owned(),
            generation: 0,
            watermark: vec![0; SHARDS],
            segments: Vec::new(),
            bands: Vec::new(),
        }
    }

    /// Reads the manifest in force. Returns an empty one if there is none or it has another version: the index is then
    /// rebuilt.
    pub async fn current(objects: &Objects) -> Result<(Self, Option<FileVersion>), SearchError> {
        match objects.index_file(MANIFEST).await? {
            None => Ok((Self::empty(), None)),
            Some((bytes, version)) => Ok((Self::parse(MANIFEST, &bytes)?.unwrap_or_else(Self::empty), Some(version))),
        }
    }

    /// Returns the version of the file in force without parsing it, so that a damaged manifest can be replaced.
    pub async fn version(objects: &Objects) -> Result<Option<FileVersion>, SearchError> {
        Ok(objects.index_file(MANIFEST).await?.map(|(_, version)| version))
    }

    /// Reads the copy of an earlier manifest, as long as it is kept.
    pub async fn named(objects: &Objects, name: &str) -> Result<Option<Self>, SearchError> {
        if name == EMPTY {
            return Ok(Some(Self::empty()));
        }
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Ok(None);
        }
        let file = copy(name);
        match objects.index_file(&file).await? {
            None => Ok(None),
            Some((bytes, _)) => Self::parse(&file, &bytes),
        }
    }

    fn parse(file: &str, bytes: &[u8]) -> Result<Option<Self>, SearchError> {
        let damaged = |problem: String| SearchError::Damaged { file: file.to_owned(), problem };
        let versioned: Versioned = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        if versioned.version != schema::VERSION {
            return Ok(None);
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        if manifest.watermark.len() != SHARDS {
            return Err(damaged(format!("expected a watermark for each of {SHARDS} shards")));
        }
        Ok(Some(manifest))
    }

    pub fn watermark(&self) -> ChangePosition {
        let mut position = ChangePosition::default();
        position.0.copy_from_slice(&self.watermark);
        position
    }

    /// Creates a manifest of these segments and bands up to this watermark.
    pub fn new(
        generation: u64,
        segments: Vec<SegmentEntry>,
        bands: Vec<BandsEntry>,
        watermark: ChangePosition,
    ) -> Self {
        Self { version: schema::VERSION, name: unique(), generation, watermark: watermark.0.to_vec(), segments, bands }
    }

    /// Puts this manifest in force if the version that was read is still in force; false if another was faster.
    pub async fn swap(&self, objects: &Objects, before: Option<FileVersion>) -> Result<bool, SearchError> {
        let bytes = to_json(self).into_bytes();
        objects.put_index_file(&copy(&self.name), bytes.clone()).await?;
        Ok(objects.swap_index_file(MANIFEST, bytes, before).await?)
    }

    /// Returns the names of all files that it needs, including itself and its copy.
    pub fn files(&self) -> impl Iterator<Item = String> {
        let bitmaps = self.segments.iter().filter_map(|entry| entry.deleted.as_ref()).map(|bitmap| bitmap.file.clone());
        let segments = self.segments.iter().map(|segment| segment.place.file.clone());
        let bands = self.bands.iter().map(|bands| bands.file.clone());
        segments.chain(bitmaps).chain(bands).chain([copy(&self.name), MANIFEST.to_owned()])
    }
}

impl SegmentEntry {
    /// Reads which of the segment's articles are deleted.
    pub async fn bitmap(&self, objects: &Objects) -> Result<DeleteBitmap, SearchError> {
        let mut bitmap = DeleteBitmap::none(self.articles);
        let Some(place) = &self.deleted else { return Ok(bitmap) };
        let damaged = |problem: &str| SearchError::Damaged { file: place.file.clone(), problem: problem.to_owned() };
        let (bytes, _) = objects.index_file(&place.file).await?.ok_or_else(|| damaged("it is missing"))?;
        if crc32fast::hash(&bytes) != place.checksum {
            return Err(damaged("its checksum does not match"));
        }
        bitmap.add(
            bytes.as_chunks::<4>().0.iter().map(|chunk| u32::from_le_bytes(*chunk)).filter(|doc| *doc < self.articles),
        );
        Ok(bitmap)
    }
}

impl BitmapLocation {
    pub async fn put(objects: &Objects, bitmap: &DeleteBitmap) -> Result<Self, SearchError> {
        let bytes: Vec<u8> = bitmap.docs().flat_map(u32::to_le_bytes).collect();
        let place =
            Self { file: format!("bitmaps/{}", unique()), count: bitmap.count(), checksum: crc32fast::hash(&bytes) };
        objects.put_index_file(&place.file, bytes).await?;
        Ok(place)
    }
}

fn copy(name: &str) -> String {
    format!("{COPIES}{name}.json")
}
