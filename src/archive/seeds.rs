//! The bundled seeds: the raw documents under `seeds/`, embedded in every binary, so that a new archive has articles.

use super::document_files::{InputDocument, input_documents};
use crate::article::Instant;
use include_dir::{Dir, include_dir};

static SEEDS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/seeds");
/// A file in the folder that is not a seed.
const ABOUT: &str = "README.md";

/// Returns every seed, sorted by name, under the key that it has in a checkout.
pub fn seeds(retrieved_at: Instant) -> Vec<InputDocument> {
    let mut files: Vec<_> = SEEDS.files().filter(|file| file.path() != std::path::Path::new(ABOUT)).collect();
    files.sort_by_key(|file| order(file.path()));
    let documents = |file: &include_dir::File<'_>| {
        let name = format!("seeds/{}", file.path().display());
        input_documents(&name, None, file.contents(), retrieved_at).collect::<Vec<_>>()
    };
    files.into_iter().flat_map(documents).collect()
}

/// Returns a sort key: the name without its extension comes first, so that `a.html` comes before `a-revised.html`.
pub fn order(path: &std::path::Path) -> (std::path::PathBuf, std::path::PathBuf) {
    (path.with_extension(""), path.to_owned())
}
