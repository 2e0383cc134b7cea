//! What a hostile web page can do to the server of the machine that it is opened on: read public articles, and nothing
//! else. The last test opens such a page in Chromium.

use crate::support::process::ServerProcess;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Command,
    thread,
};

const ARTICLE: &str = "Pier closes\n\nLISBON: The old pier closed on Monday after a pause of two years.";
const WEBHOOK: &str = r#"{"url": "https://desk.example/hook"}"#;

/// Sends a request of a page; returns the status and the problem's code.
fn outcome(server: &ServerProcess, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let answer = server.send(method, path, headers, body);
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let code = answer.split_once("\"code\":\"").and_then(|(_, rest)| rest.split_once('"'));
    (status, code.map(|(code, _)| code.to_owned()).unwrap_or_default())
}

#[test]
fn unknown_hosts_and_foreign_origins_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = ServerProcess::start(folder.path(), &["--memory", "--no-seeds", "--host", "news.example"]);
    let own = format!("host: {}\r\n", server.address);
    let from = |origin: &str, media_type: &str| format!("{own}origin: {origin}\r\ncontent-type: {media_type}\r\n");
    let own_page = |media_type: &str| from(&format!("http://{}", server.address), media_type);
    let foreign = |media_type: &str| from("https://evil.example", media_type);
    let form = "application/x-www-form-urlencoded";
    for (method, path, headers, body, expected) in [
        ("GET", "/v1/articles", "host: rebound.example\r\n".to_owned(), "", (421, "unknown_host")),
        ("GET", "/", "host: rebound.example\r\n".to_owned(), "", (421, "unknown_host")),
        ("GET", "/v1/articles", "host: news.example\r\n".to_owned(), "", (200, "")),
        ("GET", "/v1/articles", "host: [::1]:8080\r\n".to_owned(), "", (200, "")),
        ("GET", "/v1/articles", foreign("text/plain"), "", (200, "")),
        ("GET", "/v1/sources", foreign("text/plain"), "", (403, "foreign_origin")),
        ("GET", "/v1/failures", format!("{own}sec-fetch-site: cross-site\r\n"), "", (403, "foreign_origin")),
        ("POST", "/v1/articles", foreign("text/plain"), ARTICLE, (403, "foreign_origin")),
        ("POST", "/v1/articles", from("null", "text/plain"), ARTICLE, (403, "foreign_origin")),
        ("POST", "/v1/sources", foreign("application/json"), WEBHOOK, (403, "foreign_origin")),
        ("POST", "/v1/webhooks", foreign(form), WEBHOOK, (403, "foreign_origin")),
        ("DELETE", "/v1/articles/x", foreign("text/plain"), "", (403, "foreign_origin")),
        ("POST", "/v1/webhooks", own_page("text/plain"), WEBHOOK, (415, "unsupported_media_type")),
        ("POST", "/v1/webhooks", own_page("application/json"), WEBHOOK, (201, "")),
        ("POST", "/v1/webhooks", format!("{own}content-type: application/json\r\n"), WEBHOOK, (409, "webhook_exists")),
        ("POST", "/v1/articles", format!("{own}content-type: text/plain\r\n"), ARTICLE, (201, "")),
    ] {
        let (status, code) = outcome(&server, method, path, &headers, body);
        assert_eq!((status, code.as_str()), expected, "{method} {path} {headers}");
    }
    for (path, open) in [("/v1/articles", true), ("/v1/webhooks", false)] {
        let answer = server.send("GET", path, &own, "");
        assert_eq!(answer.contains("access-control-allow-origin"), open, "{path}: {answer}");
    }
    server.stop("-TERM");
}

