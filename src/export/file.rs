//! A file that a killed export continues: `FILE.partial` holds what is written so far, and `FILE.position` how much of it
//! counts and where the walk continues. Only a complete export has its own name.

use serde::{Deserialize, Serialize};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

pub struct ExportFile {
    output: PathBuf,
    partial: File,
    position: Position,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Position {
    /// What is exported. Another request cannot continue the file.
    request: String,
    articles: u64,
    bytes: u64,
    cursor: Option<String>,
    /// Whether all articles are in the partial file.
    complete: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum CannotOpen {
    #[error("{0} exists: name another file, or remove it")]
    Exists(PathBuf),
    #[error("{position} is of another export ({request}): finish that one, or remove the file")]
    Another { position: PathBuf, request: String },
    #[error("{partial} is shorter than {position} says: remove both, and the export starts from scratch")]
    Cut { partial: PathBuf, position: PathBuf },
    #[error("{path}")]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl ExportFile {
    /// Begins a file, or continues the one that an export of the same request left.
    pub fn open(output: &Path, request: &str) -> Result<Self, CannotOpen> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            |source| CannotOpen::Io { path, source }
        };
        if output.exists() {
            return Err(CannotOpen::Exists(output.to_owned()));
        }
        let (partial_path, position_path) = (beside(output, "partial"), beside(output, "position"));
        let position = match fs::read(&position_path) {
            Ok(json) => serde_json::from_slice(&json).map_err(|error| failed(&position_path)(error.into()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Position { request: request.to_owned(), articles: 0, bytes: 0, cursor: None, complete: false }
            }
            Err(error) => return Err(failed(&position_path)(error)),
        };
        if position.request != request {
            return Err(CannotOpen::Another { position: position_path, request: position.request });
        }
        let length = fs::metadata(&partial_path).map_or(0, |about| about.len());
        if length < position.bytes {
            return Err(CannotOpen::Cut { partial: partial_path, position: position_path });
        }
        let open = || {
            let mut partial =
                OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&partial_path)?;
            // What was written after the last position is written again.
            partial.set_len(position.bytes)?;
            partial.seek(SeekFrom::End(0))?;
            Ok(partial)
        };
        let partial = open().map_err(failed(&partial_path))?;
        Ok(Self { output: output.to_owned(), partial, position })
    }

    /// Where the walk continues.
    pub fn cursor(&self) -> Option<&str> {
        self.position.cursor.as_deref()
    }

    pub fn articles(&self) -> u64 {
        self.position.articles
    }

    pub fn is_empty(&self) -> bool {
        self.position.bytes == 0
    }

    pub fn is_complete(&self) -> bool {
        self.position.complete
    }

    /// Adds articles. `cursor`: where the walk continues, `None` at its end.
    pub fn append(&mut self, bytes: &[u8], articles: usize, cursor: Option<String>) -> io::Result<()> {
        self.partial.write_all(bytes)?;
        self.position.bytes += bytes.len() as u64;
        self.position.articles += articles as u64;
        self.position.complete = cursor.is_none();
        self.position.cursor = cursor;
        let path = beside(&self.output, "position");
        let new = beside(&self.output, "position-new");
        fs::write(&new, serde_json::to_vec(&self.position)?)?;
        fs::rename(new, path)
    }

    /// Returns the partial file from its beginning.
    pub fn read(&self) -> io::Result<File> {
        File::open(beside(&self.output, "partial"))
    }

    /// Gives the complete file its name.
    pub fn finish(self) -> io::Result<()> {
        self.partial.sync_all()?;
        // First, because a position without its file would be continued.
        fs::remove_file(beside(&self.output, "position"))?;
        fs::rename(beside(&self.output, "partial"), &self.output)
    }

    /// Gives another file, made from the partial one, the name.
    pub fn finish_as(self, made: &Path) -> io::Result<()> {
        fs::remove_file(beside(&self.output, "position"))?;
        fs::rename(made, &self.output)?;
        fs::remove_file(beside(&self.output, "partial"))
    }
}

/// Returns the path of a file that belongs to the output.
pub fn beside(output: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(output);
    name.push(".");
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_continues_after_the_last_position() {
        let folder = tempfile::tempdir().expect("a folder");
        let output = folder.path().join("a.ndjson");
        let mut file = ExportFile::open(&output, "q=1").expect("a new file");
        file.append(b"one\n", 1, Some("after one".to_owned())).expect("a write");
        // Killed while it wrote: the position does not count this.
        file.partial.write_all(b"tw").expect("a write");
        drop(file);
        assert!(matches!(ExportFile::open(&output, "q=2"), Err(CannotOpen::Another { .. })));
        let mut file = ExportFile::open(&output, "q=1").expect("the same file");
        assert_eq!((file.cursor(), file.articles(), file.is_empty()), (Some("after one"), 1, false));
        file.append(b"two\n", 1, None).expect("a write");
        assert!(file.is_complete());
        drop(file);
        fs::rename(beside(&output, "partial"), folder.path().join("elsewhere")).expect("a rename");
        assert!(matches!(ExportFile::open(&output, "q=1"), Err(CannotOpen::Cut { .. })));
        fs::rename(folder.path().join("elsewhere"), beside(&output, "partial")).expect("a rename");
        let file = ExportFile::open(&output, "q=1").expect("the same file");
        file.finish().expect("a rename");
        assert_eq!(fs::read(&output).expect("the output"), b"one\ntwo\n");
        assert!(matches!(ExportFile::open(&output, "q=1"), Err(CannotOpen::Exists(_))));
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1);
    }
}
