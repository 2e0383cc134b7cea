//! A list of articles as a feed.
//!
//! | format | file | specification |
//! | --- | --- | --- |
//! | JSON Feed | [`json_feed`] | JSON Feed 1.1 |
//! | Atom | [`atom`] | RFC 4287, RFC 5005 (paged feeds), Media RSS |
//! | RSS | [`rss`] | RSS 2.0, with the modules `content`, `dc`, `atom` and `media` |
//!
//! An entry's id is the article's URN, whatever happens to the article or its URL. A correction changes the entry's time
//! of update. Feeds have no dates, only times: where only the day of publication is known, that is the start of the day
//! in UTC, as in `published.at`; where none is stated, the entry has no time of publication.

pub mod atom;
pub mod json_feed;
pub mod rss;

use super::{paragraphs, uri::uri};
use crate::article::{Article, Card, Instant};

/// The namespace of Media RSS.
const MEDIA: &str = "http://search.yahoo.com/mrss/";

pub struct Feed {
    pub title: String,
    /// The URL of the feed itself.
    pub url: String,
    /// The URL of the page that shows the same list.
    pub page: String,
    /// The URL of the feed's next page.
    pub next: Option<String>,
    /// The URL of the WebSub hub that sends changes of the feed.
    pub hub: Option<String>,
    pub entries: Vec<FeedEntry>,
}

pub struct FeedEntry {
    card: Card,
    /// The paragraphs, the dateline before the first; `None` in a feed of summaries.
    paragraphs: Option<Vec<String>>,
    /// The URL of the article's page in the archive.
    page: String,
}

impl Feed {
    /// Returns the time of the latest change of an entry. It depends on the entries alone, so that the same entries are
    /// the same feed.
    fn updated(&self) -> Option<Instant> {
        self.entries.iter().map(|entry| entry.card.head.changed_at).max()
    }
}

impl FeedEntry {
    pub fn summary(card: Card, page: String) -> Self {
        Self { card, paragraphs: None, page }
    }

    pub fn full(article: &Article, page: String) -> Self {
        Self { card: article.card(), paragraphs: Some(paragraphs(article).collect()), page }
    }

    /// Returns the URL that a reader follows: of the article as published, else of its page in the archive.
    fn url(&self) -> String {
        self.card.facts.url.as_deref().and_then(uri).unwrap_or_else(|| self.page.clone())
    }

    /// Returns the headline. A feed's entry needs one.
    fn title(&self) -> &str {
        self.card.facts.headline.as_deref().unwrap_or("(no headline)")
    }

    fn image(&self) -> Option<String> {
        self.card.facts.image.as_deref().and_then(uri)
    }

    /// Returns the summary, or the deck if there is no summary.
    fn summary_text(&self) -> Option<&str> {
        self.card.facts.summary.as_deref().or(self.card.facts.deck.as_deref())
    }

    /// Returns the paragraphs as HTML.
    fn html(&self) -> Option<String> {
        let paragraphs = self.paragraphs.as_ref()?;
        Some(paragraphs.iter().map(|paragraph| maud::html! { p { (paragraph) } }.into_string()).collect())
    }

    /// Returns the labels of the topics, and the keywords, each once.
    fn tags(&self) -> Vec<&str> {
        let facts = &self.card.facts;
        let mut tags: Vec<&str> = facts.topics.iter().map(|topic| topic.label.as_str()).collect();
        for keyword in &facts.keywords {
            if !tags.contains(&keyword.as_str()) {
                tags.push(keyword);
            }
        }
        tags
    }
}
