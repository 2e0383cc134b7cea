//! The guarantees of paging, and the cost of a page.

use crate::support::{Server, searching::index, story};
use dateline::{
    archive::{Archive, Deletion, Outcome},
    article::{ArticleId, Instant, RawDocument},
    query::{self, ListQuery},
    store::{
        Store, TRANSACTION_WRITES, embedded,
        table::{Action, KeyRange},
    },
};
use proptest::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

const PLACES: [&str; 4] = ["LISBON", "PARIS", "ISLAMABAD", "NAIROBI"];
const QUERIES: [&str; 6] = [
    "",
    "country=PT",
    "country=PT,FR&sort=published",
    "country=-PT&language=en",
    "place=paris&language=en&has=dateline",
    "sort=published",
];

/// A write between two pages.
#[derive(Clone, Debug)]
enum Write {
    /// A new article, a near-duplicate of those with the same `text` and, from `TEXTS` on, of those with two texts.
    Create {
        place: usize,
        text: usize,
    },
    Revise {
        which: usize,
        place: usize,
    },
    Delete {
        which: usize,
    },
    Restore {
        which: usize,
    },
    /// The consumer that forms stories gets its turn.
    FormStories,
}

/// Number of texts of which no two are near-duplicates.
const TEXTS: usize = 4;

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let (place, which) = (0..PLACES.len(), 0..40_usize);
    let write = prop_oneof![
        3 => (place.clone(), 0..2 * TEXTS).prop_map(|(place, text)| Write::Create { place, text }),
        3 => (which.clone(), place).prop_map(|(which, place)| Write::Revise { which, place }),
        1 => which.clone().prop_map(|which| Write::Delete { which }),
        1 => which.prop_map(|which| Write::Restore { which }),
        1 => Just(Write::FormStories),
    ];
    prop::collection::vec(write, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Compares with a list in memory, while articles are created, revised, deleted and restored, and stories merge.
    #[test]
    fn a_walk_returns_every_unchanged_match_exactly_once(
        first in prop::collection::vec((0..PLACES.len(), 0..2 * TEXTS), 1..20),
        limit in 1..7_usize,
        which in 0..QUERIES.len(),
        meanwhile in prop::collection::vec(writes(), 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let first = first.into_iter().map(|(place, text)| Write::Create { place, text }).collect();
        runtime.block_on(walk(first, limit, QUERIES[which], meanwhile));
    }
}

/// The properties of an article that the queries filter by.
#[derive(Clone, Debug)]
struct ModelArticle {
    id: ArticleId,
    place: usize,
    text: usize,
    deleted: bool,
}

/// The expected contents of the archive, as a list in memory.
#[derive(Default)]
struct Model {
    articles: Vec<ModelArticle>,
    versions: usize,
}

impl Model {
    fn matching(&self, query: &str) -> BTreeSet<String> {
        let matches = |article: &&ModelArticle| match query {
            "" | "sort=published" => true,
            "country=PT" => article.place == 0,
            "country=PT,FR&sort=published" => article.place <= 1,
            "country=-PT&language=en" => article.place != 0,
            "place=paris&language=en&has=dateline" => article.place == 1,
            _ => unreachable!("every query is in the model"),
        };
        self.articles
            .iter()
            .filter(|article| !article.deleted)
            .filter(matches)
            .map(|article| article.id.to_string())
            .collect()
    }

    /// Writes to the archive and the model; returns the id of the article, if it concerns one.
    async fn write(&mut self, archive: &Archive, write: Write) -> Option<String> {
        self.versions += 1;
        let count = self.articles.len().max(1);
        let of = |which: usize| which % count;
        Some(match write {
            Write::FormStories => {
                index(archive.store()).await;
                return None;
            }
            Write::Create { place, text } => {
                let document = document(self.articles.len(), self.versions, place, text);
                let id = archive.ingest(document).await.expect("ingested").id;
                self.articles.push(ModelArticle { id: id.clone(), place, text, deleted: false });
                id.to_string()
            }
            Write::Revise { which, place } => {
                let at = of(which);
                let known = &mut self.articles[at];
                let ingested = archive.ingest(document(at, self.versions, place, known.text)).await.expect("ingested");
                assert_eq!(
                    ingested.outcome == Outcome::Deleted,
                    known.deleted,
                    "only a restore brings a deleted article back"
                );
                if !known.deleted {
                    known.place = place;
                }
                known.id.to_string()
            }
            Write::Delete { which } => {
                let known = &mut self.articles[of(which)];
                archive.delete(&known.id, &Deletion::default()).await.expect("deleted");
                known.deleted = true;
                known.id.to_string()
            }
            Write::Restore { which } => {
                let known = &mut self.articles[of(which)];
                assert_eq!(archive.restore(&known.id).await.is_ok(), known.deleted);
                known.deleted = false;
                known.id.to_string()
            }
        })
    }
}

fn document(number: usize, version: usize, place: usize, text: usize) -> RawDocument {
    let mut document =
        story(&format!("{number}.txt"), &format!("Tram {number} returns, take {version}"), PLACES[place]);
    let texts = if text < TEXTS { vec![text] } else { vec![text % TEXTS, (text + 1) % TEXTS] };
    for text in texts {
        for line in 0..6 {
            let (a, b) = (text * 100 + line * 7 + 11, text * 90 + line * 13 + 5);
            let line = format!("\nLine {a} of timetable {b} runs every {line} minutes past depot {a} and quay {b}.\n");
            document.content.extend(line.into_bytes());
        }
    }
    document
}

async fn walk(first: Vec<Write>, limit: usize, query: &str, meanwhile: Vec<Vec<Write>>) {
    let server = Server::new().await;
    let mut model = Model::default();
    for write in first {
        model.write(&server.archive, write).await;
    }
    let matching = model.matching(query);
    let was = QUERIES.map(|query| model.matching(query));
    let at = Instant::now();
    // Timestamps have a resolution of milliseconds, and the writes below must be later.
    tokio::time::sleep(Duration::from_millis(2)).await;
    let mut touched = BTreeSet::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut next = Some(format!("/v1/articles?{query}&limit={limit}&fields=id"));
    let mut meanwhile = meanwhile.into_iter();
    while let Some(path) = next {
        let page = server.get(&path).await.json();
        for article in page["articles"].as_array().expect("a page") {
            *seen.entry(id(article.clone())).or_default() += 1;
        }
        next = page["next"].as_str().map(str::to_owned);
        for write in meanwhile.next().unwrap_or_default() {
            let is_new = matches!(write, Write::Create { .. });
            let id = model.write(&server.archive, write).await;
            touched.extend(id.filter(|_| !is_new));
        }
    }
    for id in matching.difference(&touched) {
        assert_eq!(seen.get(id), Some(&1), "{query}: {id}");
    }
    for (id, times) in seen {
        assert!(times == 1 || touched.contains(&id), "{query}: {id} was returned {times} times");
    }
    // In the end the archive contains what the model contains, whichever posting list answers.
    for query in QUERIES {
        let found = server.walk(&format!("/v1/articles?{query}&limit={limit}&fields=id")).await;
        let found: Vec<String> = found.into_iter().map(id).collect();
        assert_eq!(found.len(), found.iter().collect::<BTreeSet<_>>().len(), "{query}: each once");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), model.matching(query), "{query}");
    }
    for (query, was) in QUERIES.into_iter().zip(was) {
        let found = server.walk(&format!("/v1/articles?{query}&limit={limit}&as_of={at}&fields=id")).await;
        let found: Vec<String> = found.into_iter().map(id).collect();
        assert_eq!(found.len(), was.len(), "{query} as of {at}: each once");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), was, "{query} as of {at}");
    }
    index(server.archive.store()).await;
    stories_match_their_members(&server).await;
}

