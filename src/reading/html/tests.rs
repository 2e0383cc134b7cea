//! Tests on whole pages that were written for this project, and the property that the pieces tile the page.

use super::*;
use crate::{
    article::{Label, Published},
    enrich::dates,
};
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

fn kept(document: &str, page: &ParsedPage) -> Vec<String> {
    let kept = page.pieces.iter().filter(|piece| piece.label == Label::Kept);
    kept.map(|piece| document[piece.start..piece.end].to_owned()).collect()
}

#[test]
fn a_page_is_read_with_its_body_and_its_facts() {
    let page = read(PAGE, None, Instant::now());
    assert!(page.tiles(PAGE));
    let text = |option: &Option<Finding<String>>| option.as_ref().map(|named| named.value.clone()).unwrap_or_default();
    assert_eq!(text(&page.headline), "Two ports agree on one ticket");
    assert_eq!(text(&page.url), "https://gazette.example/news/ticket?utm_source=x");
    assert_eq!(text(&page.dateline), "LISBON, Portugal");
    assert_eq!(text(&page.agency), "AP");
    assert_eq!(
        page.authors.as_ref().map(|author| author.value.clone()),
        Some(vec!["Ana Sá".to_owned(), "Ben Ott".to_owned()])
    );
    assert_eq!(
        page.publisher.as_ref().map(|publisher| publisher.value.domain.clone()),
        Some(Some("gazette.example".to_owned()))
    );
    let published = page.published.as_ref().and_then(|published| published.value.at).map(|value| value.to_string());
    assert_eq!(published.as_deref(), Some("2025-04-07T07:30:00.000Z"));
    assert_eq!(page.body.len(), 3, "{:?}", page.body);
    assert!(page.body[0].text.starts_with("The two ports"));
    assert!(page.body[1].text.contains("are, & children"));
    assert_eq!(kept(PAGE, &page).len(), 4);
}

/// A page with facts that have no markup, and with text within the body that is not part of it.
const UNMARKED: &str = r#"<html><head><title>Harbour fees rise again | harbournews</title>
<link rel="canonical" href="https://www.harbournews.example/2025/04/07/fees"></head><body>
<header><a href="/">Harbour News</a></header><main><h1>Harbour fees rise again – Harbournews</h1>
<div>By Ana Sá | Reporter</div><div>Updated 9 April 2025</div><div>8 April 2025</div>
<p>The harbour will charge a third more from May on, the board decided on Monday after a debate of four hours in the town hall.</p>
<p><a href="/pier">What the old pier has to do with the new fees</a></p>
<h2>What it costs</h2>
<p>Every boat pays by its length, and those that stay for less than a night pay the half of what stands in the table below.</p>
<table><tr><th>Boat</th><th>Old</th><th>New</th></tr><tr><td>Dinghy</td><td>3</td><td>4</td></tr>
<tr><td>Trawler</td><td>30</td><td>40</td></tr></table>
<h2>What it costs</h2>
<p>For the town the fees are a tenth of all that it takes in, and the harbour master expects that nobody will leave for them.</p>
</main><h2>Most read</h2><ul><li><a href="/a">The old pier falls into the sea</a></li></ul></body></html>"#;

#[test]
fn rows_and_headings_belong_to_the_body_and_links_to_other_articles_do_not() {
    let page = read(UNMARKED, None, Instant::now());
    let body: Vec<&str> = page.body.iter().map(|body| body.text.as_str()).collect();
    let beginnings: Vec<String> = body.iter().map(|body| body.chars().take(18).collect()).collect();
    let expected = [
        "The harbour will c",
        "What it costs",
        "Every boat pays by",
        "Boat | Old | New",
        "Dinghy | 3 | 4",
        "Trawler | 30 | 40",
        "What it costs",
        "For the town the f",
    ];
    assert_eq!(beginnings, expected, "{:?}", page.left_out);
    let removed = |words: &str| {
        page.pieces.iter().any(|piece| UNMARKED[piece.start..piece.end].contains(words) && piece.reason == "link")
    };
    assert!(removed("What the old pier"));
}

