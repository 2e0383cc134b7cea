//! The `dateline` command, run as a process.

use crate::support::process::{ServerProcess, dateline, run, text};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

#[cfg(feature = "bench")]
fn bench(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dateline-bench"));
    command.current_dir(folder).args(arguments).output().expect("the benchmark runs")
}

pub fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    fs::write(folder.join(name), content).expect("written");
}

pub fn story(number: usize, take: usize) -> String {
    format!(
        "Tram {number} returns, take {take}\n\nLISBON: The harbour tram ran again on Monday after a pause of two years.\n"
    )
}

#[test]
fn a_server_ingests_the_seeds_once_and_stops_on_a_signal() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = ServerProcess::start(folder.path(), &[]);
    let first = server.list("limit=100&fields=id,revision,changed_at");
    assert!(first["articles"].as_array().is_some_and(|articles| articles.len() >= 28), "{first}");
    assert_eq!(server.stop("-TERM"), Some(0));
    let again = ServerProcess::start(folder.path(), &[]);
    assert_eq!(again.list("limit=100&fields=id,revision,changed_at"), first);
    assert_eq!(again.stop("-INT"), Some(0));
}

#[test]
fn an_archive_in_memory_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = ServerProcess::start(folder.path(), &["--memory", "--no-seeds"]);
    assert_eq!(server.list("")["articles"], serde_json::json!([]));
    assert_eq!(server.stop("-TERM"), Some(0));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn ingest_reports_each_document_and_a_bad_document_does_not_affect_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "a.txt", story(1, 1));
    write(folder.path(), "bad.txt", b"Z\xfcrich");
    write(folder.path(), "empty.txt", "");
    write(
        folder.path(),
        "lines.ndjson",
        "{\"content\": 7}\n{\"key\": \"k\", \"content\": \"Pier closes\\n\\nIt closed.\"}\n",
    );
    let huge = std::fs::File::create(folder.path().join("huge.txt")).expect("a file");
    huge.set_len(100 * 1024 * 1024).expect("a sparse file");
    let first = run(folder.path(), &["ingest", "."]);
    assert_eq!(first.status.code(), Some(1));
    let lines = text(&first.stdout);
    assert!(lines.ends_with("2 created, 0 revised, 0 unchanged, 4 failed\n"), "{lines}");
    for expected in [
        "bad.txt: undecodable_text",
        "empty.txt: empty_document",
        "huge.txt: document_too_large",
        "lines.ndjson:1: invalid_document",
    ] {
        assert!(lines.contains(expected), "{expected}: {lines}");
    }
    write(folder.path(), "a.txt", story(1, 2));
    let second = run(folder.path(), &["ingest", "a.txt", "lines.ndjson"]);
    assert!(
        text(&second.stdout).ends_with("0 created, 1 revised, 1 unchanged, 1 failed\n"),
        "{}",
        text(&second.stdout)
    );
    let missing = run(folder.path(), &["ingest", "nowhere"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("nowhere"), "{}", text(&missing.stderr));
}

#[test]
fn read_stores_nothing_and_prints_the_same_output_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "a.txt", story(1, 1));
    let first = run(folder.path(), &["read", "a.txt"]);
    assert_eq!(first.status.code(), Some(0));
    assert_eq!(first.stdout, run(folder.path(), &["read", "a.txt"]).stdout);
    let read: Value = serde_json::from_slice(&first.stdout).expect("JSON");
    assert_eq!(read["article"]["dateline"]["text"], "LISBON");
    let pieces = read["evidence"]["pieces"].as_array().expect("pieces");
    let joined: String = pieces.iter().filter_map(|piece| piece["text"].as_str()).collect();
    assert_eq!(joined, story(1, 1));
    let evidence = run(folder.path(), &["read", "--evidence", "a.txt"]);
    assert!(text(&evidence.stdout).contains("kept    headline"), "{}", text(&evidence.stdout));
    let explained = run(folder.path(), &["read", "--explain", "a.txt"]);
    for expected in ["kept    headline", "at bytes", "because", "it was published before it was retrieved"] {
        assert!(text(&explained.stdout).contains(expected), "{expected}: {}", text(&explained.stdout));
    }
    assert!(!folder.path().join(".dateline").exists());
    write(folder.path(), "bad.txt", b"a\0b");
    let bad = run(folder.path(), &["read", "bad.txt"]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(text(&bad.stderr).contains("not_text"), "{}", text(&bad.stderr));
}

/// Waits for a condition that another process establishes.
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..200 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("timed out waiting: {what}");
}

