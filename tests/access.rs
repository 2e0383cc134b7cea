//! Who may do what, with keys and without.

mod support;

use dateline::{
    access::{Policy, Scope, key},
    article::Instant,
    store::{Kind, embedded},
};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Command, Output, Stdio},
    time::Duration,
};
use support::{Answer, Server, request};

const KEYED: Policy = Policy { keyed_reads: true, keyed_writes: true };
const STORY: &str = "Pier closes\n\nLISBON: The old pier closed on Monday after a pause of two years.";

struct Keyed {
    server: Server,
}

impl Keyed {
    async fn new(policy: Policy) -> Self {
        let (store, _engine) = embedded::memory().await.expect("an engine in memory");
        Self { server: Server::on(store, policy) }
    }

    async fn key(&self, scopes: &[Scope]) -> String {
        let store = self.server.archive.store();
        key::create(store, "a reader", scopes.iter().copied().collect(), Instant::now()).await.expect("made")
    }

    async fn ask(&self, method: &str, path: &str, key: Option<&str>) -> Answer {
        let authorization = key.map(|it| format!("Bearer {it}")).unwrap_or_default();
        let mut headers = vec![("content-type", "text/plain")];
        headers.extend(key.map(|_| ("authorization", authorization.as_str())));
        let body = if method == "POST" { STORY } else { "" };
        self.server.call(request(method, path, &headers, body.into())).await
    }

    async fn status(&self, method: &str, path: &str, key: Option<&str>) -> u16 {
        self.ask(method, path, key).await.status.as_u16()
    }
}

#[tokio::test]
async fn every_route_asks_for_its_scope() {
    let keyed = Keyed::new(KEYED).await;
    let (read, ingest) = (keyed.key(&[Scope::Read]).await, keyed.key(&[Scope::Ingest]).await);
    let admin = keyed.key(&[Scope::Admin]).await;
    for (method, path, allowed) in [
        ("GET", "/v1/articles", [200, 403, 200]),
        ("HEAD", "/v1/articles", [200, 403, 200]),
        ("GET", "/v1/changes", [200, 403, 200]),
        ("POST", "/v1/articles", [403, 201, 200]),
        ("GET", "/v1/sources", [403, 403, 200]),
        ("GET", "/v1/sources.opml", [403, 403, 200]),
        ("GET", "/v1/failures", [403, 403, 200]),
        ("DELETE", "/v1/articles/aaaaaaaaaaaaaaaaaaaaaaaaaa", [403, 403, 404]),
        // What is nowhere is told to nobody who may not know.
        ("PUT", "/v1/nowhere", [403, 403, 404]),
    ] {
        for (key, status) in [&read, &ingest, &admin].into_iter().zip(allowed) {
            assert_eq!(keyed.status(method, path, Some(key)).await, status, "{method} {path} {key}");
        }
        assert_eq!(keyed.status(method, path, None).await, 401, "{method} {path}");
    }
    for path in ["/", "/healthz", "/openapi.json"] {
        assert_eq!(keyed.status("GET", path, None).await, 200, "{path}");
    }
}

#[tokio::test]
async fn refusals_say_what_is_needed_as_rfc_6750_does() {
    let keyed = Keyed::new(KEYED).await;
    let read = keyed.key(&[Scope::Read]).await;
    let told = |it: &Answer| (it.problem(), it.header("www-authenticate").to_owned());
    let missing = keyed.ask("GET", "/v1/articles", None).await;
    assert_eq!(told(&missing), ("key_missing".to_owned(), "Bearer realm=\"dateline\"".to_owned()));
    let lacking = keyed.ask("DELETE", "/v1/articles/x", Some(&read)).await;
    assert_eq!(lacking.problem(), "scope_missing");
    assert!(lacking.header("www-authenticate").ends_with("error=\"insufficient_scope\", scope=\"admin\""));
    let (id, secret) = read.strip_prefix("dl_").and_then(|it| it.split_once('_')).expect("a key");
    let other = keyed.key(&[Scope::Admin]).await;
    let (_, other_secret) = other.strip_prefix("dl_").and_then(|it| it.split_once('_')).expect("a key");
    for wrong in [
        String::new(),
        "dl_".to_owned(),
        secret.to_owned(),
        format!("dl_{id}_"),
        format!("dl_{id}_{}", &secret[1..]),
        format!("dl_{id}_{secret}x"),
        format!("dl_{id}_{other_secret}"),
        format!("dl_000000000000_{secret}"),
        "dl_ü_ü".to_owned(),
    ] {
        let refused = keyed.ask("GET", "/v1/articles", Some(&wrong)).await;
        assert_eq!(refused.problem(), if wrong == "dl_ü_ü" { "key_missing" } else { "key_unknown" }, "{wrong:?}");
    }
    let basic = [("authorization", "Basic abc")];
    assert_eq!(keyed.server.get_with("/v1/articles", &basic).await.problem(), "key_missing");
}

