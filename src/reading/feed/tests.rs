//! Tests with whole feeds, written for this project, and the property that the pieces cover every byte.

use super::*;
use crate::article::{Basis, Instant, Label};
use proptest::prelude::*;

fn document(content: &str) -> RawDocument {
    RawDocument {
        key: Some("feed".to_owned()),
        url: Some("https://gazette.example/feed".to_owned()),
        ..RawDocument::new(content.as_bytes().to_vec(), Instant::parse("2025-05-01").expect("a day"))
    }
}

fn read(content: &str) -> Vec<Draft> {
    let document = document(content);
    let (entries, left_out) = entries(&document).expect("a feed");
    assert_eq!(left_out, None);
    let wanted: Vec<usize> = entries.iter().map(|entry| entry.at).collect();
    drafts(&document, &wanted).expect("a feed").into_iter().map(|draft| draft.expect("an entry")).collect()
}

/// Returns the text in the document that a field was read from.
fn cited(content: &str, draft: &Draft, field: &str) -> String {
    let evidence = draft.evidence.fields.iter().find(|evidence| evidence.field == field).expect(field);
    evidence.spans.iter().map(|span| &content[span.start..span.end]).collect::<Vec<_>>().join("|")
}

const RSS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Gazette of the Ports</title><link>https://gazette.example/</link><language>en-gb</language>
<item><title>Two ports &amp; one ticket</title><link>/news/ticket?utm_source=rss</link><guid isPermaLink="false">g-1</guid>
<pubDate>Mon, 07 Apr 2025 09:30:00 +0200</pubDate><dc:creator><![CDATA[Ana S&aacute;]]></dc:creator><category>Ferries</category>
<description>The ports agree.</description>
<content:encoded><![CDATA[<p>LISBON, Portugal (AP) — The ports will sell one ticket &amp; one pass.</p><p>Prices stay.</p><figure><figcaption>A quay.</figcaption></figure><p>Share this</p>]]></content:encoded></item>
<item><title>Fog delays the night boat</title><link>https://gazette.example/fog</link>
<description>&lt;p&gt;The night boat waited for &lt;b&gt;three&lt;/b&gt; hours.&lt;/p&gt;</description></item>
</channel></rss>"#;

#[test]
fn the_entries_of_rss_are_articles() {
    let drafts = read(RSS);
    let [ticket, fog] = drafts.as_slice() else { panic!("two entries") };
    let facts = &ticket.facts;
    assert_eq!(facts.headline.as_deref(), Some("Two ports & one ticket"));
    assert_eq!(cited(RSS, ticket, "headline"), "Two ports &amp; one ticket");
    assert_eq!(facts.url.as_deref(), Some("https://gazette.example/news/ticket?utm_source=rss"));
    assert_eq!(facts.published.at.map(|value| value.to_string()).as_deref(), Some("2025-04-07T07:30:00.000Z"));
    assert_eq!(cited(RSS, ticket, "published"), "Mon, 07 Apr 2025 09:30:00 +0200");
    assert_eq!(facts.authors.iter().map(|author| author.name.as_str()).collect::<Vec<_>>(), ["Ana Sá"]);
    assert_eq!(facts.publisher.as_ref().map(|publisher| publisher.name.as_str()), Some("Gazette of the Ports"));
    assert_eq!(facts.publisher.as_ref().and_then(|publisher| publisher.domain.as_deref()), Some("gazette.example"));
    assert_eq!(facts.dateline.as_ref().map(|dateline| dateline.text.as_str()), Some("LISBON, Portugal"));
    assert_eq!(facts.agency.as_deref(), Some("AP"));
    assert_eq!(facts.keywords, ["Ferries"]);
    assert_eq!(facts.summary.as_deref(), Some("The ports agree."));
    assert!(!facts.partial);
    assert_eq!(ticket.detail.body, ["The ports will sell one ticket & one pass.", "Prices stay."]);
    assert_eq!(ticket.media_type, "application/rss+xml; charset=utf-8");
    assert!(fog.facts.partial, "a description with a link is a part of the body");
    assert_eq!(fog.detail.body, ["The night boat waited for three hours."]);
    assert_eq!(cited(RSS, fog, "body"), "The night boat waited for |three| hours.");
}

