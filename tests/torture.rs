//! Pages that are made to break readers. Each ends in a reading whose pieces are the document, or in a refusal by name, on a
//! thread with the stack that every thread has. Nothing here measures time; what bounds the work is named in the evidence.

use dateline::{
    archive::preview,
    article::{Instant, RawDocument},
    reading,
};

const STORY: &str = "<h1>Two ports agree on one ticket</h1><p>The two ports will sell one ticket from Monday on, the ministries \
    said in a joint statement that was read out on the quay.</p><p>Prices stay as they are, and children under six travel \
    free of charge as they did before the reform of the fares.</p>";

/// The names of the limits that kept the page from being read as HTML; or the name of the refusal.
fn read(page: &str) -> Result<Vec<String>, &'static str> {
    let document = RawDocument {
        content: page.as_bytes().to_vec(),
        media_type: Some("text/html".to_owned()),
        key: Some("torture".to_owned()),
        url: Some("https://news.example/a".to_owned()),
        source: None,
        defaults: None,
        retrieved_at: Instant::parse("2025-05-01").expect("a day"),
    };
    let (article, evidence) = preview(&document).map_err(|error| error.code())?;
    let text = reading::decode(&document).expect("it was decoded before").text;
    let mut at = 0;
    for piece in &evidence.pieces {
        assert_eq!(piece.start, at, "the pieces follow one another");
        at = piece.end;
    }
    assert_eq!(at, text.len(), "the pieces are the document");
    for field in &evidence.fields {
        for span in &field.spans {
            assert!(text.get(span.start..span.end).is_some(), "{}", field.field);
        }
    }
    assert!(article.facts.headline.is_some() || !article.detail.body.is_empty());
    let limits = evidence.left_out.iter().filter_map(|it| it.split_once(':')).map(|it| it.0.to_owned());
    Ok(limits.filter(|it| it.starts_with("html_")).collect())
}

fn nested(open: &str, close: &str, depth: usize) -> String {
    format!("{}{STORY}{}", open.repeat(depth), close.repeat(depth))
}

/// Beyond the depth that the extractor bears, by every kind of element.
#[test]
fn deep_pages_are_read_by_their_lines_and_say_so() {
    for (open, close) in [
        ("<div>", "</div>"),
        ("<div>", ""),
        ("<span>", "</span>"),
        ("<b>", "</b>"),
        ("<blockquote>", "</blockquote>"),
        ("<ul><li>", "</li></ul>"),
        ("<ol><li>", ""),
        ("<table><tr><td>", "</td></tr></table>"),
        ("<table><tbody><tr><th>", ""),
        ("<section>", "</section>"),
        ("<article>", "</article>"),
        ("<figure>", "</figure><p>"),
        ("<math><mrow>", "</mrow></math>"),
        ("<font color='red'>", "</font>"),
        ("<details>", "</details>"),
        ("<custom-element>", "</custom-element>"),
        ("<em><strong>", "</strong></em>"),
        ("<dl><dd>", "</dd></dl>"),
        ("<object>", "</object>"),
        ("<a href='x'><i>", "</i></a>"),
    ] {
        assert_eq!(read(&nested(open, close, 1_500)), Ok(vec!["html_depth".to_owned()]), "{open}");
    }
}

#[test]
fn pages_of_too_many_elements_or_bytes_are_read_by_their_lines_and_say_so() {
    for (page, limit) in [
        (format!("{STORY}{}", "<br>".repeat(400_000)), "html_elements"),
        (format!("{STORY}{}", "<a href=/>x</a>".repeat(200_000)), "html_attributes"),
        (format!("{STORY}{}", "<p>x".repeat(110_000)), "html_elements"),
        (format!("{STORY}<ul>{}</ul>", "<li>x".repeat(110_000)), "html_elements"),
        (format!("{STORY}{}", "<hr>".repeat(110_000)), "html_elements"),
        (format!("{STORY}{}", "<i></i>".repeat(110_000)), "html_elements"),
        (format!("{STORY}<!--{}-->", "x".repeat(2_200_000)), "html_bytes"),
        (format!("{STORY}<script>{}</script>", "x();".repeat(600_000)), "html_bytes"),
        (format!("{STORY}<p>{}", "word ".repeat(450_000)), "html_bytes"),
        (format!("{STORY}<style>{}</style>", "a{b:c}".repeat(400_000)), "html_bytes"),
        (format!("{STORY}<p {}>", "a=b ".repeat(110_000)), "html_attributes"),
        (format!("{STORY}{}", "<p a=b>".repeat(110_000)), "html_attributes"),
        (format!("{STORY}<img src='data:{}'>", "=".repeat(110_000)), "html_attributes"),
    ] {
        assert_eq!(read(&page), Ok(vec![limit.to_owned()]), "{}", &page[STORY.len()..STORY.len() + 20]);
    }
}

