//! What holds of every document, whatever stands in it.

use super::*;
use crate::article::Instant;
use proptest::prelude::*;

fn document(content: &str, media_type: &str) -> RawDocument {
    RawDocument {
        content: content.as_bytes().to_vec(),
        media_type: Some(media_type.to_owned()),
        key: None,
        url: None,
        source: None,
        defaults: None,
        retrieved_at: Instant::parse("2025-05-01").expect("a day"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// The words that rules look for, next to one another in every order, between letters of all kinds.
    #[test]
    fn every_text_means_something_or_nothing_at_its_place(
        words in "(\\PC| |\n|, |\\. |— |: |\\(|\\)|\"|’s |President |Foreign Minister |Mr. |Ana |Sá |de la |Bank of |University |(WHO)|the |in |Lisbon|Pakistan|US |April 5|9 May 2021|on Monday |will |came |set to |was killed |12 |three |\\$7 billion|Rs 4,5|29%|€|亿|٣|said |who |45, |government |trade ){0,50}",
    ) {
        for media_type in ["text/plain", "text/html", "text/markdown"] {
            let content = format!("A headline of some words\n\n{words}");
            let document = document(&content, media_type);
            let Ok(draft) = read(&document) else { continue };
            let text = decode(&document).expect("it was decoded before").text;
            for field in &draft.evidence.fields {
                for span in &field.spans {
                    prop_assert!(text.get(span.start..span.end).is_some_and(|it| !it.is_empty()), "{}", field.field);
                }
            }
            let body = &draft.detail.body;
            let in_body = |at: &crate::article::TextSpan| at.field != "body"
                || body.get(at.paragraph as usize).is_some_and(|it| it.get(at.start as usize..at.end as usize).is_some());
            prop_assert!(draft.detail.quantities.iter().all(|it| in_body(&it.at)));
            prop_assert!(draft.detail.mentioned_dates.iter().all(|it| in_body(&it.at)));
            prop_assert!(draft.facts.entities.iter().flat_map(|it| &it.mentions).all(in_body));
            prop_assert_eq!(&read(&document), &Ok(draft), "the same bytes are read the same way");
        }
    }
}

#[test]
fn what_says_only_when_it_was_changed_was_published_by_then() {
    let story =
        "The ferry will stop for a week, the port said, because its ramp is to be mended before the summer begins.";
    let html = format!("<h1>The ferry stops</h1><p>Updated 9 April 2025</p><p>{story}</p>");
    let text = format!("The ferry stops\n\nUpdated: 9 April 2025\n\n{story}\n");
    for (content, media_type) in [(html, "text/html"), (text, "text/plain")] {
        let facts = read(&document(&content, media_type)).expect("it can be read").facts;
        let days = [facts.published.at, facts.published.latest, facts.modified_at].map(|it| it.map(|it| it.day()));
        let expected = [None, Some("2025-04-10".to_owned()), Some("2025-04-09".to_owned())];
        assert_eq!(days, expected, "{media_type}: by the end of that day");
    }
}

#[test]
fn days_are_told_from_the_publishers_day() {
    let page = |published: &str| {
        format!(
            r#"<script type="application/ld+json">{{"@type": "NewsArticle", "datePublished": "{published}"}}</script><h1>The ferry
            stops</h1><p>The ferry stopped yesterday, the port said, because its ramp is to be mended before summer.</p>"#
        )
    };
    // The same moment, an evening for one publisher and the next morning for the other.
    for (published, yesterday) in [("2025-04-06T20:00:00-08:00", "2025-04-05"), ("2025-04-07T04:00:00Z", "2025-04-06")]
    {
        let draft = read(&document(&page(published), "text/html")).expect("it can be read");
        let told: Vec<_> = draft.detail.mentioned_dates.iter().map(|it| it.edtf.as_str()).collect();
        assert_eq!(told, [yesterday], "{published}");
        assert_eq!(draft.facts.published.at.map(|it| it.to_string()).as_deref(), Some("2025-04-07T04:00:00.000Z"));
    }
}

#[test]
fn values_beyond_what_an_article_keeps_are_named() {
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
        let story = "<h1>The ferry stops</h1><p>The ferry will stop for a week, the port said.</p>";
        let draft = read(&document(&format!("{head}{story}"), "text/html")).expect("it can be read");
        let found = if field == "keywords" { draft.facts.keywords.len() } else { draft.facts.authors.len() };
        let named: Vec<&String> = draft.evidence.left_out.iter().filter(|it| it.starts_with("stated_values")).collect();
        assert_eq!(found, kept, "{field}");
        assert_eq!(named.len(), usize::from(!field.is_empty()), "{named:?}");
        assert!(named.iter().all(|it| it.contains(&format!("{field}: over 100"))), "{named:?}");
    }
}
