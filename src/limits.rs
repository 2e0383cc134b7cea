//! Every limit that a user can meet, in one place. What exceeds one is refused with an error that names it, or is cut
//! with a note in the evidence.
//!
//! Limits that follow from how a thing is built stay with it: the actions of a transaction and with them the facet
//! values of an article ([`crate::store::MAX_FACET_VALUES`]), the article's size in the table, the time of a fetch.

// Documents
/// Maximum bytes of a raw document of any format. In base64, in which a Lambda function returns bytes, it still fits
/// the 6 MB response limit.
pub const DOCUMENT_BYTES: usize = 4 * 1024 * 1024;
/// Limits of the library that extracts the main text of HTML; over them, the page is read without it. Deeper or longer
/// pages overflow the stack of every known extractor, or block it for minutes.
pub const HTML_BYTES: usize = 2 * 1024 * 1024;
pub const HTML_DEPTH: usize = 1_000;
pub const HTML_ELEMENTS: usize = 100_000;
/// The tokenizer recurses for each attribute of a tag, and the extractor for each level of the tree: these limits bound
/// their stack, 4 KB per attribute in an unoptimised build. Stack memory is committed only as it is used.
pub const HTML_ATTRIBUTES: usize = 100_000;
pub const HTML_STACK_BYTES: usize = 512 * 1024 * 1024;
/// Seconds to wait for the extractor.
pub const HTML_SECONDS: u64 = 10;
/// Maximum keywords, and maximum authors, of one article.
pub const STATED_VALUES: usize = 100;
/// Maximum entries read from one feed, and maximum elements of its XML (or items of its JSON).
pub const FEED_ENTRIES: usize = 2_000;
pub const FEED_ELEMENTS: usize = 200_000;

// Requests
/// Maximum bytes of a request body: what fits into a function's request with its envelope.
pub const BODY_BYTES: usize = 6 * 1024 * 1024;
/// Maximum bytes of the documents that the server on one machine ingests at once; further requests are refused.
pub const INGEST_BYTES: usize = 24 * 1024 * 1024;
/// Maximum bytes of one response, and of all, that the server on one machine keeps to send again until the next write.
pub const CACHED_RESPONSE_BYTES: usize = 512 * 1024;
pub const CACHED_RESPONSES_BYTES: usize = 32 * 1024 * 1024;
/// Maximum documents in one request; larger batches belong in the bucket or the queue.
pub const NDJSON_LINES: usize = 1_000;
pub const IDEMPOTENCY_KEY_BYTES: usize = 255;
pub const IDEMPOTENCY_HOURS: i64 = 24;
/// Maximum bytes of a deletion's reason.
pub const DELETION_REASON_BYTES: usize = 500;
pub const CHANGES_WAIT_SECONDS: u64 = 20;
/// Subscribers of the hub, at most.
pub const HUB_SUBSCRIBERS: usize = 200;
/// Of one host, at most: a change calls each of them.
pub const HUB_SUBSCRIBERS_PER_HOST: usize = 10;
/// The lease of a subscription, by default and at most.
pub const HUB_LEASE_SECONDS: u64 = 864_000;
pub const HUB_LEASE_SECONDS_MAX: u64 = 864_000;
/// Maximum bytes of a subscriber's secret (WebSub, 5.1), and of its request.
pub const HUB_SECRET_BYTES: usize = 199;
pub const HUB_REQUEST_BYTES: usize = 16 * 1024;
/// Maximum bytes of an agent's message.
pub const MCP_REQUEST_BYTES: usize = 64 * 1024;
pub const REQUEST_ID_BYTES: usize = 64;
/// Maximum occurrences of one parameter.
pub const PARAMETER_REPEATS: usize = 10;

// Pages: default and maximum entries, and what one page may read
/// Default entries on one page.
pub const PAGE_DEFAULT: usize = 20;
/// Maximum articles on one page.
pub const PAGE_MAX: usize = 100;
/// Maximum bytes of a page's JSON: as text in a function's response, which escapes its quotation marks, it fits 6 MB.
pub const PAGE_BYTES: usize = 3 * 1024 * 1024;
/// Maximum queries of one page, whatever its filter.
pub const PAGE_QUERIES: usize = 24;
/// Maximum members of stories that one page reads to show each story once; a page that needs more is short.
pub const COLLAPSE_MEMBERS_READ: usize = 400;
/// Entries of a feed, by default.
pub const FEED_ENTRIES_DEFAULT: usize = 50;
pub const CHANGES_PAGE_DEFAULT: usize = 100;
pub const CHANGES_PAGE_MAX: usize = 1_000;
pub const ENTITIES_PAGE_DEFAULT: usize = 10;
pub const ENTITIES_PAGE_MAX: usize = 50;
pub const SOURCES_PAGE_DEFAULT: usize = 50;
pub const SOURCES_PAGE_MAX: usize = 200;
/// Maximum sources scanned for one page when filtering by state; a page with few matches is short.
pub const SOURCES_SCANNED: usize = 1_000;
pub const RELATED_DEFAULT: usize = 5;
pub const RELATED_MAX: usize = 20;
/// Revisions per page.
pub const REVISIONS_PAGE: usize = 100;
/// Maximum articles read for one page of stories; a page that needs more is short.
pub const STORIES_MEMBERS_READ: usize = 400;

