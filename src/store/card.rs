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
/// Cards in the table were written with it: a change here, or to the members of a card, needs a new attribute name
/// beside `card`.
const DICTIONARY: &[u8] = include_bytes!("card.dictionary");
static ENCODER: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));
thread_local! {
    /// Kept, because its tables take longer to allocate than a card to open.
    static DECOMPRESSOR: RefCell<Decompressor<'static>> = RefCell::new(
        Decompressor::with_prepared_dictionary(&DECODER).expect("a raw dictionary of any content is accepted"),
    );
}
/// More than the JSON of any card that fits a posting; a frame that claims more is corrupt.
const JSON_BYTES: u64 = 1024 * 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedCard(Vec<u8>);

impl PackedCard {
    pub fn pack(card: &Card) -> Self {
        let json = serde_json::to_vec(card).expect("the domain's types have string keys and cannot fail");
        let mut compressor =
            Compressor::with_prepared_dictionary(&ENCODER).expect("a raw dictionary of any content is accepted");
        Self(compressor.compress(&json).expect("the output buffer is as large as zstd asks"))
    }

    pub fn packed(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The card's JSON, proved to be JSON and not taken apart.
    pub fn open(&self) -> io::Result<Box<RawValue>> {
        let length = zstd_safe::get_frame_content_size(&self.0).ok().flatten().filter(|it| *it <= JSON_BYTES);
        let length = length.and_then(|it| usize::try_from(it).ok());
        let length = length.ok_or_else(|| io::Error::other("the length of the card is not legal"))?;
        let json = DECOMPRESSOR.with_borrow_mut(|it| it.decompress(&self.0, length))?;
        let json = String::from_utf8(json).map_err(io::Error::other)?;
        Ok(RawValue::from_string(json)?)
    }
}