const PARAGRAPHS: [&str; 4] = [
    "The ferry company will run two boats an hour from June on, the council of the town decided on Tuesday evening.",
    "A ticket will cost four crowns, which is half a crown more than now, and children under seven will pay nothing.",
    "\u{201c}We have waited for this since the bridge was closed,\u{201d} said Ida Lund, who crosses the sound every morning.",
    "The first of the new boats is being built at the yard in the north of the island, and it will be tested in May.",
];

/// Returns the beginnings of the paragraphs of a page whose article has this content.
fn body_of(head: &str, article: &str) -> Vec<String> {
    let page = format!(
        "<html><head><title>Two boats an hour - Sound Courier</title>{head}</head><body><header><nav><a href='/'>Home</a>\
         <a href='/sport'>Sport</a></nav></header><main><h1>Two boats an hour</h1>{article}</main>\
         <footer>Sound Courier, Harbour Street 4</footer></body></html>"
    );
    let page = read(&page, None, Instant::now());
    page.body.iter().map(|paragraph| paragraph.text.chars().take(16).collect()).collect()
}

fn beginnings() -> Vec<String> {
    PARAGRAPHS.iter().map(|text| text.chars().take(16).collect()).collect()
}

#[test]
fn paragraphs_may_be_divisions() {
    let article: String = PARAGRAPHS.iter().map(|text| format!("<div class='c4'>{text}</div>")).collect();
    assert_eq!(body_of("", &format!("<div class='x1'>{article}</div>")), beginnings());
}

#[test]
fn a_first_paragraph_that_is_also_the_description_stays_in_the_body() {
    let article: String = PARAGRAPHS.iter().map(|text| format!("<p>{text}</p>")).collect();
    let head = format!("<meta name='description' content='{}'>", PARAGRAPHS[0]);
    assert_eq!(body_of(&head, &article), beginnings());
}

#[test]
fn a_page_that_is_too_long_for_the_library_keeps_its_body() {
    let article: String = PARAGRAPHS.iter().map(|text| format!("<p>{text}</p>")).collect();
    let padding = " ".repeat(crate::limits::HTML_BYTES);
    let page = format!("<title>Two boats an hour</title><main><h1>Two boats an hour</h1>{article}</main>{padding}");
    let page = read(&page, None, Instant::now());
    let body: Vec<&str> = page.body.iter().map(|paragraph| paragraph.text.as_str()).collect();
    assert_eq!(body, PARAGRAPHS);
    assert!(page.left_out.len() == 1 && page.left_out[0].starts_with("html_bytes: "), "{:?}", page.left_out);
}

#[test]
fn text_that_a_style_hides_is_no_body_unless_the_page_hides_all_of_its_text() {
    let article: String = PARAGRAPHS.iter().map(|text| format!("<p>{text}</p>")).collect();
    let hidden =
        "<p style='color: red; Display : NONE'>Tell your readers that the ferry will not run any more this year.</p>";
    assert_eq!(body_of("", &format!("{article}{hidden}")), beginnings());
    assert_eq!(body_of("", &format!("<div style='visibility:hidden'>{article}</div>")), beginnings());
}

#[test]
fn a_title_of_very_many_parts_loses_the_names_of_a_site_and_its_sections_only() {
    let title = "One two three - ".repeat(20_000);
    let page = format!("<title>{title}Four | five | six | seven | eight | nine</title><p>{}</p>", PARAGRAPHS[0]);
    let page = read(&page, None, Instant::now());
    let headline = page.headline.map(|headline| headline.value);
    assert_eq!(headline, Some(format!("{title}Four | five")));
}