#[test]
fn an_inbox_file_is_ingested_or_stored_as_a_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let inbox = folder.path().join("inbox");
    std::fs::create_dir_all(inbox.join("wire")).expect("a folder");
    let server = ServerProcess::start(folder.path(), &["--memory", "--no-seeds", "--inbox", "inbox"]);
    write(&inbox, "wire/a.txt", story(1, 1));
    write(&inbox, "bad.txt", b"Z\xfcrich");
    let count = || server.list("fields=headline")["articles"].as_array().map_or(0, Vec::len);
    wait_until("both files are moved to .ingested", || {
        inbox.join(".ingested/wire/a.txt").exists() && inbox.join(".ingested/bad.txt").exists()
    });
    assert_eq!(count(), 1);
    let failures = server.get("/v1/failures");
    assert!(failures.contains("\"key\":\"inbox/bad.txt\"") && failures.contains("undecodable_text"), "{failures}");
    // A second version under the same name becomes a second file in `.ingested`.
    write(&inbox, "wire/a.txt", story(1, 2));
    wait_until("the second version is moved too", || inbox.join(".ingested/wire/a.txt.1").exists());
    let revised = server.list("fields=headline,revision");
    assert_eq!((count(), &revised["articles"][0]["revision"]), (1, &serde_json::json!(2)), "{revised}");
    assert_eq!(server.stop("-TERM"), Some(0));
}

#[test]
fn ingest_reads_a_document_from_a_pipe() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = dateline(folder.path())
        .args(["ingest", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command runs");
    child.stdin.take().expect("a pipe").write_all(story(1, 1).as_bytes()).expect("written");
    let output = child.wait_with_output().expect("the command exits");
    assert!(
        text(&output.stdout).ends_with("1 created, 0 revised, 0 unchanged, 0 failed\n"),
        "{}",
        text(&output.stdout)
    );
}

#[test]
fn help_names_the_commands_and_shows_examples() {
    let folder = tempfile::tempdir().expect("a folder");
    let help = text(&run(folder.path(), &["--help"]).stdout);
    for expected in ["serve", "ingest", "read", "Examples:", "dateline read --evidence"] {
        assert!(help.contains(expected), "{expected}: {help}");
    }
    assert_eq!(run(folder.path(), &["serve", "--colour"]).status.code(), Some(2));
}

/// Whenever the process is killed, every stored article is complete, and the next run ingests the rest.
#[test]
fn a_killed_ingest_leaves_no_partial_or_duplicate_article() {
    const DOCUMENTS: usize = 60;
    let folder = tempfile::tempdir().expect("a folder");
    let inbox = folder.path().join("inbox");
    std::fs::create_dir(&inbox).expect("a folder");
    for take in 1..=2 {
        for number in 0..DOCUMENTS {
            write(&inbox, &format!("{number:03}.txt"), story(number, take));
        }
        for round in 0_u64..12 {
            let mut child = dateline(folder.path())
                .args(["ingest", "inbox"])
                .stdout(Stdio::null())
                .spawn()
                .expect("the command runs");
            // The delays cover a whole run, from its start.
            std::thread::sleep(Duration::from_millis(8 + round * 17));
            child.kill().expect("killed");
            child.wait().expect("the command exits");
            check_lists(folder.path());
        }
        let last = run(folder.path(), &["ingest", "inbox"]);
        assert!(text(&last.stdout).ends_with("0 failed\n"), "{}", text(&last.stdout));
        let headlines = check_lists(folder.path());
        assert_eq!(headlines.len(), DOCUMENTS);
        assert!(headlines.iter().all(|headline| headline.ends_with(&format!("take {take}"))), "{headlines:?}");
    }
}

/// Checks that every list contains each article that belongs in it, and returns the headlines.
fn check_lists(folder: &Path) -> Vec<String> {
    let server = ServerProcess::start(folder, &["--no-seeds"]);
    let all = server.list("limit=100&fields=id,headline,revision");
    let articles = all["articles"].as_array().expect("a list").clone();
    let mut ids: Vec<&str> = articles.iter().filter_map(|article| article["id"].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), articles.len(), "an article is listed twice");
    for query in ["country=PT", "place=lisbon", "language=en", "sort=-changed", "has=dateline"] {
        let listed = server.list(&format!("{query}&limit=100&fields=id,headline,revision"));
        let mut listed = listed["articles"].as_array().expect("a list").clone();
        let mut expected = articles.clone();
        for list in [&mut listed, &mut expected] {
            list.sort_by_key(|article| article["id"].as_str().map(str::to_owned));
        }
        assert_eq!(listed, expected, "{query}");
    }
    for article in articles.iter().step_by(7) {
        let id = article["id"].as_str().expect("an id");
        for path in ["", "/evidence", "/raw"] {
            let answer = server.get(&format!("/v1/articles/{id}{path}"));
            assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        }
    }
    assert_eq!(server.stop("-TERM"), Some(0));
    articles.iter().filter_map(|article| article["headline"].as_str().map(str::to_owned)).collect()
}

