//! Search results: they agree with the texts and with the lists, for every form of query.

use crate::support::{
    Server,
    searching::{articles, document, fill, ids, index, url, version, walk_index, walk_table},
};
use dateline::{
    archive::Deletion,
    article::{Article, ArticleId},
    query::TextQuery,
    search::{Search, indexer::Indexer, says},
    store::Store,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

async fn headlines(server: &Server, q: &str) -> Vec<String> {
    let found = server.walk(&url("/v1/articles", &[("q", q), ("limit", "3"), ("fields", "headline")])).await;
    found.iter().map(|article| article["headline"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Queries of every form, over texts in a dozen languages and scripts.
const QUERIES: [&str; 40] = [
    "ferry",
    "ferries ticket",
    "\"ferry tickets\"",
    "harbour tunnel",
    "headline:tunnel",
    "headline:tunnel -harbour",
    "deck:water OR deck:school",
    "body:(water OR school) minister",
    "NOT water",
    "-water -school",
    "wat*",
    "headline:harb*",
    "\"water plant\"~3",
    "\"plant water\"~8",
    "(ferry OR tunnel) (minister OR mayor)",
    "author:maria OR author:peter",
    "U.S. OR us",
    "dar's",
    "co-operation OR cooperation",
    "million",
    "zürich OR zurich",
    "vélo",
    "velo cargo",
    "radbrücke",
    "brücken",
    "agave mezcal",
    "Київ OR трамвай",
    "трамваи",
    "地铁",
    "车",
    "安静车厢",
    "\"安静车厢\"",
    "quiet* OR 静",
    "قمح",
    "القمح OR مصر",
    "2025",
    "3.5 OR 29 OR 10",
    "the",
    "xyzzy",
    "NOT xyzzy",
];

#[tokio::test]
async fn a_search_returns_the_articles_whose_texts_match_with_and_without_an_index() {
    let server = Server::with_seeds().await;
    let all = articles(&server).await;
    let mut found_any = 0;
    for indexed in [false, true] {
        for q in QUERIES {
            let text = TextQuery::parse(q).expect(q);
            let matching: BTreeSet<String> =
                all.iter().filter(|article| says(&text, article)).map(|article| article.head.id.to_string()).collect();
            for sort in ["-published", "published", "-changed", "relevance"] {
                let path = url("/v1/articles", &[("q", q), ("sort", sort), ("limit", "4"), ("fields", "id")]);
                let found = ids(&server.walk(&path).await);
                assert_eq!(found.len(), matching.len(), "{q} by {sort}, indexed: {indexed}");
                assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), matching, "{q} by {sort}, indexed: {indexed}");
            }
            found_any += usize::from(!matching.is_empty());
        }
        index(server.archive.store()).await;
    }
    assert!(found_any > QUERIES.len(), "most of the queries find something: {found_any}");
}

#[tokio::test]
async fn words_match_in_other_forms_and_phrases_match_verbatim() {
    let server = Server::new().await;
    for (key, headline, text) in [
        ("a", "Ferries wait for the tide", "The captains were waiting on Monday. Each ferry carries forty cars."),
        ("b", "Mayor opens a bridge", "The ferry is no longer needed, said the mayor of the harbour town on Monday."),
        ("c", "Élection à Genève", "Les électeurs de la ville ont voté lundi pour un nouveau conseil des transports."),
    ] {
        server.archive.ingest(document(key, headline, "LISBON", text)).await.expect("ingested");
    }
    let (ferries, bridge, vote) = ("Ferries wait for the tide", "Mayor opens a bridge", "Élection à Genève");
    for (q, wanted) in [
        ("ferry", vec![bridge, ferries]),
        ("FERRIES", vec![bridge, ferries]),
        ("\"ferries\"", vec![ferries]),
        ("waiting", vec![ferries]),
        ("\"ferry carries\"", vec![ferries]),
        ("\"carries ferry\"", vec![]),
        ("\"carries ferry\"~2", vec![ferries]),
        ("\"tide the captains\"", vec![]),
        ("geneve", vec![vote]),
        ("electeur", vec![vote]),
        ("headline:ferry", vec![ferries]),
        ("ferry -mayor", vec![ferries]),
        ("bridge OR election", vec![vote, bridge]),
    ] {
        let mut found = headlines(&server, q).await;
        found.sort();
        let mut wanted = wanted;
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{q}");
    }
    let path = url("/v1/articles", &[("q", "ferry"), ("sort", "relevance"), ("fields", "headline")]);
    assert_eq!(server.walk(&path).await[0]["headline"], ferries, "the headline has the highest weight");
}

/// Compares the index of character pairs with a plain substring search.
#[tokio::test]
async fn scripts_without_spaces_match_any_substring() {
    let server = Server::with_seeds().await;
    let thai = "รถรางริมท่าเรือกลับมาวิ่งอีกครั้งในวันจันทร์ หลังจากหยุดไปสองปี ผู้โดยสารกลุ่มแรกมาถึงก่อนรุ่งสาง";
    let korean =
        "항구의 전차가 이 년 만에 월요일부터 다시 운행한다고 시장이 말했다. 첫 승객들은 해가 뜨기 전에 도착했다.";
    let japanese = "港の路面電車は二年ぶりに月曜日から運転を再開した。最初の乗客は夜明け前に到着したと市長は述べた。";
    for (key, text) in [("th", thai), ("ko", korean), ("ja", japanese)] {
        server.archive.ingest(document(key, text, "LISBON", text)).await.expect("ingested");
    }
    let all = articles(&server).await;
    let search = Search::new(server.archive.store().clone());
    let whole = |article: &Article| {
        let parts = article.facts.headline.iter().chain(&article.facts.deck).chain(&article.detail.body);
        parts.cloned().collect::<Vec<_>>().join("\n")
    };
    let mut queries = 0;
    for text in all.iter().map(whole) {
        let characters: Vec<char> = text.chars().collect();
        let is_unspaced = |character: &char| matches!(u32::from(*character), 0x0e01..=0x0e3a | 0x0e40..=0x0e4e | 0x3041..=0x30ff | 0x4e00..=0x9fff | 0xac00..=0xd7a3);
        for length in [1, 2, 3, 5] {
            for window in characters.windows(length).step_by(7).filter(|window| window.iter().all(is_unspaced)).take(12)
            {
                let substring: String = window.iter().collect();
                let matching = all.iter().filter(|article| whole(article).contains(&substring)).count();
                let path = url("", &[("q", &substring), ("limit", "100")]);
                let found = walk_index(&search, path.trim_start_matches('?')).await;
                assert_eq!(found.len(), matching, "{substring}");
                queries += 1;
            }
        }
    }
    assert!(queries > 100, "{queries}");
}

/// A step between two searches.
#[derive(Clone, Debug)]
enum Step {
    Write { which: usize, version: usize },
    Delete { which: usize },
    Restore { which: usize },
    Index,
    Reindex,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..14_usize, 0..6_usize).prop_map(|(which, version)| Step::Write { which, version }),
        2 => (0..14_usize).prop_map(|which| Step::Delete { which }),
        1 => (0..14_usize).prop_map(|which| Step::Restore { which }),
        3 => Just(Step::Index),
        1 => Just(Step::Reindex),
    ];
    prop::collection::vec(step, 4..40)
}

