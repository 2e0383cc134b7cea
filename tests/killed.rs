//! A poller that is killed at any moment loses nothing and takes nothing twice.

#[path = "support/play.rs"]
mod play;

use dateline::{
    query::{self, ListQuery},
    sources::Source,
    store::embedded,
};
use play::{Act, Play};
use std::{collections::HashSet, path::Path, process::Stdio, time::Duration};
use tokio::process::{Child, Command};

const FEEDS: usize = 3;
const ENTRIES: usize = 25;
const KILLS: u64 = 14;

fn rss(feed: usize) -> Vec<u8> {
    let item = |number: usize| {
        format!(
            "<item><guid>{feed}-{number}</guid><title>Tram line {feed}-{number} returns</title>\
             <description>The tram of line {feed}-{number} ran again on Monday, after a pause of two years.</description></item>"
        )
    };
    let items: String = (0..ENTRIES).map(item).collect();
    format!("<rss version=\"2.0\"><channel><title>Gazette {feed}</title>{items}</channel></rss>").into_bytes()
}

fn sources(folder: &Path, arguments: &[String]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dateline"));
    command.current_dir(folder).arg("sources").args(arguments).env("DATELINE_LOG", "off").kill_on_drop(true);
    command.stdout(Stdio::piped()).spawn().expect("it runs")
}

async fn said(child: Child) -> String {
    String::from_utf8(child.wait_with_output().await.expect("it ends").stdout).expect("UTF-8")
}

/// The headlines, each of one article, of one revision.
async fn archived(folder: &Path) -> HashSet<String> {
    let data = embedded::open(&folder.join(".dateline"), embedded::Durability::Process).await.expect("it opens");
    let query = ListQuery::parse(&[("limit".to_owned(), "100".to_owned())]).expect("legal");
    let mut found = HashSet::new();
    for (id, _) in query::page(&data.store, &query).await.expect("a page").cards {
        let held = data.store.held(&id).await.expect("read").expect("what is listed is held");
        assert_eq!(held.revision(), 1);
        let dateline::store::Held::Article(held) = held else { panic!("nothing was deleted") };
        assert!(data.store.evidence(&id, 1).await.expect("read").is_some(), "an article is whole");
        assert!(data.store.objects().raw(&held.article.head.raw.sha256).await.is_ok(), "its bytes came before it");
        assert!(found.insert(held.article.facts.headline.expect("a headline")), "one of them is there twice");
    }
    for source in Source::all(&data.store).await.expect("read") {
        assert!(source.next_poll_at.is_some(), "whoever had it, it comes due again");
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_that_is_killed_at_any_moment_is_made_up_for() {
    let (play, address) = Play::begin().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut ids = Vec::new();
    for feed in 0..FEEDS {
        play.set(&format!("/{feed}.xml"), Act::Feed(format!("\"{feed}\""), rss(feed)));
        let added = said(sources(folder.path(), &["add".to_owned(), format!("http://{address}/{feed}.xml")])).await;
        ids.push(added.trim().strip_prefix("added ").expect("added").to_owned());
    }
    let poll = |more: &[String]| {
        let options = ["poll", "--allow-private", "--pace", "1"].map(str::to_owned);
        sources(folder.path(), &[&options[..1], more, &options[1..]].concat())
    };
    let mut most = 0;
    for round in 0..KILLS {
        // Whatever a killed poller had is polled again at once: these are named.
        let mut child = poll(&ids);
        tokio::time::sleep(Duration::from_millis(10 + round * 23)).await;
        child.kill().await.expect("killed");
        let now = archived(folder.path()).await.len();
        assert!(now >= most, "{most} articles became {now}");
        most = now;
    }
    let last = said(poll(&ids)).await;
    assert!(last.starts_with("3 polled, 0 failed"), "{last}");
    assert_eq!(archived(folder.path()).await.len(), FEEDS * ENTRIES);
    // Nothing is left: each is told that it is as it was.
    let asked = || (0..FEEDS).map(|it| play.asked(&format!("/{it}.xml"))).collect::<Vec<_>>();
    assert!(said(poll(&ids)).await.starts_with("3 polled, 0 failed, 0 articles"));
    for (feed, asked) in asked().iter().enumerate() {
        assert_eq!(asked.last().and_then(|it| it.get("if-none-match").cloned()), Some(format!("\"{feed}\"")));
    }
}