#[cfg(feature = "bench")]
#[test]
fn the_benchmark_scores_extraction_against_the_reference() {
    let folder = tempfile::tempdir().expect("a folder");
    let body = "The harbour tram ran again on Monday after a pause of two years, the port said in a statement.";
    let page = |id: &str, author: &str, date: &str| serde_json::json!({"id": id, "url": null, "title": "Tram returns", "author": author, "date": date, "body": body});
    let html = format!(
        "<meta property='article:published_time' content='2026-03-16'><meta name='author' content='Ana Sá'>\
         <h1>Tram returns</h1><article><p>{body}</p></article>"
    );
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("written");
    std::fs::create_dir(folder.path().join("pages")).expect("a folder");
    write("pages/right.html", html.clone());
    write("pages/wrong.html", html);
    write("pages/unreadable.html", String::new());
    let pages = [
        page("right", "Ana Sá", "2026-03-16"),
        page("wrong", "Ben Ito", "2025-01-01"),
        page("unreadable", "Ana Sá", "2026-03-16"),
    ];
    write("pages.jsonl", pages.iter().map(|page| format!("{page}\n")).collect());
    let flat = serde_json::json!({
        "id": "right", "variant": "full", "title": "Tram returns",
        "lines": ["Tram returns", "Share this", body], "labels": [0, 0, 1],
    });
    write("flattened.jsonl", format!("{flat}\n"));

    let output = bench(folder.path(), &["read", ".", "--worst", "1"]);
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{printed}{}", text(&output.stderr));
    for line in [
        "3 HTML pages",
        "  dateline                        0.667      0.667   0.667",
        "  headline exactly right 0.667 of 3",
        "  publication day given 0.667 of 3, right where given 0.500",
        "  authors' names F1 0.400, precision 0.500, recall 0.333",
        "  wrong authors: read \"Ana Sá\", known \"Ben Ito\"",
        "  lost, as a share of the known text: ",
        "  unreadable: 0.000, the library 0.000",
        "  lines F1 1.000, precision 1.000, recall 1.000",
    ] {
        assert!(printed.lines().any(|printed_line| printed_line.starts_with(line)), "no line {line:?} in\n{printed}");
    }
}

