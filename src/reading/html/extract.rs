//! The story's text by `trafilatura`, behind a guard: the crate recurses over the tree, so a page that is too large or too
//! deep never reaches it, and what does is read on a thread with a large stack and a deadline. A panic ends that thread
//! and no other.

use super::{
    scan::Scan,
    worker::{self, Failed, Running},
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

/// A story that is being looked for.
pub struct Extraction(Running<String>);

/// Begins to look for the story, or tells why not, for the evidence.
pub fn begin(document: &str, scan: &Scan) -> Result<Extraction, String> {
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
    worker::begin(extraction).map(Extraction).map_err(why)
}

impl Extraction {
    /// The lines of the story, or why there are none, for the evidence.
    pub fn story(self) -> Result<Vec<String>, String> {
        match self.0.wait(Some(Duration::from_secs(HTML_SECONDS))) {
            Ok(text) if !text.trim().is_empty() => Ok(text.lines().map(str::to_owned).collect()),
            Ok(_) => Err("no story was found in the page's structure: its lines were read".to_owned()),
            Err(failed) => Err(why(failed)),
        }
    }
}

fn why(failed: Failed) -> String {
    match failed {
        Failed::NoThread(error) => format!("no thread to read the page as HTML: {error}"),
        Failed::TooLong => {
            format!("html_seconds: reading took longer than {HTML_SECONDS} s: the page's lines were read")
        }
        Failed::Panicked => "the page's structure could not be read: its lines were read".to_owned(),
    }
}

/// The page without its scripts, styles, comments, and the elements that hold no part of any story: most of its bytes, and
/// most of the extractor's work. The balanced extraction takes the whole page, because it may find the story in a script.
fn lean(document: &str, scan: &Scan) -> String {
    let mut gone: Vec<Span> = scan.silent.iter().map(|it| it.0).chain(scan.apart.iter().copied()).collect();
    gone.sort_by_key(|it| it.start);
    let mut lean = String::with_capacity(document.len() / 2);
    let mut at = doctype_bytes(document);
    if at > 0 {
        lean.push_str(&document[..at]);
        lean.push_str(ANSWERS);
    }
    for span in gone {
        lean.push_str(document.get(at..span.start).unwrap_or_default());
        at = at.max(span.end);
    }
    lean.push_str(document.get(at..).unwrap_or_default());
    lean
}

/// The library looks for a page's metadata too, a seventh of its work, which nobody asks it for. What it looks for first
/// answers the rest of its questions. Its place is behind the page's document type: in front of it, and in a page without
/// one, it would change how the page is parsed.
const ANSWERS: &str = "<meta property='og:title' content='None'><meta property='og:author' content='No One'>\
    <meta property='og:site_name' content='None'><meta property='article:tag' content='none'>\
    <script type='application/ld+json'>{\"@type\": \"NewsArticle\", \"articleSection\": \"none\"}</script>";

/// The end of the document type that a page begins with; 0 where it begins otherwise.
fn doctype_bytes(page: &str) -> usize {
    const DOCTYPE: &str = "<!doctype";
    let start = page.len() - page.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).len();
    let begins = page[start..].get(..DOCTYPE.len()).is_some_and(|it| it.eq_ignore_ascii_case(DOCTYPE));
    let end = page[start..].find('>').filter(|_| begins);
    end.map_or(0, |it| start + it + 1)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::html::scan::scan;

    #[test]
    fn the_answers_stand_behind_the_document_type_and_change_nothing() {
        let story =
            "<p>The old pier closed on Monday after a pause of two years, the port of the town said.</p>".repeat(9);
        let body = format!("<html><head><title>Pier closes</title></head><body><h1>Pier</h1>{story}</body></html>");
        for (doctype, behind) in
            [("<!DOCTYPE html>", 15), ("\u{feff}\n<!doctype html >\n", 20), ("", 0), ("<?xml?><!DOCTYPE html>", 0)]
        {
            let page = format!("{doctype}{body}");
            assert_eq!(doctype_bytes(&page), behind, "{doctype}");
            let lean = lean(&page, &scan(&page).expect("within the limits"));
            assert_eq!(lean.find(ANSWERS), (behind > 0).then_some(behind), "{doctype}");
            let extracted = extract(&lean, ExtractionFocus::FavorPrecision);
            assert!(extracted.contains("The old pier"), "{extracted}");
            assert_eq!(extracted, extract(&page, ExtractionFocus::FavorPrecision), "{doctype}");
        }
    }

    #[test]
    fn long_attributes_are_cut_out_with_their_quotation_marks_alone() {
        let long = "a".repeat(90);
        let page = format!("<p><img src=\"{long}\" alt=\"x\"><img src={long}>One<img src='{long}'/>two</p>");
        let lean = lean(&page, &scan(&page).expect("within the limits"));
        assert_eq!(lean, "<p><img  alt=\"x\"><img >One<img />two</p>");
    }
}