#[test]
fn the_pieces_of_every_article_tile_the_whole_feed() {
    for draft in read(RSS) {
        let pieces = &draft.evidence.pieces;
        assert_eq!(pieces.iter().map(|piece| &RSS[piece.start..piece.end]).collect::<String>(), RSS);
        let kept = pieces.iter().filter(|piece| piece.label == Label::Kept);
        assert!(kept.clone().count() >= 2, "{pieces:?}");
        assert!(pieces.iter().any(|piece| piece.reason == "rest of the feed"));
    }
}

#[test]
fn atom_rdf_and_json_feed_yield_the_same_fields() {
    let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title type="html">Hill &lt;i&gt;Post&lt;/i&gt;</title>
        <link rel="self" href="https://hill.example/atom"/><link href="https://hill.example/"/>
        <entry><id>tag:hill.example,2025:1</id><title>Bridge closes</title><link rel="alternate" href="bridge"/>
        <author><name>Ben Ott</name><email>b@hill.example</email></author><updated>2025-04-07T10:00:00Z</updated>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>The bridge closes at <em>noon</em>.</p></div></content></entry>
        <entry><id>2</id><title>Rain</title><summary>It rained &amp; hailed.</summary></entry></feed>"#;
    let drafts = read(atom);
    assert_eq!(drafts[0].facts.url.as_deref(), Some("https://hill.example/bridge"));
    assert_eq!(drafts[0].facts.publisher.as_ref().map(|publisher| publisher.name.as_str()), Some("Hill Post"));
    assert_eq!(drafts[0].facts.authors.iter().map(|author| author.name.as_str()).collect::<Vec<_>>(), ["Ben Ott"]);
    assert_eq!(drafts[0].detail.body, ["The bridge closes at noon."]);
    assert_eq!(drafts[0].facts.published.basis, Some(Basis::Modified), "the entry states only when it was changed");
    assert_eq!(drafts[0].facts.published.at, drafts[0].facts.modified_at);
    assert_eq!(drafts[1].detail.body, ["It rained & hailed."]);
    let rdf = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
        <channel rdf:about="https://old.example/"><title>Old News</title><link>https://old.example/</link><items><rdf:Seq><rdf:li resource="https://old.example/1"/></rdf:Seq></items></channel>
        <item rdf:about="https://old.example/1"><title>Mill sold</title><link>https://old.example/1</link><dc:date>2025-04-06</dc:date><description>The mill is sold.</description></item></rdf:RDF>"#;
    let drafts = read(rdf);
    assert_eq!(drafts[0].facts.headline.as_deref(), Some("Mill sold"));
    assert_eq!(drafts[0].facts.publisher.as_ref().map(|publisher| publisher.name.as_str()), Some("Old News"));
    assert_eq!(drafts[0].facts.published.at.map(|date| date.day()).as_deref(), Some("2025-04-06"));
    let json = r#"{"version": "https:\/\/jsonfeed.org\/version\/1.1", "title": "Quay Notes", "home_page_url": "https://quay.example/",
        "items": [{"id": 7, "url": "https://quay.example/7", "title": "Caf\u00e9 opens", "date_published": "2025-04-05T08:00:00-03:00",
        "authors": [{"name": "Ana S\u00e1"}], "tags": ["food"], "content_html": "<p>A caf\u00e9 opens on the <a href=\"/q\">quay<\/a>.<\/p>"}]}"#;
    let drafts = read(json);
    assert_eq!(drafts[0].facts.headline.as_deref(), Some("Café opens"));
    assert_eq!(cited(json, &drafts[0], "headline"), r"Caf\u00e9 opens");
    assert_eq!(cited(json, &drafts[0], "authors"), r"Ana S\u00e1");
    assert_eq!(cited(json, &drafts[0], "keywords"), "food");
    assert_eq!(drafts[0].facts.authors.iter().map(|author| author.name.as_str()).collect::<Vec<_>>(), ["Ana Sá"]);
    assert_eq!(
        drafts[0].facts.published.at.map(|value| value.to_string()).as_deref(),
        Some("2025-04-05T11:00:00.000Z")
    );
    assert_eq!(drafts[0].detail.body, ["A café opens on the quay."]);
    assert_eq!(drafts[0].media_type, "application/feed+json; charset=utf-8");
}

