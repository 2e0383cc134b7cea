//! A segment of the index: articles that were indexed together, in one immutable object or only in memory.
//!
//! Each segment is a small index of one Tantivy segment, without a writer, a lock or a mutable file. Articles that are
//! deleted or revised later are masked by a separate bitmap, and dropped when segments are merged.

use super::{
    SearchError,
    block_storage::{Cache, FileLocation, SegmentBytes},
    schema::{self, FIELDS},
};
use crate::{
    article::{Article, ArticleId, Facet},
    store::Objects,
};
use std::{
    collections::HashSet,
    path::Path,
    sync::{Arc, OnceLock},
};
use strum::VariantArray;
use tantivy::{
    BitSet, Directory, DocId, HasLen, Index, IndexSettings, SegmentReader,
    columnar::{Column, StrColumn},
    directory::{
        FileHandle, OwnedBytes, RamDirectory, WatchCallback, WatchHandle, WritePtr,
        error::{DeleteError, OpenReadError, OpenWriteError},
    },
    fastfield::{AliveBitSet, write_alive_bitset},
    indexer::merge_filtered_segments,
    store::{Compressor, StoreReader, ZstdCompressor},
};

/// Memory for building a segment, in bytes; a batch does not reach this limit.
const BUILD_BYTES: usize = 512 * 1024 * 1024;
/// Blocks of stored ids that a segment caches.
const STORE_BLOCKS: usize = 32;

/// The columns that have been opened, each in full.
#[derive(Default)]
struct SegmentColumns {
    listed: OnceLock<Column<i64>>,
    changed: OnceLock<Column<i64>>,
    published: OnceLock<Column<u64>>,
    heads: OnceLock<Column<u64>>,
    mentions: OnceLock<Option<StrColumn>>,
    facets: [OnceLock<Option<StrColumn>>; Facet::VARIANTS.len()],
    hashes: [OnceLock<Vec<u64>>; Facet::VARIANTS.len()],
}

/// Returns a column, opening it on first use.
fn once<T>(cell: &OnceLock<T>, open: impl FnOnce() -> tantivy::Result<T>) -> tantivy::Result<&T> {
    match cell.get() {
        Some(column) => Ok(column),
        None => {
            let opened = open()?;
            Ok(cell.get_or_init(|| opened))
        }
    }
}

/// An open segment.
pub struct Segment {
    index: Index,
    pub reader: SegmentReader,
    /// The languages of its articles.
    pub languages: Vec<String>,
    columns: SegmentColumns,
    /// The files, if the segment is in memory.
    memory: Option<RamDirectory>,
}

