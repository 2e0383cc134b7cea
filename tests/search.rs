//! The search: it finds what the texts say, shows what the lists show, and survives whatever becomes of its files.

mod support;

use dateline::{
    archive::Deletion,
    article::{Article, ArticleId, Instant, RawDocument},
    http::Writes,
    query::{self, ListQuery, Text},
    search::{Search, indexer::Indexer, says},
    store::{Objects, Store, embedded},
};
use futures::{StreamExt, stream::BoxStream};
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, memory::InMemory, path::Path,
};
use proptest::prelude::*;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use support::Server;

const ALL_OF_IT: Duration = Duration::from_secs(600);

fn parse(text: &str) -> ListQuery {
    let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    ListQuery::parse(&pairs).unwrap_or_else(|bad| panic!("{text}: {bad:?}"))
}

async fn index(store: &Store) {
    Indexer::new(store.clone()).run(ALL_OF_IT).await.expect("indexed");
}

fn ids(articles: &[Value]) -> Vec<String> {
    articles.iter().map(|it| it["id"].as_str().expect("an id").to_owned()).collect()
}

fn url(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    format!("{path}?{}", query.finish())
}

async fn headlines(server: &Server, q: &str) -> Vec<String> {
    let found = server.walk(&url("/v1/articles", &[("q", q), ("limit", "3"), ("fields", "headline")])).await;
    found.iter().map(|it| it["headline"].as_str().unwrap_or_default().to_owned()).collect()
}

/// An article in the project's own words.
fn document(key: &str, headline: &str, place: &str, text: &str) -> RawDocument {
    RawDocument {
        content: format!("{headline}\n\n{place}: {text}\n").into_bytes(),
        media_type: Some("text/plain".to_owned()),
        key: Some(key.to_owned()),
        url: None,
        source: None,
        retrieved_at: Instant::parse("2025-04-07T12:00:00Z").expect("a time"),
    }
}

/// Every article, whole.
async fn articles(server: &Server) -> Vec<Article> {
    let store = server.archive.store();
    let found = ids(&server.walk("/v1/articles?limit=100&fields=id").await);
    let found: Vec<ArticleId> = found.iter().map(|it| ArticleId::parse(it).expect("an id")).collect();
    store.articles(&found).await.expect("read").0.into_iter().map(|it| it.article).collect()
}

/// A hundred and some queries of every form, over texts in a dozen languages and scripts.
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
async fn a_search_finds_what_the_texts_say_with_and_without_an_index() {
    let server = Server::with_seeds().await;
    let all = articles(&server).await;
    let mut found_any = 0;
    for indexed in [false, true] {
        for q in QUERIES {
            let text = Text::parse(q).expect(q);
            let said: BTreeSet<String> =
                all.iter().filter(|it| says(&text, it)).map(|it| it.head.id.to_string()).collect();
            for sort in ["-published", "published", "-changed", "relevance"] {
                let path = url("/v1/articles", &[("q", q), ("sort", sort), ("limit", "4"), ("fields", "id")]);
                let found = ids(&server.walk(&path).await);
                assert_eq!(found.len(), said.len(), "{q} by {sort}, indexed: {indexed}");
                assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), said, "{q} by {sort}, indexed: {indexed}");
            }
            found_any += usize::from(!said.is_empty());
        }
        index(server.archive.store()).await;
    }
    assert!(found_any > QUERIES.len(), "most of the queries find something: {found_any}");
}

#[tokio::test]
async fn words_are_found_in_other_forms_and_phrases_as_they_are_written() {
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
    assert_eq!(server.walk(&path).await[0]["headline"], ferries, "the headline weighs most");
}