#[test]
fn keywords_over_the_limit_are_reported_in_the_evidence() {
    let categories = |count: usize| (0..count).map(|at| format!("<category>tide {at}</category>")).collect::<String>();
    let item = |count: usize| {
        let rss = format!(
            "<rss version='2.0'><channel><item><title>Fog</title><guid>g</guid>{}</item></channel></rss>",
            categories(count)
        );
        let draft = read(&rss).remove(0);
        (
            draft.facts.keywords.len(),
            draft.evidence.left_out.iter().any(|reason| reason.starts_with("stated_values: keywords")),
        )
    };
    assert_eq!(item(100), (100, false));
    assert_eq!(item(101), (100, true));
    assert_eq!(item(5_000), (100, true));
}

#[test]
fn the_entries_of_a_malformed_feed_are_read() {
    let truncated = &RSS[..RSS.find("waited for").expect("the feed contains it")];
    let drafts = read(truncated);
    assert_eq!(drafts[1].detail.body, ["The night boat"]);
    let broken = "<rss version=2.0><channel><title>Port & Quay<link>https://port.example/</channel2>\
        <item><title>Crane falls <b>hard<link>https://port.example/crane</link><pubDate>7 April 2025\
        <description>A crane fell & nobody was hurt.<br></p></description>\
        <item><title>Tide &eacute;tale</title><guid>t<description>High water came at six o'clock.</item></rss>";
    let drafts = read(broken);
    assert_eq!(drafts.len(), 2);
    assert_eq!(drafts[0].detail.body, ["A crane fell & nobody was hurt."]);
    assert_eq!(drafts[0].facts.published.at.map(|date| date.day()).as_deref(), Some("2025-04-07"));
    assert_eq!(drafts[1].facts.headline.as_deref(), Some("Tide étale"));
    assert_eq!(drafts[1].detail.body, ["High water came at six o'clock."]);
}

#[test]
fn what_faulty_servers_and_old_dialects_write_is_read() {
    let first = |feed: &str| read(feed).remove(0);
    let authors = |draft: &Draft| draft.facts.authors.iter().map(|author| author.name.clone()).collect::<Vec<_>>();
    // Junk before the root, a person with an address, a date of RFC 850.
    let feed = "\n<b>Notice</b>: undefined index<br>\n<?xml version='1.0'?><rss version='2.0' xml:lang='pt-BR'><channel>\
        <title>Porto</title><item><title>A ponte fecha</title><author>ana@porto.example (Ana S\u{e1})</author>\
        <pubDate>Monday, 07-Apr-25 09:30:00 GMT</pubDate></item></channel></rss>";
    let draft = first(feed);
    assert_eq!(draft.facts.headline.as_deref(), Some("A ponte fecha"));
    assert_eq!(
        (authors(&draft), cited(feed, &draft, "authors")),
        (vec!["Ana S\u{e1}".to_owned()], "Ana S\u{e1}".to_owned())
    );
    assert_eq!(draft.facts.published.day().map(|day| day.to_string()).as_deref(), Some("2025-04-07"));
    // Authors and the language of the feed, a title in base64.
    let feed = "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='pt-BR'><author><name>Ben Ott</name></author>\
        <entry><title type='application/octet-stream'>QnJpZGdlIDxiPmNsb3NlczwvYj4=</title></entry></feed>";
    let draft = first(feed);
    assert_eq!(draft.facts.headline.as_deref(), Some("Bridge closes"));
    assert_eq!(cited(feed, &draft, "headline"), "QnJpZGdlIDxiPmNsb3NlczwvYj4=");
    assert_eq!((authors(&draft), draft.facts.language.as_deref()), (vec!["Ben Ott".to_owned()], Some("pt-BR")));
    // An entry without a feed, and one whose only text is a link.
    assert_eq!(first("<entry><title>Bridge closes</title></entry>").facts.headline.as_deref(), Some("Bridge closes"));
    let link = "<rss><item><description>&lt;a href='/a'&gt;Click here&lt;/a&gt;</description></item></rss>";
    assert_eq!(first(link).detail.body, ["Click here"]);
    assert_eq!(first("<rss><item><media:title>Fog</media:title></item></rss>").facts.headline.as_deref(), Some("Fog"));
}

