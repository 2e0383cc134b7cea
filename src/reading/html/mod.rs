//! HTML: structure and metadata are better evidence than lines, and a library finds the main content.
//!
//! 1. [`scan`]: one pass finds the blocks of text with their spans, and the elements with [`markup_hints`].
//! 2. [`metadata`]: stated facts, ranked by where they are stated; facts without markup come from [`visible_metadata`]
//!    around the headline. [`title`], [`authors`] and [`dates`] have a file each.
//! 3. [`body_model`]: selects the blocks of the body by their [`block_features`]. If it selects none, the page's lines are
//!    read as flattened text, with the reason in the evidence.
//! 4. [`main_content`]: where the model is in doubt, the body's words by a library behind limits. [`align`] matches the
//!    words to blocks, and the model selects again, with them among the features.
//! 5. [`labels`]: each block gets a label; everything between blocks is markup.

mod align;
mod authors;
mod block_features;
mod body_model;
mod candidate;
mod containers;
mod dates;
mod extraction_thread;
mod json_ld;
mod labels;
mod main_content;
mod markup_hints;
mod metadata;
mod name_groups;
mod page_regions;
mod scan;
mod script_dates;
mod tag;
mod title;
mod visible_metadata;

use super::{Finding, ParsedPage, text};
use crate::{article::Instant, enrich::reading_time};
use metadata::Metadata;
use scan::Scan;

pub(super) use {labels::body, page_regions::Region, scan::HtmlBlock};

/// Returns the blocks of a page or of a part of one.
pub(super) fn blocks(document: &str) -> Result<Vec<HtmlBlock>, String> {
    scan::scan(document).map(|scan| scan.blocks)
}

pub fn read(document: &str, url: Option<&str>, retrieved_at: Instant) -> ParsedPage {
    let scan = match scan::scan(document) {
        Ok(scan) => scan,
        Err(reason) => return ParsedPage { left_out: vec![reason], ..text::read(document) },
    };
    let (node, mut left_out) = json_ld::find(document, &scan.json_ld);
    let stated = Metadata::new(document, &scan, node.as_ref(), url, retrieved_at).stated();
    let outside: Vec<_> = scan.blocks.iter().map(labels::outside).collect();
    let words: Vec<_> = scan.blocks.iter().map(|block| align::words(&block.text)).collect();
    let alone = block_features::Page { scan: &scan, outside: &outside, extracted: None };
    let mut odds = body_model::odds(&alone);
    match main_content::admit(document, &scan) {
        Ok(readable) if odds.are_doubtful(&alone) => match readable.paragraphs() {
            Ok(body) => {
                let extracted = align::align(&scan.blocks, &words, &body);
                odds = body_model::odds(&block_features::Page { extracted: Some(&extracted), ..alone });
            }
            Err(reason) => left_out.push(reason),
        },
        Ok(_) => {}
        Err(reason) => left_out.push(reason),
    }
    let mut kept = odds.kept(&alone);
    align::drop_copies(&scan.blocks, &words, &mut kept);
    let (mut page, mut line_labels) = labels::structured(&scan, &stated, &kept);
    if page.body.is_empty() {
        left_out.push("no block of the page is body text; read as plain lines".to_owned());
        (page, line_labels) = labels::flattened(&scan);
    }
    merge_stated(&mut page, stated);
    page.left_out.append(&mut left_out);
    page.pieces = labels::pieces(document, &scan, &outside, &page, &line_labels);
    page
}

/// Returns the text of every block of a page with the features that the body model sees, with or without the library's
/// extraction.
pub fn examples(document: &str, extract: bool) -> Vec<(String, Vec<f32>)> {
    let Ok(scan) = scan::scan(document) else { return Vec::new() };
    let words: Vec<_> = scan.blocks.iter().map(|block| align::words(&block.text)).collect();
    let outside: Vec<_> = scan.blocks.iter().map(labels::outside).collect();
    let body = extract.then(|| main_content::admit(document, &scan).and_then(|readable| readable.paragraphs()));
    let extracted = body.and_then(Result::ok).map(|body| align::align(&scan.blocks, &words, &body));
    let page = block_features::Page { scan: &scan, outside: &outside, extracted: extracted.as_deref() };
    let mut examples = Vec::new();
    block_features::visit(&page, |at, features| examples.push((scan.blocks[at].text.clone(), features.to_vec())));
    examples
}

/// Minimum words of a body that is the whole article, although the page states that it is paid for.
const WHOLE_WORDS: u32 = 200;

/// Merges in the stated metadata, which takes precedence over what was mined from the text, except for the deck.
fn merge_stated(page: &mut ParsedPage, stated: ParsedPage) {
    page.authors = prefer(stated.authors, page.authors.take(), |names| names.join("; "));
    page.publisher = prefer(stated.publisher, page.publisher.take(), |publisher| publisher.name.clone());
    page.published = prefer(stated.published, page.published.take(), |date| date.stated().unwrap_or_default());
    page.modified = stated.modified.or(page.modified.take());
    page.keywords = stated.keywords.or(page.keywords.take());
    page.headline = stated.headline.or(page.headline.take());
    page.url = stated.url;
    page.image = stated.image;
    page.section = stated.section;
    page.language = stated.language;
    // Many publishers state that an article is paid for and send all of it.
    let words = reading_time::words(&page.body.iter().map(|paragraph| paragraph.text.clone()).collect::<Vec<_>>());
    page.partial = stated.partial && words < WHOLE_WORDS;
    page.deck = page.deck.take().or(stated.deck);
    let deck = page.deck.as_ref().map(|deck| deck.value.clone());
    page.summary = stated.summary.filter(|summary| Some(&summary.value) != deck.as_ref());
}

/// Returns the first of two findings, with a different second one among its alternatives.
fn prefer<T>(first: Option<Finding<T>>, second: Option<Finding<T>>, show: impl Fn(&T) -> String) -> Option<Finding<T>> {
    match (first, second) {
        (Some(mut first), Some(second)) => {
            let other = show(&second.value);
            if other != show(&first.value) && !first.alternatives.contains(&other) {
                first.alternatives.push(other);
            }
            Some(first)
        }
        (first, second) => first.or(second),
    }
}

#[cfg(test)]
mod tests;
