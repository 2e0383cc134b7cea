//! URLs as the formats require them: RFC 3986, which browsers are more lenient than.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::{Position, Url};

/// Characters after the authority that a browser accepts and RFC 3986 does not.
const REFUSED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Returns the URL as an RFC 3986 URI; `None` unless it is an absolute http or https URL.
pub fn uri(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let rest = utf8_percent_encode(&url[Position::BeforePath..], REFUSED).to_string();
    let mut uri = url[..Position::BeforePath].to_owned();
    let mut fragments = 0;
    for (at, letter) in rest.char_indices() {
        let escapes = rest.as_bytes().get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        fragments += usize::from(letter == '#');
        match letter {
            '%' if !escapes => uri.push_str("%25"),
            '#' if fragments > 1 => uri.push_str("%23"),
            letter => uri.push(letter),
        }
    }
    Some(uri)
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn what_browsers_accept_becomes_a_uri() {
        for (url, expected) in [
            ("https://news.example/a?b=c#d", Some("https://news.example/a?b=c#d")),
            ("https://news.example/a b|c", Some("https://news.example/a%20b%7Cc")),
            ("https://news.example/100%", Some("https://news.example/100%25")),
            ("https://news.example/%7Bx%7D?a[]=1#e#f", Some("https://news.example/%7Bx%7D?a%5B%5D=1#e%23f")),
            ("https://bücher.example/ü", Some("https://xn--bcher-kva.example/%C3%BC")),
            ("http://[::1]/", Some("http://[::1]/")),
            ("data:image/png;base64,AA", None),
            ("/relative", None),
        ] {
            assert_eq!(uri(url).as_deref(), expected, "{url}");
        }
    }
}
