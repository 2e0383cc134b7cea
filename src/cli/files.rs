//! What there is to ingest under the paths that a person names: files, folders with all they hold, `-` for standard
//! input.

use super::Failure;
use crate::{
    archive::{
        IngestError,
        intake::{Arrival, arrivals},
        seeds::order,
    },
    article::Instant,
};
use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

/// Files in a folder that describe it; documents of that name are ingested when they are named themselves.
const ABOUT: &str = "README.md";
const STANDARD_INPUT: &str = "-";

/// How many files there are, and their documents, each read when its turn comes. A path that does not exist is refused
/// before anything is ingested.
pub fn arriving(paths: &[PathBuf]) -> Result<(usize, Box<dyn Iterator<Item = Arrival>>), Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == STANDARD_INPUT || path.is_file() {
            files.push(path.clone());
        } else {
            walk(path, &mut files)?;
        }
    }
    Ok((files.len(), Box::new(files.into_iter().flat_map(|it| open(&it)))))
}

/// Depth first, in the order of names. Hidden files are left alone, and links are not followed into folders.
pub fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let problem = || Failure::io(folder.display().to_string());
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(problem())? {
        entries.push(entry.map_err(problem())?);
    }
    entries.sort_by_key(|it| order(&it.path()));
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

/// The documents of one file, retrieved when it was last written: the file knows that better than the clock.
pub fn open(path: &Path) -> Vec<Arrival> {
    if path.as_os_str() == STANDARD_INPUT {
        return standard_input();
    }
    let name = name(path);
    match File::open(path).and_then(|file| Ok((file.metadata()?, file))) {
        Ok((about, file)) => {
            let written = about.modified().ok().and_then(|it| jiff::Timestamp::try_from(it).ok());
            let now = Instant::now();
            let retrieved_at = written.and_then(Instant::from_timestamp).map_or(now, |it| it.min(now));
            arrivals(&name, None, BufReader::new(file), retrieved_at).collect()
        }
        Err(error) => vec![Arrival::failed(name, IngestError::Unavailable(error))],
    }
}

/// A pipe has no name to go by: what comes from it is told apart by its content.
fn standard_input() -> Vec<Arrival> {
    let mut arrivals: Vec<_> = arrivals(STANDARD_INPUT, None, std::io::stdin().lock(), Instant::now()).collect();
    for document in arrivals.iter_mut().filter_map(|it| it.document.as_mut().ok()) {
        document.key = None;
    }
    arrivals
}

/// The key a file's document goes by: its path as it was named, without `./`, with `/` between the parts.
fn name(path: &Path) -> String {
    let parts = path.components().filter(|it| !matches!(it, std::path::Component::CurDir));
    parts.collect::<PathBuf>().to_string_lossy().into_owned()
}
