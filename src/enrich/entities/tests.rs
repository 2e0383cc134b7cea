//! Short articles written for these tests, and the entities expected in them.

use super::*;
use crate::{article::Place, enrich::text_fields::text_fields, limits::ARTICLE_ENTITIES};

/// Returns the strong entities as `type id`, in order of first mention.
fn strong(headline: &str, body: &[&str], dateline: Option<(&str, &str)>) -> Vec<String> {
    all(headline, body, dateline)
        .into_iter()
        .filter(|found| found.entity.strong)
        .map(|found| type_and_id(&found.entity))
        .collect()
}

fn type_and_id(entity: &Entity) -> String {
    let kind = serde_json::to_value(entity.kind).expect("an entity type serializes");
    format!("{} {}", kind.as_str().unwrap_or_default(), entity.id)
}

fn all(headline: &str, body: &[&str], dateline: Option<(&str, &str)>) -> Vec<EntityMatch> {
    let body: Vec<String> = body.iter().map(|body| (*body).to_owned()).collect();
    let dateline = dateline.map(|(name, country)| Dateline {
        text: name.to_uppercase(),
        place: Some(Place { id: slug(name), name: name.to_owned(), country: CountryCode::parse(country).ok() }),
    });
    let text_fields = text_fields(Some(headline), None, &body);
    let FoundEntities { entities: found, over_limit: left_out, .. } =
        find(&text_fields, Some("en"), dateline.as_ref(), &["Ana Sá".to_owned()]);
    assert_eq!(left_out, 0);
    for span in found.iter().flat_map(|found| &found.entity.mentions) {
        let mut fields = text_fields.iter();
        let field = fields.find(|at| at.field.name() == span.field && at.paragraph == span.paragraph as usize);
        assert!(field.expect("a field").text.get(span.start as usize..span.end as usize).is_some());
    }
    found
}

#[test]
fn people_need_evidence_beside_their_names() {
    for (body, expected) in [
        (
            "Foreign Minister Lena Okafor met Secretary of State Juan Prieto.",
            vec!["person lena-okafor", "person juan-prieto"],
        ),
        ("The ferry was late, Tomas Brandt said. Brandt waits daily.", vec!["person tomas-brandt"]),
        ("Mira Castellan, 34, sells bread at the quay.", vec!["person mira-castellan"]),
        ("“Some guess,” said librarian Leetia Kolit.", vec!["person leetia-kolit"]),
        ("It was built by Joao Peres, the chief engineer of the harbour.", vec!["person joao-peres"]),
        (
            "Prof. Ingrid de la Cruz and Sheikh Omar bin Talal agreed.",
            vec!["person ingrid-de-la-cruz", "person omar-bin-talal"],
        ),
        (
            "Supreme Court said no. The Grand Hotel, who knows, is shut. Green Park said nothing.",
            vec!["organisation supreme-court", "organisation grand-hotel"],
        ),
        ("On Monday Morning Glory won the race.", vec![]),
        // All words of the name also occur in lower case, so it is not a person; a single such word is not enough.
        ("Harbour Fees, who pays them? Nobody likes harbour fees.", vec![]),
        ("Ina Cook said she would cook.", vec!["person ina-cook"]),
    ] {
        assert_eq!(strong("A day at the harbour", &[body], None), expected, "{body}");
    }
}

#[test]
fn the_tagger_finds_names_without_other_evidence() {
    for (body, expected) in [
        (
            "It was an easy win for Maria Hansen and her brother Paul Hansen.",
            vec!["person maria-hansen", "person paul-hansen"],
        ),
        ("Police are looking for Lt. Peter Harris of Denver.", vec!["person peter-harris"]),
        ("The prize went to the Englishman Robert Taylor, who was not there.", vec!["person robert-taylor"]),
        // Neither a club nor a palace speaks.
        ("Ajax Rotterdam said the match was off, and Kensington Palace said nothing.", vec![]),
        (
            "The Securities and Exchange Commission fined the company.",
            vec!["organisation securities-and-exchange-commission"],
        ),
    ] {
        let found: Vec<String> = strong("A day at the harbour", &[body], None)
            .into_iter()
            .filter(|found| found.starts_with("person") || !body.contains("Ajax") && found.starts_with("organisation"))
            .collect();
        assert_eq!(found, expected, "{body}");
    }
}

#[test]
fn lists_of_names_are_evidence_in_other_languages() {
    for (language, text, expected) in [
        ("de", "Der Vertrag mit Katharina Schmidt gilt ab Montag.", Some("katharina-schmidt")),
        ("fr", "Le port a choisi Philippe Moreau pour ce poste.", Some("philippe-moreau")),
        ("de", "Die Niederlage traf Trainer Thomas Wagner hart.", Some("thomas-wagner")),
        ("de", "Der Alte Hafen bleibt offen.", None),
    ] {
        let body = [text.to_owned()];
        let found = find(&text_fields(None, None, &body), Some(language), None, &[]).entities;
        let person = found.iter().find(|found| found.entity.kind == EntityType::Person);
        assert_eq!(person.map(|found| found.entity.id.as_str()), expected, "{text}");
        assert!(person.is_none_or(|found| found.rule == "listed"));
    }
}