const FILTERS: [&str; 12] = [
    "",
    "country=PT",
    "country=PT,FR&language=en",
    "country=-PT",
    "place=paris&has=dateline",
    "has=-published",
    "has=published,quantity",
    "published_from=2025-03-01&published_to=2025-03-09",
    "changed_from=2020-01-01",
    "mentions_from=2019-01-01&mentions_to=2020-06-01",
    "mentions_to=2018-06-01&country=-FR",
    "topic=11000000,04000000&has=-author",
];

const WORDS: [&str; 8] =
    ["ferry", "\"harbour tram\"", "tram -ferry", "headline:returns", "minist*", "NOT tram", "\"tram quay\"~6", "七月"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// For any writes and any times of indexing: a filter returns the same articles from the index as from the table,
    /// in the same order; text queries return the matching articles; and counts equal the lengths of the lists.
    #[test]
    fn the_index_and_the_table_agree(steps in steps(), limit in 1..6_usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(agree(steps, limit));
    }
}

async fn agree(steps: Vec<Step>, limit: usize) {
    let server = Server::new().await;
    let (archive, store) = (&server.archive, server.archive.store());
    let search = Search::new(store.clone());
    let mut written = BTreeMap::new();
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Write { which, version: text } => {
                written.insert(which, archive.ingest(version(which, text)).await.expect("ingested").id);
            }
            Step::Delete { which } => {
                if let Some(id) = written.get(&which) {
                    archive.delete(id, &Deletion::default()).await.expect("deleted");
                }
            }
            Step::Restore { which } => {
                if let Some(id) = written.get(&which) {
                    // An article that is not deleted is refused.
                    let _refused = archive.restore(id).await;
                }
            }
            Step::Index => index(store).await,
            Step::Reindex => {
                Indexer::new(store.clone()).rebuild().await.expect("rebuilt");
            }
        }
        if number % 4 == 3 {
            agrees(&server, &search, limit).await;
        }
    }
    agrees(&server, &search, limit).await;
}

