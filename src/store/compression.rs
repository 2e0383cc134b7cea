//! Long values of items: JSON, compressed with a dictionary, because a single value is too short to contain the
//! repetition that all of them share. It halves the evidence of a short article.
//!
//! The dictionary was trained with `zstd --train --maxdict=8192` on the JSON of the seeds' articles and evidence, three
//! times, and of 60 generated articles. Values compressed without it can still be read.

use super::StoreError;
use crate::json::to_json;
use serde::{Serialize, de::DeserializeOwned};
use std::{cell::RefCell, io, sync::LazyLock};
use zstd::{
    bulk::{Compressor, Decompressor},
    dict::{DecoderDictionary, EncoderDictionary},
    zstd_safe,
};

/// Higher levels take twice the time for a hundredth of the bytes.
const LEVEL: i32 = 6;
/// Stored values were compressed with it: a change to it needs new attribute names.
const DICTIONARY: &[u8] = include_bytes!("items.dictionary");
/// Maximum bytes of one compressed value. An item holds 400 KB; the rest is for keys and posting names.
const COMPRESSED_BYTES: usize = 380_000;
/// Maximum bytes of a value's JSON. A frame that claims to contain more is corrupt.
const JSON_BYTES: usize = 64 * 1024 * 1024;

static ENCODER: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));
thread_local! {
    /// Reused, because allocating their tables takes longer than a short value.
    static COMPRESSOR: RefCell<Compressor<'static>> = RefCell::new(
        Compressor::with_prepared_dictionary(&ENCODER).expect("the dictionary is one that zstd trained"),
    );
    static DECOMPRESSOR: RefCell<Decompressor<'static>> = RefCell::new(
        Decompressor::with_prepared_dictionary(&DECODER).expect("the dictionary is one that zstd trained"),
    );
}

pub(super) fn compressed(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let json = to_json(value);
    let bytes = COMPRESSOR.with_borrow_mut(|compressor| compressor.compress(json.as_bytes()));
    let bytes = bytes.expect("the output buffer is as large as zstd asks");
    if bytes.len() > COMPRESSED_BYTES || json.len() > JSON_BYTES {
        return Err(StoreError::TooLarge { bytes: bytes.len(), limit: COMPRESSED_BYTES });
    }
    Ok(bytes)
}

pub(super) fn decompressed<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    let claimed = zstd_safe::get_frame_content_size(bytes).ok().flatten().and_then(|size| usize::try_from(size).ok());
    let length = claimed.filter(|claimed| *claimed <= JSON_BYTES);
    let length = length.ok_or_else(|| io::Error::other("invalid length of a compressed value"))?;
    let json = DECOMPRESSOR.with_borrow_mut(|decompressor| decompressor.decompress(bytes, length))?;
    Ok(serde_json::from_slice(&json)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_round_trip_and_others_are_refused() {
        let value: Vec<String> = ["a harbour", "", "港"].map(str::to_owned).to_vec();
        assert_eq!(decompressed::<Vec<String>>(&compressed(&value).expect("short")).expect("read"), value);
        let without = zstd::bulk::compress(to_json(&value).as_bytes(), LEVEL).expect("compressed");
        assert_eq!(decompressed::<Vec<String>>(&without).expect("read"), value);
        for wrong in [&b"nothing"[..], &without[..without.len() - 1], &[]] {
            decompressed::<Vec<String>>(wrong).expect_err("no value");
        }
        let mut state = 1_u64;
        let mut character = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b'0' + u8::try_from((state >> 58) % 64).expect("below 64"))
        };
        let long: String = (0..2 * COMPRESSED_BYTES).map(|_| character()).collect();
        assert!(matches!(compressed(&long), Err(StoreError::TooLarge { limit: COMPRESSED_BYTES, .. })));
    }
}
