//! A process that is killed at any moment loses nothing that it acknowledged, and stores nothing twice or in part.

use crate::support::{
    mock_server::{Act, MockServer},
    process::ServerProcess,
    searching::index,
    story,
};
use dateline::{
    archive::Archive,
    article::{ArticleId, RawDocument},
    query::{self, ListQuery},
    sources::Source,
    store::embedded,
};
use serde_json::json;
use std::{
    collections::{BTreeMap, HashSet},
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::Stdio,
    time::Duration,
};
use tokio::process::{Child, Command};

const FEEDS: usize = 3;
const ENTRIES: usize = 25;
const KILLS: u64 = 14;

fn rss(feed: usize) -> Vec<u8> {
    let entry = |number: usize| {
        format!(
            "<item><guid>{feed}-{number}</guid><title>Tram line {feed}-{number} returns</title>\
             <description>The tram of line {feed}-{number} ran again on Monday, after a pause of two years.</description></item>"
        )
    };
    let items: String = (0..ENTRIES).map(entry).collect();
    format!("<rss version=\"2.0\"><channel><title>Gazette {feed}</title>{items}</channel></rss>").into_bytes()
}

fn sources(folder: &Path, arguments: &[String]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dateline"));
    command.current_dir(folder).arg("sources").args(arguments).env("DATELINE_LOG", "off").kill_on_drop(true);
    command.stdout(Stdio::piped()).spawn().expect("the command runs")
}

async fn stdout_of(child: Child) -> String {
    String::from_utf8(child.wait_with_output().await.expect("the command exits").stdout).expect("UTF-8")
}