async fn agrees(server: &Server, search: &Search, limit: usize) {
    let store = server.archive.store();
    for filter in FILTERS {
        for sort in ["-published", "published", "-changed"] {
            let query = format!("{filter}&sort={sort}&limit={limit}").trim_start_matches('&').to_owned();
            let listed = walk_table(store, &query).await;
            assert_eq!(walk_index(search, &query).await, listed, "{query}");
        }
    }
    let all = articles(server).await;
    for q in WORDS {
        let text = TextQuery::parse(q).expect(q);
        let matching: BTreeSet<ArticleId> =
            all.iter().filter(|article| says(&text, article)).map(|article| article.head.id.clone()).collect();
        for sort in ["-published", "relevance"] {
            let path = url("", &[("q", q), ("sort", sort), ("limit", &limit.to_string())]);
            let found = walk_index(search, path.trim_start_matches('?')).await;
            assert_eq!(found.len(), matching.len(), "{q} by {sort}");
            assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), matching, "{q} by {sort}");
        }
    }
    let counted = server.get("/v1/facets?field=country,language&limit=200").await.json();
    assert_eq!(counted["total"], all.len());
    for facet in counted["facets"].as_array().expect("facets") {
        for value in facet["values"].as_array().expect("values") {
            let (field, term) = (facet["field"].as_str().expect("a name"), value["value"].as_str().expect("a value"));
            let listed = walk_table(store, &format!("{field}={term}")).await;
            assert_eq!(value["count"], listed.len(), "{field}={term}");
        }
    }
    let timeline = server.get("/v1/timeline?interval=day&published_from=2025-01-01").await.json();
    let buckets = timeline["buckets"].as_array().expect("buckets");
    for (number, bucket) in buckets.iter().enumerate() {
        let (from, to) = (bucket["from"].as_str().expect("a time"), bucket["to"].as_str().expect("a time"));
        let listed = walk_table(store, &format!("published_from={from}&published_to={to}")).await;
        assert_eq!((&bucket["count"], &bucket["published"]), (&listed.len().into(), &listed.len().into()));
        if let Some(next) = buckets.get(number + 1) {
            assert_eq!(next["from"], to, "the buckets have no gaps");
        }
    }
    assert_eq!(timeline["total"], walk_table(store, "has=published&published_from=2025-01-01").await.len());
}

#[tokio::test]
async fn highlights_are_spans_of_the_articles_own_text() {
    let server = Server::with_seeds().await;
    let mut shown = 0;
    for q in ["water", "\"water plant\" OR ferry", "headline:harb*", "地铁", "трамвай", "velo", "deck:water -ferry"]
    {
        let path = url("/v1/articles", &[("q", q), ("highlight", "true"), ("limit", "100"), ("fields", "id,headline")]);
        for entry in server.walk(&path).await {
            assert_eq!(entry.as_object().expect("an entry").len(), 3, "the requested members and highlights");
            let id = entry["id"].as_str().expect("an id");
            let whole = server.get(&format!("/v1/articles/{id}")).await.json();
            let highlights = entry["highlights"].as_array().expect("highlights");
            assert!(!highlights.is_empty() && highlights.len() <= 3, "{q}: {entry}");
            for passage in highlights {
                let number = |name: &str| passage[name].as_u64().expect("a number") as usize;
                let text = match passage["field"].as_str().expect("a field") {
                    "body" => whole["body"][number("paragraph")].as_str(),
                    "author" => whole["authors"][number("paragraph")]["name"].as_str(),
                    field => whole[field].as_str(),
                };
                let text = text.expect("a paragraph");
                assert_eq!(&text[number("start")..number("end")], passage["text"], "{q}");
                let matches = passage["matches"].as_array().expect("matches");
                assert!(!matches.is_empty(), "{q}: {passage}");
                for found in matches {
                    let (start, end) = (found["start"].as_u64().expect("bytes"), found["end"].as_u64().expect("bytes"));
                    assert!(number("start") as u64 <= start && start < end && end <= number("end") as u64);
                    assert!(text.get(start as usize..end as usize).is_some(), "the span ends between characters");
                }
                shown += 1;
            }
        }
    }
    assert!(shown > 15, "{shown}");
}

