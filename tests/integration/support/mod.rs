//! Shared by the tests: an archive in memory behind the router, and calls to it as a client makes them.

pub mod dynamodb_endpoint;
pub mod mock_server;
pub mod polling;
pub mod process;
/// The stand-in for Lambda's Runtime API, which the benchmarks use too.
#[cfg(feature = "lambda")]
#[path = "../../../benches/runtime.rs"]
#[allow(dead_code, reason = "only the benchmarks use the process id")]
pub mod runtime;
pub mod searching;

use axum::{Router, body::Body};
use dateline::{
    access::Policy,
    archive::Archive,
    article::{ArticleId, Instant, RawDocument},
    fetch::AddressPolicy,
    http::Service,
    store::{ArticleRecord, Commit, Next, PostingList, Revision, RevisionKind, Store, StoredArticle, embedded},
};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

pub struct Server {
    pub archive: Archive,
    router: Router,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Server {
    pub async fn new() -> Self {
        let (store, _) = embedded::memory().expect("an engine in memory");
        Self::on(store, Policy::OPEN)
    }

    pub async fn with_seeds() -> Self {
        let server = Self::new().await;
        for input in dateline::archive::seeds::seeds(Instant::now()) {
            let document = input.document.expect(&input.name);
            for report in server.archive.ingest_all(document).await {
                report.ingested.expect(&input.name);
            }
        }
        server
    }

    pub fn on(store: Store, policy: Policy) -> Self {
        let archive = Archive::new(store);
        // Feeds and receivers of the tests are on this machine.
        let service = Service::new(archive.clone(), policy).reaching(AddressPolicy::Private).as_hub();
        Self::of(service)
    }

    pub fn of(service: Service) -> Self {
        Self { archive: service.archive.clone(), router: dateline::pages::router(service) }
    }

    pub async fn call(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("the router never fails");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body in memory").to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.call(request("GET", path, headers, Body::empty())).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(request("DELETE", path, &[], Body::empty())).await
    }

    pub async fn post(&self, media_type: &str, body: impl Into<Body>) -> Answer {
        self.call(request("POST", "/v1/articles", &[("content-type", media_type)], body.into())).await
    }

    /// Returns every article of a list, following its pages.
    pub async fn walk(&self, path: &str) -> Vec<Value> {
        let mut articles = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let page = self.get(&path).await.json();
            articles.extend(page["articles"].as_array().expect("a page").clone());
            next = page["next"].as_str().map(str::to_owned);
        }
        articles
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|header| header.to_str().ok()).unwrap_or_default()
    }

    /// Returns the code of a problem response, after checking that it is one.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16());
        assert_eq!(body["request_id"], self.header("x-request-id"));
        body["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// Returns the headlines of a list.
pub fn headlines(answer: &Answer) -> Vec<String> {
    let list = answer.json();
    let articles = list["articles"].as_array().expect("a list");
    articles.iter().map(|article| article["headline"].as_str().unwrap_or_default().to_owned()).collect()
}

pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: Body) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if matches!(method, "POST" | "PATCH") && !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header("content-type", "application/json");
    }
    request.body(body).expect("a request")
}

/// Returns a short document written for the tests, identified by its key and headline.
pub fn story(key: &str, headline: &str, dateline: &str) -> RawDocument {
    let content =
        format!("{headline}\n\n{dateline}: The harbour tram ran again on Monday after a pause of two years.\n");
    RawDocument {
        media_type: Some("text/plain".to_owned()),
        key: Some(key.to_owned()),
        ..RawDocument::new(content.into_bytes(), Instant::parse("2025-04-07T12:00:00Z").expect("a time"))
    }
}

/// Replaces an article with a revision as earlier rules might have read it.
pub async fn read_by_earlier_rules(archive: &Archive, id: &ArticleId) {
    let store = archive.store();
    let stored = store.article(id).await.expect("read").expect("an article");
    let mut article = stored.article.clone();
    article.head.revision += 1;
    article.head.rules_version = "0".to_owned();
    article.facts.headline = Some("Share this page".to_owned());
    let evidence = store.evidence(id, 1).await.expect("read").expect("evidence");
    let lists = [PostingList::All, PostingList::Changed].to_vec();
    let next = ArticleRecord {
        listed_at: article.listed_at(),
        article,
        content_hash: "of what the earlier rules read".to_owned(),
        lists: lists.iter().map(PostingList::pk).collect(),
    };
    let revision = Revision {
        number: next.article.head.revision,
        at: next.article.head.changed_at,
        kind: RevisionKind::Revised,
        changed: Vec::new(),
        reason: None,
        request_id: None,
    };
    let previous = StoredArticle::Article(stored);
    let commit = Commit {
        previous: Some(&previous),
        revision: &revision,
        next: Next::Article { stored: &next, lists, codes: Vec::new(), evidence: &evidence },
        document: None,
    };
    store.commit(&commit).await.expect("committed");
}
