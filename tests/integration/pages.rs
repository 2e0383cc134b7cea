//! The pages, as HTML. What a browser makes of them is tested by `tests/pages/check.py`.

use crate::support::{Answer, Server, request};
use dateline::{
    access::{Policy, Scope, api_keys},
    article::Instant,
    store::embedded,
};
use http::{HeaderMap, StatusCode};

const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn page(server: &Server, path: &str) -> Answer {
    server.get_with(path, &[BROWSER]).await
}

async fn send(server: &Server, path: &str, headers: &[(&str, &str)], form: &str) -> Answer {
    let mut all = vec![BROWSER, FORM];
    all.extend_from_slice(headers);
    server.call(request("POST", path, &all, form.to_owned().into())).await
}

fn is_guarded(headers: &HeaderMap) -> bool {
    let policy = headers.get("content-security-policy").and_then(|policy| policy.to_str().ok()).unwrap_or_default();
    policy.starts_with("default-src 'none'")
        && !policy.contains("unsafe")
        && headers.contains_key("x-content-type-options")
}

#[tokio::test]
async fn every_page_is_html_that_may_run_and_load_nothing_of_others() {
    let server = Server::with_seeds().await;
    let list = server.get("/v1/articles?limit=1&q=danube").await.json();
    let article = list["articles"][0]["id"].as_str().expect("an id").to_owned();
    for path in [
        "/".to_owned(),
        "/?q=water&topic=06000000".to_owned(),
        "/?as_of=2030-01-01&collapse=story".to_owned(),
        "/?fields=id&limit=1".to_owned(),
        "/changes?fields=id".to_owned(),
        format!("/articles/{article}"),
        format!("/articles/{article}/evidence?field=published"),
        format!("/articles/{article}/revisions"),
        "/stories".to_owned(),
        "/entities/country/PK".to_owned(),
        "/timeline?q=water&q=ferry".to_owned(),
        "/changes".to_owned(),
        "/sources".to_owned(),
        "/failures".to_owned(),
        "/try".to_owned(),
        "/docs".to_owned(),
        "/key".to_owned(),
    ] {
        let answer = page(&server, &path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::OK, "text/html; charset=utf-8"),
            "{path}"
        );
        assert!(is_guarded(&answer.headers), "{path}");
        let etag = answer.header("etag").to_owned();
        let again = server.get_with(&path, &[BROWSER, ("if-none-match", &etag)]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
    }
}

#[tokio::test]
async fn the_first_path_is_a_page_only_for_browsers() {
    let server = Server::with_seeds().await;
    assert!(page(&server, "/").await.text().contains("<h1"));
    for accept in ["*/*", "application/json", "application/json, text/html;q=0.5"] {
        let index = server.get_with("/", &[("accept", accept)]).await;
        assert_eq!(index.json()["articles"], "/v1/articles", "{accept}");
    }
}

