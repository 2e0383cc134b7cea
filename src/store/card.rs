//! Packed cards in postings: the JSON that clients receive, compressed with a dictionary, because a single card is too
//! short to contain repetition. A card is unpacked only when it is shown, not when a filter reads its posting.

use crate::{article::Card, json::to_json};
use serde_json::value::RawValue;
use std::{cell::RefCell, io, sync::LazyLock};
use zstd::{
    bulk::{Compressor, Decompressor},
    dict::{DecoderDictionary, EncoderDictionary},
    zstd_safe,
};

const LEVEL: i32 = 9;
/// Stored cards were written with it: a change to it, or to the members of a card, needs a new attribute name.
const DICTIONARY: &[u8] = include_bytes!("card.dictionary");
static ENCODER: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));
thread_local! {
    /// Reused, because allocating its tables takes longer than unpacking a card.
    static DECOMPRESSOR: RefCell<Decompressor<'static>> = RefCell::new(
        Decompressor::with_prepared_dictionary(&DECODER).expect("a raw dictionary of any content is accepted"),
    );
}
/// Maximum JSON bytes of a packed card, however well it compresses. A frame that claims to contain more is corrupt.
const JSON_BYTES: usize = 64 * 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedCard(Vec<u8>);

impl PackedCard {
    /// Packs a card; returns `None` if it is too long for a posting.
    pub fn pack(card: &Card) -> Option<Self> {
        let json = to_json(card);
        if json.len() > JSON_BYTES {
            return None;
        }
        let mut compressor =
            Compressor::with_prepared_dictionary(&ENCODER).expect("a raw dictionary of any content is accepted");
        Some(Self(compressor.compress(json.as_bytes()).expect("the output buffer is as large as zstd asks")))
    }

    pub fn packed(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Unpacks the card's JSON, which is validated but not deserialised.
    pub fn open(&self) -> io::Result<Box<RawValue>> {
        let claimed =
            zstd_safe::get_frame_content_size(&self.0).ok().flatten().and_then(|size| usize::try_from(size).ok());
        let length = claimed.filter(|claimed| *claimed <= JSON_BYTES);
        let length = length.ok_or_else(|| io::Error::other("invalid length of a packed card"))?;
        let json = DECOMPRESSOR.with_borrow_mut(|decompressor| decompressor.decompress(&self.0, length))?;
        let json = String::from_utf8(json).map_err(io::Error::other)?;
        Ok(RawValue::from_string(json)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{archive::preview, archive::seeds::seeds, article::Instant};
    use base64::{Engine, prelude::BASE64_STANDARD};
    use serde_json::Value;

    fn first_seed() -> Card {
        let document = seeds(Instant::parse("2026-11-24T00:00:00Z").expect("an instant")).remove(0).document;
        preview(&document.expect("a document")).expect("an article").0.card()
    }

    #[test]
    fn a_packed_card_unpacks_to_the_json_that_clients_receive() {
        let card = first_seed();
        let opened = PackedCard::pack(&card).expect("short").open().expect("a card");
        assert_eq!(opened.get(), serde_json::to_string(&card).expect("JSON"));
    }

    #[test]
    fn a_card_that_is_too_long_is_not_packed() {
        let mut card = first_seed();
        card.facts.summary = Some("a".repeat(JSON_BYTES));
        assert_eq!(PackedCard::pack(&card), None);
    }

    #[test]
    fn invalid_bytes_of_a_card_are_an_error() {
        let long = zstd::bulk::compress(&vec![b' '; JSON_BYTES + 1], LEVEL).expect("compressed");
        let no_json = zstd::bulk::compress(b"{", LEVEL).expect("compressed");
        for bytes in [Vec::new(), b"card".to_vec(), long, no_json] {
            assert!(PackedCard::packed(bytes.clone()).open().is_err(), "{bytes:?}");
        }
    }

    /// A card as existing tables contain it. If this fails, the format has changed: the attribute needs a new name, and
    /// this test a new card, which `DATELINE_UPDATE=1` writes.
    #[test]
    fn stored_cards_are_readable_and_have_the_current_members() {
        let current = first_seed();
        if std::env::var_os("DATELINE_UPDATE").is_some() {
            let packed = BASE64_STANDARD.encode(PackedCard::pack(&current).expect("short").bytes());
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/card.packed");
            std::fs::write(path, packed + "\n").expect("the file can be written");
            return;
        }
        let packed = BASE64_STANDARD.decode(include_str!("card.packed").trim()).expect("base64");
        let opened = PackedCard::packed(packed).open().expect("a card");
        let current = serde_json::to_string(&current).expect("JSON");
        let [opened, current] =
            [opened.get(), &current].map(|json| members(&serde_json::from_str(json).expect("JSON")));
        assert_eq!(opened, current);
    }

    fn members(value: &Value) -> Vec<String> {
        let Value::Object(object) = value else { return Vec::new() };
        let nested = object
            .iter()
            .flat_map(|(name, value)| members(value).into_iter().map(move |member| format!("{name}.{member}")));
        object.keys().cloned().chain(nested).collect()
    }
}
