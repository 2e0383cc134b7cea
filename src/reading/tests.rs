//! Properties that hold for every document.

use super::*;
use crate::article::{Basis, Instant};
use proptest::prelude::*;

fn document(content: &str, media_type: &str) -> RawDocument {
    RawDocument {
        media_type: Some(media_type.to_owned()),
        ..RawDocument::new(content.as_bytes().to_vec(), Instant::parse("2025-05-01").expect("a day"))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Random sequences of the words that the rules look for, among characters of all kinds.
    #[test]
    fn every_span_of_evidence_and_annotations_is_valid(
        words in "(\\PC| |\n|, |\\. |— |: |\\(|\\)|\"|’s |President |Foreign Minister |Mr. |Ana |Sá |de la |Bank of |University |(WHO)|the |in |Lisbon|Pakistan|US |April 5|9 May 2021|on Monday |will |came |set to |was killed |12 |three |\\$7 billion|Rs 4,5|29%|€|亿|٣|said |who |45, |government |trade ){0,50}",
    ) {
        for media_type in ["text/plain", "text/html", "text/markdown"] {
            let content = format!("A headline of some words\n\n{words}");
            let document = document(&content, media_type);
            let Ok(draft) = read(&document) else { continue };
            let text = decode(&document).expect("reading decoded it already").text;
            for field in &draft.evidence.fields {
                for span in &field.spans {
                    prop_assert!(text.get(span.start..span.end).is_some_and(|text| !text.is_empty()), "{}", field.field);
                }
            }
            let body = &draft.detail.body;
            let in_body = |at: &crate::article::TextSpan| at.field != "body"
                || body
                    .get(at.paragraph as usize)
                    .is_some_and(|paragraph| paragraph.get(at.start as usize..at.end as usize).is_some());
            prop_assert!(draft.detail.quantities.iter().all(|quantity| in_body(&quantity.at)));
            prop_assert!(draft.detail.mentioned_dates.iter().all(|mentioned_date| in_body(&mentioned_date.at)));
            prop_assert!(draft.facts.entities.iter().flat_map(|entity| &entity.mentions).all(in_body));
            prop_assert_eq!(&read(&document), &Ok(draft), "reading must be deterministic");
        }
    }
}

#[test]
fn a_document_with_only_a_modified_date_was_published_by_then() {
    let body =
        "The ferry will stop for a week, the port said, because its ramp is to be mended before the summer begins.";
    let html = format!("<h1>The ferry stops</h1><p>Updated 9 April 2025</p><p>{body}</p>");
    let text = format!("The ferry stops\n\nUpdated: 9 April 2025\n\n{body}\n");
    for (content, media_type) in [(html, "text/html"), (text, "text/plain")] {
        let facts = read(&document(&content, media_type)).expect("the document is readable").facts;
        let days = [facts.published.at, facts.published.latest, facts.modified_at].map(|at| at.map(|at| at.day()));
        let expected = ["2025-04-09", "2025-04-10", "2025-04-09"].map(|day| Some(day.to_owned()));
        assert_eq!(days, expected, "{media_type}: published by the end of that day");
        assert_eq!(facts.published.basis, Some(Basis::Modified));
    }
}

#[test]
fn what_metadata_states_is_checked_against_the_page() {
    let page = |words: usize, published: &str, modified: &str| {
        let json = format!(
            r#"{{"@type": "NewsArticle", "headline": "The ferry stops", "isAccessibleForFree": false,
            "datePublished": "{published}", "dateModified": "{modified}", "author": "Ana Sá Harbour Post",
            "publisher": {{"name": "Harbour Post"}}}}"#
        );
        let body = "The ferry will stop for a week, the port said, because its ramp is mended. ".repeat(words / 15);
        let html =
            format!(r#"<script type="application/ld+json">{json}</script><h1>The ferry stops</h1><p>{body}</p>"#);
        read(&document(&html, "text/html")).expect("the document is readable")
    };
    let whole = page(300, "2025-04-07T10:00:00Z", "2025-04-06T10:00:00Z");
    assert!(!whole.facts.partial, "a paid article that is all there");
    assert_eq!(whole.facts.modified_at, None);
    assert!(whole.evidence.left_out.iter().any(|reason| reason.starts_with("modified_at: the stated date 2025-04-06")));
    assert_eq!(whole.facts.authors[0].name, "Ana Sá");
    let teaser = page(45, "2025-04-07T10:00:00Z", "2025-04-08T10:00:00Z");
    assert!(teaser.facts.partial);
    assert!(teaser.facts.modified_at.is_some());
}