#[tokio::test]
async fn a_key_is_kept_as_its_digest_noted_once_an_hour_and_gone_once_revoked() {
    let keyed = Keyed::new(KEYED).await;
    let read = keyed.key(&[Scope::Read]).await;
    let (id, secret) = read.strip_prefix("dl_").and_then(|it| it.split_once('_')).expect("a key");
    let store = keyed.server.archive.store();
    let record = || async { store.record(Kind::Key, id).await.expect("read").expect("there") };
    assert!(secret.len() == 43 && !record().await.json.contains(secret), "256 bits, and nowhere");
    assert!(key::all(store).await.expect("read")[0].last_used_at.is_none());
    for _ in 0..3 {
        assert_eq!(keyed.status("GET", "/v1/articles", Some(&read)).await, 200);
    }
    assert!(key::all(store).await.expect("read")[0].last_used_at.is_some());
    assert_eq!(record().await.version, 2, "made, and used");
    assert!(key::revoke(store, id).await.expect("revoked") && !key::revoke(store, id).await.expect("not there"));
    assert_eq!(keyed.ask("GET", "/v1/articles", Some(&read)).await.problem(), "key_unknown");
}

#[tokio::test]
async fn reads_may_be_public_where_writes_are_not() {
    let keyed = Keyed::new(Policy { keyed_reads: false, keyed_writes: true }).await;
    assert_eq!(keyed.status("GET", "/v1/articles", None).await, 200);
    assert_eq!(keyed.status("GET", "/v1/articles", Some("nobody's")).await, 200, "it is not asked for");
    for (method, path) in [("POST", "/v1/articles"), ("GET", "/v1/sources"), ("DELETE", "/v1/articles/x")] {
        assert_eq!(keyed.status(method, path, None).await, 401, "{method} {path}");
    }
}

/// The command: no address that others reach is left open by mistake.
#[test]
fn serving_for_others_without_keys_is_refused_unless_it_is_told_in_so_many_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let dateline = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dateline"));
        command.current_dir(folder.path()).env("DATELINE_LOG", "warn").args(arguments).stdin(Stdio::null());
        command
    };
    let run = |arguments: &[&str]| -> Output { dateline(arguments).output().expect("it runs") };
    let said = |it: &[u8]| String::from_utf8_lossy(it).into_owned();
    // What it answers to a post without a key, and to one with this key.
    let posts = |arguments: &[&str], key: &str| {
        let serve = ["serve", "--no-seeds", "--listen", "0.0.0.0:0"];
        let mut child = dateline(&[&serve, arguments].concat()).stdout(Stdio::piped()).spawn().expect("it runs");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let port = lines.map_while(Result::ok).find_map(|it| it.rsplit_once("0.0.0.0:").map(|it| it.1.to_owned()));
        let address = format!("127.0.0.1:{}", port.expect("a line with the address").trim());
        let post = |authorization: &str| {
            let mut stream = TcpStream::connect(&address).expect("it listens");
            stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
            let head = "POST /v1/articles HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: text/plain";
            let request = format!("{head}\r\ncontent-length: {}{authorization}\r\n\r\n{STORY}", STORY.len());
            stream.write_all(request.as_bytes()).expect("sent");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("an answer");
            answer.split(' ').nth(1).unwrap_or_default().to_owned()
        };
        let answers = (post(""), post(&format!("\r\nauthorization: Bearer {key}")));
        child.kill().expect("killed");
        child.wait().expect("it ends");
        answers
    };
    for arguments in
        [&["serve", "--no-seeds", "--listen", "0.0.0.0:0"][..], &["serve", "--no-seeds", "--reads", "keyed"]]
    {
        let refused = run(arguments);
        assert_eq!(refused.status.code(), Some(1));
        assert!(said(&refused.stderr).contains("dateline keys create"), "{}", said(&refused.stderr));
    }
    assert_eq!(posts(&["--public-writes"], "none").0, "201");
    let made = said(&run(&["keys", "create", "the wire desk", "--scope", "ingest"]).stdout).trim().to_owned();
    assert!(made.starts_with("dl_"), "{made}");
    assert_eq!(posts(&[], &made), ("401".to_owned(), "200".to_owned()));
    let listed = said(&run(&["keys", "list"]).stdout);
    assert!(
        listed.contains("ingest") && listed.contains("the wire desk") && !listed.contains("used never"),
        "{listed}"
    );
    let id = made.split('_').nth(1).expect("an id");
    assert!(run(&["keys", "revoke", id]).status.success());
    assert_eq!(run(&["keys", "revoke", id]).status.code(), Some(1));
}
