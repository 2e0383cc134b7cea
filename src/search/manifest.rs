//! The manifest: which parts the index is made of, and how far into the change feed they reach.
//!
//! It is the one file that changes. A new one takes the place of the one that was read, or is refused because another
//! indexer was quicker; everything that it names was written before, under names that nobody else uses. A copy of each
//! stays for a while under a name of its own, for walks in the order of relevance that began on it.

use super::{SearchError, bytes::Place, part::Mask, schema};
use crate::store::{FeedPosition, FileVersion, Objects, SHARDS};
use serde::{Deserialize, Serialize};

const MANIFEST: &str = "manifest.json";
/// The name of the empty one, which walks begin on before there is an index.
const EMPTY: &str = "empty";
pub const COPIES: &str = "manifests/";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// Of the schema ([`schema::VERSION`]).
    version: u32,
    /// Told apart from every other, so that a cursor can name it.
    pub name: String,
    /// Counted from the one that was built from nothing.
    pub generation: u64,
    watermark: Vec<u64>,
    pub parts: Vec<Entry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub place: Place,
    pub articles: u32,
    pub masked: Option<MaskPlace>,
}

/// Where the mask of a part is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskPlace {
    pub file: String,
    pub count: u32,
    checksum: u32,
}

/// What is read first: the version alone.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl Manifest {
    /// Of an index that has nothing yet.
    pub fn empty() -> Self {
        Self {
            version: schema::VERSION,
            name: EMPTY.to_owned(),
            generation: 0,
            watermark: vec![0; SHARDS],
            parts: Vec::new(),
        }
    }

    /// The one in force; an empty one where there is none, or one of another version, which is built anew.
    pub async fn current(objects: &Objects) -> Result<(Self, Option<FileVersion>), SearchError> {
        match objects.index_file(MANIFEST).await? {
            None => Ok((Self::empty(), None)),
            Some((bytes, version)) => Ok((Self::parse(MANIFEST, &bytes)?.unwrap_or_else(Self::empty), Some(version))),
        }
    }

    /// Only the version of the file in force, whatever the file says: what is damaged is replaced like any other.
    pub async fn version(objects: &Objects) -> Result<Option<FileVersion>, SearchError> {
        Ok(objects.index_file(MANIFEST).await?.map(|it| it.1))
    }

    /// The copy of an earlier one, as long as it is kept.
    pub async fn named(objects: &Objects, name: &str) -> Result<Option<Self>, SearchError> {
        if name == EMPTY {
            return Ok(Some(Self::empty()));
        }
        if !name.bytes().all(|it| it.is_ascii_alphanumeric()) {
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

    pub fn watermark(&self) -> FeedPosition {
        let mut position = FeedPosition::default();
        position.0.copy_from_slice(&self.watermark);
        position
    }

    /// A new one, with these parts and up to there.
    pub fn new(generation: u64, parts: Vec<Entry>, watermark: FeedPosition) -> Self {
        Self { version: schema::VERSION, name: unique(), generation, watermark: watermark.0.to_vec(), parts }
    }

    /// Puts it in force in the place of the version that was read; false if another was quicker.
    pub async fn swap(&self, objects: &Objects, before: Option<FileVersion>) -> Result<bool, SearchError> {
        let bytes = serde_json::to_vec(self).expect("names and numbers cannot fail");
        objects.put_index_file(&copy(&self.name), bytes.clone()).await?;
        Ok(objects.swap_index_file(MANIFEST, bytes, before).await?)
    }

    /// Every file that it needs, and its copy.
    pub fn files(&self) -> impl Iterator<Item = String> {
        let masks = self.parts.iter().filter_map(|it| it.masked.as_ref()).map(|it| it.file.clone());
        let parts = self.parts.iter().map(|it| it.place.file.clone());
        parts.chain(masks).chain([copy(&self.name), MANIFEST.to_owned()])
    }
}

impl Entry {
    /// Which of the part's articles are masked.
    pub async fn mask(&self, objects: &Objects) -> Result<Mask, SearchError> {
        let mut mask = Mask::none(self.articles);
        let Some(place) = &self.masked else { return Ok(mask) };
        let damaged = |problem: &str| SearchError::Damaged { file: place.file.clone(), problem: problem.to_owned() };
        let (bytes, _) = objects.index_file(&place.file).await?.ok_or_else(|| damaged("it is not there"))?;
        if crc32fast::hash(&bytes) != place.checksum {
            return Err(damaged("it is not as it was written"));
        }
        mask.add(bytes.as_chunks::<4>().0.iter().map(|it| u32::from_le_bytes(*it)).filter(|it| *it < self.articles));
        Ok(mask)
    }
}

impl MaskPlace {
    pub async fn put(objects: &Objects, mask: &Mask) -> Result<Self, SearchError> {
        let bytes: Vec<u8> = mask.docs().flat_map(u32::to_le_bytes).collect();
        let place =
            Self { file: format!("masks/{}", unique()), count: mask.count(), checksum: crc32fast::hash(&bytes) };
        objects.put_index_file(&place.file, bytes).await?;
        Ok(place)
    }
}

fn copy(name: &str) -> String {
    format!("{COPIES}{name}.json")
}

/// A name that no other file has.
pub fn unique() -> String {
    tantivy::index::SegmentId::generate_random().uuid_string()
}