/// Each attempt of the page, and what it must come to. `blocked`: the page gets no answer.
const ATTEMPTS: &[(&str, &str, &str)] = &[
    ("read articles", r#"fetch(api + "/v1/articles").then(answer)"#, "200"),
    ("read sources", r#"fetch(api + "/v1/sources").then(answer)"#, "blocked"),
    (
        "post an article",
        r#"fetch(api + "/v1/articles", {method: "POST", headers: {"content-type": "text/plain"}, body: article}).then(answer)"#,
        "blocked",
    ),
    (
        "post an article without reading the answer",
        r#"fetch(api + "/v1/articles", {method: "POST", mode: "no-cors", body: article}).then(answer)"#,
        "0",
    ),
    (
        "add a webhook as text",
        r#"fetch(api + "/v1/webhooks", {method: "POST", mode: "no-cors", body: webhook}).then(answer)"#,
        "0",
    ),
    (
        "add a source as JSON",
        r#"fetch(api + "/v1/sources", {method: "POST", headers: {"content-type": "application/json"}, body: webhook}).then(answer)"#,
        "blocked",
    ),
    ("delete an article", r#"fetch(api + "/v1/articles/x", {method: "DELETE"}).then(answer)"#, "blocked"),
    (
        "send a form",
        r#"new Promise(done => { form.action = api + "/v1/articles"; form.submit(); setTimeout(() => done("sent"), 2000) })"#,
        "sent",
    ),
];

/// Returns a page that makes every attempt, and then shows what each came to, a line each.
fn hostile_page(api: &str) -> String {
    let attempts: Vec<String> =
        ATTEMPTS.iter().map(|(name, script, _)| format!("[{name:?}, () => {script}]")).collect();
    format!(
        r#"<!doctype html><iframe name=frame id=frame></iframe>
<form id=form method=post enctype="text/plain" target=frame><textarea name=a>{ARTICLE}</textarea></form><pre id=outcomes></pre>
<script>
const api = {api:?}, article = {ARTICLE:?}, webhook = {WEBHOOK:?};
const answer = response => String(response.status);
(async () => {{
  for (const [name, attempt] of [{attempts}]) {{
    let outcome = "blocked";
    try {{ outcome = await attempt() }} catch (error) {{}}
    outcomes.textContent += `${{name}}: ${{outcome}}\n`;
  }}
}})();
</script>"#,
        attempts = attempts.join(",\n")
    )
}

/// Serves one page at every path.
fn serve(page: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}", page.len());
            let _ = stream.write_all(format!("{head}\r\nconnection: close\r\n\r\n{page}").as_bytes());
        }
    });
    address
}

/// Returns the page at a URL as Chromium shows it after its scripts.
fn opened(chromium: &str, profile: &Path, url: &str) -> String {
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync", "--virtual-time-budget=20000", "--dump-dom"])
        .arg("--host-resolver-rules=MAP rebound.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(url)
        .output()
        .expect("Chromium starts");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_hostile_page_in_a_browser_can_only_read() {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let Some(chromium) = names.into_iter().find(|name| Command::new(name).arg("--version").output().is_ok()) else {
        // Unlike `eprintln!`, this is shown although the test passes.
        writeln!(std::io::stderr(), "chromium is missing: no hostile page is opened").expect("standard error is open");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let profile = tempfile::tempdir().expect("a folder");
    let server = ServerProcess::start(folder.path(), &["--memory", "--no-seeds"]);
    let page = serve(hostile_page(&format!("http://{}", server.address)));
    let shown = opened(chromium, profile.path(), &format!("http://{page}/"));
    for (name, _, expected) in ATTEMPTS {
        assert!(shown.contains(&format!("{name}: {expected}\n")), "{name}: {shown}");
    }
    assert_eq!(server.list("")["articles"], serde_json::json!([]));
    for path in ["/v1/sources", "/v1/webhooks"] {
        let answer = server.get(path);
        assert!(answer.contains(":[]"), "{path}: {answer}");
    }
    // A name that the page's owner lets resolve to this machine.
    let port = server.address.rsplit_once(':').expect("a port").1;
    let rebound = opened(chromium, profile.path(), &format!("http://rebound.example:{port}/v1/articles"));
    assert!(rebound.contains("unknown_host"), "{rebound}");
    server.stop("-TERM");
}