// Filters, text queries and counts
/// Maximum facet values that all positive clauses of a filter name together: the first ranges stay within the budget.
pub const FILTER_VALUES: usize = 20;
/// Maximum stories that one filter names.
pub const FILTER_STORIES: usize = 5;
/// Maximum bytes of a query.
pub const TEXT_QUERY_BYTES: usize = 1_000;
/// Maximum words, phrases and prefixes in one query.
pub const TEXT_QUERY_TERMS: usize = 40;
pub const TEXT_QUERY_DEPTH: usize = 16;
/// Maximum moves that a query can allow the words of a phrase.
pub const PHRASE_MOVES: u32 = 50;
/// Minimum characters of a prefix: a shorter one matches too many words.
pub const PREFIX_CHARACTERS: usize = 2;
/// Maximum values that one facet shows.
pub const FACET_VALUES_SHOWN: usize = 200;
/// Maximum intervals that one timeline shows.
pub const TIMELINE_BUCKETS: usize = 2_000;
/// Maximum changes that are scanned, and maximum articles whose revisions are read.
pub const AS_OF_CHANGES: usize = 5_000;
pub const AS_OF_ARTICLES: usize = 300;

// Articles and stories
/// Maximum bytes of an envelope: escapes make JSON longer than its content.
pub const ENVELOPE_BYTES: usize = 2 * DOCUMENT_BYTES;
/// Maximum bytes of a key, URL or source, because they end up in keys and logs.
pub const DOCUMENT_KEY_BYTES: usize = 2048;
/// Maximum quantities and mentioned dates of one article; the evidence reports how many more there were.
pub const ARTICLE_QUANTITIES: usize = 100;
pub const ARTICLE_MENTIONED_DATES: usize = 100;
/// Maximum entities of an article, and mentions of an entity: more is a list of names, not an article.
pub const ARTICLE_ENTITIES: usize = 40;
pub const ENTITY_MENTIONS: usize = 50;
/// Maximum words of an article in which the tagger looks for names.
pub const TAGGED_WORDS: usize = 20_000;
/// Maximum members of a story that are compared with each other when it is read.
pub const STORY_MEMBERS_COMPARED: usize = 20;
/// Maximum members of a story. It bounds the size of the item and the cost of reading a story.
pub const STORY_MEMBERS: usize = 200;
/// Maximum recent articles that a new one is compared with: those of the last two weeks, or the latest this many.
pub const RECENT_TEXTS: usize = 250_000;
/// Maximum paragraphs, and words of a paragraph, that are compared.
pub const DIFF_PARAGRAPHS: usize = 2_000;
pub const DIFF_WORDS: usize = 2_000;
/// Maximum errors that a failure lists; the rest are only counted.
pub const FAILURE_ERRORS: usize = 50;

// Connections and requests
/// Maximum connections at once of the server on one machine. Further ones wait to be accepted.
pub const CONNECTIONS: usize = 512;
/// Seconds for the headers of a request. A connection without a request is closed after the same time.
pub const HEADER_SECONDS: u64 = 15;
/// Seconds for the body of a request.
pub const BODY_SECONDS: u64 = 60;
/// Seconds for a request as a whole.
pub const REQUEST_SECONDS: u64 = 300;
/// Seconds after which a client that takes no further byte of its response is disconnected.
pub const STALLED_SECONDS: u64 = 30;

// Sources and webhooks
pub const SOURCE_BODY_BYTES: usize = 64 * 1024;
pub const WEBHOOK_BODY_BYTES: usize = 16 * 1024;
/// Maximum bytes and nesting depth of a list, checked before it is parsed.
pub const OPML_BYTES: usize = 1024 * 1024;
pub const OPML_DEPTH: usize = 50;
/// The default limits of the interval between two polls, and the lowest and highest that a source may set.
pub const INTERVAL_DEFAULT_MINIMUM: u64 = 300;
pub const INTERVAL_DEFAULT_MAXIMUM: u64 = 86_400;
pub const INTERVAL_LOWEST: u64 = 60;
pub const INTERVAL_HIGHEST: u64 = 7 * 86_400;
pub const SOURCE_TITLE_BYTES: usize = 200;
pub const URL_BYTES: usize = 2_000;
pub const SOURCE_HEADERS: usize = 10;
pub const SOURCE_HEADER_BYTES: usize = 4_000;
pub const SOURCE_RULES: usize = 20;
pub const RULE_PATTERN_BYTES: usize = 500;
pub const WEBHOOKS: usize = 50;
/// Consecutive failures after which a webhook is disabled: with the waits between them, 27 hours.
pub const WEBHOOK_FAILURES: u32 = 12;
pub const WEBHOOK_FILTER_BYTES: usize = 2_000;
pub const FETCH_REDIRECTS: usize = 5;