/// Within the limits, and made to be read wrongly, for ever, or into the ground.
#[test]
fn broken_pages_are_read() {
    let deep_json = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let wide_json = format!("[{}]", r#"{"@type":"NewsArticle","headline":"x"},"#.repeat(5_000).trim_end_matches(','));
    for page in [
        format!("{STORY}<!-- never closed {}", "x".repeat(10_000)),
        format!("{STORY}<script>never closed"),
        format!("{STORY}<style>never closed"),
        format!("{STORY}<textarea>never closed"),
        format!("{STORY}<title>never closed"),
        format!("{STORY}<p title=\"never closed {}", "x".repeat(10_000)),
        format!("{STORY}<![CDATA[ {}", "x".repeat(10_000)),
        format!("<script type='application/ld+json'>{deep_json}</script>{STORY}"),
        format!("<script type='application/ld+json'>{wide_json}</script>{STORY}"),
        format!("<script type='application/ld+json'>{{\"@type\":\"NewsArticle\",\"headline\":</script>{STORY}"),
        format!(
            "<script type='application/ld+json'>{{\"@type\":\"NewsArticle\",\"author\":{{\"@id\":\"a\"}},\"@id\":\"a\"}}</script>{STORY}"
        ),
        format!("{}{STORY}", "<script type='application/ld+json'>{}</script>".repeat(2_000)),
        format!("{}{STORY}", "<meta property='og:title' content='x'>".repeat(20_000)),
        format!("<meta name=author content='{}'>{STORY}", "By A B and ".repeat(20_000)),
        format!("<meta property='article:published_time' content='{}'>{STORY}", "2025-".repeat(20_000)),
        format!(
            "<base href='javascript:x'><base href='https://a.example/'>{STORY}<link rel=canonical href='{}'>",
            "../".repeat(20_000)
        ),
        format!("<html lang='{}'>{STORY}", "en-".repeat(20_000)),
        format!("<h1>{}</h1>{STORY}", "word ".repeat(50_000)),
        format!("{}{STORY}", "<h1>A title of some words</h1>".repeat(5_000)),
        format!("<p class='{}'>{STORY}", "author-".repeat(100_000)),
        format!("{}{STORY}", "<time datetime='2025-01-01'>".repeat(20_000)),
        format!("{}{STORY}", "<div itemprop='headline'>".repeat(900)),
        format!("{STORY}{}", "&#99999999;&#0;&#xD800;&bogus;&amp".repeat(20_000)),
        format!("{STORY}<p>{}", "&lt;".repeat(300_000)),
        format!("{STORY}{}", "<".repeat(500_000)),
        format!("{STORY}{}", "</p>".repeat(100_000)),
        format!("{STORY}{}", "</".repeat(500_000)),
        format!("{STORY}<p>{}", "\u{202e}\u{200b}".repeat(200_000)),
        format!("{STORY}<p>{}", "a\u{301}".repeat(300_000)),
        format!("{STORY}<p>{}.", "$7 billion on April 5 said President Ana Roa ".repeat(4_000)),
        format!("{STORY}<p>{}", "1".repeat(1_000_000)),
        format!("{STORY}<p>{}", "1,".repeat(100_000)),
        format!("{STORY}<p>{}", "Mr. ".repeat(40_000)),
        format!("{STORY}<select>{}", "<option>x".repeat(20_000)),
        format!("{STORY}<template>{STORY}<template>{STORY}"),
        format!("{STORY}<frameset><frame><noframes>{STORY}"),
        format!("{STORY}<plaintext>{STORY}"),
        format!("{STORY}<p>{}", "word\r\n".repeat(100_000)),
    ] {
        let beginning: String = page.chars().take(60).collect();
        assert!(read(&page).is_ok(), "{beginning}");
    }
}

#[test]
fn what_is_no_page_is_refused_by_name() {
    for (page, code) in [
        (String::new(), "empty_document"),
        (" \n\t ".repeat(1_000), "empty_document"),
        (format!("{STORY}\0"), "not_text"),
        ("<div>".repeat(1_000), "nothing_to_read"),
        ("<!--".repeat(100_000), "nothing_to_read"),
        ("x".repeat(4 * 1024 * 1024 + 1), "document_too_large"),
    ] {
        assert_eq!(read(&page), Err(code));
    }
}
