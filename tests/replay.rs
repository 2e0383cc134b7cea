//! Archived documents read again with today's rules.

mod support;

use dateline::{
    archive::{Outcome, replay::Reread},
    article::ArticleId,
};
use serde_json::Value;
use support::{Server, read_by_earlier_rules, story};

async fn ids(server: &Server) -> Vec<ArticleId> {
    let all = server.walk("/v1/articles?limit=100&fields=id").await;
    all.iter().map(|it| ArticleId::parse(it["id"].as_str().expect("an id")).expect("an id")).collect()
}

#[tokio::test]
async fn todays_reading_is_not_changed_by_reading_again() {
    let server = Server::with_seeds().await;
    let ids = ids(&server).await;
    assert!(ids.len() >= 20);
    for id in ids {
        match server.archive.reread(&id, true).await {
            Ok(Reread::Unchanged) => {}
            other => panic!("{id}: {other:?}"),
        }
    }
}

/// After an upgrade a page often comes with other lines around the same story.
#[tokio::test]
async fn what_the_rules_changed_is_not_held_against_the_publisher() {
    let server = Server::new().await;
    let archive = &server.archive;
    let id = archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested").id;
    let kinds = async || {
        let revisions = server.get(&format!("/v1/articles/{id}/revisions")).await.json();
        let all = revisions["revisions"].as_array().expect("revisions").clone();
        all.iter().map(|it| it["kind"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    read_by_earlier_rules(archive, &id).await;
    let mut other_lines = story("a.txt", "Tram returns to the harbour", "LISBON");
    other_lines.content.extend(b"\nShare on Facebook\n");
    let ingested = archive.ingest(other_lines).await.expect("ingested");
    assert_eq!((ingested.outcome, ingested.revision), (Outcome::Unchanged, 3));
    assert_eq!(kinds().await, ["reread", "revised", "created"]);
    // And what the publisher did change is a revision of its own.
    read_by_earlier_rules(archive, &id).await;
    let changed = archive.ingest(story("a.txt", "Tram returns to the old harbour", "LISBON")).await.expect("ingested");
    assert_eq!(changed.outcome, Outcome::Revised);
    assert_eq!(kinds().await[..2], ["revised", "reread"]);
}

#[tokio::test]
async fn what_reads_differently_is_told_and_then_a_revision_that_says_so() {
    let server = Server::new().await;
    let archive = &server.archive;
    let document = || story("a.txt", "Tram returns to the harbour", "LISBON");
    let id = archive.ingest(document()).await.expect("ingested").id;
    read_by_earlier_rules(archive, &id).await;
    let path = format!("/v1/articles/{id}");

    let Ok(Reread::Changed(differences)) = archive.reread(&id, false).await else { panic!("it reads differently") };
    let told: Vec<_> = differences.iter().map(|it| (it.field.as_str(), it.before.clone(), it.after.clone())).collect();
    let expected = ("headline", Value::from("Share this page"), Value::from("Tram returns to the harbour"));
    assert_eq!(told, [expected]);
    assert_eq!(server.get(&path).await.json()["headline"], "Share this page", "nothing is changed by looking");

    assert!(matches!(archive.reread(&id, true).await, Ok(Reread::Changed(_))));
    let article = server.get(&path).await.json();
    assert_eq!((&article["headline"], &article["revision"]), (&"Tram returns to the harbour".into(), &3.into()));
    assert_eq!(article["rules_version"], dateline::reading::RULES_VERSION);
    let revisions = server.get(&format!("{path}/revisions")).await.json();
    assert_eq!(
        (&revisions["revisions"][0]["kind"], &revisions["revisions"][0]["changed"][0]),
        (&"reread".into(), &"headline".into())
    );
    assert!(revisions["revisions"][0]["reason"].as_str().is_some_and(|it| it.contains("before by rules 0")));

    assert!(matches!(archive.reread(&id, true).await, Ok(Reread::Unchanged)));
    // The publisher's document is the same as ever.
    assert_eq!(archive.ingest(document()).await.expect("ingested").outcome, Outcome::Unchanged);
    let gone = ArticleId::of_identity("nothing");
    assert!(matches!(archive.reread(&gone, true).await, Ok(Reread::Gone)));
}