#[test]
fn an_unreadable_entry_does_not_affect_the_others() {
    let json = r#"{"version": "https://jsonfeed.org/version/1.1", "items": [17, {"id": "a", "content_text": "It rained.\nIt hailed."}]}"#;
    let document = document(json);
    let drafts = drafts(&document, &[0, 1]).expect("a feed");
    assert_eq!(drafts[0].as_ref().err().map(ReadError::code), Some("nothing_to_read"));
    assert_eq!(
        drafts[1].as_ref().map(|draft| draft.detail.body.clone()),
        Ok(vec!["It rained.".to_owned(), "It hailed.".to_owned()])
    );
}

#[test]
fn exceeded_limits_are_reported() {
    let many = format!("<rss><channel>{}</channel></rss>", "<item><title>a</title></item>".repeat(FEED_ENTRIES + 3));
    let (found, left_out) = entries(&document(&many)).expect("a feed");
    assert_eq!((found.len(), left_out), (FEED_ENTRIES, Some(ReadError::TooManyEntries { found: FEED_ENTRIES + 3 })));
    let huge = format!("<rss><item><p>{}", "<br/>".repeat(200_001));
    assert_eq!(entries(&document(&huge)), Err(ReadError::FeedElements));
    assert_eq!(entries(&document("<rss version='2.0'><channel></channel></rss>")), Err(ReadError::NothingToRead));
    assert_eq!(
        entries(&document("{\"version\": \"https://jsonfeed.org/version/1\", \"items\": ["))
            .map_err(|error| error.code()),
        Err("malformed_feed")
    );
}

#[test]
fn deep_and_huge_feeds_are_read_in_bounded_time() {
    for torture in [
        format!("<rss>{}", "<item>".repeat(300_000)),
        format!("<rss><item>{}", "<b>".repeat(199_000)),
        format!("<rss><item>{}", "</b>".repeat(500_000)),
        format!("<rss><item><title>{}", "<".repeat(1_000_000)),
        format!("<rss><item><title>{}", "&".repeat(1_000_000)),
        format!("<rss><item><title a='{}", "x=' ".repeat(500_000)),
        format!("<rss><item><description>{}", "<![CDATA[".repeat(300_000)),
        format!("<rss><item><description>{}</description>", "&lt;div&gt;".repeat(200_000)),
        format!("<feed>{}", "<entry><content type='xhtml'><div>".repeat(60_000)),
    ] {
        let document = document(&torture);
        let Ok((found, _)) = entries(&document) else { continue };
        let wanted: Vec<usize> = found.iter().map(|entry| entry.at).take(3).collect();
        for draft in drafts(&document, &wanted).expect("a feed, as before").into_iter().flatten() {
            assert_eq!(draft.evidence.pieces.last().map(|piece| piece.end), Some(torture.len()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_pieces_tile_every_feed(inside in "(\\PC|<item>|</item>|<entry>|<title>|</title>|<link>|<link href='https://a.example/b'/>|<description>|</description>|<!\\[CDATA\\[|\\]\\]>|<p>|&lt;p&gt;|&amp;|&|<|<!--|-->|<guid>|<content type='xhtml'>|<content:encoded>|<pubDate>7 April 2025){0,40}") {
        let content = format!("<rss version='2.0'><channel><item><title>x</title>{inside}");
        let document = document(&content);
        if let Ok((found, _)) = entries(&document) {
            let wanted: Vec<usize> = found.iter().map(|entry| entry.at).collect();
            for draft in drafts(&document, &wanted).expect("a feed, as before").into_iter().flatten() {
                let mut at = 0;
                for piece in &draft.evidence.pieces {
                    prop_assert_eq!(piece.start, at);
                    prop_assert!(content.get(piece.start..piece.end).is_some_and(|content| !content.is_empty()));
                    at = piece.end;
                }
                prop_assert_eq!(at, content.len());
                for span in draft.evidence.fields.iter().flat_map(|field| &field.spans) {
                    prop_assert!(content.get(span.start..span.end).is_some());
                }
            }
        }
    }
}
