//! Pages that are made to break parsers. Each yields an article whose pieces cover the document, or an error with a
//! code, on a thread with the default stack size. Nothing here measures time; the evidence names the limits that bound
//! the work.

use dateline::{
    archive::preview,
    article::{Instant, RawDocument},
    reading,
};

const BODY: &str = "<h1>Two ports agree on one ticket</h1><p>The two ports will sell one ticket from Monday on, the ministries \
    said in a joint statement that was read out on the quay.</p><p>Prices stay as they are, and children under six travel \
    free of charge as they did before the reform of the fares.</p>";

/// Returns the names of the limits that prevented reading the page as HTML, or the error's code.
fn read(page: &str) -> Result<Vec<String>, &'static str> {
    let document = RawDocument {
        media_type: Some("text/html".to_owned()),
        key: Some("torture".to_owned()),
        url: Some("https://news.example/a".to_owned()),
        ..RawDocument::new(page.as_bytes().to_vec(), Instant::parse("2025-05-01").expect("a day"))
    };
    let (article, evidence) = preview(&document).map_err(|error| error.code())?;
    let text = reading::decode(&document).expect("the preview decoded it").text;
    let mut at = 0;
    for piece in &evidence.pieces {
        assert_eq!(piece.start, at, "the pieces are contiguous");
        at = piece.end;
    }
    assert_eq!(at, text.len(), "the pieces cover the document");
    for field in &evidence.fields {
        for span in &field.spans {
            assert!(text.get(span.start..span.end).is_some(), "{}", field.field);
        }
    }
    assert!(article.facts.headline.is_some() || !article.detail.body.is_empty());
    let limits =
        evidence.left_out.iter().filter_map(|reason| reason.split_once(':')).map(|(limit, _)| limit.to_owned());
    Ok(limits.filter(|limit| limit.starts_with("html_")).collect())
}

fn nested(open: &str, close: &str, depth: usize) -> String {
    format!("{}{BODY}{}", open.repeat(depth), close.repeat(depth))
}

