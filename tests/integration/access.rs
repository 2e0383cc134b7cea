//! Access control: what requests with and without API keys may do.

use crate::support::{Answer, Server, request};
use dateline::{
    access::{Policy, Scope, api_keys},
    article::Instant,
    store::{RecordKind, embedded},
};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Command, Output, Stdio},
    time::Duration,
};

const KEYED: Policy = Policy { keyed_reads: true, keyed_writes: true };
const DOCUMENT: &str = "Pier closes\n\nLISBON: The old pier closed on Monday after a pause of two years.";

struct KeyedServer {
    server: Server,
}

impl KeyedServer {
    async fn new(policy: Policy) -> Self {
        let (store, _engine) = embedded::memory().expect("an engine in memory");
        Self { server: Server::on(store, policy) }
    }

    async fn key(&self, scopes: &[Scope]) -> String {
        let store = self.server.archive.store();
        api_keys::create(store, "a reader", scopes.iter().copied().collect(), Instant::now())
            .await
            .expect("a key is created")
    }

    async fn send(&self, method: &str, path: &str, key: Option<&str>) -> Answer {
        let authorization = key.map(|key| format!("Bearer {key}")).unwrap_or_default();
        let mut headers = vec![("content-type", "text/plain")];
        headers.extend(key.map(|_| ("authorization", authorization.as_str())));
        let body = if method == "POST" { DOCUMENT } else { "" };
        self.server.call(request(method, path, &headers, body.into())).await
    }

    async fn status(&self, method: &str, path: &str, key: Option<&str>) -> u16 {
        self.send(method, path, key).await.status.as_u16()
    }
}

#[tokio::test]
async fn every_route_requires_its_scope() {
    let keyed = KeyedServer::new(KEYED).await;
    let (read, ingest) = (keyed.key(&[Scope::Read]).await, keyed.key(&[Scope::Ingest]).await);
    let admin = keyed.key(&[Scope::Admin]).await;
    for (method, path, allowed) in [
        ("GET", "/v1/articles", [200, 403, 200]),
        ("HEAD", "/v1/articles", [200, 403, 200]),
        ("GET", "/v1/changes", [200, 403, 200]),
        ("POST", "/v1/articles", [403, 201, 200]),
        ("GET", "/", [200, 403, 200]),
        ("GET", "/changes", [200, 403, 200]),
        ("GET", "/sources", [403, 403, 200]),
        ("GET", "/failures", [403, 403, 200]),
        ("GET", "/v1/sources", [403, 403, 200]),
        ("GET", "/v1/sources.opml", [403, 403, 200]),
        ("GET", "/v1/failures", [403, 403, 200]),
        ("DELETE", "/v1/articles/aaaaaaaaaaaaaaaaaaaaaaaaaa", [403, 403, 404]),
        // Whether a path exists is not disclosed without the admin scope.
        ("PUT", "/v1/nowhere", [403, 403, 404]),
    ] {
        for (key, status) in [&read, &ingest, &admin].into_iter().zip(allowed) {
            assert_eq!(keyed.status(method, path, Some(key)).await, status, "{method} {path} {key}");
        }
        assert_eq!(keyed.status(method, path, None).await, 401, "{method} {path}");
    }
    for path in ["/healthz", "/openapi.json", "/docs", "/assets/pages.css", "/key", "/try"] {
        assert_eq!(keyed.status("GET", path, None).await, 200, "{path}");
    }
}

#[tokio::test]
async fn refusals_state_the_required_scope_as_in_rfc_6750() {
    let keyed = KeyedServer::new(KEYED).await;
    let read = keyed.key(&[Scope::Read]).await;
    let challenge = |answer: &Answer| (answer.problem(), answer.header("www-authenticate").to_owned());
    let missing = keyed.send("GET", "/v1/articles", None).await;
    assert_eq!(challenge(&missing), ("key_missing".to_owned(), "Bearer realm=\"dateline\"".to_owned()));
    let lacking = keyed.send("DELETE", "/v1/articles/x", Some(&read)).await;
    assert_eq!(lacking.problem(), "scope_missing");
    assert!(lacking.header("www-authenticate").ends_with("error=\"insufficient_scope\", scope=\"admin\""));
    let (id, secret) = read.strip_prefix("dl_").and_then(|rest| rest.split_once('_')).expect("a key");
    let other = keyed.key(&[Scope::Admin]).await;
    let (_, other_secret) = other.strip_prefix("dl_").and_then(|rest| rest.split_once('_')).expect("a key");
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
        let refused = keyed.send("GET", "/v1/articles", Some(&wrong)).await;
        assert_eq!(refused.problem(), if wrong == "dl_ü_ü" { "key_missing" } else { "key_unknown" }, "{wrong:?}");
    }
    let basic = [("authorization", "Basic abc")];
    assert_eq!(keyed.server.get_with("/v1/articles", &basic).await.problem(), "key_missing");
}