/// Pairs of characters against the plainest measure there is: whether the text has these characters in this order.
#[tokio::test]
async fn scripts_without_spaces_are_found_by_any_stretch_of_their_characters() {
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
    let whole = |it: &Article| {
        let parts = it.facts.headline.iter().chain(&it.facts.deck).chain(&it.detail.body);
        parts.cloned().collect::<Vec<_>>().join("\n")
    };
    let mut asked = 0;
    for text in all.iter().map(whole) {
        let characters: Vec<char> = text.chars().collect();
        let is_one = |it: &char| matches!(u32::from(*it), 0x0e01..=0x0e3a | 0x0e40..=0x0e4e | 0x3041..=0x30ff | 0x4e00..=0x9fff | 0xac00..=0xd7a3);
        for length in [1, 2, 3, 5] {
            for stretch in characters.windows(length).step_by(7).filter(|it| it.iter().all(is_one)).take(12) {
                let stretch: String = stretch.iter().collect();
                let said = all.iter().filter(|it| whole(it).contains(&stretch)).count();
                let path = url("", &[("q", &stretch), ("limit", "100")]);
                let found = walk_index(&search, path.trim_start_matches('?')).await;
                assert_eq!(found.len(), said, "{stretch}");
                asked += 1;
            }
        }
    }
    assert!(asked > 100, "{asked}");
}

/// What is written between two searches.
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
const PLACES: [&str; 4] = ["LISBON", "PARIS", "ISLAMABAD", "NAIROBI"];

fn version(which: usize, version: usize) -> RawDocument {
    let sentences = [
        "The harbour tram ran again on Monday. The minister of transport paid 3 million euros in 2019.",
        "A ferry took the tram to the other quay, as it did in May 2018. Voters elected a new parliament.",
        "Parliament debated the budget, the government and the election for hours. Inflation rose by 4 percent.",
        "Nothing ran. The quay was empty, and the ministry silent about the years 2017 and 2021.",
        "七月的电车又开了。 The tram is back after the strike of 2020.",
        "The bank lent 20 million dollars to the tram company, said its economists. Markets rose.",
    ];
    let text = format!("{} {}", sentences[version], sentences[(version + which) % sentences.len()]);
    let mut document = document(
        &format!("{which}.txt"),
        &format!("Tram {which} returns, take {version}"),
        PLACES[(which + version) % PLACES.len()],
        &text,
    );
    if !(which + version).is_multiple_of(3) {
        // Some on the same day, so that ids decide their order.
        let day = 1 + (which + version) % 12;
        let html = format!(
            "<html lang=en><head><title>Tram {which} returns, take {version}</title>\
             <meta property='article:published_time' content='2025-03-{day:02}'></head>\
             <body><article><h1>Tram {which} returns, take {version}</h1><p>{}: {text}</p></article></body></html>",
            PLACES[(which + version) % PLACES.len()]
        );
        document.content = html.into_bytes();
        document.media_type = Some("text/html".to_owned());
    }
    document
}

async fn walk_table(store: &Store, query: &str) -> Vec<ArticleId> {
    let mut query = parse(query);
    let mut found = Vec::new();
    loop {
        let page = query::page(store, &query).await.expect("a page");
        found.extend(page.cards.into_iter().map(|it| it.0));
        match page.next {
            Some(next) => query.after = Some(next),
            None => return found,
        }
    }
}