/// Nesting deeper than the extractor's limit, with every kind of element.
#[test]
fn deep_pages_are_read_as_lines_and_name_the_limit() {
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
fn pages_with_too_many_elements_or_bytes_are_read_as_lines_and_name_the_limit() {
    for (page, limit) in [
        (format!("{BODY}{}", "<br>".repeat(400_000)), "html_elements"),
        (format!("{BODY}{}", "<a href=/>x</a>".repeat(200_000)), "html_attributes"),
        (format!("{BODY}{}", "<p>x".repeat(110_000)), "html_elements"),
        (format!("{BODY}<ul>{}</ul>", "<li>x".repeat(110_000)), "html_elements"),
        (format!("{BODY}{}", "<hr>".repeat(110_000)), "html_elements"),
        (format!("{BODY}{}", "<i></i>".repeat(110_000)), "html_elements"),
        (format!("{BODY}<!--{}-->", "x".repeat(2_200_000)), "html_bytes"),
        (format!("{BODY}<script>{}</script>", "x();".repeat(600_000)), "html_bytes"),
        (format!("{BODY}<p>{}", "word ".repeat(450_000)), "html_bytes"),
        (format!("{BODY}<style>{}</style>", "a{b:c}".repeat(400_000)), "html_bytes"),
        (format!("{BODY}<p {}>", "a=b ".repeat(110_000)), "html_attributes"),
        (format!("{BODY}{}", "<p a=b>".repeat(110_000)), "html_attributes"),
        (format!("{BODY}<img src='data:{}'>", "=".repeat(110_000)), "html_attributes"),
    ] {
        assert_eq!(read(&page), Ok(vec![limit.to_owned()]), "{}", &page[BODY.len()..BODY.len() + 20]);
    }
}

/// Within the limits, and made to cause misreading, endless loops, or crashes.
#[test]
fn broken_pages_are_read() {
    let deep_json = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let wide_json = format!("[{}]", r#"{"@type":"NewsArticle","headline":"x"},"#.repeat(5_000).trim_end_matches(','));
    for page in [
        format!("{BODY}<!-- never closed {}", "x".repeat(10_000)),
        format!("{BODY}<script>never closed"),
        format!("{BODY}<style>never closed"),
        format!("{BODY}<textarea>never closed"),
        format!("{BODY}<title>never closed"),
        format!("{BODY}<p title=\"never closed {}", "x".repeat(10_000)),
        format!("{BODY}<![CDATA[ {}", "x".repeat(10_000)),
        format!("<script type='application/ld+json'>{deep_json}</script>{BODY}"),
        format!("<script type='application/ld+json'>{wide_json}</script>{BODY}"),
        format!("<script type='application/ld+json'>{{\"@type\":\"NewsArticle\",\"headline\":</script>{BODY}"),
        format!(
            "<script type='application/ld+json'>{{\"@type\":\"NewsArticle\",\"author\":{{\"@id\":\"a\"}},\"@id\":\"a\"}}</script>{BODY}"
        ),
        format!("{}{BODY}", "<script type='application/ld+json'>{}</script>".repeat(2_000)),
        format!("{}{BODY}", "<meta property='og:title' content='x'>".repeat(20_000)),
        format!("<meta name=author content='{}'>{BODY}", "By A B and ".repeat(20_000)),
        format!("<meta property='article:published_time' content='{}'>{BODY}", "2025-".repeat(20_000)),
        format!(
            "<base href='javascript:x'><base href='https://a.example/'>{BODY}<link rel=canonical href='{}'>",
            "../".repeat(20_000)
        ),
        format!("<html lang='{}'>{BODY}", "en-".repeat(20_000)),
        format!("<h1>{}</h1>{BODY}", "word ".repeat(50_000)),
        format!("{}{BODY}", "<h1>A title of some words</h1>".repeat(5_000)),
        format!("<p class='{}'>{BODY}", "author-".repeat(100_000)),
        format!("{}{BODY}", "<time datetime='2025-01-01'>".repeat(20_000)),
        format!("{}{BODY}", "<div itemprop='headline'>".repeat(900)),
        format!("{BODY}{}", "&#99999999;&#0;&#xD800;&bogus;&amp".repeat(20_000)),
        format!("{BODY}<p>{}", "&lt;".repeat(300_000)),
        format!("{BODY}{}", "<".repeat(500_000)),
        format!("{BODY}{}", "</p>".repeat(100_000)),
        format!("{BODY}{}", "</".repeat(500_000)),
        format!("{BODY}<p>{}", "\u{202e}\u{200b}".repeat(200_000)),
        format!("{BODY}<p>{}", "a\u{301}".repeat(300_000)),
        format!("{BODY}<p>{}.", "$7 billion on April 5 said President Ana Roa ".repeat(4_000)),
        format!("{BODY}<p>{}", "1".repeat(1_000_000)),
        format!("{BODY}<p>{}", "1,".repeat(100_000)),
        format!("{BODY}<p>{}", "Mr. ".repeat(40_000)),
        format!("{BODY}<select>{}", "<option>x".repeat(20_000)),
        format!("{BODY}<template>{BODY}<template>{BODY}"),
        format!("{BODY}<frameset><frame><noframes>{BODY}"),
        format!("{BODY}<plaintext>{BODY}"),
        format!("{BODY}<p>{}", "word\r\n".repeat(100_000)),
    ] {
        let beginning: String = page.chars().take(60).collect();
        assert!(read(&page).is_ok(), "{beginning}");
    }
}

#[test]
fn unreadable_documents_are_refused_with_their_code() {
    for (page, code) in [
        (String::new(), "empty_document"),
        (" \n\t ".repeat(1_000), "empty_document"),
        (format!("{BODY}\0"), "not_text"),
        ("<div>".repeat(1_000), "nothing_to_read"),
        ("<!--".repeat(100_000), "nothing_to_read"),
        ("x".repeat(4 * 1024 * 1024 + 1), "document_too_large"),
    ] {
        assert_eq!(read(&page), Err(code));
    }
}
