//! A part of the index: articles that were indexed together, in one immutable object, or in memory only.
//!
//! Parts are small indexes of one segment each, without a writer, a lock or a file that changes: what is deleted or
//! revised later is masked from outside, and goes when parts are merged.

use super::{
    SearchError,
    bytes::{Cache, PartBytes, Place},
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

/// Memory for building a part; a bound that a batch does not reach.
const BUILD_BYTES: usize = 512 * 1024 * 1024;
/// Blocks of stored ids that a part keeps at hand.
const STORE_BLOCKS: usize = 32;

/// The columns that were asked for, whole.
#[derive(Default)]
struct Columns {
    listed: OnceLock<Column<i64>>,
    changed: OnceLock<Column<i64>>,
    published: OnceLock<Column<u64>>,
    heads: OnceLock<Column<u64>>,
    mentions: OnceLock<Option<StrColumn>>,
    facets: [OnceLock<Option<StrColumn>>; Facet::ALL.len()],
}

/// What a column is, once it was opened.
fn once<T>(kept: &OnceLock<T>, open: impl FnOnce() -> tantivy::Result<T>) -> tantivy::Result<&T> {
    match kept.get() {
        Some(kept) => Ok(kept),
        None => {
            let opened = open()?;
            Ok(kept.get_or_init(|| opened))
        }
    }
}

/// A part, opened.
pub struct Part {
    index: Index,
    pub segment: SegmentReader,
    /// Those that any of its articles is in.
    pub languages: Vec<String>,
    columns: Columns,
    /// The files, where they are in memory.
    memory: Option<RamDirectory>,
}

impl Part {
    /// Articles, in memory. `None` of none.
    pub fn build<'a>(articles: impl IntoIterator<Item = &'a Article>) -> Result<Option<Self>, SearchError> {
        let mut articles: Vec<&Article> = articles.into_iter().collect();
        if articles.is_empty() {
            return Ok(None);
        }
        // Neighbours in time are read together.
        articles.sort_by_key(|it| std::cmp::Reverse((it.listed_at(), it.head.id.clone())));
        let builder =
            Index::builder().schema(FIELDS.schema.clone()).settings(settings()).tokenizers(schema::tokenizers());
        let memory = RamDirectory::create();
        let mut writer = builder.single_segment_index_writer(memory.clone(), BUILD_BYTES)?;
        for article in articles {
            writer.add_document(FIELDS.document(article))?;
        }
        Self::over(writer.finalize()?, Some(memory)).map(Some)
    }

    /// One part of several, without what is masked. `None` where nothing is left.
    pub fn merge(parts: &[(&Self, &Mask)]) -> Result<Option<Self>, SearchError> {
        let mut segments = Vec::with_capacity(parts.len());
        let mut alive = Vec::with_capacity(parts.len());
        for (part, mask) in parts {
            if mask.count() < part.articles() {
                segments.extend(part.index.searchable_segments()?);
                alive.push(mask.alive()?);
            }
        }
        if segments.is_empty() {
            return Ok(None);
        }
        let memory = RamDirectory::create();
        let merged = merge_filtered_segments(&segments, settings(), alive, memory.clone())?;
        Self::over(merged, Some(memory)).map(Some)
    }

    /// Out of the object store.
    pub async fn open(objects: &Objects, cache: &Arc<Cache>, place: &Place, whole: bool) -> Result<Self, SearchError> {
        let bytes = Arc::new(PartBytes::open(objects, cache, place, whole).await?);
        let opened = tokio::task::spawn_blocking(move || Self::over(Index::open(PartDirectory(bytes))?, None));
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
                tantivy::TantivyError::SystemError(format!("{} segments instead of one", segments.len())).into()
            );
        };
        let segment = SegmentReader::open(segment)?;
        let mut languages = Vec::new();
        if let Some(column) = segment.fast_fields().str(Facet::Language.name())? {
            let mut stream = column.dictionary().stream()?;
            while stream.advance() {
                languages.push(String::from_utf8_lossy(stream.key()).into_owned());
            }
        }
        Ok(Self { segment, languages, columns: Columns::default(), index, memory })
    }

    /// The object that a part in memory is stored as.
    pub fn packed(&self, file: String) -> Result<(Place, Vec<u8>), SearchError> {
        let memory = self.memory.as_ref().expect("only what was built in memory is packed");
        let mut files = Vec::new();
        for path in self.index.directory().list_managed_files() {
            // Not the library's directory, which hides the footer that it puts behind every file.
            if memory.exists(&path).map_err(tantivy::TantivyError::from)? {
                let content = memory.atomic_read(&path).map_err(tantivy::TantivyError::from)?;
                files.push((path.to_string_lossy().into_owned(), content));
            }
        }
        files.sort();
        let recording = Arc::new(PartBytes::recording(files));
        Self::over(Index::open(PartDirectory(recording.clone()))?, None)?.touch()?;
        Ok(recording.packed(file))
    }

    /// Reads what queries read first, so that the short of it is copied into the tail.
    fn touch(&self) -> Result<(), SearchError> {
        for (field, _) in FIELDS.schema.fields().filter(|(_, it)| it.is_indexed()) {
            self.segment.inverted_index(field)?;
            self.segment.fieldnorms_readers().get_field(field)?;
        }
        self.listed()?;
        self.changed()?;
        self.published()?;
        self.heads()?;
        self.mentions()?;
        for facet in Facet::ALL {
            self.facet(facet)?;
        }
        self.store()?;
        Ok(())
    }

    /// Milliseconds.
    pub fn listed(&self) -> tantivy::Result<&Column<i64>> {
        once(&self.columns.listed, || self.segment.fast_fields().i64(schema::LISTED))
    }

    /// Milliseconds.
    pub fn changed(&self) -> tantivy::Result<&Column<i64>> {
        once(&self.columns.changed, || self.segment.fast_fields().i64(schema::CHANGED))
    }

    /// One where an article is known to be published when it is listed.
    pub fn published(&self) -> tantivy::Result<&Column<u64>> {
        once(&self.columns.published, || self.segment.fast_fields().u64(schema::PUBLISHED))
    }

    /// [`schema::head`] of the ids.
    pub fn heads(&self) -> tantivy::Result<&Column<u64>> {
        once(&self.columns.heads, || self.segment.fast_fields().u64(schema::HEAD))
    }

    /// `None` where no article speaks of a date.
    pub fn mentions(&self) -> tantivy::Result<Option<&StrColumn>> {
        once(&self.columns.mentions, || self.segment.fast_fields().str(schema::MENTIONED)).map(Option::as_ref)
    }

    /// `None` where no article has a value.
    pub fn facet(&self, facet: Facet) -> tantivy::Result<Option<&StrColumn>> {
        let open = || self.segment.fast_fields().str(facet.name());
        once(&self.columns.facets[facet as usize], open).map(Option::as_ref)
    }

    pub fn articles(&self) -> u32 {
        self.segment.max_doc()
    }

    pub fn store(&self) -> Result<StoreReader, SearchError> {
        Ok(self.segment.get_store_reader(STORE_BLOCKS)?)
    }

    /// Where articles are, of those that are here at all.
    pub fn find(&self, wanted: &HashSet<ArticleId>) -> Result<Vec<DocId>, SearchError> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let heads: HashSet<u64> = wanted.iter().map(schema::head).collect();
        let column = self.heads()?;
        let store = self.store()?;
        let mut found = Vec::new();
        for doc in 0..self.articles() {
            if column.first(doc).is_some_and(|it| heads.contains(&it))
                && wanted.contains(&FIELDS.id_of(&self.segment, &store, doc)?)
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

/// The articles of a part that are no longer there, or not as they are there.
#[derive(Clone, Debug)]
pub struct Mask(BitSet);

impl Mask {
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
        (0..self.0.max_value()).filter(|it| self.hides(*it))
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

/// A part's files as the index library sees them. It writes none.
#[derive(Clone, Debug)]
struct PartDirectory(Arc<PartBytes>);

#[derive(Debug)]
struct PartFile {
    bytes: Arc<PartBytes>,
    range: std::ops::Range<usize>,
}

impl HasLen for PartFile {
    fn len(&self) -> usize {
        self.range.len()
    }
}

impl FileHandle for PartFile {
    fn read_bytes(&self, range: std::ops::Range<usize>) -> std::io::Result<OwnedBytes> {
        if range.end > self.range.len() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        self.bytes.read(self.range.start + range.start..self.range.start + range.end)
    }
}

impl PartDirectory {
    fn file(&self, path: &Path) -> Result<PartFile, OpenReadError> {
        let range = path.to_str().and_then(|it| self.0.file(it));
        let range = range.ok_or_else(|| OpenReadError::FileDoesNotExist(path.to_owned()))?;
        Ok(PartFile { bytes: self.0.clone(), range })
    }
}

fn read_only() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::ReadOnlyFilesystem, "a part is never written again")
}

impl Directory for PartDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        Ok(Arc::new(self.file(path)?))
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        Ok(self.file(path).is_ok())
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let file = self.file(path)?;
        let read = file.read_bytes(0..file.len());
        read.map(|it| it.to_vec()).map_err(|error| OpenReadError::wrap_io_error(error, path.to_owned()))
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
