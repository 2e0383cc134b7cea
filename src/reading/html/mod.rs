//! HTML: structure and metadata tell more than lines, and a library knows which part of a page is the story.
//!
//! 1. [`scan`]: one pass gives the blocks of text with their places, and what is marked as a fact, by which [`marks`].
//! 2. [`facts`]: metadata, by rank of where it stands; what no markup states, as it is [`visible`] around the headline. How
//!    the page is [`titled`], [`authored`] and [`dated`] is each told in a file.
//! 3. [`extract`]: the story's words, by a library behind limits. Where it has none, the page's lines are read as
//!    flattened text, with the reason in the evidence.
//! 4. [`align`]: the words' blocks, which have places. Each block gets its fate, everything between them is markup.

mod align;
mod authored;
mod dated;
mod extract;
mod facts;
mod fates;
mod json_ld;
mod marks;
mod regions;
mod scan;
mod tag;
mod titled;
mod visible;
mod worker;

use super::{Finding, Page, text};
use crate::article::Instant;
use facts::Facts;
use scan::Scan;

pub(super) use {fates::story, scan::Block};

/// The blocks of a page or of a part of one.
pub(super) fn blocks(document: &str) -> Result<Vec<Block>, String> {
    scan::scan(document).map(|it| it.blocks)
}

pub fn read(document: &str, url: Option<&str>, retrieved_at: Instant) -> Page {
    let scan = match scan::scan(document) {
        Ok(scan) => scan,
        Err(reason) => return Page { left_out: vec![reason], ..text::read(document) },
    };
    let extraction = extract::begin(document, &scan);
    // Meanwhile, what is told without the story.
    let (node, mut left_out) = json_ld::find(document, &scan.json_ld);
    let stated = Facts::new(&scan, node.as_ref(), url, retrieved_at).stated();
    let outside: Vec<_> = scan.blocks.iter().map(fates::outside).collect();
    let words: Vec<_> = scan.blocks.iter().map(|it| align::words(&it.text)).collect();
    let story = extraction.and_then(extract::Extraction::story);
    let structured = story.map(|story| {
        let aligned = align::align(&scan.blocks, &words, &story);
        fates::structured(&scan, &outside, &stated, &aligned)
    });
    let (mut page, marks) = match structured {
        Ok((page, marks)) if !page.body.is_empty() => (page, marks),
        Ok(_) => {
            left_out.push("no block of the page is of the story that was found: the page's lines were read".to_owned());
            fates::flattened(&scan)
        }
        Err(reason) => {
            left_out.push(reason);
            fates::flattened(&scan)
        }
    };
    state(&mut page, stated);
    page.left_out.append(&mut left_out);
    page.pieces = fates::pieces(document, &scan, &outside, &page, &marks);
    page
}

/// What metadata states goes before what the text was mined for, but for the publisher's own words about the story.
fn state(page: &mut Page, stated: Page) {
    page.authors = better(stated.authors, page.authors.take(), |it| it.join("; "));
    page.publisher = better(stated.publisher, page.publisher.take(), |it| it.name.clone());
    page.published = better(stated.published, page.published.take(), |it| it.stated().unwrap_or_default());
    page.modified = stated.modified.or(page.modified.take());
    page.keywords = stated.keywords.or(page.keywords.take());
    page.headline = stated.headline.or(page.headline.take());
    page.url = stated.url;
    page.image = stated.image;
    page.section = stated.section;
    page.language = stated.language;
    page.partial = stated.partial;
    page.deck = page.deck.take().or(stated.deck);
    let deck = page.deck.as_ref().map(|it| it.value.clone());
    page.summary = stated.summary.filter(|it| Some(&it.value) != deck.as_ref());
}

/// The first of two findings, with the second among what was not followed.
fn better<T>(first: Option<Finding<T>>, second: Option<Finding<T>>, show: impl Fn(&T) -> String) -> Option<Finding<T>> {
    match (first, second) {
        (Some(mut first), Some(second)) => {
            let other = show(&second.value);
            if other != show(&first.value) && !first.others.contains(&other) {
                first.others.push(other);
            }
            Some(first)
        }
        (first, second) => first.or(second),
    }
}

#[cfg(test)]
mod tests;