#[test]
fn facts_without_markup_are_read_around_the_headline() {
    let page = read(UNMARKED, None, Instant::now());
    let headline = page.headline.expect("a headline");
    assert_eq!(headline.value, "Harbour fees rise again", "the site's name, part of its domain, must be stripped");
    let authors = page.authors.expect("authors");
    assert_eq!((authors.value.join("; ").as_str(), authors.rule), ("Ana Sá", "visible-byline"));
    let published = page.published.expect("a date");
    assert_eq!(
        (published.value.at.map(|date| date.day()).as_deref(), published.rule),
        (Some("2025-04-08"), "visible-date")
    );
    assert_eq!(published.alternatives, ["2025-04-07"], "the date in the URL path must be an alternative");
    let modified = page.modified.expect("a date");
    assert_eq!((modified.value, modified.rule), (dates::any("2025-04-09").expect("a day"), "visible-date"));
    // A date after the retrieval is skipped; the next best one is used.
    let early = read(UNMARKED, None, Instant::parse("2025-04-07T09:00:00Z").expect("a time"));
    assert_eq!(early.published.map(|published| published.rule), Some("url-path"));
}

#[test]
fn a_date_is_read_from_where_the_page_has_one() {
    let retrieved = Instant::parse("2025-05-01").expect("a day");
    for (page, expected, rule) in [
        ("<h1>Ferry stops <small>7 April 2025</small></h1>", "2025-04-07", "date-class"),
        ("<h1>Ferry stops</h1><span class='articledate'>7 April 2025</span>", "2025-04-07", "date-class"),
        ("<h1>Ferry stops</h1><abbr class='date' title='2025-04-07'>Monday</abbr>", "2025-04-07", "date-class"),
        (
            "<h1>Ferry stops</h1><p>Dieser Text wurde am 7. April 2025 veröffentlicht.</p>",
            "2025-04-07",
            "date-in-words",
        ),
        ("<h1>Ferry stops</h1><aside>7 April 2025</aside>", "2025-04-07", "visible-date"),
        ("<h1>Ferry stops</h1><figure><figcaption>Quay, 07.04.25</figcaption></figure>", "2025-04-07", "visible-date"),
        ("<h1>Ferry stops</h1><script>{\"published_at\": \"2025-04-07\"}</script>", "2025-04-07", "script"),
        (
            "<meta property='og:image' content='https://a.example/2025/04/07/quay.jpg'><h1>Ferry stops</h1>",
            "2025-04-07",
            "image-path",
        ),
        // The publisher's day is the one that readers see, not the one in UTC.
        (
            "<meta name='date' content='2025-04-06T22:30:00Z'><h1>Ferry stops</h1><p>7 April 2025</p>",
            "2025-04-07",
            "visible-date",
        ),
        (
            "<meta name='date' content='2025-04-06T22:30:00Z'><h1>Ferry stops</h1><time datetime='2025-04-07T00:30:00+02:00'>Monday</time>",
            "2025-04-07",
            "time-element",
        ),
    ] {
        let found = read(page, None, retrieved).published.expect(page);
        let day = found.value.day().map(|day| day.to_string());
        assert_eq!((day.as_deref(), found.rule), (Some(expected), rule), "{page}");
    }
}

#[test]
fn a_date_of_a_change_is_not_a_date_of_publication() {
    let read = |dates: &str| {
        let page = format!(
            "<h1>Harbour fees rise</h1><div>{dates}</div><p>The fees rise on Monday, the harbour master wrote.</p>"
        );
        let page = read(&page, None, Instant::now());
        let day = |option: Option<Finding<Published>>| {
            option.and_then(|named| named.value.day()).map(|value| value.to_string())
        };
        (day(page.published), day(page.modified))
    };
    let (first, second) = (Some("2025-04-07".to_owned()), Some("2025-04-09".to_owned()));
    for (dates, expected) in [
        ("<time datetime='2025-04-07'>7 April 2025</time>", (first.clone(), None)),
        ("Updated <time datetime='2025-04-09'>9 April 2025</time>", (None, second.clone())),
        ("<time itemprop='dateModified' datetime='2025-04-09T08:00Z'>9 April</time>", (None, second.clone())),
        ("<time itemprop='dateModified'>9 April 2025</time>", (None, second.clone())),
        ("<meta itemprop='dateModified' content='9 April 2025'>", (None, second.clone())),
        ("<span class='date-created'>Last updated: 9 April 2025</span>", (None, second.clone())),
        (
            "First published <time datetime='2025-04-07'>7 April 2025</time>, updated <time datetime='2025-04-09'>9 April 2025</time>",
            (first, second),
        ),
    ] {
        assert_eq!(read(dates), expected, "{dates}");
    }
}

