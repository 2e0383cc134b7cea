//! The story's text by `trafilatura`, behind a guard: the crate recurses over the tree, so a page that is too large or too
//! deep never reaches it, and what does is read on a thread with a large stack and a deadline. A panic ends that thread
//! and no other.

use super::{
    scan::Scan,
    worker::{self, Failed},
};
use crate::{
    article::Span,
    reading::{
        limits::{HTML_BYTES, HTML_DEPTH, HTML_ELEMENTS, HTML_SECONDS},
        text,
    },
};
use std::time::Duration;
use trafilatura::{ExtractionFocus, HtmlDateMode, Options};

/// A paragraph of this length that ends as a sentence is prose, and less than this share of the page's prose is no story.
const PROSE_BYTES: usize = 80;
const ENOUGH_PERCENT: usize = 30;

/// The lines of the story, or why there are none, for the evidence.
pub fn story(document: &str, scan: &Scan) -> Result<Vec<String>, String> {
    within_limits(document, scan)?;
    let page = document.to_owned();
    let lean = lean(document, scan);
    let enough = prose_bytes(scan) * ENOUGH_PERCENT / 100;
    let extraction = move || {
        // Precision first: it is the better of the two on news. Where it loses most of the page, balance.
        let precise = extract(&lean, ExtractionFocus::FavorPrecision);
        let found = if precise.len() >= enough { precise } else { extract(&page, ExtractionFocus::Balanced) };
        if found.len() >= enough { found } else { String::new() }
    };
    match worker::run(extraction, Some(Duration::from_secs(HTML_SECONDS))) {
        Ok(text) if !text.trim().is_empty() => Ok(text.lines().map(str::to_owned).collect()),
        Ok(_) => Err("no story was found in the page's structure: its lines were read".to_owned()),
        Err(Failed::NoThread(error)) => Err(format!("no thread to read the page as HTML: {error}")),
        Err(Failed::TooLong) => {
            Err(format!("html_seconds: reading took longer than {HTML_SECONDS} s: the page's lines were read"))
        }
        Err(Failed::Panicked) => Err("the page's structure could not be read: its lines were read".to_owned()),
    }
}

/// The page without its scripts, styles, comments, and the elements that hold no part of any story: most of its bytes, and
/// most of the extractor's work. The balanced extraction takes the whole page, because it may find the story in a script.
fn lean(document: &str, scan: &Scan) -> String {
    let mut gone: Vec<Span> = scan.silent.iter().map(|it| it.0).chain(scan.apart.iter().copied()).collect();
    gone.sort_by_key(|it| it.start);
    let mut lean = String::with_capacity(document.len() / 2);
    let mut at = 0;
    for span in gone {
        lean.push_str(document.get(at..span.start).unwrap_or_default());
        at = at.max(span.end);
    }
    lean.push_str(document.get(at..).unwrap_or_default());
    lean
}

fn extract(page: &str, focus: ExtractionFocus) -> String {
    // The facts are read by rules of ours, with their places; the library's search for a date would cost a third again.
    let dates = HtmlDateMode::Disabled;
    let options = Options::default().with_focus(focus).with_exclude_comments(true).with_html_date_mode(dates);
    trafilatura::extract(page, &options).map(|it| it.content_text).unwrap_or_default()
}

/// How much of the page is sentences in paragraphs outside of navigation and the like. A story is most of that.
fn prose_bytes(scan: &Scan) -> usize {
    let blocks = scan.blocks.iter().filter(|it| it.region.is_none() && it.element == "p");
    let prose = blocks.filter(|it| it.text.len() >= PROSE_BYTES && text::ends_as_sentence(&it.text));
    prose.map(|it| it.text.len()).sum()
}

fn within_limits(document: &str, scan: &Scan) -> Result<(), String> {
    for (name, found, limit) in [
        ("html_bytes", document.len(), HTML_BYTES),
        ("html_depth", scan.depth, HTML_DEPTH),
        ("html_elements", scan.elements, HTML_ELEMENTS),
    ] {
        if found > limit {
            return Err(format!("{name}: {found} is over the limit of {limit}: the page's lines were read"));
        }
    }
    Ok(())
}