#[test]
fn follow_prints_new_changes_and_a_dry_run_counts_the_articles_that_would_change() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "a.txt", story(1, 1));
    write(folder.path(), "b.txt", story(2, 1));
    assert!(run(folder.path(), &["ingest", "a.txt", "b.txt"]).status.success());
    let follow = || {
        let output = run(folder.path(), &["follow", "mirror"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let printed = text(&output.stdout);
        let lines = printed.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        lines.map(|line| line["kind"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(follow(), ["created", "created"]);
    assert!(follow().is_empty());
    write(folder.path(), "a.txt", story(1, 2));
    assert!(run(folder.path(), &["ingest", "a.txt"]).status.success());
    assert_eq!(follow(), ["revised"]);

    let replayed = run(folder.path(), &["reprocess", "--dry-run", "--filter", "country=PT"]);
    assert!(replayed.status.success());
    assert_eq!(text(&replayed.stdout).trim(), "0 would change, 2 unchanged, 0 failed");
    let none = run(folder.path(), &["replay", "--filter", "country=FR"]);
    assert_eq!(text(&none.stdout).trim(), "0 changed, 0 unchanged, 0 failed");
    let wrong = run(folder.path(), &["replay", "--filter", "colour=red"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong.stderr).contains("--filter: colour"), "{}", text(&wrong.stderr));
}

#[test]
fn search_shows_matching_passages_and_reindex_repairs_a_damaged_index() {
    let folder = tempfile::tempdir().expect("a folder");
    for number in 0..3 {
        write(folder.path(), &format!("{number}.txt"), story(number, 0));
    }
    assert!(run(folder.path(), &["ingest", "0.txt", "1.txt", "2.txt"]).status.success());
    let found = run(folder.path(), &["search", "tram -xyzzy", "--filter", "sort=-published"]);
    let printed = text(&found.stdout);
    assert!(found.status.success() && printed.matches("tram").count() >= 3, "{printed}{}", text(&found.stderr));
    assert_eq!(text(&run(folder.path(), &["search", "xyzzy"]).stdout).trim(), "nothing found");
    let bad = run(folder.path(), &["search", "(tram"]);
    assert!(bad.status.code() == Some(1) && text(&bad.stderr).contains("at character 1"), "{}", text(&bad.stderr));
    let manifest = folder.path().join(".dateline/objects/index/manifest.json");
    std::fs::write(&manifest, "no manifest").expect("the manifest of the index is replaced");
    let damaged = run(folder.path(), &["search", "tram"]);
    assert!(damaged.status.code() == Some(1) && text(&damaged.stderr).contains("reindex"), "{}", text(&damaged.stderr));
    assert!(run(folder.path(), &["reindex"]).status.success());
    assert_eq!(text(&run(folder.path(), &["search", "tram -xyzzy", "--filter", "sort=-published"]).stdout), printed);
}

#[test]
fn articles_are_listed_and_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "a.txt", story(1, 0));
    let ingested = run(folder.path(), &["ingest", "a.txt"]);
    assert!(text(&ingested.stderr).contains("a new archive is created in"), "{}", text(&ingested.stderr));
    let listed = text(&run(folder.path(), &["list", "country=PT"]).stdout);
    assert!(listed.contains("  undated     Tram 1 returns, take 0"), "{listed}");
    let id = listed.split(' ').next().expect("an id");
    let shown: Value = serde_json::from_slice(&run(folder.path(), &["show", id]).stdout).expect("JSON");
    assert_eq!(shown["headline"], "Tram 1 returns, take 0");
    for (arguments, message) in [
        (["list", "colour=red"], "colour: "),
        (["show", "aaaaaaaaaaaaaaaaaaaaaaaaaa"], "there is no article"),
        (["show", "x"], "dateline: "),
    ] {
        let refused = run(folder.path(), &arguments);
        assert!(!refused.status.success() && text(&refused.stderr).contains(message), "{}", text(&refused.stderr));
    }
}

#[test]
fn foreign_files_and_links_in_a_folder_are_left_alone_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let scrapes = folder.path().join("scrapes");
    std::fs::create_dir(&scrapes).expect("a folder");
    write(folder.path(), "secret.txt", story(9, 0));
    write(&scrapes, "a.txt", story(1, 0));
    write(&scrapes, "scrape.py", "print(1)");
    write(&scrapes, "pages.CSV", "a,b");
    std::os::unix::fs::symlink("../secret.txt", scrapes.join("link.txt")).expect("a link");
    let ingested = run(folder.path(), &["ingest", "scrapes"]);
    let printed = text(&ingested.stdout);
    assert!(ingested.status.success(), "{printed}");
    for name in ["link.txt", "pages.CSV", "scrape.py"] {
        assert!(printed.contains(&format!("left      scrapes/{name}\n")), "{name}: {printed}");
    }
    assert!(printed.ends_with("1 created, 0 revised, 0 unchanged, 0 failed\n"), "{printed}");
    let named = run(folder.path(), &["ingest", "secret.txt"]);
    assert!(text(&named.stdout).ends_with("1 created, 0 revised, 0 unchanged, 0 failed\n"), "a path is taken as given");
}

#[test]
fn an_interrupted_ingest_says_how_far_it_came_and_continues() {
    const COUNT: usize = 3_000;
    let folder = tempfile::tempdir().expect("a folder");
    let line =
        |number: usize| format!("{}\n", serde_json::json!({"key": format!("{number}"), "content": story(number, 0)}));
    write(folder.path(), "wire.ndjson", (0..COUNT).map(line).collect::<String>());
    let mut child = dateline(folder.path())
        .args(["ingest", "wire.ndjson"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut first = String::new();
    output.read_line(&mut first).expect("a line for the first document");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs").success());
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("the output");
    assert_eq!(child.wait().expect("it ends").code(), Some(130), "{rest}");
    let last = rest.lines().last().expect("a last line");
    assert!(
        last.starts_with("interrupted after ") && last.ends_with("of 3000 documents; the same command continues"),
        "{last}"
    );
    let taken: usize = last.split(' ').nth(2).and_then(|number| number.parse().ok()).expect("a number");
    assert!(taken < COUNT, "{last}");
    let listed = text(&run(folder.path(), &["list", "", "--limit", "1"]).stdout);
    assert!(listed.contains("Tram"), "{listed}");
}
