//! A cursor: a position in a list, bound to the query of that list.
//!
//! It holds a position in the order of the list, not a page number, so it stays valid whatever is written meanwhile. A
//! digest over the position and the query detects a cursor that was altered or comes from another query. It is no
//! secret: a cursor built by hand only reaches a position in a public list.

use crate::store::ListPosition;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// Changes when cursors that were issued before can no longer be accepted.
const VERSION: &str = "dateline-cursor-1";
const DIGEST_BYTES: usize = 12;

#[derive(Debug, thiserror::Error, PartialEq)]
#[error("expected an unaltered cursor from `next` of the same query")]
pub struct BadCursor;

/// A rank in the order of relevance, which complements the position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rank {
    /// The index that the order belongs to.
    pub index: String,
    pub score: u32,
}

pub fn write(position: &ListPosition, rank: Option<&Rank>, query: &str) -> String {
    let rank = rank.map(|rank| format!(" {} {}", rank.score, rank.index)).unwrap_or_default();
    seal(&format!("{position}{rank}"), query)
}

pub fn read(cursor: &str, query: &str) -> Result<(ListPosition, Option<Rank>), BadCursor> {
    let text = open(cursor, query)?;
    let mut parts = text.split(' ');
    let position = parts.next().and_then(ListPosition::parse).ok_or(BadCursor)?;
    let rank = match (parts.next(), parts.next()) {
        (None, _) => None,
        (Some(score), Some(index)) => {
            Some(Rank { index: index.to_owned(), score: score.parse().map_err(|_| BadCursor)? })
        }
        (Some(_), None) => return Err(BadCursor),
    };
    Ok((position, rank))
}

/// Encodes a text so that [`open`] accepts it only unaltered, and only with the same binding.
pub fn seal(text: &str, binding: &str) -> String {
    let mut bytes = digest(text, binding);
    bytes.extend(text.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

pub fn open(sealed: &str, binding: &str) -> Result<String, BadCursor> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(sealed).map_err(|_| BadCursor)?;
    let (found, text) = bytes.split_at_checked(DIGEST_BYTES).ok_or(BadCursor)?;
    let text = str::from_utf8(text).map_err(|_| BadCursor)?;
    if found == digest(text, binding) { Ok(text.to_owned()) } else { Err(BadCursor) }
}

fn digest(text: &str, binding: &str) -> Vec<u8> {
    Sha256::digest([VERSION, text, binding].join("\n"))[..DIGEST_BYTES].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::{ArticleId, Instant};

    #[test]
    fn a_cursor_from_another_query_is_refused() {
        let position = ListPosition { at: Instant::now(), id: ArticleId::of_identity("a") };
        for rank in [None, Some(Rank { index: "a1".to_owned(), score: 7 })] {
            let cursor = write(&position, rank.as_ref(), "country=PK");
            assert_eq!(read(&cursor, "country=PK"), Ok((position.clone(), rank)));
        }
        let cursor = write(&position, None, "country=PK");
        assert_eq!(read(&cursor, "country=FR"), Err(BadCursor));
    }

    #[test]
    fn every_altered_cursor_is_refused() {
        let position = ListPosition { at: Instant::now(), id: ArticleId::of_identity("a") };
        let cursor = write(&position, None, "q");
        for at in 0..cursor.len() {
            let mut altered = cursor.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).expect("ASCII");
            assert_eq!(read(&altered, "q"), Err(BadCursor), "{altered}");
        }
        for bad in ["", "AAAA", "not base64!", &cursor[1..], &cursor[..cursor.len() - 2]] {
            assert_eq!(read(bad, "q"), Err(BadCursor), "{bad}");
        }
    }
}
