//! Whole pages, in the project's own words, and the law that every byte has a piece.

use super::*;
use crate::article::Label;
use proptest::prelude::*;

const PAGE: &str = r#"<!doctype html><html lang="en"><head><title>Two ports agree on one ticket | Gazette of the Ports</title>
<link rel="canonical" href="/news/ticket?utm_source=x"><base href="https://gazette.example/">
<meta property="og:site_name" content="Gazette of the Ports"><meta name="author" content="Gazette of the Ports">
<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Two ports agree on one ticket",
"datePublished": "2025-04-07T09:30:00+02:00", "author": [{"name": "Ana Sá"}, {"name": "Ben Ott"}]}</script></head>
<body><nav><a href="/">Home</a> <a href="/sport">Sport</a></nav><article><h1>Two ports agree on one ticket</h1>
<p class="byline">By Ana Sá and Ben Ott</p>
<p>LISBON, Portugal (AP) — The two ports will sell one ticket from Monday on, the ministries said in a joint statement that
was read out on the quay.</p><p>Prices stay as they are, &amp; children under six travel free of charge as they did before
the reform of the fares.</p><p>The first boats with the new ticket leave at six in the morning, an hour earlier than before,
because the night trains arrive then.</p></article><footer>Contact us</footer></body></html>"#;

fn kept(document: &str, page: &Page) -> Vec<String> {
    let kept = page.pieces.iter().filter(|it| it.label == Label::Kept);
    kept.map(|it| document[it.start..it.end].to_owned()).collect()
}

#[test]
fn a_page_gives_up_its_story_and_its_facts() {
    let page = read(PAGE, None, Instant::now());
    assert!(page.tiles(PAGE));
    let text = |it: &Option<Finding<String>>| it.as_ref().map(|it| it.value.clone()).unwrap_or_default();
    assert_eq!(text(&page.headline), "Two ports agree on one ticket");
    assert_eq!(text(&page.url), "https://gazette.example/news/ticket?utm_source=x");
    assert_eq!(text(&page.dateline), "LISBON, Portugal");
    assert_eq!(text(&page.agency), "AP");
    assert_eq!(page.authors.as_ref().map(|it| it.value.clone()), Some(vec!["Ana Sá".to_owned(), "Ben Ott".to_owned()]));
    assert_eq!(page.publisher.as_ref().map(|it| it.value.domain.clone()), Some(Some("gazette.example".to_owned())));
    let published = page.published.as_ref().and_then(|it| it.value.at).map(|it| it.to_string());
    assert_eq!(published.as_deref(), Some("2025-04-07T07:30:00.000Z"));
    assert_eq!(page.body.len(), 3, "{:?}", page.body);
    assert!(page.body[0].text.starts_with("The two ports"));
    assert!(page.body[1].text.contains("are, & children"));
    assert_eq!(kept(PAGE, &page).len(), 4);
}

#[test]
fn a_page_over_a_limit_is_read_by_its_lines_and_says_so() {
    let deep = format!(
        "{}<h1>Two ports agree on one ticket</h1><p>The two ports will sell one ticket from Monday on, they said.</p>",
        "<div>".repeat(1200)
    );
    let page = read(&deep, None, Instant::now());
    assert!(page.tiles(&deep));
    assert!(page.left_out[0].starts_with("html_depth: 120"), "{:?}", page.left_out);
    assert_eq!(page.headline.as_ref().map(|it| it.value.as_str()), Some("Two ports agree on one ticket"));
    assert_eq!(page.body.len(), 1);
    for huge in [
        "<div>".repeat(400_000),
        "<br>".repeat(500_000),
        "<".repeat(2_000_000),
        "<!--".repeat(400_000),
        "<a b='".repeat(300_000),
    ] {
        assert!(read(&huge, None, Instant::now()).tiles(&huge));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_page_is_its_pieces(document in "(\\PC|<p>|</p>|<h1>|<div class='byline'>|<script type='application/ld\\+json'>|</script>|<!--|-->|&amp;|&#0;|<title>|</title>|<meta property='og:title' content='x'>|<time datetime='2025-01-01'>|\\{\"@type\":\"Article\",\"headline\":\"x\"\\}|\n){0,40}") {
        let page = read(&document, None, Instant::now());
        prop_assert!(page.tiles(&document), "{:?}", page.pieces);
        for span in page.body.iter().flat_map(|it| &it.spans) {
            prop_assert!(document.get(span.start..span.end).is_some());
        }
    }
}