impl Segment {
    /// Builds a segment of articles in memory. `None` if there are no articles.
    pub fn build<'a>(articles: impl IntoIterator<Item = &'a Article>) -> Result<Option<Self>, SearchError> {
        let mut articles: Vec<&Article> = articles.into_iter().collect();
        if articles.is_empty() {
            return Ok(None);
        }
        // Articles close in time are read together.
        articles.sort_by_key(|article| std::cmp::Reverse((article.listed_at(), article.head.id.clone())));
        let builder =
            Index::builder().schema(FIELDS.schema.clone()).settings(settings()).tokenizers(schema::tokenizers());
        let memory = RamDirectory::create();
        let mut writer = builder.single_segment_index_writer(memory.clone(), BUILD_BYTES)?;
        for article in articles {
            writer.add_document(FIELDS.document(article))?;
        }
        Self::over(writer.finalize()?, Some(memory)).map(Some)
    }

    /// Merges segments into one without their deleted articles. `None` if no article is left.
    pub fn merge(segments: &[(&Self, &DeleteBitmap)]) -> Result<Option<Self>, SearchError> {
        let mut sources = Vec::with_capacity(segments.len());
        let mut alive = Vec::with_capacity(segments.len());
        for (segment, bitmap) in segments {
            if bitmap.count() < segment.articles() {
                sources.extend(segment.index.searchable_segments()?);
                alive.push(bitmap.alive()?);
            }
        }
        if sources.is_empty() {
            return Ok(None);
        }
        let memory = RamDirectory::create();
        let merged = merge_filtered_segments(&sources, settings(), alive, memory.clone())?;
        Self::over(merged, Some(memory)).map(Some)
    }

    /// Opens a segment in the object store.
    pub async fn open(
        objects: &Objects,
        cache: &Arc<Cache>,
        place: &FileLocation,
        whole: bool,
    ) -> Result<Self, SearchError> {
        let bytes = Arc::new(SegmentBytes::open(objects, cache, place, whole).await?);
        let opened = tokio::task::spawn_blocking(move || Self::over(Index::open(SegmentDirectory(bytes))?, None));
        opened.await.map_err(|_| SearchError::Ended)?.map_err(|error| match error {
            SearchError::Index(error) => {
                SearchError::Damaged { file: place.file.clone(), problem: crate::logs::chain(&error) }
            }
            other => other,
        })
    }

    fn over(index: Index, memory: Option<RamDirectory>) -> Result<Self, SearchError> {
        let segments = index.searchable_segments()?;
        let [segment] = segments.as_slice() else {
            return Err(
                tantivy::TantivyError::SystemError(format!("expected one segment, found {}", segments.len())).into()
            );
        };
        let reader = SegmentReader::open(segment)?;
        let mut languages = Vec::new();
        if let Some(column) = reader.fast_fields().str(&schema::facet_column(Facet::Language))? {
            let mut stream = column.dictionary().stream()?;
            while stream.advance() {
                languages.push(String::from_utf8_lossy(stream.key()).into_owned());
            }
        }
        Ok(Self { reader, languages, columns: SegmentColumns::default(), index, memory })
    }

    /// Packs a segment in memory into the object that stores it.
    pub fn packed(&self, file: String) -> Result<(FileLocation, Vec<u8>), SearchError> {
        let memory = self.memory.as_ref().expect("only segments built in memory are packed");
        let mut files = Vec::new();
        for path in self.index.directory().list_managed_files() {
            // Not through the library's directory, which hides the footer that it appends to every file.
            if memory.exists(&path).map_err(tantivy::TantivyError::from)? {
                let content = memory.atomic_read(&path).map_err(tantivy::TantivyError::from)?;
                files.push((path.to_string_lossy().into_owned(), content));
            }
        }
        files.sort();
        let recording = Arc::new(SegmentBytes::recording(files));
        Self::over(Index::open(SegmentDirectory(recording.clone()))?, None)?.touch()?;
        Ok(recording.packed(file))
    }

    /// Reads what every query reads first, so that the short ranges are copied into the tail.
    fn touch(&self) -> Result<(), SearchError> {
        for (field, _) in FIELDS.schema.fields().filter(|(_, field)| field.is_indexed()) {
            self.reader.inverted_index(field)?;
            self.reader.fieldnorms_readers().get_field(field)?;
        }
        self.listed()?;
        self.changed()?;
        self.published()?;
        self.heads()?;
        self.mentions()?;
        for facet in Facet::VARIANTS.iter().copied() {
            self.facet(facet)?;
        }
        self.store()?;
        Ok(())
    }

    /// The time at which each article is listed, in milliseconds.
    pub fn listed(&self) -> tantivy::Result<&Column<i64>> {
        once(&self.columns.listed, || self.reader.fast_fields().i64(schema::LISTED))
    }

    /// The time at which each article changed, in milliseconds.
    pub fn changed(&self) -> tantivy::Result<&Column<i64>> {
        once(&self.columns.changed, || self.reader.fast_fields().i64(schema::CHANGED))
    }

    /// 1 for articles known to be published at the time at which they are listed.
    pub fn published(&self) -> tantivy::Result<&Column<u64>> {
        once(&self.columns.published, || self.reader.fast_fields().u64(schema::PUBLISHED))
    }

    /// [`schema::head`] of each id.
    pub fn heads(&self) -> tantivy::Result<&Column<u64>> {
        once(&self.columns.heads, || self.reader.fast_fields().u64(schema::HEAD))
    }

    /// The dates that articles mention. `None` if no article mentions a date.
    pub fn mentions(&self) -> tantivy::Result<Option<&StrColumn>> {
        once(&self.columns.mentions, || self.reader.fast_fields().str(schema::MENTIONED)).map(Option::as_ref)
    }

    /// The values of a facet. `None` if no article has a value.
    pub fn facet(&self, facet: Facet) -> tantivy::Result<Option<&StrColumn>> {
        let open = || self.reader.fast_fields().str(&schema::facet_column(facet));
        once(&self.columns.facets[facet as usize], open).map(Option::as_ref)
    }

    /// Returns the hashes of a facet's values by their numbers, if they are remembered; remembers them if they are
    /// `wanted`.
    pub fn value_hashes(
        &self,
        facet: Facet,
        wanted: bool,
        read: impl FnOnce() -> tantivy::Result<Vec<u64>>,
    ) -> tantivy::Result<Option<&[u64]>> {
        let cell = &self.columns.hashes[facet as usize];
        match wanted {
            true => once(cell, read).map(|hashes| Some(hashes.as_slice())),
            false => Ok(cell.get().map(Vec::as_slice)),
        }
    }

    pub fn articles(&self) -> u32 {
        self.reader.max_doc()
    }

    pub fn store(&self) -> Result<StoreReader, SearchError> {
        Ok(self.reader.get_store_reader(STORE_BLOCKS)?)
    }

    /// Returns the documents of those of the articles that are in this segment.
    pub fn find(&self, wanted: &HashSet<ArticleId>) -> Result<Vec<DocId>, SearchError> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let heads: HashSet<u64> = wanted.iter().map(schema::head).collect();
        let column = self.heads()?;
        let store = self.store()?;
        let mut found = Vec::new();
        for doc in 0..self.articles() {
            if column.first(doc).is_some_and(|head| heads.contains(&head))
                && wanted.contains(&FIELDS.id_of(&self.reader, &store, doc)?)
            {
                found.push(doc);
            }
        }
        Ok(found)
    }
}

