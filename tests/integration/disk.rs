//! A disk that fills up while the server runs: writes are refused by name, and nothing acknowledged is lost.

use crate::support::process::{ServerProcess, dateline};
use std::{fs, path::Path, process::Command};

const MOUNT: &str = "mount -t tmpfs -o size=24m tmpfs \"$1\" && shift && exec \"$@\"";

/// The command in a namespace where a small file system is mounted at `folder`; `None` where that is not allowed.
fn on_a_small_disk(folder: &Path, mounted: &Path) -> Option<Command> {
    let in_namespace = || {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", MOUNT, "sh"]).arg(mounted);
        command
    };
    if !in_namespace().arg("true").output().is_ok_and(|done| done.status.success()) {
        println!("disk: a file system cannot be mounted in a namespace here: the full disk is not tested");
        return None;
    }
    let program = dateline(folder);
    let mut command = in_namespace();
    command.arg(program.get_program()).current_dir(folder).env("DATELINE_LOG", "off");
    Some(command)
}

#[test]
fn a_full_disk_refuses_writes_by_name_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mounted = folder.path().join("disk");
    fs::create_dir(&mounted).expect("a folder");
    let Some(command) = on_a_small_disk(folder.path(), &mounted) else { return };
    let server = ServerProcess::start_with(command, &["--no-seeds", "--data", mounted.to_str().expect("UTF-8")]);
    // The file system as the server sees it.
    let seen = format!("/proc/{}/root{}", server.id(), mounted.display());
    let filler = Path::new(&seen).join("filler");
    let health = || server.get("/healthz");
    assert!(health().starts_with("HTTP/1.1 200"), "{}", health());
    let (mut stored, mut refused) = (0, 0);
    for kilobytes_left in [0, 4, 8, 12, 16, 24, 32, 64, 128, 256] {
        let free = rustix::fs::statvfs(Path::new(&seen)).expect("a file system");
        let bytes = (free.f_bavail * free.f_frsize).saturating_sub(kilobytes_left * 1024);
        fs::write(&filler, vec![0; usize::try_from(bytes).expect("small")]).expect("room for it");
        let sick = health();
        assert!(sick.starts_with("HTTP/1.1 503") && sick.contains("disk: "), "{sick}");
        let text = format!("Pier closes\n\nLISBON: The pier number {kilobytes_left} closed on Monday, the port said.");
        let answer = server.send("POST", "/v1/articles", "host: localhost\r\ncontent-type: text/plain\r\n", &text);
        match answer.split(' ').nth(1) {
            Some("201") => stored += 1,
            Some("507") if answer.contains("\"code\":\"disk_full\"") => refused += 1,
            _ => panic!("{kilobytes_left} KB left: {answer}"),
        }
        fs::remove_file(&filler).expect("removed");
        assert!(health().starts_with("HTTP/1.1 200"), "{}", health());
        let listed = server.list("limit=100")["articles"].as_array().expect("a list").len();
        assert_eq!(listed, stored, "{kilobytes_left} KB left");
    }
    assert!(stored > 0 && refused > 0, "{stored} stored, {refused} refused");
}
