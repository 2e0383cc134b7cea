//! Which date wins, for every format.
//!
//! 1. The date of publication that the document states, if it is not after the retrieval; the first of these places
//!    that has one, and the others' dates as alternatives:
//!    - HTML: `datePublished` of JSON-LD, [`META_PUBLISHED`], microdata, `dateCreated` of JSON-LD, a `<time>` in the
//!      body, an element of a date class, the lines around the headline, any other `<time>`, the path of the URL.
//!    - Feeds: [`FEED_PUBLISHED`].
//!    - Text: the time of filing of a wire, then the first line that is a date.
//! 2. Nothing but a date of change: that date, on the basis `modified`; the article was published by then.
//! 3. Nothing stated: the bounds that the tenses of dates in the body imply
//!    ([`crate::enrich::publication_interval`]).
//! 4. Nothing at all: it was published before it was retrieved, which bounds 2 and 3 as well.

use super::Finding;
use crate::{
    article::{Basis, Instant, Precision, Published},
    enrich::dates,
};

/// Names of `<meta>` elements that state the date of publication, best first.
pub const META_PUBLISHED: [&str; 32] = [
    "article:published_time",
    "og:published_time",
    "datepublished",
    "date",
    "pubdate",
    "publishdate",
    "publish-date",
    "parsely-pub-date",
    "sailthru.date",
    "dc.date.issued",
    "dc.date",
    "dcterms.created",
    "article.published",
    "published",
    "published-date",
    "published_date",
    "publish_date",
    "publication_date",
    "publication-date",
    "published_time",
    "article_date_original",
    "originalpublicationdate",
    "article:published",
    "article:publish_date",
    "article.created",
    "displaydate",
    "cxenseparse:recs:publishtime",
    "citation_publication_date",
    "citation_date",
    "dc.date.created",
    "dcterms.date",
    "dcterms.issued",
];
pub const META_MODIFIED: [&str; 5] =
    ["article:modified_time", "og:updated_time", "last-modified", "dcterms.modified", "datemodified"];
/// Members of feed entries that state the date of publication, best first.
pub const FEED_PUBLISHED: [&str; 8] =
    ["published", "pubDate", "date_published", "issued", "dc:date", "dcterms:issued", "dcterms:created", "created"];
pub const FEED_MODIFIED: [&str; 5] = ["updated", "modified", "date_modified", "dcterms:modified", "atom:updated"];

/// Returns the stated date (1, 2), and why a stated date was not used.
pub fn stated(
    published: Option<Finding<Published>>,
    modified: Option<&Finding<Published>>,
    retrieved_at: Instant,
) -> (Option<Finding<Published>>, Option<String>) {
    let (published, impossible) = plausible(published, retrieved_at);
    let from_modified = || modified.cloned().map(|modified| modified.map(published_by));
    (published.or_else(from_modified), impossible)
}

/// Returns the date of the last change, unless it is before the publication, which is the reason why it was not used.
pub fn changed(
    modified: Option<Finding<Published>>,
    published: Option<&Published>,
) -> (Option<Finding<Published>>, Option<String>) {
    let is_before = |modified: &Published, published: &Published| match (modified.precision, published.precision) {
        (Some(Precision::Day), _) | (_, Some(Precision::Day)) => modified.day() < published.day(),
        _ => modified.at < published.at,
    };
    match (modified, published) {
        (Some(modified), Some(published)) if is_before(&modified.value, published) => {
            let date = modified.value.stated().unwrap_or_default();
            (None, Some(format!("modified_at: the stated date {date} ({}) is before the publication", modified.rule)))
        }
        (modified, _) => (modified, None),
    }
}

/// Returns the date of the article: the stated one, else the inferred one, else the bound of the retrieval (3, 4).
pub fn resolve(stated: Option<Published>, inferred: Option<Published>, retrieved_at: Instant) -> Published {
    let published = stated.or(inferred);
    published.map_or_else(|| unstated(retrieved_at), |published| not_after(published, retrieved_at))
}

/// Returns the stated date, or the reason why it cannot be true.
fn plausible(
    stated: Option<Finding<Published>>,
    retrieved_at: Instant,
) -> (Option<Finding<Published>>, Option<String>) {
    match stated {
        Some(finding) if !dates::is_possible(&finding.value, retrieved_at) => {
            let date = finding.value.stated().unwrap_or_default();
            (None, Some(format!("published: the stated date {date} ({}) is after the retrieval", finding.rule)))
        }
        stated => (stated, None),
    }
}

/// Returns the bound for a document that states no date: it was published before it was retrieved.
fn unstated(retrieved_at: Instant) -> Published {
    Published {
        basis: Some(Basis::Inferred),
        latest: Some(retrieved_at),
        reasoning: Some("the document states no full date; it was published before it was retrieved".to_owned()),
        ..Published::default()
    }
}

/// Returns the date of a document that states only when it was last changed: published by that moment, or that day.
fn published_by(modified: Published) -> Published {
    Published {
        basis: Some(Basis::Modified),
        earliest: None,
        latest: modified.latest.or(modified.at),
        reasoning: Some("the document says only when it was last changed; it was published by then".to_owned()),
        ..modified
    }
}

/// Bounds an inferred date by the retrieval as well.
fn not_after(published: Published, retrieved_at: Instant) -> Published {
    if published.basis != Some(Basis::Inferred) {
        return published;
    }
    let latest = published.latest.map_or(retrieved_at, |latest| latest.min(retrieved_at));
    Published { latest: Some(latest), ..published }
}