async fn walk_index(search: &Search, query: &str) -> Vec<ArticleId> {
    let mut query = parse(query);
    let mut found = Vec::new();
    loop {
        let (page, rank) = search.page(&query).await.expect("a page");
        found.extend(page.cards.into_iter().map(|it| it.0));
        match page.next {
            Some(next) => (query.after, query.rank) = (Some(next), rank),
            None => return found,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Whatever was written and whenever it was indexed: the index means by a filter what the table means by it, in the
    /// same order; texts are found by what they say; and counts are the lists' lengths.
    #[test]
    fn two_engines_one_meaning(steps in steps(), limit in 1..6_usize) {
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
                    // Of what is not deleted, a refusal.
                    let _refused = archive.restore(id).await;
                }
            }
            Step::Index => index(store).await,
            Step::Reindex => {
                Indexer::new(store.clone()).rebuild().await.expect("built anew");
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
        let text = Text::parse(q).expect(q);
        let said: BTreeSet<ArticleId> = all.iter().filter(|it| says(&text, it)).map(|it| it.head.id.clone()).collect();
        for sort in ["-published", "relevance"] {
            let path = url("", &[("q", q), ("sort", sort), ("limit", &limit.to_string())]);
            let found = walk_index(search, path.trim_start_matches('?')).await;
            assert_eq!(found.len(), said.len(), "{q} by {sort}");
            assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), said, "{q} by {sort}");
        }
    }
    let counted = server.get("/v1/facets?field=country,language&limit=200").await.json();
    assert_eq!(counted["total"], all.len());
    for facet in counted["facets"].as_array().expect("facets") {
        for value in facet["values"].as_array().expect("values") {
            let (field, named) = (facet["field"].as_str().expect("a name"), value["value"].as_str().expect("a value"));
            let listed = walk_table(store, &format!("{field}={named}")).await;
            assert_eq!(value["count"], listed.len(), "{field}={named}");
        }
    }
    let timeline = server.get("/v1/timeline?interval=day&published_from=2025-01-01").await.json();
    let buckets = timeline["buckets"].as_array().expect("buckets");
    for (number, bucket) in buckets.iter().enumerate() {
        let (from, to) = (bucket["from"].as_str().expect("a time"), bucket["to"].as_str().expect("a time"));
        let listed = walk_table(store, &format!("published_from={from}&published_to={to}")).await;
        assert_eq!((&bucket["count"], &bucket["published"]), (&listed.len().into(), &listed.len().into()));
        if let Some(next) = buckets.get(number + 1) {
            assert_eq!(next["from"], to, "no stretch is left out");
        }
    }
    assert_eq!(timeline["total"], walk_table(store, "has=published&published_from=2025-01-01").await.len());
}

/// An object store in memory that can fail at a certain request, before or after it is carried out, and change what it has.
#[derive(Debug, Default)]
struct Frail {
    objects: InMemory,
    requests: AtomicUsize,
    /// The request that fails, and whether it is carried out nevertheless.
    fails: Mutex<Option<(usize, bool)>>,
}

#[derive(Clone, Debug, Default)]
struct Handle(Arc<Frail>);

impl std::fmt::Display for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Frail")
    }
}

impl Handle {
    fn failure() -> object_store::Error {
        object_store::Error::Generic { store: "Frail", source: "the process ended here".into() }
    }

    /// Whether the next request is to fail, and if it is carried out.
    fn next(&self) -> Option<bool> {
        let number = self.0.requests.fetch_add(1, Ordering::Relaxed);
        let fails = *self.0.fails.lock().expect("no thread panicked");
        fails.filter(|it| it.0 == number).map(|it| it.1)
    }

    fn fail_at(&self, fails: Option<(usize, bool)>) {
        self.0.requests.store(0, Ordering::Relaxed);
        *self.0.fails.lock().expect("no thread panicked") = fails;
    }

    async fn files(&self, under: &str) -> Vec<Path> {
        let listed = self.0.objects.list(Some(&Path::from(format!("index/{under}"))));
        let listed: Vec<_> = listed.collect().await;
        listed.into_iter().map(|it| it.expect("listed").location).collect()
    }

    async fn bytes(&self, file: &Path) -> Vec<u8> {
        self.0.objects.get(file).await.expect("there").bytes().await.expect("read").to_vec()
    }

    async fn put(&self, file: &Path, bytes: Vec<u8>) {
        self.0.objects.put(file, bytes.into()).await.expect("put");
    }
}