/// Checks, after any joins, merges, deletions and restores, that each article shows the story that it is a member of.
async fn stories_match_their_members(server: &Server) {
    let store = server.archive.store();
    let mut story_of: BTreeMap<String, String> = BTreeMap::new();
    for article in server.walk("/v1/articles?limit=100&fields=id,story").await {
        let story = ArticleId::parse(article["story"].as_str().expect("a story")).expect("an id");
        let (living, record) = store.resolve_story(&story).await.expect("read");
        let id = id(article);
        assert_eq!(living, story, "the article shows the story that remains");
        let members = record.map_or_else(|| vec![living.clone()], |record| record.members);
        assert!(members.iter().any(|member| member.as_str() == id), "{id} is not a member of {living}: {members:?}");
        story_of.insert(id, living.to_string());
    }
    let collapsed = server.walk("/v1/articles?limit=3&collapse=story&fields=id").await;
    let shown: Vec<&String> = collapsed.into_iter().filter_map(|article| story_of.get(&id(article))).collect();
    let stories: BTreeSet<&String> = story_of.values().collect();
    assert_eq!(shown.len(), stories.len(), "each story once");
    assert_eq!(shown.into_iter().collect::<BTreeSet<_>>(), stories);
}

fn id(article: serde_json::Value) -> String {
    article["id"].as_str().expect("an id").to_owned()
}

