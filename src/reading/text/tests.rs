//! Tests with whole documents, written for this project, and the property that the pieces cover every byte.

use super::*;
use proptest::prelude::*;

fn removed<'a>(document: &'a str, page: &'a ParsedPage) -> Vec<(&'a str, &'a str)> {
    let not_kept = page.pieces.iter().filter(|piece| piece.label != Label::Kept && piece.reason != "blank");
    not_kept.map(|piece| (piece.reason.as_str(), document[piece.start..piece.end].trim())).collect()
}

#[test]
fn a_flattened_page_yields_its_metadata_and_body() {
    let document = "Two ports agree on one ticket\n\nShare This\nTwo ports agree on one ticket\n\n\
        ISLAMABAD: Ministers Sign a Plan for Ferries, Buses and Trams\n\n\
        The two ports will sell one ticket from Monday, the ministries said in a joint statement.\n\n\
        Prices stay as they are, and children under six travel free of charge as before.\n\n\
        Gazette of the Ports is a digital news website that covers harbours.\n\n- Advertisement -\n\nNeed Help? Chat with us";
    let page = read(document);
    assert!(page.tiles(document));
    assert_eq!(page.headline.as_ref().map(|headline| headline.value.as_str()), Some("Two ports agree on one ticket"));
    assert_eq!(page.dateline.as_ref().map(|dateline| dateline.value.as_str()), Some("ISLAMABAD"));
    assert_eq!(
        page.deck.as_ref().map(|deck| deck.value.as_str()),
        Some("Ministers Sign a Plan for Ferries, Buses and Trams")
    );
    assert_eq!(page.body.len(), 2);
    assert_eq!(page.publisher.as_ref().map(|publisher| publisher.value.name.as_str()), Some("Gazette of the Ports"));
    assert_eq!(page.published, None);
    let reasons: Vec<_> = removed(document, &page).into_iter().map(|removed| removed.0).collect();
    assert_eq!(reasons, ["share button", "headline repeated", "dateline", "publisher", "advertisement", "chat button"]);
}

const BODY: &str = "The salt works of the bay closed its last pond on Friday, the owners said in a letter to the town.\n\
    Forty people raked the ponds by hand until the end, and the salt was sold in three countries of the north.\n\
    The town wants to keep the ponds for birds, which the owners say they would give away free of charge.\n";

#[test]
fn a_headline_is_distinguished_from_menus_and_notices_above_the_body() {
    let menu = "Home\nWorld\nBusiness\nOur newsletter for early risers\nListen to the morning programme\n";
    for (top, expected, rule) in [
        // The body contains its words, and a date follows.
        (
            format!("{menu}Last salt ponds of the bay close\n3 March 2025\n"),
            "Last salt ponds of the bay close",
            "headline-above-body",
        ),
        // Repeated, around a picture.
        (
            format!("{menu}The salt ponds end in white\nPicture: a rake\nThe salt ponds end in white\n3 March 2025\n"),
            "The salt ponds end in white",
            "headline-repeated",
        ),
        // A breadcrumb ends with it.
        (
            "Home» Business» Salt ponds close for ever\nSalt ponds close for ever\n".to_owned(),
            "Salt ponds close for ever",
            "headline-above-body",
        ),
        // The page was saved from its title on.
        ("An end in white\nBy Ida Lund\n".to_owned(), "An end in white", "headline-first"),
        // A headline may be a question, which is not prose.
        (
            "Who will keep the old salt ponds of the bay now that they are closed?\n".to_owned(),
            "Who will keep the old salt ponds of the bay now that they are closed?",
            "headline-first",
        ),
    ] {
        let document = format!("{top}{BODY}");
        let found = read(&document).headline.expect("a headline");
        assert_eq!((found.value.as_str(), found.rule), (expected, rule), "{top}");
    }
    assert_eq!(read(BODY).headline, None, "prose alone has no headline");
}

#[test]
fn lines_of_the_same_words_are_scored_the_same_every_time() {
    let words: Vec<String> = ('a'..='l').map(|letter| format!("harbour{letter}")).collect();
    let sentences =
        (1..words.len()).map(|at| format!("It is known of {} that they are there.\n", words[..at].join(" and ")));
    let reversed: Vec<_> = words.iter().rev().cloned().collect();
    let document = format!("News\n{}\n{}\n{}", words.join(" "), reversed.join(" "), sentences.collect::<String>());
    let first = read(&document);
    assert!((0..50).all(|_| read(&document) == first));
}

#[test]
fn spans_cover_the_words_they_cite() {
    let document =
        "UPDATE 2-Ports agree on a ticket\n\nGENEVA (Reuters) - The two ports will sell one ticket from Monday on.\n";
    let page = read(document);
    let at = |span: &Span| &document[span.start..span.end];
    assert_eq!(page.headline.as_ref().map(|headline| at(&headline.spans[0])), Some("Ports agree on a ticket"));
    assert_eq!(page.dateline.as_ref().map(|dateline| at(&dateline.spans[0])), Some("GENEVA"));
    assert_eq!(page.agency.as_ref().map(|agency| at(&agency.spans[0])), Some("Reuters"));
    assert_eq!(at(&page.body[0].spans[0]), page.body[0].text);
}

proptest! {
    #[test]
    fn the_pieces_tile_every_text(document in "(\\PC|\n|\r|\t| |\"|By |KYIV|: |— |Share This\n|2025|月|日|电|\\[|\\]){0,60}") {
        let page = read(&document);
        prop_assert!(page.tiles(&document));
        let spans = page.body.iter().flat_map(|body| &body.spans);
        for span in spans {
            prop_assert!(document.get(span.start..span.end).is_some());
        }
    }
}