#[async_trait::async_trait]
impl ObjectStore for Handle {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> object_store::Result<PutResult> {
        // Others get their turn between any two requests.
        tokio::task::yield_now().await;
        match self.next() {
            Some(false) => Err(Self::failure()),
            Some(true) => {
                self.0.objects.put_opts(at, payload, options).await?;
                Err(Self::failure())
            }
            None => self.0.objects.put_opts(at, payload, options).await,
        }
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.0.objects.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        tokio::task::yield_now().await;
        match self.next() {
            Some(_) => Err(Self::failure()),
            None => self.0.objects.get_opts(at, options).await,
        }
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.0.objects.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.0.objects.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.0.objects.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
        self.0.objects.copy_opts(from, to, options).await
    }
}

/// An archive whose objects are frail.
async fn frail() -> (Server, Handle) {
    let (store, _) = embedded::memory().await.expect("an engine in memory");
    let handle = Handle::default();
    let store = store.with_objects(Objects::over(Arc::new(handle.clone())));
    (Server::on(store, Writes::Accepted), handle)
}

async fn fill(server: &Server, range: std::ops::Range<usize>) -> Vec<ArticleId> {
    let mut ids = Vec::new();
    for which in range {
        ids.push(server.archive.ingest(version(which, which % 6)).await.expect("ingested").id);
    }
    ids
}

/// What a reader that begins now finds of everything.
async fn everything(server: &Server) -> BTreeSet<ArticleId> {
    let found = walk_index(&Search::new(server.archive.store().clone()), "q=NOT+xyzzy&limit=100").await;
    let set: BTreeSet<ArticleId> = found.iter().cloned().collect();
    assert_eq!(set.len(), found.len(), "each once");
    set
}

#[tokio::test]
async fn an_indexer_that_ends_between_any_two_steps_loses_nothing() {
    let (server, objects) = frail().await;
    let store = server.archive.store().clone();
    let mut written: BTreeSet<ArticleId> = fill(&server, 0..3).await.into_iter().collect();
    index(&store).await;
    let (mut step, mut carried_out) = (0, false);
    for attempt in 0.. {
        // Something new, something revised and something deleted in every attempt, so that there are parts and masks.
        written.extend(fill(&server, 100 + attempt..101 + attempt).await);
        server.archive.ingest(version(0, 1 + attempt % 5)).await.expect("revised");
        let gone = written.iter().nth(attempt % written.len()).expect("one of them").clone();
        server.archive.delete(&gone, &Deletion::default()).await.expect("deleted");
        written.remove(&gone);
        objects.fail_at(Some((step, carried_out)));
        let ended = Indexer::new(store.clone()).run(ALL_OF_IT).await;
        objects.fail_at(None);
        assert_eq!(everything(&server).await, written, "failed at {step}");
        let done = ended.is_ok();
        index(&store).await;
        assert_eq!(everything(&server).await, written, "and healed");
        match (done, carried_out) {
            (true, true) => break,
            (true, false) => (step, carried_out) = (0, true),
            (false, _) => step += 1,
        }
    }
    assert!(step >= 5, "an indexer makes more requests than {step}");
}

#[tokio::test]
async fn of_two_indexers_one_wins_and_the_other_decides_again() {
    let (server, objects) = frail().await;
    let store = server.archive.store().clone();
    let mut written = BTreeSet::new();
    for round in 0..12 {
        written.extend(fill(&server, round * 4..round * 4 + 4).await);
        let indexers = (0..4).map(|_| Indexer::new(store.clone()));
        let runs = indexers.map(|it| async move { it.run(ALL_OF_IT).await });
        for ended in futures::future::join_all(runs).await {
            ended.expect("in the end every one is done");
        }
        assert_eq!(everything(&server).await, written);
    }
    // Together they made one history: what none of them names any more goes, and nothing else does.
    let before = objects.files("parts").await.len();
    assert_eq!(Indexer::new(store.clone()).sweep().await.expect("swept"), 0, "whoever wrote it may be at work still");
    let gone = Indexer::new(store.clone()).with_grace(jiff::SignedDuration::ZERO).sweep().await.expect("swept");
    let parts = objects.files("parts").await.len();
    assert!(gone > 0 && parts < before);
    assert!(parts < 4, "twelve batches of one size are merged: {parts}");
    assert!(objects.files("manifests").await.len() == 1);
    assert_eq!(everything(&server).await, written);
}

