//! Whole documents, in the project's own words, and the law that every byte has a piece.

use super::*;
use proptest::prelude::*;

fn removed<'a>(document: &'a str, page: &'a Page) -> Vec<(&'a str, &'a str)> {
    let not_kept = page.pieces.iter().filter(|it| it.label != Label::Kept && it.reason != "blank");
    not_kept.map(|it| (it.reason.as_str(), document[it.start..it.end].trim())).collect()
}

#[test]
fn a_flattened_page_gives_up_its_story() {
    let document = "Two ports agree on one ticket\n\nShare This\nTwo ports agree on one ticket\n\n\
        ISLAMABAD: Ministers Sign a Plan for Ferries, Buses and Trams\n\n\
        The two ports will sell one ticket from Monday, the ministries said in a joint statement.\n\n\
        Prices stay as they are, and children under six travel free of charge as before.\n\n\
        Gazette of the Ports is a digital news website that covers harbours.\n\n- Advertisement -\n\nNeed Help? Chat with us";
    let page = read(document);
    assert!(page.tiles(document));
    assert_eq!(page.headline.as_ref().map(|it| it.value.as_str()), Some("Two ports agree on one ticket"));
    assert_eq!(page.dateline.as_ref().map(|it| it.value.as_str()), Some("ISLAMABAD"));
    assert_eq!(
        page.deck.as_ref().map(|it| it.value.as_str()),
        Some("Ministers Sign a Plan for Ferries, Buses and Trams")
    );
    assert_eq!(page.body.len(), 2);
    assert_eq!(page.publisher.as_ref().map(|it| it.value.name.as_str()), Some("Gazette of the Ports"));
    assert_eq!(page.published, None);
    let reasons: Vec<_> = removed(document, &page).into_iter().map(|it| it.0).collect();
    assert_eq!(reasons, ["share button", "headline repeated", "dateline", "publisher", "advertisement", "chat button"]);
}

const BODY: &str = "The salt works of the bay closed its last pond on Friday, the owners said in a letter to the town.\n\
    Forty people raked the ponds by hand until the end, and the salt was sold in three countries of the north.\n\
    The town wants to keep the ponds for birds, which the owners say they would give away free of charge.\n";

#[test]
fn a_headline_is_told_from_the_menus_and_notices_above_the_story() {
    let menu = "Home\nWorld\nBusiness\nOur newsletter for early risers\nListen to the morning programme\n";
    for (top, expected, rule) in [
        // The story has its words, a date follows.
        (
            format!("{menu}Last salt ponds of the bay close\n3 March 2025\n"),
            "Last salt ponds of the bay close",
            "headline-above-story",
        ),
        // Twice, around a picture.
        (
            format!("{menu}An end in white\nPicture: a rake\nAn end in white\n3 March 2025\n"),
            "An end in white",
            "headline-repeated",
        ),
        // The way to the page ends with it.
        (
            "Home» Business» Salt ponds close for ever\nSalt ponds close for ever\n".to_owned(),
            "Salt ponds close for ever",
            "headline-above-story",
        ),
        // Saved from the title on.
        ("An end in white\nBy Ida Lund\n".to_owned(), "An end in white", "headline-first"),
        // Headlines may ask, which is no prose.
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
    assert_eq!(read(BODY).headline, None, "prose alone has none");
}

#[test]
fn lines_that_say_the_same_are_weighed_the_same_every_time() {
    let words: Vec<String> = ('a'..='l').map(|it| format!("harbour{it}")).collect();
    let told = (1..words.len()).map(|at| format!("It is said of {} that they are there.\n", words[..at].join(" and ")));
    let turned: Vec<_> = words.iter().rev().cloned().collect();
    let document = format!("News\n{}\n{}\n{}", words.join(" "), turned.join(" "), told.collect::<String>());
    let first = read(&document);
    assert!((0..50).all(|_| read(&document) == first));
}

#[test]
fn spans_are_where_the_words_stand() {
    let document =
        "UPDATE 2-Ports agree on a ticket\n\nGENEVA (Reuters) - The two ports will sell one ticket from Monday on.\n";
    let page = read(document);
    let at = |span: &Span| &document[span.start..span.end];
    assert_eq!(page.headline.as_ref().map(|it| at(&it.spans[0])), Some("Ports agree on a ticket"));
    assert_eq!(page.dateline.as_ref().map(|it| at(&it.spans[0])), Some("GENEVA"));
    assert_eq!(page.agency.as_ref().map(|it| at(&it.spans[0])), Some("Reuters"));
    assert_eq!(at(&page.body[0].spans[0]), page.body[0].text);
}

proptest! {
    #[test]
    fn every_text_is_its_pieces(document in "(\\PC|\n|\r|\t| |\"|By |KYIV|: |— |Share This\n|2025|月|日|电|\\[|\\]){0,60}") {
        let page = read(&document);
        prop_assert!(page.tiles(&document));
        let spans = page.body.iter().flat_map(|it| &it.spans);
        for span in spans {
            prop_assert!(document.get(span.start..span.end).is_some());
        }
    }
}
