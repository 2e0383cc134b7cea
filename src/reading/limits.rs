//! What reading takes on. Whatever is beyond a limit is refused by name, or read in a simpler way that says so in the
//! evidence.

/// A raw document of any form. In base64, which a function answers bytes in, it still fits the 6 MB of an answer.
pub const DOCUMENT_BYTES: usize = 4 * 1024 * 1024;
/// The limits of reading HTML as HTML; beyond them the page's text is read line by line. Deeper or longer pages overflow
/// the stack of every known extractor, or hold it up for minutes.
pub const HTML_BYTES: usize = 2 * 1024 * 1024;
pub const HTML_DEPTH: usize = 1_000;
pub const HTML_ELEMENTS: usize = 100_000;
/// The tokenizer calls itself for each attribute of a tag, and the extractor for each level of the tree: their number
/// bounds the stack that they take, 4 KB an attribute in an unoptimised build. Memory is taken only as far as it is used.
pub const HTML_ATTRIBUTES: usize = 100_000;
pub const HTML_STACK_BYTES: usize = 512 * 1024 * 1024;
/// The extractor is waited for this long.
pub const HTML_SECONDS: u64 = 10;
/// Keywords, or authors, of one article.
pub const STATED_VALUES: usize = 100;
/// Entries of one feed that are read, and elements of its XML (or items of its JSON) that are looked at.
pub const FEED_ENTRIES: usize = 2_000;
pub const FEED_ELEMENTS: usize = 200_000;