#[tokio::test]
async fn only_a_digest_of_a_key_is_stored_its_use_is_recorded_hourly_and_a_revoked_key_is_refused() {
    let keyed = KeyedServer::new(KEYED).await;
    let read = keyed.key(&[Scope::Read]).await;
    let (id, secret) = read.strip_prefix("dl_").and_then(|rest| rest.split_once('_')).expect("a key");
    let store = keyed.server.archive.store();
    let record = || async { store.record(RecordKind::Key, id).await.expect("read").expect("a record") };
    assert!(secret.len() == 43 && !record().await.json.contains(secret), "a secret has 256 bits and is not stored");
    assert!(api_keys::all(store).await.expect("read")[0].last_used_at.is_none());
    for _ in 0..3 {
        assert_eq!(keyed.status("GET", "/v1/articles", Some(&read)).await, 200);
    }
    assert!(api_keys::all(store).await.expect("read")[0].last_used_at.is_some());
    assert_eq!(record().await.version, 2, "written when created and when first used");
    assert!(
        api_keys::revoke(store, id).await.expect("revoked")
            && !api_keys::revoke(store, id).await.expect("already revoked")
    );
    assert_eq!(keyed.send("GET", "/v1/articles", Some(&read)).await.problem(), "key_unknown");
}

#[tokio::test]
async fn reads_can_be_public_while_writes_require_a_key() {
    let keyed = KeyedServer::new(Policy { keyed_reads: false, keyed_writes: true }).await;
    assert_eq!(keyed.status("GET", "/v1/articles", None).await, 200);
    assert_eq!(keyed.status("GET", "/v1/articles", Some("nobody's")).await, 200, "the key is not checked");
    for (method, path) in [("POST", "/v1/articles"), ("GET", "/v1/sources"), ("DELETE", "/v1/articles/x")] {
        assert_eq!(keyed.status(method, path, None).await, 401, "{method} {path}");
    }
}

/// The command does not leave an address that other hosts can reach open by mistake.
#[test]
fn serving_other_hosts_without_keys_is_refused_unless_writes_are_explicitly_public() {
    let folder = tempfile::tempdir().expect("a folder");
    let dateline = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dateline"));
        command.current_dir(folder.path()).env("DATELINE_LOG", "warn").args(arguments).stdin(Stdio::null());
        command
    };
    let run = |arguments: &[&str]| -> Output { dateline(arguments).output().expect("the command runs") };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // Returns the statuses of a POST without a key and of one with this key.
    let posts = |arguments: &[&str], key: &str| {
        let serve = ["serve", "--no-seeds", "--listen", "0.0.0.0:0"];
        let mut child =
            dateline(&[&serve, arguments].concat()).stdout(Stdio::piped()).spawn().expect("the command runs");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let port =
            lines.map_while(Result::ok).find_map(|line| line.rsplit_once("0.0.0.0:").map(|(_, port)| port.to_owned()));
        let address = format!("127.0.0.1:{}", port.expect("a line with the address").trim());
        let post = |authorization: &str| {
            let mut stream = TcpStream::connect(&address).expect("the server listens");
            stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
            let head = "POST /v1/articles HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: text/plain";
            let request = format!("{head}\r\ncontent-length: {}{authorization}\r\n\r\n{DOCUMENT}", DOCUMENT.len());
            stream.write_all(request.as_bytes()).expect("sent");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("an answer");
            answer.split(' ').nth(1).unwrap_or_default().to_owned()
        };
        let answers = (post(""), post(&format!("\r\nauthorization: Bearer {key}")));
        child.kill().expect("killed");
        child.wait().expect("the server exits");
        answers
    };
    for arguments in
        [&["serve", "--no-seeds", "--listen", "0.0.0.0:0"][..], &["serve", "--no-seeds", "--reads", "keyed"]]
    {
        let refused = run(arguments);
        assert_eq!(refused.status.code(), Some(1));
        assert!(text(&refused.stderr).contains("dateline keys create"), "{}", text(&refused.stderr));
    }
    assert_eq!(posts(&["--public-writes"], "none").0, "201");
    let key = text(&run(&["keys", "create", "the wire desk", "--scope", "ingest"]).stdout).trim().to_owned();
    assert!(key.starts_with("dl_"), "{key}");
    assert_eq!(posts(&[], &key), ("401".to_owned(), "200".to_owned()));
    let listed = text(&run(&["keys", "list"]).stdout);
    assert!(
        listed.contains("ingest") && listed.contains("the wire desk") && !listed.contains("used never"),
        "{listed}"
    );
    let id = key.split('_').nth(1).expect("an id");
    assert!(run(&["keys", "revoke", id]).status.success());
    assert_eq!(run(&["keys", "revoke", id]).status.code(), Some(1));
}
