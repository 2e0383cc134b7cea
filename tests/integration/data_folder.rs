//! The folder of an archive on this machine: which processes may use it, and what is refused.

use crate::{
    command::{story, write},
    support::process::{ServerProcess, run, text},
};
use std::{fs, os::unix::fs::PermissionsExt};

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = ServerProcess::start(folder.path(), &["--no-seeds"]);
    let second = run(folder.path(), &["serve", "--listen", "127.0.0.1:0", "--no-seeds"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second.stderr).contains("in use by another dateline process"), "{}", text(&second.stderr));
    assert_eq!(first.stop("-TERM"), Some(0));
}

#[test]
fn a_damaged_or_emptied_table_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "a.txt", story(1, 0));
    assert!(run(folder.path(), &["ingest", "a.txt"]).status.success());
    let file = folder.path().join(".dateline/table.mdb");
    let whole = fs::read(&file).expect("the table");
    let text_of_a_page = b"some text, but no table ".repeat(400);
    for content in [&b""[..], b"no table at all, but some text", &text_of_a_page, &whole[..whole.len() / 2]] {
        fs::write(&file, content).expect("written");
        let refused = run(folder.path(), &["list"]);
        assert_eq!(refused.status.code(), Some(1), "{}", content.len());
        let message = text(&refused.stderr);
        assert!(message.contains("table.mdb is damaged or was emptied"), "{message}");
        assert!(message.contains("restore it from a copy"), "{message}");
    }
    fs::write(&file, whole).expect("written");
    assert!(run(folder.path(), &["list"]).status.success());
}

/// While a server has the archive open, commands work on it through the server, and each sees what the other wrote.
#[test]
fn commands_work_next_to_a_server() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "a.txt", story(1, 0));
    write(folder.path(), "b.txt", story(2, 0));
    assert!(run(folder.path(), &["ingest", "a.txt"]).status.success());
    let server = ServerProcess::start(folder.path(), &["--no-seeds"]);
    let done = |arguments: &[&str]| {
        let output = run(folder.path(), arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let socket = fs::metadata(folder.path().join(".dateline/server.sock")).expect("a socket");
    assert_eq!(socket.permissions().mode() & 0o777, 0o600, "only its owner may connect");
    assert!(done(&["ingest", "b.txt"]).contains("1 created"));
    let served = || server.list("limit=100")["articles"].as_array().map_or(0, Vec::len);
    assert_eq!(served(), 2);
    let posted = server.send("POST", "/v1/articles", "host: localhost\r\ncontent-type: text/plain\r\n", &story(3, 0));
    assert!(posted.starts_with("HTTP/1.1 201"), "{posted}");
    let found = |arguments: &[&str]| done(arguments).lines().filter(|line| line.contains("undated")).count();
    assert_eq!(found(&["list", "--limit", "10"]), 3);
    assert_eq!(found(&["search", "tram", "--limit", "10"]), 3);
    let added = done(&["sources", "add", "http://127.0.0.1:9/feed"]);
    assert!(server.get("/v1/sources").contains(added.trim().trim_start_matches("added ")), "{added}");
    assert!(done(&["doctor"]).contains("nothing is wrong"));
    assert!(done(&["keys", "create", "desk", "--scope", "ingest"]).len() > 20);
    assert!(
        text(&run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]).stderr)
            .contains("in use by another dateline process")
    );
    drop(server);
    assert_eq!(found(&["list", "--limit", "10"]), 3, "a killed server's socket is not in the way");
}

#[test]
fn only_serve_and_ingest_create_an_archive() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [
        &["list"][..],
        &["search", "tram"],
        &["keys", "create", "desk", "--scope", "ingest"],
        &["sources", "add", "http://127.0.0.1:9/feed"],
        &["failures"],
    ] {
        let refused = run(folder.path(), arguments);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
        assert!(text(&refused.stderr).contains("there is no archive in .dateline"), "{}", text(&refused.stderr));
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

/// The message names a command, and that command makes an archive of the folder's documents.
#[test]
fn a_folder_of_the_former_engine_is_refused_and_its_documents_can_be_ingested() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "a.txt", story(1, 0));
    assert!(run(folder.path(), &["ingest", "a.txt"]).status.success());
    let archive = folder.path().join(".dateline");
    fs::rename(archive.join("table.mdb"), archive.join("table.sqlite")).expect("renamed");
    let refused = run(folder.path(), &["list"]);
    assert_eq!(refused.status.code(), Some(1));
    let message = text(&refused.stderr);
    let command = message.trim().rsplit("dateline ").next().expect("a command").replace("NEW", "new");
    let ingested = run(folder.path(), &command.split(' ').collect::<Vec<_>>());
    assert!(ingested.status.success(), "{command}: {}", text(&ingested.stderr));
    let listed = text(&run(folder.path(), &["list", "--data", "new"]).stdout);
    assert!(listed.contains("Tram"), "{listed}");
    assert!(!archive.join("table.mdb").exists(), "nothing is created");
}