/// Returns the headlines of the archive. Checks that each is of one complete article with one revision.
async fn archived(folder: &Path) -> HashSet<String> {
    let data = embedded::open(&folder.join(".dateline"), embedded::Durability::Process).expect("the archive opens");
    let query = ListQuery::parse(&[("limit".to_owned(), "100".to_owned())]).expect("a valid query");
    let mut headlines = HashSet::new();
    for (id, _) in query::page(&data.store, &query).await.expect("a page").cards {
        let stored = data.store.stored_article(&id).await.expect("read").expect("a listed article is stored");
        assert_eq!(stored.revision(), 1);
        let dateline::store::StoredArticle::Article(stored) = stored else { panic!("nothing was deleted") };
        assert!(data.store.evidence(&id, 1).await.expect("read").is_some(), "every article has its evidence");
        let raw = data.store.objects().raw(&stored.article.head.raw.sha256).await;
        assert!(raw.is_ok(), "raw bytes are written before their article");
        assert!(headlines.insert(stored.article.facts.headline.expect("a headline")), "an article is listed twice");
    }
    for source in Source::all(&data.store).await.expect("read") {
        assert!(source.next_poll_at.is_some(), "a source that a killed poller leased becomes due again");
    }
    headlines
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_poll_is_completed_by_the_next_one() {
    let (mock, address) = MockServer::begin().await;
    let folder = tempfile::tempdir().expect("a folder");
    archived(folder.path()).await;
    let mut ids = Vec::new();
    for feed in 0..FEEDS {
        mock.set(&format!("/{feed}.xml"), Act::Feed(format!("\"{feed}\""), rss(feed)));
        let added =
            stdout_of(sources(folder.path(), &["add".to_owned(), format!("http://{address}/{feed}.xml")])).await;
        ids.push(added.trim().strip_prefix("added ").expect("added").to_owned());
    }
    let poll = |more: &[String]| {
        let options = ["poll", "--allow-private", "--pace", "1"].map(str::to_owned);
        sources(folder.path(), &[&options[..1], more, &options[1..]].concat())
    };
    let mut most = 0;
    for round in 0..KILLS {
        // The ids are given because sources that are named are polled again at once, even those a killed poller leased.
        let mut child = poll(&ids);
        tokio::time::sleep(Duration::from_millis(10 + round * 23)).await;
        child.kill().await.expect("killed");
        let now = archived(folder.path()).await.len();
        assert!(now >= most, "{most} articles became {now}");
        most = now;
    }
    let last = stdout_of(poll(&ids)).await;
    assert!(last.starts_with("3 polled, 0 failed"), "{last}");
    assert_eq!(archived(folder.path()).await.len(), FEEDS * ENTRIES);
    // Nothing is left to ingest: each feed is requested with its ETag.
    let requests = || (0..FEEDS).map(|feed| mock.asked(&format!("/{feed}.xml"))).collect::<Vec<_>>();
    assert!(stdout_of(poll(&ids)).await.starts_with("3 polled, 0 failed, 0 articles"));
    for (feed, requests) in requests().iter().enumerate() {
        let etag = requests.last().and_then(|headers| headers.get("if-none-match").cloned());
        assert_eq!(etag, Some(format!("\"{feed}\"")));
    }
}

/// Kills of the server, each at another moment of its life.
const SERVER_KILLS: u64 = 50;
const WRITERS: usize = 3;

/// Posts a document; returns the id of its article if the server acknowledged it before it was killed.
fn post(address: &str, name: &str) -> Option<ArticleId> {
    let text =
        format!("Tram {name} returns\n\nLISBON: The tram of line {name} ran again on Monday, after two years.\n");
    let body = json!({"key": name, "content": text}).to_string();
    let mut stream = TcpStream::connect(address).ok()?;
    let length = body.len();
    let request = format!(
        "POST /v1/articles HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let stored = answer.starts_with("HTTP/1.1 201") || answer.starts_with("HTTP/1.1 200");
    let id = answer.split("\"id\":\"").nth(1)?.split('"').next()?;
    stored.then(|| ArticleId::parse(id).expect("an id"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_under_posts_keeps_what_it_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut acknowledged: BTreeMap<String, ArticleId> = BTreeMap::new();
    let mut unanswered: Vec<String> = Vec::new();
    for round in 0..SERVER_KILLS {
        let durability = ["process", "power"][usize::from(round % 2 == 1)];
        let server = ServerProcess::start(folder.path(), &["--no-seeds", "--durability", durability]);
        let (address, again) = (server.address.clone(), std::mem::take(&mut unanswered));
        let answers = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let (address, again) = (&address, &again);
                    scope.spawn(move || {
                        // What was not answered is posted again, by one of them.
                        let repeated = again.iter().skip(writer).step_by(WRITERS).cloned();
                        let new = (0..).map(|number| format!("{round}-{writer}-{number}"));
                        let mut answers = Vec::new();
                        for name in repeated.chain(new) {
                            let id = post(address, &name);
                            let killed = id.is_none();
                            answers.push((name, id));
                            if killed {
                                return answers;
                            }
                        }
                        answers
                    })
                })
                .collect();
            std::thread::sleep(Duration::from_micros(round * 99_733 % 400_000));
            drop(server);
            writers.into_iter().flat_map(|writer| writer.join().expect("no panic")).collect::<Vec<_>>()
        });
        let tried: HashSet<&String> = answers.iter().map(|(name, _)| name).collect();
        unanswered.extend(again.iter().filter(|name| !tried.contains(name)).cloned());
        for (name, id) in answers {
            match id {
                Some(id) => drop(acknowledged.insert(name, id)),
                None => unanswered.push(name),
            }
        }
        if round % 20 == 19 {
            check(folder.path(), &acknowledged, unanswered.len()).await;
        }
    }
    check(folder.path(), &acknowledged, unanswered.len()).await;
    assert!(acknowledged.len() > 20, "{} articles", acknowledged.len());
}

/// Checks that each acknowledged document has its one article, and that the archive has no fault.
async fn check(folder: &Path, acknowledged: &BTreeMap<String, ArticleId>, unanswered: usize) {
    let data = embedded::open(&folder.join(".dateline"), embedded::Durability::Process).expect("the archive opens");
    for (name, id) in acknowledged {
        let stored = data.store.article(id).await.expect("read").unwrap_or_else(|| panic!("{name} was lost"));
        assert_eq!(stored.article.head.revision, 1, "{name}");
        let headline = stored.article.facts.headline.expect("a headline");
        assert!(headline.contains(&format!("Tram {name} ")), "{headline} is not {name}");
    }
    let ids: HashSet<&ArticleId> = acknowledged.values().collect();
    assert_eq!(ids.len(), acknowledged.len(), "no article is of two documents");
    let checkup = Archive::new(data.store.clone()).check_up(false, |_| {}).await.expect("checked");
    assert_eq!(checkup.findings, []);
    let more = checkup.articles.len() - acknowledged.len();
    assert!(more <= unanswered, "{more} articles of {unanswered} unanswered documents");
}