#[tokio::test]
async fn every_invalid_search_parameter_is_reported() {
    let server = Server::new().await;
    for (query, parameter) in [
        ("q=flood+(", "q"),
        ("q=", "q"),
        ("sort=relevance", "sort"),
        ("highlight=true", "highlight"),
        ("q=a&highlight=yes", "highlight"),
        ("q=a&as_of=2025-01-01", "as_of"),
        ("q=a&q=b", "q"),
    ] {
        let answer = server.get(&format!("/v1/articles?{query}")).await;
        assert_eq!(answer.status.as_u16(), 400, "{query}");
        assert_eq!(answer.json()["errors"][0]["parameter"], parameter, "{query}");
    }
    let answer = server.get("/v1/articles?q=flood+%22harbour").await.json();
    assert_eq!(answer["errors"][0]["detail"], "at character 7: expected a closing quotation mark for this one");
    for path in ["/v1/facets", "/v1/facets?field=colour", "/v1/timeline", "/v1/timeline?interval=decade"] {
        assert_eq!(server.get(path).await.problem(), "invalid_parameter", "{path}");
    }
    // A cursor is bound to its query and its order.
    fill(&server, 0..3).await;
    let page = server.get("/v1/articles?q=tram&limit=1").await.json();
    let next = page["next"].as_str().expect("more");
    assert_eq!(server.get(next).await.status.as_u16(), 200);
    assert_eq!(server.get(&next.replace("q=tram", "q=trams")).await.status.as_u16(), 400);
    assert_eq!(server.get(&next.replace("q=tram", "q=tram&sort=relevance")).await.status.as_u16(), 400);
    let hours = server.get("/v1/timeline?interval=hour").await;
    assert!(
        hours.status.as_u16() == 400
            || hours.json()["buckets"].as_array().is_some_and(|buckets| buckets.len() <= 2_000)
    );
}

/// Forms stories, and removes the index that was built with them.
async fn stories_without_index(store: &Store) {
    index(store).await;
    store.objects().delete_index_file("manifest.json").await.expect("deleted");
}

#[tokio::test]
async fn related_articles_are_of_other_stories_and_list_what_they_share() {
    let server = Server::new().await;
    let tunnel = "The mayor of the town, Marta Oliveira, said on Monday that the flooded harbour tunnel stays closed. \
                  Marta Oliveira, the mayor, promised pumps within a week, and buses that go around the bay until then.";
    let pumps = "Pumps arrived at the quay by rail. The mayor, Marta Oliveira, thanked the railway for its help on Sunday. \
                 Marta Oliveira, the mayor, said that the flooded harbour tunnel would take another month to dry out.";
    let bakery = "A bakery won the prize for the best bread of the region. Its owner sold four hundred loaves on Monday, \
                  more than in any week of the last year, and hopes to open a second shop before the summer.";
    let copy = format!("{tunnel} The council meets again on Thursday.");
    let mut ids = BTreeMap::new();
    for (key, headline, place, text) in [
        ("tunnel", "Flooded harbour tunnel stays closed", "LISBON", tunnel),
        ("copy", "Flooded harbour tunnel stays closed", "LISBON", copy.as_str()),
        ("pumps", "Pumps reach flooded tunnel", "LISBON", pumps),
        ("bakery", "Bakery wins a prize for bread", "PARIS", bakery),
    ] {
        let ingested = server.archive.ingest(document(key, headline, place, text)).await.expect("ingested");
        ids.insert(key, ingested.id.to_string());
    }
    stories_without_index(server.archive.store()).await;
    for indexed in [false, true] {
        if indexed {
            index(server.archive.store()).await;
        }
        let related = server.get(&format!("/v1/articles/{}/related", ids["tunnel"])).await.json();
        let related = related["related"].as_array().expect("a list");
        let found: Vec<&str> = related.iter().map(|entry| entry["article"]["id"].as_str().expect("an id")).collect();
        assert_eq!(
            found,
            [ids["pumps"].as_str()],
            "excludes its own story and articles that share nothing: {related:?}"
        );
        let because: Vec<String> = related[0]["because"]
            .as_array()
            .expect("reasons")
            .iter()
            .map(|reason| {
                format!(
                    "{}:{}",
                    reason["kind"].as_str().unwrap_or_default(),
                    reason["value"].as_str().unwrap_or_default()
                )
            })
            .collect();
        for reason in ["person:marta-oliveira", "place:lisbon", "word:flooded", "word:tunnel"] {
            assert!(because.iter().any(|shared| shared == reason), "{reason} in {because:?}");
        }
        let none = server.get(&format!("/v1/articles/{}/related", ids["bakery"])).await.json();
        assert_eq!(none["related"].as_array().map(Vec::len), Some(0));
    }
    let path = format!("/v1/articles/{}/related?limit=500", ids["tunnel"]);
    assert_eq!(server.get(&path).await.problem(), "invalid_parameter");
    assert_eq!(server.get("/v1/articles/3v9k2m7qd0w5xg8n1c4hzrt6pb/related").await.problem(), "article_not_found");
}

