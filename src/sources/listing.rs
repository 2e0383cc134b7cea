//! What a source's URL leads to: a feed, a news sitemap, or a page that has one of them. Where it stands is taken over.

use super::{
    discover,
    fetch::{Fetched, Request},
    outcome::Failed,
    sitemap::{self, Page, Sitemap},
    source::Source,
    web::Web,
};
use crate::{
    article::RawDocument,
    reading::{self, Form, feed},
};

/// Of a document, what tells that it is a feed or a sitemap.
const START_BYTES: usize = 4_096;
/// Of an index of sitemaps, the ones that changed last are looked at.
const SITEMAPS: usize = 5;

pub enum Listing {
    AsItWas,
    Feed(RawDocument),
    /// The pages that it lists as news. `of_index`: those of other sitemaps, of which its validators say nothing.
    Sitemap {
        pages: Vec<Page>,
        of_index: bool,
    },
}

/// What was fetched last tells the validators and the age.
pub async fn listing(web: &Web, source: &mut Source, request: &Request) -> Result<(Fetched, Listing), Failed> {
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
        Some(named) => vec![named],
        None => discover::guesses(&fetched.url, web.sitemaps(&fetched.url).await),
    };
    let is_named = guesses.len() == 1;
    for guess in guesses {
        let request = Request { headers: source.headers_for(&guess), ..Request::default() };
        let mut fetched = match web.fetch(guess.as_str(), &request).await {
            // What is named ought to be there, and why it is not ought to be known.
            Err(error) if is_named => return Err(error.into()),
            Err(_) => continue,
            Ok(fetched) => fetched,
        };
        // One that is a page in its turn is followed no further.
        let Some(document) = self::document(source, &mut fetched) else { continue };
        let Ok(Some(listing)) = listed(web, source, &document, &fetched).await else { continue };
        source.found_at(Some(&guess));
        if source.settings.url != guess.as_str() {
            // They are the feed's, and the page is asked again.
            (fetched.etag, fetched.last_modified) = (None, None);
        }
        return Ok((fetched, listing));
    }
    Err(Failed::new("not_a_feed", "the document is no feed and no news sitemap, and leads to none"))
}

/// `None`: it is neither.
async fn listed(
    web: &Web,
    source: &Source,
    document: &RawDocument,
    fetched: &Fetched,
) -> Result<Option<Listing>, Failed> {
    if matches!(reading::form(document), Ok(Form::Feed)) {
        return Ok(Some(Listing::Feed(document.clone())));
    }
    if !sitemap::begins_like_one(&start(&document.content)) {
        return Ok(None);
    }
    let failed = |error: sitemap::BadSitemap| Failed::new("unreadable_sitemap", &error.to_string());
    let mut others = match sitemap::read(&document.content, &fetched.url).map_err(failed)? {
        Sitemap::Pages(pages) => return Ok(Some(Listing::Sitemap { pages, of_index: false })),
        Sitemap::Index(others) => others,
    };
    others.sort_by(|a, b| b.1.cmp(&a.1));
    let mut pages = Vec::new();
    for (url, _) in others.into_iter().take(SITEMAPS) {
        let request = Request { headers: source.headers_for(&url), ..Request::default() };
        let fetched = web.fetch(url.as_str(), &request).await?;
        let content = fetched.content.unwrap_or_default();
        // An index within an index is followed no further.
        if let Sitemap::Pages(more) = sitemap::read(&content, &fetched.url).map_err(failed)? {
            pages.extend(more);
        }
    }
    Ok(Some(Listing::Sitemap { pages, of_index: true }))
}

/// Takes the document out of what was fetched, if it came at all. A feed is one whatever its server calls it.
fn document(source: &Source, fetched: &mut Fetched) -> Option<RawDocument> {
    let content = fetched.content.take()?;
    let told = feed::begins_like_one(start(&content).trim_start_matches('\u{feff}').trim_start());
    Some(RawDocument {
        media_type: fetched.media_type.clone().filter(|_| !told),
        content,
        key: None,
        url: Some(fetched.url.to_string()),
        source: Some(source.id.clone()),
        defaults: source.settings.defaults(),
        retrieved_at: fetched.at,
    })
}

fn start(content: &[u8]) -> String {
    String::from_utf8_lossy(&content[..content.len().min(START_BYTES)]).to_lowercase()
}