/// Kills of the consumer that forms stories, spread over the rounds in which articles are added.
const CONSUMER_KILLS: u64 = 60;
const CONSUMER_ROUNDS: u64 = 20;
const COPIES: u64 = 10;

/// A text of one of six topics, or of two, so that stories grow and merge.
fn bulletin(number: u64) -> RawDocument {
    let topic = number % 6;
    let topics = if number % 25 == 24 { vec![topic / 2 * 2, topic / 2 * 2 + 1] } else { vec![topic] };
    let line = |topic: u64, line: u64| {
        let (a, b) = (topic * 100 + line * 7 + 11, topic * 90 + line * 13 + 5);
        format!("Line {a} of timetable {b} runs every {line} minutes past depot {a} and quay {b}.")
    };
    let body: Vec<String> = topics.iter().flat_map(|topic| (0..6).map(|number| line(*topic, number))).collect();
    let content = format!("Timetable {number} is out\n\n{}\n", body.join("\n\n"));
    RawDocument { content: content.into_bytes(), ..story(&format!("{number}.txt"), "", "") }
}

/// Returns the story that each article shows, and the members of each story.
async fn stories_in(folder: &Path) -> BTreeMap<ArticleId, (ArticleId, Vec<ArticleId>)> {
    let data = embedded::open(folder, embedded::Durability::Process).expect("the archive opens");
    index(&data.store).await;
    let archive = Archive::new(data.store.clone());
    assert_eq!(archive.check_up(false, |_| {}).await.expect("checked").findings, []);
    let mut stories = BTreeMap::new();
    for number in 0..CONSUMER_ROUNDS * COPIES {
        let ingested = archive.ingest(bulletin(number)).await.expect("unchanged");
        let shown = data.store.article(&ingested.id).await.expect("read").expect("stored").article.head.story;
        let (living, record) = data.store.resolve_story(&ingested.id).await.expect("read");
        assert_eq!(living, shown, "the article's own id leads to the story that it shows");
        stories.insert(ingested.id, (shown, record.map(|record| record.members).unwrap_or_default()));
    }
    stories
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_consumer_forms_the_same_stories_as_one_that_runs_undisturbed() {
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    let [killed, undisturbed] = [&folders[0], &folders[1]].map(|folder| folder.path().join("news"));
    let kills = CONSUMER_KILLS / CONSUMER_ROUNDS;
    for round in 0..CONSUMER_ROUNDS {
        for folder in [&killed, &undisturbed] {
            let data = embedded::open(folder, embedded::Durability::Process).expect("the archive opens");
            let archive = Archive::new(data.store.clone());
            for number in round * COPIES..(round + 1) * COPIES {
                archive.ingest(bulletin(number)).await.expect("ingested");
                // Timestamps have a resolution of milliseconds, and the earlier article gives its id to the story.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        for kill in 0..kills {
            let mut command = Command::new(env!("CARGO_BIN_EXE_dateline"));
            command.arg("--data").arg(&killed).args(["search", "timetable"]).stdout(Stdio::null());
            let mut child = command.env("DATELINE_LOG", "off").kill_on_drop(true).spawn().expect("the command runs");
            tokio::time::sleep(Duration::from_micros(5_000 + (round * kills + kill) * 7_919 % 90_000)).await;
            child.kill().await.expect("killed");
        }
    }
    let expected = stories_in(&undisturbed).await;
    assert_eq!(stories_in(&killed).await, expected);
    let sizes: HashSet<usize> = expected.values().map(|(_, members)| members.len()).collect();
    assert!(sizes.iter().any(|size| *size > 40), "stories merged: {sizes:?}");
}
