//! Reprocessing: archived documents are read again with the current rules.

use crate::support::{Server, read_by_earlier_rules, story};
use dateline::{
    archive::{Outcome, reprocess::Reprocessed},
    article::ArticleId,
};
use serde_json::Value;

async fn ids(server: &Server) -> Vec<ArticleId> {
    let all = server.walk("/v1/articles?limit=100&fields=id").await;
    all.iter().map(|article| ArticleId::parse(article["id"].as_str().expect("an id")).expect("an id")).collect()
}

#[tokio::test]
async fn reprocessing_with_the_same_rules_changes_nothing() {
    let server = Server::with_seeds().await;
    let ids = ids(&server).await;
    assert!(ids.len() >= 20);
    for id in ids {
        match server.archive.reprocess(&id, true).await {
            Ok(Reprocessed::Unchanged) => {}
            other => panic!("{id}: {other:?}"),
        }
    }
}

/// After an upgrade a page often arrives with other lines around the same body.
#[tokio::test]
async fn a_change_of_rules_is_not_recorded_as_a_revision_by_the_publisher() {
    let server = Server::new().await;
    let archive = &server.archive;
    let id = archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested").id;
    let kinds = async || {
        let revisions = server.get(&format!("/v1/articles/{id}/revisions")).await.json();
        let all = revisions["revisions"].as_array().expect("revisions").clone();
        all.iter().map(|revision| revision["kind"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    read_by_earlier_rules(archive, &id).await;
    let mut other_lines = story("a.txt", "Tram returns to the harbour", "LISBON");
    other_lines.content.extend(b"\nShare on Facebook\n");
    let ingested = archive.ingest(other_lines).await.expect("ingested");
    assert_eq!((ingested.outcome, ingested.revision), (Outcome::Unchanged, 3));
    assert_eq!(kinds().await, ["reprocessed", "revised", "created"]);
    // A change by the publisher is another revision.
    read_by_earlier_rules(archive, &id).await;
    let changed = archive.ingest(story("a.txt", "Tram returns to the old harbour", "LISBON")).await.expect("ingested");
    assert_eq!(changed.outcome, Outcome::Revised);
    assert_eq!(kinds().await[..2], ["revised", "reprocessed"]);
}

#[tokio::test]
async fn a_dry_run_reports_the_differences_and_a_run_stores_them_as_a_revision() {
    let server = Server::new().await;
    let archive = &server.archive;
    let document = || story("a.txt", "Tram returns to the harbour", "LISBON");
    let id = archive.ingest(document()).await.expect("ingested").id;
    read_by_earlier_rules(archive, &id).await;
    let path = format!("/v1/articles/{id}");

    let Ok(Reprocessed::Changed(differences)) = archive.reprocess(&id, false).await else {
        panic!("expected differences")
    };
    let reported: Vec<_> = differences
        .iter()
        .map(|difference| (difference.field.as_str(), difference.before.clone(), difference.after.clone()))
        .collect();
    let expected = ("headline", Value::from("Share this page"), Value::from("Tram returns to the harbour"));
    assert_eq!(reported, [expected]);
    assert_eq!(server.get(&path).await.json()["headline"], "Share this page", "a dry run changes nothing");

    assert!(matches!(archive.reprocess(&id, true).await, Ok(Reprocessed::Changed(_))));
    let article = server.get(&path).await.json();
    assert_eq!((&article["headline"], &article["revision"]), (&"Tram returns to the harbour".into(), &3.into()));
    assert_eq!(article["rules_version"], dateline::reading::RULES_VERSION);
    let revisions = server.get(&format!("{path}/revisions")).await.json();
    assert_eq!(
        (&revisions["revisions"][0]["kind"], &revisions["revisions"][0]["changed"][0]),
        (&"reprocessed".into(), &"headline".into())
    );
    assert!(revisions["revisions"][0]["reason"].as_str().is_some_and(|text| text.contains("before by rules 0")));

    assert!(matches!(archive.reprocess(&id, true).await, Ok(Reprocessed::Unchanged)));
    // The publisher's document is unchanged.
    assert_eq!(archive.ingest(document()).await.expect("ingested").outcome, Outcome::Unchanged);
    let missing = ArticleId::of_identity("nothing");
    assert!(matches!(archive.reprocess(&missing, true).await, Ok(Reprocessed::Gone)));
}