/// What becomes of a file; `None`: it is gone.
type Damage = fn(Vec<u8>) -> Option<Vec<u8>>;

#[tokio::test]
async fn a_damaged_index_is_told_lists_go_on_and_reindex_heals() {
    let (server, objects) = frail().await;
    let store = server.archive.store().clone();
    let written: BTreeSet<ArticleId> = fill(&server, 0..30).await.into_iter().collect();
    let damages: [Damage; 5] = [
        |_| None,
        |_| Some(Vec::new()),
        |bytes| Some(bytes[..bytes.len() / 2].to_vec()),
        |mut bytes| {
            let middle = bytes.len() / 2;
            bytes.get_mut(middle).into_iter().for_each(|it| *it ^= 1);
            Some(bytes)
        },
        |bytes| Some(bytes.iter().map(|it| it.wrapping_mul(7)).collect()),
    ];
    for under in ["parts", "masks", ""] {
        for (number, damage) in damages.iter().enumerate() {
            Indexer::new(store.clone()).rebuild().await.expect("built anew");
            server.archive.ingest(version(3, 1 + number)).await.expect("revised");
            index(&store).await;
            for file in objects.files(under).await {
                if !file.as_ref().contains("manifests/") {
                    match damage(objects.bytes(&file).await) {
                        Some(bytes) => objects.put(&file, bytes).await,
                        None => objects.0.objects.delete(&file).await.expect("deleted"),
                    }
                }
            }
            // One that begins now: what is open already goes on.
            let server = Server::on(store.clone(), Writes::Accepted);
            let answer = server.get("/v1/articles?q=tram").await;
            // Without a manifest there is no index, and the tail of the change feed is all of it.
            if !(under.is_empty() && number == 0) {
                assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (503, "search_unavailable"), "{under}");
                assert!(!answer.header("retry-after").is_empty());
                assert_eq!(server.get("/v1/facets?field=topic").await.status.as_u16(), 503);
            }
            assert_eq!(server.walk("/v1/articles").await.len(), 30, "lists go on");
            Indexer::new(store.clone()).rebuild().await.expect("built anew");
            assert_eq!(everything(&server).await, written);
        }
    }
}

#[tokio::test]
async fn a_walk_loses_nothing_whatever_is_written_and_indexed_meanwhile() {
    let (server, objects) = frail().await;
    let store = server.archive.store().clone();
    for sort in ["-published", "published", "relevance"] {
        let stays: BTreeSet<String> = fill(&server, 0..25).await.iter().map(ToString::to_string).collect();
        index(&store).await;
        let first = url("/v1/articles", &[("q", "tram"), ("sort", sort), ("limit", "3"), ("fields", "id")]);
        let (mut next, mut seen, mut pages) = (Some(first), Vec::new(), 0);
        while let Some(path) = next {
            let page = server.get(&path).await.json();
            seen.extend(ids(page["articles"].as_array().unwrap_or_else(|| panic!("a page, not {page}"))));
            next = page["next"].as_str().map(str::to_owned);
            pages += 1;
            server.archive.ingest(version(1_000 + pages, pages % 6)).await.expect("ingested");
            match pages % 3 {
                0 => index(&store).await,
                1 => {
                    Indexer::new(store.clone()).rebuild().await.expect("built anew");
                }
                _ => {}
            }
        }
        for id in &stays {
            assert_eq!(seen.iter().filter(|it| *it == id).count(), 1, "{id} by {sort}");
        }
    }
    // When the index that an order belongs to is gone, that is said.
    let page = server.get("/v1/articles?q=tram&sort=relevance&limit=3").await.json();
    let next = page["next"].as_str().expect("more").to_owned();
    assert_eq!(server.get(&next).await.status.as_u16(), 200);
    fill(&server, 2_000..2_001).await;
    index(&store).await;
    Indexer::new(store.clone()).with_grace(jiff::SignedDuration::ZERO).sweep().await.expect("swept");
    assert_eq!(objects.files("manifests").await.len(), 1);
    let server = Server::on(store, Writes::Accepted);
    let gone = server.get(&next).await;
    assert_eq!((gone.status.as_u16(), gone.problem().as_str()), (410, "cursor_expired"));
}