fn settings() -> IndexSettings {
    IndexSettings {
        docstore_compression: Compressor::Zstd(ZstdCompressor::default()),
        docstore_compress_dedicated_thread: false,
        ..IndexSettings::default()
    }
}

/// The articles of a segment that have since been deleted or revised.
#[derive(Clone, Debug)]
pub struct DeleteBitmap(BitSet);

impl DeleteBitmap {
    pub fn none(articles: u32) -> Self {
        Self(BitSet::with_max_value(articles))
    }

    pub fn add(&mut self, docs: impl IntoIterator<Item = DocId>) {
        for doc in docs {
            self.0.insert(doc);
        }
    }

    pub fn hides(&self, doc: DocId) -> bool {
        self.0.contains(doc)
    }

    pub fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    pub fn docs(&self) -> impl Iterator<Item = DocId> {
        (0..self.0.max_value()).filter(|doc| self.hides(*doc))
    }

    fn alive(&self) -> Result<Option<AliveBitSet>, SearchError> {
        if self.count() == 0 {
            return Ok(None);
        }
        let mut alive = BitSet::with_max_value_and_full(self.0.max_value());
        for doc in self.docs() {
            alive.remove(doc);
        }
        let mut bytes = Vec::new();
        write_alive_bitset(&alive, &mut bytes)?;
        Ok(Some(AliveBitSet::open(OwnedBytes::new(bytes))))
    }
}

/// A segment's files as a read-only directory for the index library.
#[derive(Clone, Debug)]
struct SegmentDirectory(Arc<SegmentBytes>);

#[derive(Debug)]
struct SegmentFile {
    bytes: Arc<SegmentBytes>,
    range: std::ops::Range<usize>,
}

impl HasLen for SegmentFile {
    fn len(&self) -> usize {
        self.range.len()
    }
}

impl FileHandle for SegmentFile {
    fn read_bytes(&self, range: std::ops::Range<usize>) -> std::io::Result<OwnedBytes> {
        if range.end > self.range.len() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        self.bytes.read(self.range.start + range.start..self.range.start + range.end)
    }
}

impl SegmentDirectory {
    fn file(&self, path: &Path) -> Result<SegmentFile, OpenReadError> {
        let range = path.to_str().and_then(|name| self.0.file(name));
        let range = range.ok_or_else(|| OpenReadError::FileDoesNotExist(path.to_owned()))?;
        Ok(SegmentFile { bytes: self.0.clone(), range })
    }
}

fn read_only() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::ReadOnlyFilesystem, "segments are immutable")
}

impl Directory for SegmentDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        Ok(Arc::new(self.file(path)?))
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        Ok(self.file(path).is_ok())
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let file = self.file(path)?;
        let read = file.read_bytes(0..file.len());
        read.map(|bytes| bytes.to_vec()).map_err(|error| OpenReadError::wrap_io_error(error, path.to_owned()))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        Err(DeleteError::IoError { io_error: Arc::new(read_only()), filepath: path.to_owned() })
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        Err(OpenWriteError::wrap_io_error(read_only(), path.to_owned()))
    }

    fn atomic_write(&self, _: &Path, _: &[u8]) -> std::io::Result<()> {
        Err(read_only())
    }

    fn sync_directory(&self) -> std::io::Result<()> {
        Ok(())
    }

    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}
