//! Input documents of the paths on the command line: files, folders (recursively), `-` for standard input.

use super::CommandError;
use crate::{
    archive::{
        IngestError,
        document_files::{self, InputDocument},
        seeds::order,
        web_archive::{PageFilter, PassedOver, WebArchive},
    },
    article::Instant,
};
use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

/// File that describes its folder. Folder walks skip it; it is ingested only if it is given as a path itself.
const ABOUT: &str = "README.md";
const STANDARD_INPUT: &str = "-";

/// Extensions of the files in a folder that are documents; so are files without one.
const EXTENSIONS: [&str; 14] =
    ["txt", "text", "html", "htm", "xhtml", "md", "markdown", "json", "ndjson", "jsonl", "xml", "rss", "atom", "rdf"];
/// Extensions of files with a document on each line.
const LINES: [&str; 2] = ["ndjson", "jsonl"];

/// The files of the paths on the command line.
#[derive(Debug, Default)]
pub struct InputFiles {
    pub documents: Vec<PathBuf>,
    /// Files of folders that are left alone: links, and files of which no document is made, such as `.csv` and `.py`.
    pub left_alone: Vec<PathBuf>,
}

impl InputFiles {
    /// Finds the files. A path that does not exist is refused before anything is ingested.
    pub fn of(paths: &[PathBuf]) -> Result<Self, CommandError> {
        let mut files = Self::default();
        for path in paths {
            if path.as_os_str() == STANDARD_INPUT || path.is_file() {
                files.documents.push(path.clone());
            } else {
                walk(path, &mut files)?;
            }
        }
        Ok(files)
    }

    /// Counts the documents, as far as the files show before they are parsed: one in a file, or one on each line. The pages
    /// of a web archive are counted as they come.
    pub fn count(&self) -> usize {
        let lines = |path: &Path| {
            let lines = BufReader::new(File::open(path).ok()?).split(b'\n').map_while(Result::ok);
            Some(lines.filter(|line| !line.trim_ascii().is_empty()).count())
        };
        let count = |path: &PathBuf| match path {
            path if WebArchive::is_named(&path.to_string_lossy()) => 0,
            path if LINES.contains(&extension(path).as_str()) => lines(path).unwrap_or(1),
            _ => 1,
        };
        self.documents.iter().map(count).sum()
    }

    /// Returns a lazy iterator over the documents. `passed_over`: see [`content`].
    pub fn into_documents(self, passed_over: Arc<Mutex<PassedOver>>) -> impl Iterator<Item = InputDocument> {
        self.documents.into_iter().flat_map(move |file| -> Box<dyn Iterator<Item = InputDocument>> {
            match content(&file, &PageFilter::default(), &passed_over) {
                FileContent::Documents(documents) => Box::new(documents.into_iter()),
                FileContent::Pages(pages) => Box::new(pages),
            }
        })
    }
}

fn extension(path: &Path) -> String {
    path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

/// Collects files depth first, in name order. Skips hidden files and follows no links.
pub fn walk(folder: &Path, files: &mut InputFiles) -> Result<(), CommandError> {
    let problem = || CommandError::io(folder.display().to_string());
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(problem())? {
        entries.push(entry.map_err(problem())?);
    }
    entries.sort_by_key(|entry| order(&entry.path()));
    for entry in entries {
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if hidden || entry.file_name() == ABOUT {
            continue;
        }
        let (path, kind) = (entry.path(), entry.file_type().map_err(problem())?);
        let extension = extension(&path);
        if kind.is_dir() {
            walk(&path, files)?;
        } else if kind.is_file()
            && (extension.is_empty() || EXTENSIONS.contains(&extension.as_str()) || is_archive(&path))
        {
            files.documents.push(path);
        } else {
            files.left_alone.push(path);
        }
    }
    Ok(())
}

fn is_archive(path: &Path) -> bool {
    WebArchive::is_named(&path.to_string_lossy())
}

/// What a file holds.
pub enum FileContent {
    /// Documents, of which a later one may be a later version of an earlier one.
    Documents(Vec<InputDocument>),
    /// The pages of a web archive, which state when they were retrieved.
    Pages(Box<WebArchive>),
}

/// Opens one file. `passed_over` counts the records of web archives that are no page or that the filter excludes.
pub fn content(path: &Path, filter: &PageFilter, passed_over: &Arc<Mutex<PassedOver>>) -> FileContent {
    if is_archive(path) {
        let archive = WebArchive::of_file(name(path), path.to_owned(), filter.clone(), passed_over.clone());
        return match archive {
            Ok(archive) => FileContent::Pages(Box::new(archive)),
            Err(error) => {
                FileContent::Documents(vec![InputDocument::failed(name(path), IngestError::Unavailable(error))])
            }
        };
    }
    if path.as_os_str() == STANDARD_INPUT {
        let mut input = BufReader::new(std::io::stdin());
        // What cannot be read fails again where it is read.
        if input.fill_buf().is_ok_and(WebArchive::begins) {
            let pages = WebArchive::of_pipe(STANDARD_INPUT.to_owned(), input, filter.clone(), passed_over.clone());
            return FileContent::Pages(Box::new(pages));
        }
        return FileContent::Documents(standard_input(input));
    }
    FileContent::Documents(open(path))
}

/// Returns the documents of one file. Their retrieval time is the file's modification time, which is more accurate than
/// the current time.
pub fn open(path: &Path) -> Vec<InputDocument> {
    let name = name(path);
    match File::open(path).and_then(|file| Ok((file.metadata()?, file))) {
        Ok((about, file)) => {
            let written = about.modified().ok().and_then(|modified| jiff::Timestamp::try_from(modified).ok());
            let now = Instant::now();
            let retrieved_at = written.and_then(Instant::from_timestamp).map_or(now, |modified| modified.min(now));
            document_files::input_documents(&name, None, BufReader::new(file), retrieved_at).collect()
        }
        Err(error) => vec![InputDocument::failed(name, IngestError::Unavailable(error))],
    }
}

/// Reads standard input. A pipe has no name, so its documents have no key and are identified by their content.
fn standard_input(input: impl BufRead) -> Vec<InputDocument> {
    let mut input_documents: Vec<_> =
        document_files::input_documents(STANDARD_INPUT, None, input, Instant::now()).collect();
    for document in input_documents.iter_mut().filter_map(|input_document| input_document.document.as_mut().ok()) {
        document.key = None;
    }
    input_documents
}

/// Returns the document key of a file: its path as given, without `./`, with `/` between the components.
fn name(path: &Path) -> String {
    let parts = path.components().filter(|component| !matches!(component, std::path::Component::CurDir));
    parts.collect::<PathBuf>().to_string_lossy().into_owned()
}