/// More changes than are laid over an index are told, not searched without: the engine's own import puts them there,
/// because so many writes take minutes.
#[tokio::test]
async fn an_index_that_is_far_behind_is_told_and_catches_up() {
    let (store, engine) = embedded::memory().await.expect("an engine in memory");
    let server = Server::on(store.clone(), Writes::Accepted);
    let id = fill(&server, 0..1).await.remove(0);
    let (shard, first) = (0..16_u64)
        .find_map(|shard| {
            let query = serde_json::json!({
                "TableName": embedded::TABLE,
                "KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": {":pk": {"S": format!("C#{shard:02}")}},
                "Limit": 1,
            });
            let (_, answer) = embedded::answer(&engine, "DynamoDB_20120810.Query", query.to_string().as_bytes());
            let answer: Value = serde_json::from_str(&answer).expect("JSON");
            answer["Items"].get(0).cloned().map(|it| (shard, it))
        })
        .expect("one change");
    let copies = (2..=5_100).map(|number| {
        let mut copy = first.clone();
        copy["sk"] = serde_json::json!({ "S": format!("{number:012}") });
        copy["kind"] = serde_json::json!({ "S": "revised" });
        serde_json::from_value(copy).expect("an item")
    });
    engine.import_items(embedded::TABLE, copies.collect(), dynoxide::ImportOptions::default()).expect("imported");
    let behind = server.get("/v1/articles?q=tram").await;
    assert_eq!((behind.status.as_u16(), behind.header("retry-after")), (503, "10"), "shard {shard}");
    assert_eq!(ids(&server.walk("/v1/articles").await), [id.to_string()], "lists go on");
    index(&store).await;
    assert_eq!(ids(&Server::on(store, Writes::Accepted).walk("/v1/articles?q=tram").await), [id.to_string()]);
}

#[tokio::test]
async fn highlights_are_spans_of_the_articles_own_text() {
    let server = Server::with_seeds().await;
    let mut shown = 0;
    for q in ["water", "\"water plant\" OR ferry", "headline:harb*", "地铁", "трамвай", "velo", "deck:water -ferry"]
    {
        let path = url("/v1/articles", &[("q", q), ("highlight", "true"), ("limit", "100"), ("fields", "id,headline")]);
        for entry in server.walk(&path).await {
            assert_eq!(entry.as_object().expect("an entry").len(), 3, "the members asked for, and highlights");
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
                    assert!(text.get(start as usize..end as usize).is_some(), "between characters");
                }
                shown += 1;
            }
        }
    }
    assert!(shown > 15, "{shown}");
}

#[tokio::test]
async fn every_fault_of_a_search_is_named() {
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
    for path in ["/v1/facets", "/v1/facets?field=colour", "/v1/timeline", "/v1/timeline?interval=year"] {
        assert_eq!(server.get(path).await.problem(), "invalid_parameter", "{path}");
    }
    // A cursor belongs to its query, and to its order.
    fill(&server, 0..3).await;
    let page = server.get("/v1/articles?q=tram&limit=1").await.json();
    let next = page["next"].as_str().expect("more");
    assert_eq!(server.get(next).await.status.as_u16(), 200);
    assert_eq!(server.get(&next.replace("q=tram", "q=trams")).await.status.as_u16(), 400);
    assert_eq!(server.get(&next.replace("q=tram", "q=tram&sort=relevance")).await.status.as_u16(), 400);
    let hours = server.get("/v1/timeline?interval=hour").await;
    assert!(hours.status.as_u16() == 400 || hours.json()["buckets"].as_array().is_some_and(|it| it.len() <= 2_000));
}

