//! How a feed is recognised: by its media type, or by how it begins.

/// Root start tags of XML feeds, in lower case.
const ROOTS: [&str; 4] = ["<rss", "<feed", "<rdf:rdf", "<atom:feed"];

/// Prefix of the `version` of a JSON Feed (JSON Feed 1.1, "Top-level").
const JSON_VERSION: &str = "https://jsonfeed.org/version/";

/// Media types of feeds; generic XML is a feed only if it begins like one.
pub const MEDIA_TYPES: [&str; 4] = ["application/rss+xml", "application/atom+xml", "application/rdf+xml", JSON_FEED];

pub const JSON_FEED: &str = "application/feed+json";

/// Returns the media type of a feed.
pub fn media_type(document: &str) -> &'static str {
    let begins = |root: &str| document.find(root).is_some_and(|at| at < PROLOGUE_BYTES);
    match document.trim_start_matches('\u{feff}').trim_start() {
        start if start.starts_with('{') => JSON_FEED,
        _ if begins("<feed") || begins("<atom:feed") => "application/atom+xml",
        _ if begins("<rdf:RDF") => "application/rdf+xml",
        _ => "application/rss+xml",
    }
}

/// Maximum offset of a feed's root, in bytes.
const PROLOGUE_BYTES: usize = 4096;

/// Whether a document with this start, in lower case, is a feed.
pub fn begins_like_one(start: &str) -> bool {
    if start.starts_with('{') {
        return start.contains(JSON_VERSION) || start.contains(&JSON_VERSION.replace('/', "\\/"));
    }
    let mut rest = start.trim_start();
    // Declarations, processing instructions and comments may precede the root.
    while rest.starts_with("<?") || rest.starts_with("<!") {
        let end = if rest.starts_with("<!--") { "-->" } else { ">" };
        let Some((_, after)) = rest.split_once(end) else { return false };
        rest = after.trim_start();
    }
    ROOTS.iter().any(|root| {
        rest.strip_prefix(root).is_some_and(|rest| !rest.starts_with(|character: char| character.is_alphanumeric()))
    })
}

/// Whether JSON is a feed rather than a raw document in its envelope.
pub fn is_json_feed(json: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Versioned {
        version: String,
    }
    serde_json::from_slice::<Versioned>(json).is_ok_and(|feed| feed.version.starts_with(JSON_VERSION))
}