#[tokio::test]
async fn collapse_returns_each_story_once_by_its_first_matching_member() {
    let server = Server::new().await;
    let long = "The mayor said on Monday that the flooded harbour tunnel stays closed until the pumps arrive by rail. \
                Buses go around the bay until then, every ten minutes, and the ferry takes bicycles free of charge.";
    let other = "A bakery won the prize for the best bread of the whole region with a loaf of barley and rye. \
                 Its owner sold four hundred of them in a week and hopes to open a second shop before summer.";
    for (number, text) in [long, long, other, long, other].iter().enumerate() {
        let text = format!("{text} {}", ["Ends.", "Zebra.", "Ends.", "Yak.", "Zebra."][number]);
        let document = document(&format!("{number}.txt"), "News of the town", "LISBON", &text);
        server.archive.ingest(document).await.expect("ingested");
    }
    stories_without_index(server.archive.store()).await;
    for indexed in [false, true] {
        if indexed {
            index(server.archive.store()).await;
        }
        for sort in ["-published", "published", "relevance"] {
            for (q, stories) in [("town", 2), ("tunnel", 1), ("zebra", 2), ("yak OR ferry", 1), ("xyzzy", 0)] {
                let pairs = [("q", q), ("sort", sort), ("collapse", "story"), ("limit", "2"), ("fields", "id,story")];
                let found = server.walk(&url("/v1/articles", &pairs)).await;
                let distinct: BTreeSet<&str> =
                    found.iter().map(|article| article["story"].as_str().expect("a story")).collect();
                assert_eq!((found.len(), distinct.len()), (stories, stories), "{q} by {sort}");
                let all = server.walk(&url("/v1/articles", &pairs[..2])).await;
                let first = ids(&found).first().cloned();
                assert_eq!(
                    first,
                    ids(&all).first().cloned(),
                    "the first member of the first story is the first of the list"
                );
            }
        }
        let listed = ids(&server.walk("/v1/articles?collapse=story&limit=2").await);
        assert_eq!(ids(&server.walk("/v1/articles?q=town&collapse=story&limit=2").await), listed);
    }
}

#[tokio::test]
async fn entities_are_found_by_a_typed_prefix() {
    let server = Server::with_seeds().await;
    let counted = server.get("/v1/facets?field=person,organisation,place&limit=200").await.json();
    let mut looked_up = 0;
    for facet in counted["facets"].as_array().expect("facets") {
        let kind = facet["field"].as_str().expect("a name");
        for value in facet["values"].as_array().expect("values").iter().take(12) {
            let id = value["value"].as_str().expect("a slug");
            let last = id.rsplit('-').next().expect("a word");
            for prefix in [id, last] {
                let found = server
                    .get(&url("/v1/entities", &[("prefix", prefix), ("type", kind), ("limit", "50")]))
                    .await
                    .json();
                let found = found["entities"].as_array().expect("entities");
                let entity =
                    found.iter().find(|entity| entity["id"] == id).unwrap_or_else(|| panic!("{prefix}: {found:?}"));
                assert_eq!((&entity["type"], &entity["articles"]), (&facet["field"], &value["count"]));
                let name = entity["name"].as_str().expect("a name");
                assert!(name != id && name.chars().any(char::is_uppercase) || !name.is_ascii(), "{id}: {name}");
                looked_up += 1;
            }
        }
    }
    assert!(looked_up > 20, "{looked_up}");
    let first = server.get("/v1/entities?prefix=Ishaq%20D").await.json();
    assert_eq!(
        (&first["entities"][0]["id"], &first["entities"][0]["name"]),
        (&"ishaq-dar".into(), &"Ishaq Dar".into())
    );
    for bad in ["", "?prefix=%20", "?prefix=a&type=colour", "?prefix=a&limit=0", "?prefix=a&q=b"] {
        assert_eq!(server.get(&format!("/v1/entities{bad}")).await.problem(), "invalid_parameter", "{bad}");
    }
}