#[tokio::test]
async fn lists_without_a_text_never_touch_the_index() {
    let (server, objects) = frail().await;
    fill(&server, 0..5).await;
    index(server.archive.store()).await;
    objects.fail_at(None);
    let server = Server::on(server.archive.store().clone(), Writes::Accepted);
    server.walk("/v1/articles?country=PT").await;
    assert_eq!(objects.0.requests.load(Ordering::Relaxed), 0);
    server.walk("/v1/articles?q=tram").await;
    assert!(objects.0.requests.load(Ordering::Relaxed) > 0);
}

#[tokio::test]
async fn related_articles_are_of_other_stories_and_tell_what_they_share() {
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
    for indexed in [false, true] {
        if indexed {
            index(server.archive.store()).await;
        }
        let related = server.get(&format!("/v1/articles/{}/related", ids["tunnel"])).await.json();
        let related = related["related"].as_array().expect("a list");
        let found: Vec<&str> = related.iter().map(|it| it["article"]["id"].as_str().expect("an id")).collect();
        assert_eq!(found, [ids["pumps"].as_str()], "not its own story, and not what shares nothing: {related:?}");
        let because: Vec<String> = related[0]["because"]
            .as_array()
            .expect("reasons")
            .iter()
            .map(|it| {
                format!("{}:{}", it["kind"].as_str().unwrap_or_default(), it["value"].as_str().unwrap_or_default())
            })
            .collect();
        for reason in ["person:marta-oliveira", "place:lisbon", "word:flooded", "word:tunnel"] {
            assert!(because.iter().any(|it| it == reason), "{reason} in {because:?}");
        }
        let none = server.get(&format!("/v1/articles/{}/related", ids["bakery"])).await.json();
        assert_eq!(none["related"].as_array().map(Vec::len), Some(0));
    }
    let path = format!("/v1/articles/{}/related?limit=500", ids["tunnel"]);
    assert_eq!(server.get(&path).await.problem(), "invalid_parameter");
    assert_eq!(server.get("/v1/articles/3v9k2m7qd0w5xg8n1c4hzrt6pb/related").await.problem(), "article_not_found");
}

#[tokio::test]
async fn each_story_once_by_the_member_that_says_it() {
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
    for indexed in [false, true] {
        if indexed {
            index(server.archive.store()).await;
        }
        for sort in ["-published", "published", "relevance"] {
            for (q, stories) in [("town", 2), ("tunnel", 1), ("zebra", 2), ("yak OR ferry", 1), ("xyzzy", 0)] {
                let pairs = [("q", q), ("sort", sort), ("collapse", "story"), ("limit", "2"), ("fields", "id,story")];
                let found = server.walk(&url("/v1/articles", &pairs)).await;
                let told: BTreeSet<&str> = found.iter().map(|it| it["story"].as_str().expect("a story")).collect();
                assert_eq!((found.len(), told.len()), (stories, stories), "{q} by {sort}");
                let all = server.walk(&url("/v1/articles", &pairs[..2])).await;
                let first = ids(&found).first().cloned();
                assert_eq!(first, ids(&all).first().cloned(), "the first of a story is the first of the list");
            }
        }
        let listed = ids(&server.walk("/v1/articles?collapse=story&limit=2").await);
        assert_eq!(ids(&server.walk("/v1/articles?q=town&collapse=story&limit=2").await), listed);
    }
}

#[tokio::test]
async fn entities_are_looked_up_as_one_types() {
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
                let it = found.iter().find(|it| it["id"] == id).unwrap_or_else(|| panic!("{prefix}: {found:?}"));
                assert_eq!((&it["type"], &it["articles"]), (&facet["field"], &value["count"]));
                let name = it["name"].as_str().expect("a name");
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