#[test]
fn a_writers_own_site_may_be_named_after_the_writer() {
    let page = |author: &str| {
        format!(
            r#"<title>Fees</title><script type="application/ld+json">{{"@type": "Article", "author": {author},
            "publisher": {{"name": "Ana Sá"}}}}</script><h1>Harbour fees rise again</h1><p>The harbour charges more.</p>"#
        )
    };
    let authors = |document: &str| read(document, None, Instant::now()).authors.map(|author| author.value);
    assert_eq!(authors(&page(r#"{"@type": "Person", "name": "Ana Sá"}"#)), Some(vec!["Ana Sá".to_owned()]));
    assert_eq!(authors(&page(r#"{"@type": "Organization", "name": "Ana Sá"}"#)), None);
}

#[test]
fn a_section_in_the_headlines_element_is_not_part_of_it() {
    let headline = |title: &str, h1: &str| {
        let page = format!(r#"<meta property="og:title" content="{title}"><h1>{h1}</h1><p>The port charges more.</p>"#);
        let found = read(&page, None, Instant::now()).headline.expect("a headline");
        let printed: String = found.spans.iter().map(|span| &page[span.start..span.end]).collect();
        (found.value, printed.trim().to_owned(), found.alternatives.join("; "))
    };
    let own = |text: &str, whole: &str| (text.to_owned(), text.to_owned(), whole.to_owned());
    let title = "Port fees rise again";
    for (h1, whole) in [
        ("<span>Coast</span><span> : </span><b>Port fees rise again</b>", "Coast : Port fees rise again"),
        ("<b>Port fees rise again</b> <small>(pier.example)</small>", "Port fees rise again (pier.example)"),
    ] {
        assert_eq!(headline(title, h1), own(title, whole));
    }
    let whole = "Coast: Port fees rise again";
    assert_eq!(headline(title, whole), own(whole, title), "one run of text is one headline");
}

#[test]
fn a_title_that_goes_on_elsewhere_was_cut_off() {
    let long = "The harbour authority of the coast will charge more for every boat that stays in port over the winter";
    let headline = |other: &str| {
        let page = format!(
            r#"<meta property="og:title" content="{long}{other}"><script type="application/ld+json">{{"@type":
            "NewsArticle", "headline": "{long}"}}</script><p>The port charges more.</p>"#
        );
        read(&page, None, Instant::now()).headline.expect("a headline").value
    };
    assert_eq!(headline(" months"), format!("{long} months"));
    assert_eq!(headline("-Coast|Pier"), long, "the site's name follows");
}

#[test]
fn a_byline_is_read_whole() {
    let read = |metadata: &str, body: &str| {
        let page = format!(
            "<title>Port fees</title>{metadata}<h1>Port fees rise again</h1>{body}<p>The port charges more.</p>"
        );
        let found = read(&page, None, Instant::now()).authors.expect("authors");
        (found.value.join("; "), found.rule, found.alternatives.join("; "))
    };
    let expected =
        |names: &str, rule: &'static str, alternatives: &str| (names.to_owned(), rule, alternatives.to_owned());
    let meta = r#"<meta name="author" content="Ana Sá">"#;
    // The metadata form had room for one name.
    let both = read(meta, "<p>Authors: Ana Sá and Jens Huber, harbour reporters</p>");
    assert_eq!(both, expected("Ana Sá; Jens Huber", "visible-byline", "Ana Sá"));
    let another = read(meta, "<p>By Jens Huber and Pia Lund</p>");
    assert_eq!(another, expected("Ana Sá", "meta", "Jens Huber; Pia Lund"));
    // A role within the element, without a separator.
    let linked = r#"<div class="article-authors"><a href="/u/7">Ana Sá</a> <span>Reporter, Harbours</span></div>"#;
    assert_eq!(read("", linked).0, "Ana Sá");
}

#[test]
fn a_byline_without_words_between_its_names_is_read_by_its_elements() {
    let authors = |above: &str, below: &str| {
        let page = format!(
            "<title>Port fees</title>{above}<h1>Port fees rise again</h1>{below}<p>The port charges more than before.</p>"
        );
        read(&page, None, Instant::now()).authors.map(|found| (found.value.join("; "), found.rule))
    };
    let runs =
        "<div class='article-byline'><span>Ana Sá Lima</span> <span>Jens Otto Huber</span> <i>Pia Lund</i></div>";
    assert_eq!(authors("", runs), Some(("Ana Sá Lima; Jens Otto Huber; Pia Lund".to_owned(), "byline-runs")));
    // A name between the date and the headline, with no word that announces it.
    let dated = "<div>7 April 2025</div><div>Martin Huber</div>";
    assert_eq!(authors(dated, ""), Some(("Martin Huber".to_owned(), "visible-byline")));
    assert_eq!(authors("<div>7 April 2025</div><div>Harbour News</div>", ""), None, "a section");
    assert_eq!(authors("<div>Martin Huber</div>", ""), None, "no date");
}

#[test]
fn the_publisher_is_not_an_author_whatever_its_name_is_there() {
    let authors = |name: &str| {
        let page = format!(
            r#"<title>Fees</title><link rel="canonical" href="https://www.harbour-post.example/fees">
            <script type="application/ld+json">{{"@type": "Article", "author": {{"@type": "Person", "name": "{name}"}},
            "publisher": {{"name": "Daily HarbourPost"}}}}</script><h1>Fees</h1><p>The harbour charges more.</p>"#
        );
        read(&page, None, Instant::now()).authors.map(|author| author.value.join("; "))
    };
    for name in ["HarbourPost", "Harbour Post", "Daily HarbourPost", "Daily HarbourPostApril", "HP-Newsroom"] {
        assert_eq!(authors(name), None, "{name}");
    }
    assert_eq!(authors("Martin Harbour").as_deref(), Some("Martin Harbour"));
}

#[test]
fn authors_are_distinguished_from_other_people_on_the_page() {
    let page = |node: &str, body: &str| {
        format!(
            r#"<title>Fees</title><script type="application/ld+json">{{"@type": "Article", "headline": "Fees", {node}
            "publisher": {{"name": "Sail Wide, Travel Far"}}}}</script>{body}<h1>Fees</h1><p>The fees of the port rise on
            Monday, the harbour master wrote in a letter to all who keep a boat there.</p><p>They rose last year too.</p>
            <ol class="commentlist"><li><span class="comment-author author">Cem Tok</span> Too much, I say, of course!</li></ol>"#
        )
    };
    let read = |node: &str, body: &str| read(&page(node, body), None, Instant::now());
    let authors = |node: &str, body: &str| read(node, body).authors.map(|author| author.value);
    let bio = "Ana Sá has written for many a paper of the coast, among them Harbour Post, Tide Weekly, Mast Today, and Pier \
        Times, and keeps a boat of her own in the old port of the town.";
    let class = |text: &str| format!(r#"<div class="author">{text}</div>"#);
    assert_eq!(authors("", &class("Ana Sá")), Some(vec!["Ana Sá".to_owned()]));
    assert_eq!(authors("", &class(bio)), None, "a text about an author is not a list of names");
    assert_eq!(authors(r#""author": "Sail Wide, Travel Far","#, ""), None, "the site's name is not two people");
    let two = "<a rel=author>Ana Sá</a> and <a rel=author>Ben Ott</a>";
    let cards = format!("{two}<div style='{}'></div><a rel=author>Cem Tok</a>", "x ".repeat(2_000));
    let both = Some(vec!["Ana Sá".to_owned(), "Ben Ott".to_owned()]);
    assert_eq!(authors("", &cards), both, "authors on cards of other articles below did not write this one");
    let page = read("", "");
    assert_eq!(page.authors, None, "a commenter is not an author");
    assert!(page.body.iter().all(|body| !body.text.contains("Too much")));
}

#[test]
fn a_lone_visible_headline_needs_less_confirmation() {
    let headline = |visible: &str| {
        let page =
            format!(r#"<meta property="og:title" content="What the port of Lisbon charges now">{visible}<p>More.</p>"#);
        read(&page, None, Instant::now()).headline.expect("a headline").value
    };
    let (seen, searched) =
        ("Port charges rise again in Lisbon, for the third time", "What the port of Lisbon charges now");
    assert_eq!(headline(&format!("<h1>{seen}</h1>")), seen);
    assert_eq!(headline(&format!("<h1>{seen}</h1><h1>Trams stand still in Porto</h1>")), searched);
    assert_eq!(headline("<h1>Our blog</h1>"), searched);
    let title = "<title>Port charges in Lisbon rise once again | Lisbon Port Charges</title>";
    let named = read(&format!("{title}<h1>Lisbon Port Charges</h1><p>More.</p>"), None, Instant::now());
    assert_eq!(named.headline.expect("a headline").value, "Port charges in Lisbon rise once again");
    let named = "<meta property='og:site_name' content='Lisbon Daily Port News'><title>Lisbon Daily Port News - Fees rise</title>";
    let short = read(&format!("{named}<h1>Fees rise</h1><p>More.</p>"), None, Instant::now());
    assert_eq!(short.headline.expect("a headline").value, "Fees rise");
}

#[test]
fn a_headline_that_was_cut_off_is_replaced_by_the_whole_one() {
    let whole = "Harbour fees rise again, and this time for every boat that stays for a night, says the board of the \
                 old harbour in a letter to its members";
    let document = format!(
        r#"<meta property="og:title" content="{whole}"><script type="application/ld+json">{{"@type": "NewsArticle",
        "headline": "{}"}}</script><p>The harbour charges more.</p>"#,
        &whole[..108]
    );
    assert_eq!(read(&document, None, Instant::now()).headline.map(|headline| headline.value).as_deref(), Some(whole));
    let dated =
        r#"<title>Harbour fees rise again</title><h1>Harbour fees rise again <i>7 April 2025</i></h1><p>More.</p>"#;
    let headline = read(dated, None, Instant::now()).headline.map(|headline| headline.value);
    assert_eq!(headline.as_deref(), Some("Harbour fees rise again"));
}

#[test]
fn a_page_over_a_limit_is_read_as_plain_lines_with_a_note() {
    let deep = format!(
        "{}<h1>Two ports agree on one ticket</h1><p>The two ports will sell one ticket from Monday on, they said.</p>",
        "<div>".repeat(1200)
    );
    let page = read(&deep, None, Instant::now());
    assert!(page.tiles(&deep));
    assert!(page.left_out[0].starts_with("html_depth: 120"), "{:?}", page.left_out);
    assert_eq!(page.headline.as_ref().map(|headline| headline.value.as_str()), Some("Two ports agree on one ticket"));
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
    fn the_pieces_tile_every_page(document in "(\\PC|<p>|</p>|<h1>|<div class='byline'>|<script type='application/ld\\+json'>|</script>|<!--|-->|&amp;|&#0;|<title>|</title>|<meta property='og:title' content='x'>|<time datetime='2025-01-01'>|\\{\"@type\":\"Article\",\"headline\":\"x\"\\}|\n){0,40}") {
        let page = read(&document, None, Instant::now());
        prop_assert!(page.tiles(&document), "{:?}", page.pieces);
        for span in page.body.iter().flat_map(|body| &body.spans) {
            prop_assert!(document.get(span.start..span.end).is_some());
        }
    }
}
