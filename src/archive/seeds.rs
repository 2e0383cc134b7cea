//! The bundled seeds: the raw documents under `seeds/`, in every binary, so that a fresh archive has something to show.

use super::intake::{Arrival, arrivals};
use crate::article::Instant;
use include_dir::{Dir, include_dir};

static SEEDS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/seeds");
/// What stands in the folder for people.
const ABOUT: &str = "README.md";

/// Every seed, in the order of their names, under the keys that the folder gives them in a checkout.
pub fn seeds(retrieved_at: Instant) -> Vec<Arrival> {
    let mut files: Vec<_> = SEEDS.files().filter(|it| it.path() != std::path::Path::new(ABOUT)).collect();
    files.sort_by_key(|it| order(it.path()));
    let arrive = |file: &include_dir::File<'_>| {
        let name = format!("seeds/{}", file.path().display());
        arrivals(&name, None, file.contents(), retrieved_at).collect::<Vec<_>>()
    };
    files.into_iter().flat_map(arrive).collect()
}

/// By name without extension, so that `a.html` comes before `a-revised.html`.
pub fn order(path: &std::path::Path) -> (std::path::PathBuf, std::path::PathBuf) {
    (path.with_extension(""), path.to_owned())
}
