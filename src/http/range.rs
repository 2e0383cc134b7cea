//! Byte ranges of a response (RFC 9110, 14): one range of a raw document, for a client that resumes a download.

use http::{HeaderMap, header};
use std::ops::Range;

/// What a request asks for of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestedRange {
    /// The whole body: there is no `Range` header, it is not one range of bytes, or the body is not the one that
    /// `If-Range` names.
    Whole,
    Part(Range<usize>),
    Unsatisfiable,
}

impl RequestedRange {
    pub fn of(headers: &HeaderMap, tag: &str, length: usize) -> Self {
        let value = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        let is_current = value(header::IF_RANGE).is_none_or(|named| named == tag);
        let spec = value(header::RANGE).filter(|_| is_current).and_then(|range| range.strip_prefix("bytes="));
        let Some((first, last)) = spec.and_then(|spec| spec.trim().split_once('-')) else { return Self::Whole };
        let number = |digits: &str| digits.parse::<usize>().ok();
        let range = match (first, number(first), number(last)) {
            // The last bytes.
            ("", _, Some(suffix)) => length.saturating_sub(suffix)..length,
            (_, Some(first), _) if last.is_empty() => first..length,
            (_, Some(first), Some(last)) if first <= last => first..length.min(last.saturating_add(1)),
            _ => return Self::Whole,
        };
        if range.start < range.end { Self::Part(range) } else { Self::Unsatisfiable }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_a_part_and_others_are_the_whole() {
        use RequestedRange::{Part, Unsatisfiable, Whole};
        for (range, if_range, expected) in [
            ("bytes=0-3", "", Part(0..4)),
            ("bytes=4-", "", Part(4..10)),
            ("bytes=-3", "", Part(7..10)),
            ("bytes=-99", "", Part(0..10)),
            ("bytes=8-99", "", Part(8..10)),
            ("bytes=8-18446744073709551615", "", Part(8..10)),
            ("bytes=10-", "", Unsatisfiable),
            ("bytes=-0", "", Unsatisfiable),
            ("bytes=3-1", "", Whole),
            ("bytes=0-1,4-5", "", Whole),
            ("lines=0-1", "", Whole),
            ("bytes=a-b", "", Whole),
            ("bytes=0-3", "\"other\"", Whole),
            ("bytes=0-3", "\"tag\"", Part(0..4)),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, range.parse().expect("a header value"));
            if !if_range.is_empty() {
                headers.insert(header::IF_RANGE, if_range.parse().expect("a header value"));
            }
            assert_eq!(RequestedRange::of(&headers, "\"tag\"", 10), expected, "{range} {if_range}");
        }
        assert_eq!(RequestedRange::of(&HeaderMap::new(), "\"tag\"", 10), Whole);
    }
}
