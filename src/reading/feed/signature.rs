//! How a feed is recognised: by its media type, or by how it begins.

/// Root start tags of XML feeds, in lower case; an entry or a channel may stand alone.
const ROOTS: [&str; 7] = ["<rss", "<feed", "<rdf:rdf", "<atom:feed", "<entry", "<atom:entry", "<channel"];
/// Start tags within a feed, one of which follows its root.
const INNER: [&str; 8] = ["<channel", "<item", "<entry", "<title", "<id", "<link", "<atom:", "<author"];
/// Maximum bytes of junk before the root of a feed.
const JUNK_BYTES: usize = 1024;
/// Start tags of pages, in lower case, which a feed cannot be within.
const OF_PAGES: [&str; 4] = ["<!doctype html", "<html", "<head", "<body"];

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
pub const PROLOGUE_BYTES: usize = 4096;

/// Whether a document with this start, in lower case, is a feed. Declarations and comments may precede its root, and
/// whatever a faulty server writes: blank lines, warnings, a second byte-order mark.
pub fn begins_like_one(start: &str) -> bool {
    if start.starts_with('{') {
        return start.contains(JSON_VERSION) || start.contains(&JSON_VERSION.replace('/', "\\/"));
    }
    let after_comments = after_comments(start);
    let named = |at: usize, root: &str| !after_comments[at + root.len()..].starts_with(char::is_alphanumeric);
    let root = ROOTS.iter().filter_map(|root| after_comments.match_indices(root).find(|(at, root)| named(*at, root)));
    let Some((at, root)) = root.min() else { return false };
    let (before, rest) = (&after_comments[..at], &after_comments[at + root.len()..]);
    before.is_empty()
        || before.len() < JUNK_BYTES
            && !OF_PAGES.iter().any(|tag| before.contains(tag))
            && INNER.iter().any(|tag| rest.contains(tag))
}

/// Returns what follows the declarations, processing instructions and comments at the start of a document.
fn after_comments(start: &str) -> &str {
    let mut rest = start.trim_start();
    while rest.starts_with("<?") || rest.starts_with("<!") && !rest.starts_with("<!doctype html") {
        let tag = rest.split('>').next().unwrap_or_default();
        let end = match tag {
            _ if rest.starts_with("<!--") => "-->",
            // A document type with its own entities.
            tag if tag.contains('[') => "]>",
            _ => ">",
        };
        let Some((_, after)) = rest.split_once(end) else { return "" };
        rest = after.trim_start();
    }
    rest
}

/// Whether JSON is a feed rather than a raw document in its envelope.
pub fn is_json_feed(json: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Versioned {
        version: String,
    }
    serde_json::from_slice::<Versioned>(json).is_ok_and(|feed| feed.version.starts_with(JSON_VERSION))
}
