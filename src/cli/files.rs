//! Input documents of the paths on the command line: files, folders (recursively), `-` for standard input.

use super::CommandError;
use crate::{
    archive::{
        IngestError,
        document_files::{self, InputDocument},
        seeds::order,
    },
    article::Instant,
};
use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
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

    /// Counts the documents, as far as the files show before they are parsed: one in a file, or one on each line.
    pub fn count(&self) -> usize {
        let lines = |path: &Path| {
            let lines = BufReader::new(File::open(path).ok()?).split(b'\n').map_while(Result::ok);
            Some(lines.filter(|line| !line.trim_ascii().is_empty()).count())
        };
        let count =
            |path: &PathBuf| if LINES.contains(&extension(path).as_str()) { lines(path).unwrap_or(1) } else { 1 };
        self.documents.iter().map(count).sum()
    }

    /// Returns a lazy iterator over the documents.
    pub fn into_documents(self) -> impl Iterator<Item = InputDocument> {
        self.documents.into_iter().flat_map(|file| open(&file))
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
        } else if kind.is_file() && (extension.is_empty() || EXTENSIONS.contains(&extension.as_str())) {
            files.documents.push(path);
        } else {
            files.left_alone.push(path);
        }
    }
    Ok(())
}

/// Returns the documents of one file. Their retrieval time is the file's modification time, which is more accurate than
/// the current time.
pub fn open(path: &Path) -> Vec<InputDocument> {
    if path.as_os_str() == STANDARD_INPUT {
        return standard_input();
    }
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
fn standard_input() -> Vec<InputDocument> {
    let mut input_documents: Vec<_> =
        document_files::input_documents(STANDARD_INPUT, None, std::io::stdin().lock(), Instant::now()).collect();
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
