//! Extracts the main text with the `trafilatura` crate, behind a guard: the crate recurses over the tree, so a page that
//! is too large or too deep never reaches it, and other pages are read on a thread with a large stack and a deadline. A
//! panic ends only that thread.

use super::{
    extraction_thread::{self, ExtractionError},
    scan::Scan,
};
use crate::{
    article::Span,
    limits::{HTML_BYTES, HTML_DEPTH, HTML_ELEMENTS, HTML_SECONDS},
};
use std::time::Duration;
use trafilatura::{HtmlDateMode, Options};

/// A page that the library can read.
pub struct Readable<'a> {
    document: &'a str,
    scan: &'a Scan,
}

/// Admits a page to the library, or returns the limit that it exceeds, for the evidence.
pub fn admit<'a>(document: &'a str, scan: &'a Scan) -> Result<Readable<'a>, String> {
    within_limits(document, scan).map(|()| Readable { document, scan })
}

impl Readable<'_> {
    /// Returns the lines of the body, or a reason for the evidence if the library has no result.
    pub fn paragraphs(&self) -> Result<Vec<String>, String> {
        let lean = lean(self.document, self.scan);
        match extraction_thread::run(move || extract(&lean), Some(Duration::from_secs(HTML_SECONDS))) {
            Ok(text) if !text.trim().is_empty() => Ok(text.lines().map(str::to_owned).collect()),
            Ok(_) => Err("the library found no main text; read without it".to_owned()),
            Err(error) => Err(describe(error)),
        }
    }
}

fn describe(error: ExtractionError) -> String {
    match error {
        ExtractionError::NoThread(error) => format!("cannot start a thread to read the page as HTML: {error}"),
        ExtractionError::TooLong => {
            format!("html_seconds: extraction took longer than {HTML_SECONDS} s; read without the library")
        }
        ExtractionError::Panicked => "extraction of the main text failed; read without the library".to_owned(),
    }
}

/// Strips scripts, styles, comments, and elements that never hold body text: most of the page's bytes, and most of the
/// extractor's work.
fn lean(document: &str, scan: &Scan) -> String {
    let mut stripped: Vec<Span> = scan.silent.iter().map(|(span, _)| *span).chain(scan.apart.iter().copied()).collect();
    stripped.sort_by_key(|span| span.start);
    let mut lean = String::with_capacity(document.len() / 2);
    let mut at = 0;
    for span in stripped {
        lean.push_str(document.get(at..span.start).unwrap_or_default());
        at = at.max(span.end);
    }
    lean.push_str(document.get(at..).unwrap_or_default());
    lean
}

fn extract(page: &str) -> String {
    // Our own rules read the metadata, with spans; the library's search for a date would cost a third more.
    let dates = HtmlDateMode::Disabled;
    let options = Options::default().with_fallback(true).with_exclude_comments(true).with_html_date_mode(dates);
    trafilatura::extract(page, &options).map(|extracted| extracted.content_text).unwrap_or_default()
}

fn within_limits(document: &str, scan: &Scan) -> Result<(), String> {
    for (name, found, limit) in [
        ("html_bytes", document.len(), HTML_BYTES),
        ("html_depth", scan.depth, HTML_DEPTH),
        ("html_elements", scan.elements, HTML_ELEMENTS),
    ] {
        if found > limit {
            return Err(format!("{name}: {found} is over the limit of {limit}; read without the library"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::html::scan::scan;

    #[test]
    fn a_page_over_a_limit_never_reaches_the_library() {
        let over = |document: &str| {
            let scan = scan(document).expect("within the limits of the scan");
            admit(document, &scan).err().expect("over a limit")
        };
        for (name, page) in [
            ("html_bytes: ", " ".repeat(HTML_BYTES + 1)),
            ("html_depth: ", "<div>".repeat(HTML_DEPTH + 1)),
            ("html_elements: ", "<br>".repeat(HTML_ELEMENTS + 1)),
        ] {
            let reason = over(&page);
            assert!(reason.starts_with(name) && reason.ends_with("; read without the library"), "{reason}");
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
