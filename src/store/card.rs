//! A card as postings carry it: the JSON that readers are sent, compressed with a dictionary, because cards are too short
//! to repeat themselves. It is opened when it is shown, and not by every filter that passes over it.

use crate::article::Card;
use serde_json::value::RawValue;
use std::{cell::RefCell, io, sync::LazyLock};
use zstd::{
    bulk::{Compressor, Decompressor},
    dict::{DecoderDictionary, EncoderDictionary},
    zstd_safe,
};

const LEVEL: i32 = 9;
/// Cards in the table were written with it: a change here, or to the members of a card, needs a new name of the attribute.
const DICTIONARY: &[u8] = include_bytes!("card.dictionary");
static ENCODER: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));
thread_local! {
    /// Kept, because its tables take longer to allocate than a card to open.
    static DECOMPRESSOR: RefCell<Decompressor<'static>> = RefCell::new(
        Decompressor::with_prepared_dictionary(&DECODER).expect("a raw dictionary of any content is accepted"),
    );
}
/// A longer card is not packed, however well it compresses, and a frame that claims to hold one is corrupt.
const JSON_BYTES: usize = 64 * 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedCard(Vec<u8>);

impl PackedCard {
    /// `None` where the card is too long for a posting.
    pub fn pack(card: &Card) -> Option<Self> {
        let json = serde_json::to_vec(card).expect("the domain's types have string keys and cannot fail");
        if json.len() > JSON_BYTES {
            return None;
        }
        let mut compressor =
            Compressor::with_prepared_dictionary(&ENCODER).expect("a raw dictionary of any content is accepted");
        Some(Self(compressor.compress(&json).expect("the output buffer is as large as zstd asks")))
    }

    pub fn packed(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The card's JSON, proved to be JSON and not taken apart.
    pub fn open(&self) -> io::Result<Box<RawValue>> {
        let claimed = zstd_safe::get_frame_content_size(&self.0).ok().flatten().and_then(|it| usize::try_from(it).ok());
        let length = claimed.filter(|it| *it <= JSON_BYTES);
        let length = length.ok_or_else(|| io::Error::other("the length of the card is not legal"))?;
        let json = DECOMPRESSOR.with_borrow_mut(|it| it.decompress(&self.0, length))?;
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
    fn a_card_comes_back_as_the_json_that_readers_see() {
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
    fn what_is_no_card_is_an_error() {
        let long = zstd::bulk::compress(&vec![b' '; JSON_BYTES + 1], LEVEL).expect("compressed");
        let no_json = zstd::bulk::compress(b"{", LEVEL).expect("compressed");
        for bytes in [Vec::new(), b"card".to_vec(), long, no_json] {
            assert!(PackedCard::packed(bytes.clone()).open().is_err(), "{bytes:?}");
        }
    }

    /// What tables hold already. When this fails, the format has changed: the attribute needs another name, and this test
    /// another card, which `DATELINE_UPDATE=1` writes.
    #[test]
    fn cards_in_tables_are_read_and_have_the_members_of_today() {
        let today = first_seed();
        if std::env::var_os("DATELINE_UPDATE").is_some() {
            let packed = BASE64_STANDARD.encode(PackedCard::pack(&today).expect("short").bytes());
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/card.packed");
            std::fs::write(path, packed + "\n").expect("the file can be written");
            return;
        }
        let packed = BASE64_STANDARD.decode(include_str!("card.packed").trim()).expect("base64");
        let opened = PackedCard::packed(packed).open().expect("a card");
        let today = serde_json::to_string(&today).expect("JSON");
        let [opened, today] = [opened.get(), &today].map(|it| members(&serde_json::from_str(it).expect("JSON")));
        assert_eq!(opened, today);
    }

    fn members(value: &Value) -> Vec<String> {
        let Value::Object(of) = value else { return Vec::new() };
        let inner = of.iter().flat_map(|(name, it)| members(it).into_iter().map(move |it| format!("{name}.{it}")));
        of.keys().cloned().chain(inner).collect()
    }
}