#[test]
fn roles_and_surnames_are_assigned_to_their_person() {
    let found = all(
        "Okafor signs the ferry plan",
        &[
            "Pakistan’s Foreign Minister Lena Okafor and United States Secretary of State Juan Prieto spoke by telephone.",
            "Minister Okafor was pleased. Prieto Street was not mentioned, and Prieto left.",
        ],
        None,
    );
    let person = |id: &str| found.iter().find(|hit| hit.entity.id == id).map(|hit| hit.entity.clone()).expect(id);
    let (okafor, prieto) = (person("lena-okafor"), person("juan-prieto"));
    assert_eq!((okafor.role.as_deref(), okafor.mentions.len()), (Some("Foreign Minister"), 3));
    assert_eq!((prieto.role.as_deref(), prieto.mentions.len()), (Some("Secretary of State"), 2));
    assert_eq!(okafor.mentions[0].field, "headline");
    let countries: Vec<_> = found
        .iter()
        .filter(|found| found.entity.kind == EntityType::Country)
        .map(|found| found.entity.id.clone())
        .collect();
    assert_eq!(countries, ["pakistan", "united-states"]);
}

#[test]
fn organisations_need_evidence_in_their_names() {
    for (body, expected) in [
        ("The Coastal Research Institute (CRI) wrote it. CRI paid.", vec!["organisation coastal-research-institute"]),
        (
            "It is for the Ministry of Health and the World Bank to decide.",
            vec!["organisation ministry-of-health", "organisation world-bank"],
        ),
        (
            "Engineers at Northport University and the UN agreed.",
            vec!["organisation northport-university", "organisation united-nations"],
        ),
        ("The Pier Company of old. A company in the north.", vec!["organisation pier-company"]),
        ("American Pier Authority staff left.", vec!["organisation american-pier-authority"]),
        ("Ships use Structured Query Language (SQL). SQL is old.", vec![]),
        // A common term in a heading; a person's membership; a name that ends where another begins.
        ("Top Harbour Crane Company. Every harbour crane company says so.", vec![]),
        ("The Institute of Tides is near. It is the sea of tides.", vec!["organisation institute-of-tides"]),
        ("She is a Fellow of the Society of Dredgers (FSD).", vec!["organisation society-of-dredgers"]),
        ("The Prince Anton Fund (PAF) paid.", vec!["organisation prince-anton-fund"]),
        (
            "It went to the Institute for Tides and The Pier Trust.",
            vec!["organisation institute-for-tides", "organisation pier-trust"],
        ),
    ] {
        let found = strong("A day at the harbour", &[body], None);
        assert_eq!(found, expected, "{body}");
    }
}

#[test]
fn places_need_evidence_in_the_text() {
    for (body, dateline, expected) in [
        ("Trams ran in Lahore and in Nice. Pakistan paid.", None, vec!["place lahore", "country pakistan"]),
        ("He lives in Reading, England, near the river.", None, vec!["place reading", "country united-kingdom"]),
        ("Islamabad agreed. A Pakistani court did not.", Some(("Islamabad", "PK")), vec!["place islamabad"]),
        ("Jordan Miles said he was from Georgia. Chad laughed.", None, vec!["person jordan-miles", "country georgia"]),
        ("The US military left Afghanistan.", None, vec!["country united-states", "country afghanistan"]),
        // Parts of longer names are not evidence of a place.
        ("They drank Fiji Spring and read Sonny Brazil, with Johnson & Wales at the door.", None, vec![]),
        ("Pakistan paid for the books of Lahore & Sons in Lahore.", None, vec!["country pakistan", "place lahore"]),
        ("Johnson & Wales is a school.", None, vec![]),
        ("Neighbouring Pakistan paid.", None, vec!["country pakistan"]),
        ("Roads in New England are icy.", None, vec![]),
    ] {
        assert_eq!(strong("A day at the harbour", &[body], dateline), expected, "{body}");
    }
}

#[test]
fn authors_and_headlines_in_title_case_yield_no_entities() {
    assert_eq!(
        strong("Minister Ana Sá Opens The Grand Harbour Bridge", &["Minister Ana Sá opened it."], None),
        Vec::<String>::new()
    );
}

#[test]
fn phrases_beyond_the_lookup_limit_count_as_names() {
    let letters: Vec<char> = ('a'..='z').collect();
    let terms =
        letters.iter().flat_map(|a| letters.iter().map(move |b| format!("Zo{a}{b} Company. zo{a}{b} company. ")));
    let found = |count: usize| strong("A day at the harbour", &[&terms.clone().take(count).collect::<String>()], None);
    assert_eq!(found(TERMS_MAX), Vec::<String>::new());
    assert_eq!(found(TERMS_MAX + 2).len(), 2);
}

#[test]
fn a_long_list_of_names_is_cut_and_the_rest_counted() {
    let letters: Vec<char> = ('a'..='z').collect();
    let names =
        letters.iter().flat_map(|a| letters.iter().map(move |b| format!("President Zo{a}{b} Ta{b}{a}x spoke. ")));
    let body = [names.take(60).collect::<String>()];
    let FoundEntities { entities: found, over_limit: left_out, .. } =
        find(&text_fields(None, None, &body), Some("en"), None, &[]);
    assert_eq!((found.len(), left_out), (ARTICLE_ENTITIES, 60 - ARTICLE_ENTITIES));
}

#[test]
fn words_beyond_the_taggers_limit_are_counted() {
    let paragraph = "The ferry of Maria Hansen left. ".repeat(1_000);
    let body = vec![paragraph; 4];
    let untagged = |paragraphs: usize| find(&text_fields(None, None, &body[..paragraphs]), Some("en"), None, &[]);
    assert_eq!((untagged(3).untagged_words, untagged(4).untagged_words), (0, 6_000));
}