async fn cost(store: &Store, text: &str) -> (usize, f64, usize) {
    let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    let query = ListQuery::parse(&pairs).expect("a valid query");
    let page = query::page(store, &query).await.expect("a page");
    (page.cost.queries, page.cost.read_units, page.cards.len())
}

#[tokio::test]
async fn a_page_costs_one_query_with_one_filter_and_at_most_three_with_three() {
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

/// Lengthens a posting list with copies of a real posting at other positions.
async fn lengthen(store: &Store, pk: &str, from: usize, to: usize) {
    let table = store.table();
    let first = table.query(&KeyRange::new(pk, ("#".to_owned(), "~".to_owned()), 1)).await.expect("read");
    let first = first.content.items.first().expect("a posting").clone();
    let copies: Vec<_> = (from..to)
        .map(|number| {
            let mut copy = first.clone();
            let (minute, second, millisecond) = (number / 60_000, number / 1_000 % 60, number % 1_000);
            copy.key.sk = format!("2020-01-01T00:{minute:02}:{second:02}.{millisecond:03}Z#{number:026}");
            Action::Put(copy).always()
        })
        .collect();
    for copies in copies.chunks(TRANSACTION_WRITES) {
        table.transact(copies.to_vec()).await.expect("written");
    }
}

#[tokio::test]
async fn a_page_costs_the_same_at_a_hundred_and_at_a_hundred_thousand_postings() {
    let (store, _) = embedded::memory().expect("an engine in memory");
    let archive = Archive::new(store);
    archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    let queries = ["", "language=en", "sort=published", "language=en&has=dateline"];
    let lists = ["F#all", "F#language#en"];
    for pk in lists {
        lengthen(archive.store(), pk, 1, 100).await;
    }
    let mut few = Vec::new();
    for query in queries {
        few.push(cost(archive.store(), query).await);
    }
    for pk in lists {
        lengthen(archive.store(), pk, 100, 100_000).await;
    }
    for (query, few) in queries.into_iter().zip(few) {
        assert_eq!(few.2, 20, "{query}");
        assert_eq!(cost(archive.store(), query).await, few, "{query}");
    }
}

#[tokio::test]
async fn a_page_with_few_matches_ends_at_its_query_budget_and_the_walk_continues() {
    let (store, _) = embedded::memory().expect("an engine in memory");
    let server = Server::on(store, dateline::access::Policy::OPEN);
    server.archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    // More postings than the budget reads, none of which match.
    lengthen(server.archive.store(), "F#all", 1, 30_000).await;
    let (queries, _, found) = cost(server.archive.store(), "has=-dateline").await;
    assert_eq!((queries, found), (dateline::limits::PAGE_QUERIES, 0));
    assert!(server.walk("/v1/articles?has=-dateline").await.is_empty());
}