#[test]
fn relative_days_count_from_the_day_in_the_publishers_time_zone() {
    let page = |published: &str| {
        format!(
            r#"<script type="application/ld+json">{{"@type": "NewsArticle", "datePublished": "{published}"}}</script><h1>The ferry
            stops</h1><p>The ferry stopped yesterday, the port said, because its ramp is to be mended before summer.</p>"#
        )
    };
    // The same moment, an evening for one publisher and the next morning for the other.
    for (published, yesterday) in [("2025-04-06T20:00:00-08:00", "2025-04-05"), ("2025-04-07T04:00:00Z", "2025-04-06")]
    {
        let draft = read(&document(&page(published), "text/html")).expect("the document is readable");
        let mentioned: Vec<_> =
            draft.detail.mentioned_dates.iter().map(|mentioned_date| mentioned_date.edtf.as_str()).collect();
        assert_eq!(mentioned, [yesterday], "{published}");
        assert_eq!(
            draft.facts.published.at.map(|instant| instant.to_string()).as_deref(),
            Some("2025-04-07T04:00:00.000Z")
        );
    }
}

#[test]
fn bytes_that_are_not_valid_in_the_encoding_are_reported() {
    let body = "Die Fähre fährt über den schönen Fluß, während früh die Brücke für Züge geöffnet wäre.";
    let mut content = format!("<h1>Die Fähre fährt</h1><p>{body}</p>").into_bytes();
    content.splice(8..8, *b"\xff");
    let page = RawDocument { content, ..document("", "text/html") };
    let draft = read(&page).expect("the document is readable");
    let expected = "document: 1 byte sequences that are not valid in UTF-8 are read as U+FFFD";
    assert_eq!(draft.evidence.left_out, [expected]);
}

#[test]
fn values_over_the_limit_are_reported_as_left_out() {
    const STATED: usize = 20_000;
    let words = |with: &dyn Fn(usize) -> String| (0..STATED).map(with).collect::<Vec<_>>().join(",");
    let letter = |at: usize| ('a'..='z').cycle().nth(at).expect("a letter");
    let name = |at: usize| format!("Ana B{}{}", letter(at), letter(at / 26));
    let json_ld =
        |members: &str| format!(r#"<script type="application/ld+json">{{"@type": "NewsArticle", {members}}}</script>"#);
    let quoted = words(&|at| format!("\"tide {at}\""));
    let to_nodes = words(&|at| format!(r#"{{"@id": "p{}"}}"#, at / (STATED / 2)));
    let nodes = r#"[{"@id": "p0", "name": ["Ana Sá"]}, {"@id": "p1", "name": "Pia Lund"}]"#;
    let names = (0..STATED / 20).map(name).collect::<Vec<_>>().join(", ");
    for (head, field, kept) in [
        (json_ld(&format!(r#""keywords": [{quoted}]"#)), "keywords", 100),
        (format!("<meta name='keywords' content='{}'>", words(&|at| format!("tide {at}"))), "keywords", 100),
        (format!("<meta name='author' content='{names}'>"), "authors", 100),
        (json_ld(&format!(r#""author": [{to_nodes}], "@graph": {nodes}"#)), "", 2),
    ] {
        let body = "<h1>The ferry stops</h1><p>The ferry will stop for a week, the port said.</p>";
        let draft = read(&document(&format!("{head}{body}"), "text/html")).expect("the document is readable");
        let found = if field == "keywords" { draft.facts.keywords.len() } else { draft.facts.authors.len() };
        let reported: Vec<&String> =
            draft.evidence.left_out.iter().filter(|reason| reason.starts_with("stated_values")).collect();
        assert_eq!(found, kept, "{field}");
        assert_eq!(reported.len(), usize::from(!field.is_empty()), "{reported:?}");
        assert!(reported.iter().all(|reason| reason.contains(&format!("{field}: over 100"))), "{reported:?}");
    }
}
