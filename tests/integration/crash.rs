//! A poller that is killed at any moment loses no entry and ingests none twice.

use crate::support::mock_server::{Act, MockServer};
use dateline::{
    query::{self, ListQuery},
    sources::Source,
    store::embedded,
};
use std::{collections::HashSet, path::Path, process::Stdio, time::Duration};
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
