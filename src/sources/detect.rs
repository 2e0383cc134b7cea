//! Detects what a source's URL leads to: a feed, a news sitemap, or a page that links to one. The source adopts the URL
//! of the feed or sitemap.

use super::{
    discover,
    outcome::PollError,
    sitemap::{self, Sitemap, SitemapPage},
    source::Source,
};
use crate::{
    article::RawDocument,
    fetch::{FetchRequest, Fetched, PoliteClient},
    reading::{self, DocumentFormat, feed},
};

/// First bytes of a document that are checked for the start of a feed or a sitemap.
const START_BYTES: usize = 4_096;
/// Maximum sitemaps of a sitemap index to read, those that changed last.
const SITEMAPS: usize = 5;

pub enum Listing {
    AsItWas,
    Feed(RawDocument),
    /// The pages that it lists as news. `of_index`: they come from other sitemaps, which its validators do not cover.
    Sitemap {
        pages: Vec<SitemapPage>,
        of_index: bool,
    },
}

/// Fetches a source's list of entries. The returned response provides the validators and the maximum age.
pub async fn listing(
    web: &PoliteClient,
    source: &mut Source,
    request: &FetchRequest,
) -> Result<(Fetched, Listing), PollError> {
    let mut fetched = web.fetch(&source.settings.url, request).await?;
    let Some(document) = document(source, &mut fetched) else {
        source.found_at(fetched.moved.as_ref());
        return Ok((fetched, Listing::AsItWas));
    };
    if let Some(listing) = listed(web, source, &document, &fetched).await? {
        source.found_at(fetched.moved.as_ref());
        return Ok((fetched, listing));
    }
    let guesses = match discover::named(&document.content, &fetched.url) {
        Some(linked) => vec![linked],
        None => discover::guesses(&fetched.url, web.sitemaps(&fetched.url).await),
    };
    let is_linked = guesses.len() == 1;
    for guess in guesses {
        let request = FetchRequest { headers: source.headers_for(&guess), ..FetchRequest::default() };
        let mut fetched = match web.fetch(guess.as_str(), &request).await {
            // A feed that the page links to should exist, so its error is reported.
            Err(error) if is_linked => return Err(error.into()),
            Err(_) => continue,
            Ok(fetched) => fetched,
        };
        // A guess that is itself a page is not followed further.
        let Some(document) = self::document(source, &mut fetched) else { continue };
        let Ok(Some(listing)) = listed(web, source, &document, &fetched).await else { continue };
        source.found_at(Some(&guess));
        if source.settings.url != guess.as_str() {
            // The validators are the feed's, but the next poll requests the page.
            (fetched.etag, fetched.last_modified) = (None, None);
        }
        return Ok((fetched, listing));
    }
    Err(PollError::new("not_a_feed", "the document is not a feed or a news sitemap, and leads to none"))
}

/// Parses a document as a feed or a sitemap. `None`: it is neither.
async fn listed(
    web: &PoliteClient,
    source: &Source,
    document: &RawDocument,
    fetched: &Fetched,
) -> Result<Option<Listing>, PollError> {
    if matches!(reading::form(document), Ok(DocumentFormat::Feed)) {
        return Ok(Some(Listing::Feed(document.clone())));
    }
    if !sitemap::begins_like_one(&start(&document.content)) {
        return Ok(None);
    }
    let failed = |error: sitemap::BadSitemap| PollError::new("unreadable_sitemap", &error.to_string());
    let mut others = match sitemap::read(&document.content, &fetched.url).map_err(failed)? {
        Sitemap::Pages(pages) => return Ok(Some(Listing::Sitemap { pages, of_index: false })),
        Sitemap::Index(others) => others,
    };
    others.sort_by(|a, b| b.1.cmp(&a.1));
    let mut pages = Vec::new();
    for (url, _) in others.into_iter().take(SITEMAPS) {
        let request = FetchRequest { headers: source.headers_for(&url), ..FetchRequest::default() };
        let fetched = web.fetch(url.as_str(), &request).await?;
        let content = fetched.content.unwrap_or_default();
        // An index within an index is not followed further.
        if let Sitemap::Pages(more) = sitemap::read(&content, &fetched.url).map_err(failed)? {
            pages.extend(more);
        }
    }
    Ok(Some(Listing::Sitemap { pages, of_index: true }))
}

/// Takes the document out of a response, if it has one. A document that starts like a feed is read as one, whatever its
/// media type.
fn document(source: &Source, fetched: &mut Fetched) -> Option<RawDocument> {
    let content = fetched.content.take()?;
    let is_feed = feed::begins_like_one(start(&content).trim_start_matches('\u{feff}').trim_start());
    Some(RawDocument {
        media_type: fetched.media_type.clone().filter(|_| !is_feed),
        url: Some(fetched.url.to_string()),
        source: Some(source.id.clone()),
        defaults: source.settings.defaults(),
        ..RawDocument::new(content, fetched.at)
    })
}

fn start(content: &[u8]) -> String {
    String::from_utf8_lossy(&content[..content.len().min(START_BYTES)]).to_lowercase()
}
