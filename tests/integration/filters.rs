//! Filters, counts and orders as people mean them: languages with their varieties, labels, undated articles.

use crate::support::{Server, headlines, request};
use axum::body::Body;
use serde_json::{Value, json};

const BODY: &str = "The harbour tram ran again on Monday after a pause of two years, the port said, and it was full.";

async fn post_page(server: &Server, headline: &str, language: &str, published: &str, author: &str) {
    let time =
        if published.is_empty() { String::new() } else { format!("<time datetime={published}>{published}</time>") };
    let content = format!(
        "<html lang={language}><meta property=og:site_name content='Harbour Gazette'><h1>{headline}</h1>
         <p class=byline>By <span rel=author>{author}</span> {time}</p><p>{BODY}</p></html>"
    );
    let envelope = json!({"media_type": "text/html", "key": headline, "content": content});
    let posted = request("POST", "/v1/articles", &[], Body::from(envelope.to_string()));
    assert_eq!(server.call(posted).await.status, 201);
}

async fn filled() -> Server {
    let server = Server::new().await;
    for (headline, language, published, author) in [
        ("Tram returns to the harbour", "en-us", "2025-04-07", "Ana Roa"),
        ("Ferry pier closes for repairs", "EN_GB", "2024-02-01", "Ben Ott"),
        ("Night bus gains a second line", "en", "1999-12-31", "Ana Roa"),
    ] {
        post_page(&server, headline, language, published, author).await;
    }
    server
}

#[tokio::test]
async fn a_language_includes_its_varieties() {
    let server = filled().await;
    for (query, expected) in [
        ("language=en", 3),
        ("language=EN", 3),
        ("language=en-US", 1),
        ("language=en-us,en-gb", 2),
        ("language=-en", 0),
        ("language=en&language=-en-US", 2),
        ("language=en-US&q=tram", 1),
        ("language=en&q=tram", 3),
        ("language=e", 0),
        ("language=eng", 0),
    ] {
        let found = server.get(&format!("/v1/articles?{query}")).await.json();
        assert_eq!(found["articles"].as_array().map(Vec::len), Some(expected), "{query}");
    }
    let list = server.get("/v1/articles?sort=published&fields=language").await.json();
    let languages: Vec<&Value> =
        list["articles"].as_array().expect("a list").iter().map(|article| &article["language"]).collect();
    assert_eq!(languages, ["en", "en-GB", "en-US"]);
}

#[tokio::test]
async fn facet_values_have_labels_and_languages_have_varieties() {
    let server = filled().await;
    let facets = server.get("/v1/facets?field=language,publisher,author").await.json();
    let values = |at: usize| facets["facets"][at]["values"].clone();
    let variety = |tag: &str, label: &str| json!({"value": tag, "label": label, "count": 1});
    let varieties = [variety("en-GB", "English (United Kingdom)"), variety("en-US", "English (United States)")];
    assert_eq!(values(0), json!([{"value": "en", "label": "English", "count": 3, "varieties": varieties}]));
    assert_eq!(values(1), json!([{"value": "harbour-gazette", "label": "Harbour Gazette", "count": 3}]));
    let authors = json!([
        {"value": "ana-roa", "label": "Ana Roa", "count": 2},
        {"value": "ben-ott", "label": "Ben Ott", "count": 1}
    ]);
    assert_eq!(values(2), authors);
    for (query, expected) in [("author=ana-roa", 2), ("author=-ana-roa", 1), ("publisher=harbour-gazette", 3)] {
        let found = server.get(&format!("/v1/articles?{query}")).await.json();
        assert_eq!(found["articles"].as_array().map(Vec::len), Some(expected), "{query}");
    }
}

#[tokio::test]
async fn a_timeline_finds_the_interval_that_fits() {
    let server = filled().await;
    for (interval, used, buckets) in [
        ("auto", "year", None),
        ("hour", "week", None),
        ("day", "week", None),
        ("week", "week", None),
        ("quarter", "quarter", Some(103)),
        ("year", "year", Some(27)),
    ] {
        let timeline = server.get(&format!("/v1/timeline?interval={interval}")).await.json();
        assert_eq!((&timeline["interval"], &timeline["total"]), (&json!(used), &json!(3)), "{interval}");
        let found = timeline["buckets"].as_array().expect("buckets").len();
        assert!(buckets.is_none_or(|buckets| buckets == found), "{interval}: {found}");
    }
    let narrow = server.get("/v1/timeline?interval=auto&published_from=2025-04-07").await.json();
    assert_eq!(narrow["interval"], "hour");
}

#[tokio::test]
async fn an_undated_article_is_listed_at_the_end_of_its_interval() {
    let server = filled().await;
    let bounded = "The levy came into force on 3 March 2024. The port will open again on 1 May 2024, the mayor said.";
    let answer = server.post("text/plain", format!("A levy for the port\n\n{bounded}")).await;
    assert_eq!(answer.status, 201);
    let unknown =
        server.post("text/plain", "A quiet pier\n\nThe pier is quiet, the port said, and the ferry is too.").await;
    assert_eq!(unknown.status, 201);
    let expected = [
        "A quiet pier",
        "Tram returns to the harbour",
        "A levy for the port",
        "Ferry pier closes for repairs",
        "Night bus gains a second line",
    ];
    assert_eq!(headlines(&server.get("/v1/articles").await), expected);
    assert_eq!(headlines(&server.get("/v1/articles?q=port&sort=-published").await), expected);
    let dated = headlines(&server.get("/v1/articles?has=published").await);
    assert_eq!(dated, [expected[1], expected[3], expected[4]]);
    let levy = server.get("/v1/articles?has=-published&limit=5").await.json()["articles"][1].clone();
    assert_eq!(levy["published"]["latest"], "2024-05-01T00:00:00.000Z");
    // It is counted on the last day that is possible.
    let timeline = server.get("/v1/timeline?interval=day&published_to=2030-01-01&q=levy").await.json();
    assert_eq!(timeline["total"], 0, "only dated articles have a time of publication");
    let timeline = server.get("/v1/timeline?interval=day&q=levy").await.json();
    assert_eq!(timeline["buckets"][0]["from"], "2024-04-30T00:00:00.000Z");
}
