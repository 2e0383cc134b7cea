//! Extracts the main text with `trafilatura`, behind a guard: the crate recurses over the tree, so a page that is too
//! large or too deep never reaches it, and other pages are read on a thread with a large stack and a deadline. A panic
//! ends only that thread.

use super::{
    extraction_thread::{self, ExtractionError, Running},
    scan::Scan,
};
use crate::{
    article::Span,
    limits::{HTML_BYTES, HTML_DEPTH, HTML_ELEMENTS, HTML_SECONDS},
    reading::text,
};
use std::time::Duration;
use trafilatura::{ExtractionFocus, HtmlDateMode, Options};

/// Minimum bytes of a paragraph of prose, which ends as a sentence; and the minimum share of the page's prose that an
/// extracted body must have.
const PROSE_BYTES: usize = 80;
const ENOUGH_PERCENT: usize = 30;

/// A running extraction of the main text.
pub struct Extraction(Running<String>);

/// Starts the extraction, or returns the reason why not, for the evidence.
pub fn begin(document: &str, scan: &Scan) -> Result<Extraction, String> {
    within_limits(document, scan)?;
    let page = document.to_owned();
    let lean = lean(document, scan);
    let enough = prose_bytes(scan) * ENOUGH_PERCENT / 100;
    let extraction = move || {
        // Precision first: it is better on news. If it loses most of the page, fall back to the balanced focus.
        let precise = extract(&lean, ExtractionFocus::FavorPrecision);
        let found = if precise.len() >= enough { precise } else { extract(&page, ExtractionFocus::Balanced) };
        if found.len() >= enough { found } else { String::new() }
    };
    extraction_thread::begin(extraction).map(Extraction).map_err(describe)
}

impl Extraction {
    /// Returns the lines of the body, or the reason why there are none, for the evidence.
    pub fn paragraphs(self) -> Result<Vec<String>, String> {
        match self.0.wait(Some(Duration::from_secs(HTML_SECONDS))) {
            Ok(text) if !text.trim().is_empty() => Ok(text.lines().map(str::to_owned).collect()),
            Ok(_) => Err("no main text found in the page's structure; read as plain lines".to_owned()),
            Err(error) => Err(describe(error)),
        }
    }
}

fn describe(error: ExtractionError) -> String {
    match error {
        ExtractionError::NoThread(error) => format!("cannot start a thread to read the page as HTML: {error}"),
        ExtractionError::TooLong => {
            format!("html_seconds: extraction took longer than {HTML_SECONDS} s; read as plain lines")
        }
        ExtractionError::Panicked => "extraction of the main text failed; read as plain lines".to_owned(),
    }
}

/// Strips scripts, styles, comments, and elements that never hold body text: most of the page's bytes, and most of the
/// extractor's work. The balanced extraction reads the whole page, because it may find the body in a script.
fn lean(document: &str, scan: &Scan) -> String {
    let mut stripped: Vec<Span> = scan.silent.iter().map(|(span, _)| *span).chain(scan.apart.iter().copied()).collect();
    stripped.sort_by_key(|span| span.start);
    let mut lean = String::with_capacity(document.len() / 2);
    let mut at = doctype_bytes(document);
    if at > 0 {
        lean.push_str(&document[..at]);
        lean.push_str(DUMMY_METADATA);
    }
    for span in stripped {
        lean.push_str(document.get(at..span.start).unwrap_or_default());
        at = at.max(span.end);
    }
    lean.push_str(document.get(at..).unwrap_or_default());
    lean
}

/// Dummy metadata. The library also searches for a page's metadata, a seventh of its work, which is not needed; finding
/// these first values ends its search. They go behind the page's document type: before it, or in a page without one,
/// they would change how the page is parsed.
const DUMMY_METADATA: &str = "<meta property='og:title' content='None'><meta property='og:author' content='No One'>\
    <meta property='og:site_name' content='None'><meta property='article:tag' content='none'>\
    <script type='application/ld+json'>{\"@type\": \"NewsArticle\", \"articleSection\": \"none\"}</script>";

/// Returns the end of the document type at the start of a page; 0 if there is none.
fn doctype_bytes(page: &str) -> usize {
    const DOCTYPE: &str = "<!doctype";
    let start = page.len() - page.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).len();
    let begins = page[start..].get(..DOCTYPE.len()).is_some_and(|start| start.eq_ignore_ascii_case(DOCTYPE));
    let end = page[start..].find('>').filter(|_| begins);
    end.map_or(0, |end| start + end + 1)
}

fn extract(page: &str, focus: ExtractionFocus) -> String {
    // Our own rules read the metadata, with spans; the library's search for a date would cost a third more.
    let dates = HtmlDateMode::Disabled;
    let options = Options::default().with_focus(focus).with_exclude_comments(true).with_html_date_mode(dates);
    trafilatura::extract(page, &options).map(|extracted| extracted.content_text).unwrap_or_default()
}

/// Returns the bytes of sentences in paragraphs outside of navigation and other boilerplate. A body is most of that.
fn prose_bytes(scan: &Scan) -> usize {
    let blocks = scan.blocks.iter().filter(|block| block.region.is_none() && block.element == "p");
    let prose = blocks.filter(|block| block.text.len() >= PROSE_BYTES && text::ends_as_sentence(&block.text));
    prose.map(|block| block.text.len()).sum()
}

fn within_limits(document: &str, scan: &Scan) -> Result<(), String> {
    for (name, found, limit) in [
        ("html_bytes", document.len(), HTML_BYTES),
        ("html_depth", scan.depth, HTML_DEPTH),
        ("html_elements", scan.elements, HTML_ELEMENTS),
    ] {
        if found > limit {
            return Err(format!("{name}: {found} is over the limit of {limit}; read as plain lines"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::html::scan::scan;

    #[test]
    fn dummy_metadata_goes_behind_the_document_type_and_does_not_change_the_extraction() {
        let story =
            "<p>The old pier closed on Monday after a pause of two years, the port of the town said.</p>".repeat(9);
        let body = format!("<html><head><title>Pier closes</title></head><body><h1>Pier</h1>{story}</body></html>");
        for (doctype, behind) in
            [("<!DOCTYPE html>", 15), ("\u{feff}\n<!doctype html >\n", 20), ("", 0), ("<?xml?><!DOCTYPE html>", 0)]
        {
            let page = format!("{doctype}{body}");
            assert_eq!(doctype_bytes(&page), behind, "{doctype}");
            let lean = lean(&page, &scan(&page).expect("within the limits"));
            assert_eq!(lean.find(DUMMY_METADATA), (behind > 0).then_some(behind), "{doctype}");
            let extracted = extract(&lean, ExtractionFocus::FavorPrecision);
            assert!(extracted.contains("The old pier"), "{extracted}");
            assert_eq!(extracted, extract(&page, ExtractionFocus::FavorPrecision), "{doctype}");
        }
    }

    #[test]
    fn only_long_attributes_and_their_quotation_marks_are_cut() {
        let long = "a".repeat(90);
        let page = format!("<p><img src=\"{long}\" alt=\"x\"><img src={long}>One<img src='{long}'/>two</p>");
        let lean = lean(&page, &scan(&page).expect("within the limits"));
        assert_eq!(lean, "<p><img  alt=\"x\"><img >One<img />two</p>");
    }
}
