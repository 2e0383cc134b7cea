//! What paging promises, and what a page costs.

mod support;

use dateline::{
    archive::Archive,
    query::{self, ListQuery, plan::QUERY_BUDGET},
    store::{Store, embedded},
};
use dynoxide::{Database, ImportOptions};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use support::{Server, story};

const PLACES: [&str; 4] = ["LISBON", "PARIS", "ISLAMABAD", "NAIROBI"];
const QUERIES: [&str; 6] = [
    "",
    "country=PT",
    "country=PT,FR&sort=published",
    "country=-PT&language=en",
    "place=paris&language=en&has=dateline",
    "sort=published",
];

/// What is written between two pages: a new article, or a change of an old one.
#[derive(Clone, Debug)]
enum Write {
    Create { place: usize },
    Revise { which: usize, place: usize },
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let place = 0..PLACES.len();
    let write = prop_oneof![
        place.clone().prop_map(|place| Write::Create { place }),
        (0..40_usize, place).prop_map(|(which, place)| Write::Revise { which, place }),
    ];
    prop::collection::vec(write, 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_walk_returns_once_whatever_matched_and_did_not_change(
        places in prop::collection::vec(0..PLACES.len(), 1..25),
        limit in 1..7_usize,
        which in 0..QUERIES.len(),
        meanwhile in prop::collection::vec(writes(), 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(walk(&places, limit, QUERIES[which], meanwhile));
    }
}

async fn write(archive: &Archive, number: usize, version: usize, place: usize) -> String {
    let document = story(&format!("{number}.txt"), &format!("Tram {number} returns, take {version}"), PLACES[place]);
    archive.ingest(document).await.expect("ingested").id.to_string()
}

async fn walk(places: &[usize], limit: usize, query: &str, meanwhile: Vec<Vec<Write>>) {
    let server = Server::new().await;
    let mut ids = Vec::new();
    for (number, place) in places.iter().enumerate() {
        ids.push(write(&server.archive, number, 1, *place).await);
    }
    let matching: BTreeSet<String> =
        server.walk(&format!("/v1/articles?{query}&limit=100&fields=id")).await.into_iter().map(id).collect();
    let mut touched = BTreeSet::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut next = Some(format!("/v1/articles?{query}&limit={limit}&fields=id"));
    let mut meanwhile = meanwhile.into_iter();
    let mut version = 2;
    while let Some(path) = next {
        let page = server.get(&path).await.json();
        for article in page["articles"].as_array().expect("a page") {
            *seen.entry(id(article.clone())).or_default() += 1;
        }
        next = page["next"].as_str().map(str::to_owned);
        for change in meanwhile.next().unwrap_or_default() {
            version += 1;
            match change {
                Write::Create { place } => {
                    let number = ids.len();
                    ids.push(write(&server.archive, number, version, place).await);
                }
                Write::Revise { which, place } => {
                    let which = which % ids.len();
                    touched.insert(write(&server.archive, which, version, place).await);
                }
            }
        }
    }
    for id in matching.difference(&touched) {
        assert_eq!(seen.get(id), Some(&1), "{query}: {id}");
    }
    for (id, times) in seen {
        assert!(times == 1 || touched.contains(&id), "{query}: {id} came {times} times");
    }
}

fn id(article: serde_json::Value) -> String {
    article["id"].as_str().expect("an id").to_owned()
}

async fn cost(store: &Store, text: &str) -> (usize, f64, usize) {
    let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    let query = ListQuery::parse(&pairs).expect("legal");
    let page = query::page(store, &query).await.expect("a page");
    (page.cost.queries, page.cost.read_units, page.cards.len())
}

#[tokio::test]
async fn a_page_with_one_filter_is_one_query_and_with_three_no_more_than_three() {
    let server = Server::with_seeds().await;
    let store = server.archive.store();
    for query in
        ["", "language=en", "country=PT", "source=nobody", "sort=published", "sort=-changed", "language=en&limit=100"]
    {
        assert_eq!(cost(store, query).await.0, 1, "{query}");
    }
    for query in [
        "language=en&country=KE&has=dateline",
        "language=en&country=GB&place=london",
        "country=-PT&language=en&has=author",
        "language=en,fr,es",
        "language=en&source=-nobody&changed_from=2020-01-01",
    ] {
        let (queries, ..) = cost(store, query).await;
        assert!((1..=3).contains(&queries), "{query}: {queries} queries");
    }
}

/// Copies a real posting under other positions, as far as a list of the given length. Through the engine's own import,
/// because a list this long takes minutes through a client.
fn lengthen(engine: &Database, pk: &str, from: usize, to: usize) {
    let query = json!({
        "TableName": embedded::TABLE,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": pk}},
        "Limit": 1,
    });
    let (_, answer) = embedded::answer(engine, "DynamoDB_20120810.Query", query.to_string().as_bytes());
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    let copies = (from..to).map(|number| {
        let mut copy = answer["Items"][0].clone();
        let (minute, second, millisecond) = (number / 60_000, number / 1_000 % 60, number % 1_000);
        let sk = format!("2020-01-01T00:{minute:02}:{second:02}.{millisecond:03}Z#{number:026}");
        copy["sk"] = json!({ "S": sk });
        serde_json::from_value(copy).expect("an item")
    });
    engine.import_items(embedded::TABLE, copies.collect(), ImportOptions::default()).expect("imported");
}

#[tokio::test]
async fn a_page_costs_the_same_at_a_hundred_and_at_a_hundred_thousand() {
    let (store, engine) = embedded::memory().await.expect("an engine in memory");
    let archive = Archive::new(store);
    archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    let queries = ["", "language=en", "sort=published", "language=en&has=dateline"];
    let lists = ["F#all", "F#language#en"];
    for pk in lists {
        lengthen(&engine, pk, 1, 100);
    }
    let mut few = Vec::new();
    for query in queries {
        few.push(cost(archive.store(), query).await);
    }
    for pk in lists {
        lengthen(&engine, pk, 100, 100_000);
    }
    for (query, few) in queries.into_iter().zip(few) {
        assert_eq!(few.2, 20, "{query}");
        assert_eq!(cost(archive.store(), query).await, few, "{query}");
    }
}

#[tokio::test]
async fn a_page_that_finds_little_ends_at_its_budget_and_goes_on_in_the_next() {
    let (store, engine) = embedded::memory().await.expect("an engine in memory");
    let server = Server::on(store, dateline::http::Writes::Accepted);
    server.archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    // More than the budget reads, none of it matching but the oldest.
    lengthen(&engine, "F#all", 1, 30_000);
    let (queries, _, found) = cost(server.archive.store(), "has=-dateline").await;
    assert_eq!((queries, found), (QUERY_BUDGET, 0));
    assert!(server.walk("/v1/articles?has=-dateline").await.is_empty());
}