#[tokio::test]
async fn a_problem_of_a_page_is_a_page_and_that_of_the_api_is_not() {
    let server = Server::new().await;
    for (path, status) in
        [("/nowhere", 404), ("/?colour=red", 400), ("/articles/x", 404), ("/entities/colour/red", 404)]
    {
        let answer = page(&server, path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert!(answer.text().contains("<h1>") && is_guarded(&answer.headers), "{path}");
        assert!(answer.text().contains(answer.header("x-request-id")), "{path}");
    }
    assert_eq!(page(&server, "/v1/nowhere").await.problem(), "path_not_found");
    assert_eq!(server.get("/articles/x").await.problem(), "article_not_found");
    let wrong_method = server.call(request("DELETE", "/changes", &[], "".into())).await;
    assert_eq!((wrong_method.status, wrong_method.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD"));
}

#[tokio::test]
async fn the_text_of_an_article_is_escaped() {
    let server = Server::new().await;
    let document =
        "<script>alert(1)</script> & \"quotes\"\n\nLISBON: The <b>pier</b> closed on Monday, the port said.\n";
    let receipt = server.post("text/plain", document).await.json();
    let article = format!("/articles/{}", receipt["id"].as_str().expect("an id"));
    for path in ["/".to_owned(), "/changes".to_owned(), article.clone(), format!("{article}/evidence")] {
        let html = page(&server, &path).await.text();
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !html.contains("<script>alert"), "{path}");
    }
}

#[tokio::test]
async fn an_image_of_a_publisher_is_loaded_only_if_asked_for() {
    let server = Server::new().await;
    let document = "<meta property='og:image' content='https://pictures.example/a.jpg'><article><h1>Pier closes again</h1>\
                    <p>LISBON: The old pier closed on Monday after a storm, the Port Authority of the city said.</p></article>";
    let receipt = server.post("text/html", document).await.json();
    let article = format!("/articles/{}", receipt["id"].as_str().expect("an id"));
    let without = page(&server, &article).await;
    assert!(!without.text().contains("<img") && without.text().contains("Load the image from pictures.example"));
    let with = page(&server, &format!("{article}?images=yes")).await;
    assert!(
        with.text().contains("referrerpolicy=\"no-referrer\"")
            && with.header("content-security-policy").contains("img-src 'self' https:")
    );
}

#[tokio::test]
async fn forms_do_what_the_api_does_and_lead_back() {
    let server = Server::new().await;
    let refused = send(&server, "/sources", &[], "url=ftp%3A%2F%2Fgazette.example").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("id=\"url-error\"") && refused.text().contains("ftp://gazette.example"));
    let added = send(&server, "/sources", &[], "url=https%3A%2F%2Fgazette.example%2Ffeed").await;
    assert_eq!((added.status, added.header("location")), (StatusCode::SEE_OTHER, "/sources"));
    let source = server.get("/v1/sources").await.json()["sources"][0]["id"].as_str().expect("an id").to_owned();
    for (action, state) in [("pause", "paused"), ("resume", "active")] {
        assert_eq!(send(&server, &format!("/sources/{source}/{action}"), &[], "").await.status, StatusCode::SEE_OTHER);
        assert_eq!(server.get("/v1/sources").await.json()["sources"][0]["state"], state);
    }
    assert_eq!(send(&server, &format!("/sources/{source}/paint"), &[], "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(send(&server, &format!("/sources/{source}/remove"), &[], "").await.status, StatusCode::SEE_OTHER);
    assert!(page(&server, "/sources").await.text().contains("No feed or site is polled yet"));
    let list = "opml=%3Copml+version%3D%222.0%22%3E%3Chead%2F%3E%3Cbody%3E%3Coutline+text%3D%22Gazette%22+xmlUrl%3D%22https%3A%2F%2Fgazette.example%2Ffeed%22%2F%3E%3C%2Fbody%3E%3C%2Fopml%3E";
    let imported = send(&server, "/sources/import", &[], list).await.text();
    assert!(imported.contains("Gazette") && imported.contains("added"), "{imported}");
    assert_eq!(send(&server, "/sources/import", &[], "opml=nothing").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_document_is_tried_and_not_stored() {
    let server = Server::new().await;
    let form = "media_type=text%2Fplain&document=Lift+opens%0A%0ALISBON%2C+March+1%3A+The+lift+opened.+It+cost+3+million+euros.";
    let tried = send(&server, "/try", &[], form).await;
    assert!(tried.text().contains("Lift opens") && tried.text().contains("3000000 EUR"), "{}", tried.text());
    let preview =
        request("POST", "/v1/preview", &[("content-type", "text/plain")], "Lift opens\n\nLISBON: It did.".into());
    let preview = server.call(preview).await.json();
    assert_eq!(preview["articles"][0]["article"]["headline"], "Lift opens");
    assert_eq!(preview["articles"][0]["evidence"]["pieces"][0]["text"], "Lift opens\n");
    let lines = request("POST", "/v1/preview", &[("content-type", "application/x-ndjson")], "{}".into());
    assert_eq!(server.call(lines).await.problem(), "unsupported_media_type");
    assert_eq!(send(&server, "/try", &[], "document=+").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(server.get("/v1/articles").await.json()["articles"].as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn a_form_keeps_a_key_in_a_cookie_that_the_api_accepts() {
    let (store, _engine) = embedded::memory().expect("an engine in memory");
    let server = Server::on(store, Policy { keyed_reads: true, keyed_writes: true });
    let scopes = [Scope::Admin].into_iter().collect();
    let key = api_keys::create(server.archive.store(), "a reader", scopes, Instant::now()).await.expect("a key");
    let asked = page(&server, "/sources").await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    assert!(asked.text().contains("action=\"/key\"") && asked.text().contains("value=\"/sources\""));
    let kept = send(&server, "/key", &[("x-forwarded-proto", "https")], &format!("key={key}&back=%2Fsources")).await;
    assert_eq!((kept.status, kept.header("location")), (StatusCode::SEE_OTHER, "/sources"));
    let (cookie, attributes) = kept.header("set-cookie").split_once("; ").expect("attributes");
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000; Secure");
    let cookie = format!("theme=dark; {cookie}");
    for path in ["/", "/sources", "/v1/sources"] {
        assert_eq!(server.get_with(path, &[BROWSER, ("cookie", &cookie)]).await.status, StatusCode::OK, "{path}");
        assert_eq!(server.get_with(path, &[BROWSER]).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    // A page of another origin cannot use it, even if a browser sent it.
    let foreign = [("cookie", cookie.as_str()), ("origin", "https://evil.example"), ("host", "127.0.0.1:8080")];
    assert_eq!(send(&server, "/sources", &foreign, "url=https%3A%2F%2Fa.example").await.status, StatusCode::FORBIDDEN);
    // Another host cannot be reached by the way back, and nothing but a key becomes a cookie.
    for back in ["%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2F%5Cevil.example"] {
        assert_eq!(send(&server, "/key", &[], &format!("key=dl_a&back={back}")).await.header("location"), "/");
    }
    let odd = send(&server, "/key", &[], "key=a%3B+Domain%3Devil.example").await;
    assert!(odd.header("set-cookie").starts_with("dateline_key=; "), "{}", odd.header("set-cookie"));
}

#[tokio::test]
async fn a_read_of_the_documentation_leads_to_its_response() {
    let server = Server::new().await;
    let called = page(&server, "/docs/get_article?id=a%2Fb&format=text").await;
    assert_eq!((called.status, called.header("location")), (StatusCode::SEE_OTHER, "/v1/articles/a%2Fb?format=text"));
    assert_eq!(page(&server, "/docs/delete_article").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_pages_look_like_is_kept_by_browsers() {
    let server = Server::new().await;
    let html = page(&server, "/key").await.text();
    for (name, media_type) in
        [("pages.css", "text/css"), ("pages.js", "text/javascript"), ("icon.svg", "image/svg+xml")]
    {
        let at = html.find(&format!("/assets/{name}?")).unwrap_or_else(|| panic!("{name} is linked"));
        let url = html[at..].split('"').next().expect("a URL");
        let answer = server.get(url).await;
        assert!(answer.header("content-type").starts_with(media_type), "{name}");
        assert!(answer.header("cache-control").contains("immutable"), "{name}");
    }
    assert_eq!(server.get("/assets/other.css").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_long_document_makes_no_long_page() {
    let server = Server::new().await;
    let paragraph = |number: usize| {
        format!("In week {number} the port of Lisbon paid 3 million euros to Ana Moreno on 3 March 2024.\n\n")
    };
    let document: String = (0..6_000).map(paragraph).collect();
    let receipt = server.post("text/plain", format!("Port pays\n\n{document}")).await.json();
    let article = format!("/articles/{}", receipt["id"].as_str().expect("an id"));
    for path in [article.clone(), format!("{article}/evidence"), format!("{article}/evidence?field=body")] {
        let answer = server.get_with(&path, &[BROWSER, ("accept-encoding", "gzip")]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.body.len() <= 60_000, "{path}: {} bytes", answer.body.len());
    }
    let first = page(&server, &format!("{article}/evidence")).await.text();
    assert!(first.contains("/evidence?from=65536"));
    let second = page(&server, &format!("{article}/evidence?from=65536")).await.text();
    assert!(second.contains("/evidence?from=0") && second.contains("/evidence?from=131072"));
}

#[tokio::test]
async fn a_long_timeline_has_few_bars() {
    let server = Server::with_seeds().await;
    let html = page(&server, "/timeline?interval=day&q=water").await.text();
    assert!(html.contains("More than 200 bars by day") && html.contains("articles by month"), "{html}");
}
