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
    io::BufReader,
    path::{Path, PathBuf},
};

/// File that describes its folder. Folder walks skip it; it is ingested only if it is given as a path itself.
const ABOUT: &str = "README.md";
const STANDARD_INPUT: &str = "-";

/// Returns the number of files and a lazy iterator over their documents. A path that does not exist is refused before
/// anything is ingested.
pub fn input_documents(paths: &[PathBuf]) -> Result<(usize, Box<dyn Iterator<Item = InputDocument>>), CommandError> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == STANDARD_INPUT || path.is_file() {
            files.push(path.clone());
        } else {
            walk(path, &mut files)?;
        }
    }
    Ok((files.len(), Box::new(files.into_iter().flat_map(|file| open(&file)))))
}

/// Collects files depth first, in name order. Skips hidden files and does not follow links to folders.
pub fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), CommandError> {
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
        if entry.file_type().map_err(problem())?.is_dir() {
            walk(&entry.path(), files)?;
        } else {
            files.push(entry.path());
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
