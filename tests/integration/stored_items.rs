//! The items of the table as they are stored. Archives outlive a release, so a renamed type or member must not change
//! the key, the attribute or the JSON member that its name is stored under.

use crate::support::{Server, request, searching::index, story};
use axum::body::Body;
use dateline::{
    access::{Policy, Scope, api_keys},
    article::{Defaults, Instant, RawDocument},
    store::{embedded, table::Value as Attribute},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The JSON members of one attribute, by the item and attribute that hold it.
type Members = BTreeMap<String, BTreeSet<String>>;

#[tokio::test]
async fn stored_items_have_the_recorded_keys_attributes_and_members() {
    let (store, _) = embedded::memory().expect("an engine in memory");
    let server = Server::on(store, Policy::OPEN);
    let page = "<title>Tram returns to the harbour</title><meta property='article:section' content='Transport'>\
                <meta property='article:published_time' content='2025-04-07T09:00:00+01:00'>\
                <article><h1>Tram returns to the harbour</h1><p>By Ana Moreno</p>\
                <p>LISBON, April 7: Mayor Ana Costa said that the tram of the Harbour Transport Authority ran again on \
                Monday after two years of repairs, which cost 3 million euros and took 40 workers to finish.</p></article>";
    let at = Instant::parse("2025-04-07T12:00:00Z").expect("a time");
    let document = RawDocument {
        media_type: Some("text/html".to_owned()),
        key: Some("tram.html".to_owned()),
        url: Some("https://gazette.example/tram".to_owned()),
        source: Some("gazette".to_owned()),
        defaults: Some(Defaults { publisher: Some("The Gazette".to_owned()), ..Defaults::default() }),
        ..RawDocument::new(page.as_bytes().to_vec(), at)
    };
    server.archive.ingest(document).await.expect("ingested");
    for headline in ["Ferry pier closes for repairs", "Old ferry pier closes for good"] {
        server.archive.ingest(story("pier.txt", headline, "LISBON")).await.expect("ingested");
    }
    let rejected = RawDocument { key: Some("empty.txt".to_owned()), ..RawDocument::new(Vec::new(), at) };
    server.archive.ingest(rejected).await.expect_err("an empty document");
    let store = server.archive.store();
    api_keys::create(store, "a reader", [Scope::Read].into(), at).await.expect("created");
    for (path, body) in [
        ("/v1/sources", json!({"url": "https://gazette.example/feed", "paused": true})),
        ("/v1/webhooks", json!({"url": "https://desk.example/hook"})),
        ("/v1/articles", json!({"content": "Night bus gains a second line\n\nThe night bus has two lines now."})),
    ] {
        let headers = [("content-type", "application/json"), ("idempotency-key", "once")];
        let answer = server.call(request("POST", path, &headers, Body::from(body.to_string()))).await;
        assert_eq!(answer.status, 201, "{path}: {}", answer.text());
    }

    index(store).await;
    let scanned = store.table().scan(None, 10_000).await.expect("scanned").content;
    assert!(!scanned.more, "one page");
    let mut members = Members::new();
    for item in &scanned.items {
        let name = format!("{} / {}", kind(&item.key.pk), kind(&item.key.sk));
        for (attribute, value) in &item.attributes {
            let of_attribute = members.entry(format!("{name} / {attribute}")).or_default();
            of_attribute.insert(shape(value).to_owned());
            if let Some(json) = json_of(value) {
                add_members(of_attribute, "", &json);
            }
        }
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../goldens" }, {
        insta::assert_json_snapshot!("stored-items", members);
    });
}

/// A key without what differs from item to item: `A#<id>` becomes `A#…`, a posting's list keeps its facet.
fn kind(key: &str) -> String {
    let constant = ["HEAD", "DOC", "KEY", "BAND", "POSITION"].contains(&key) || key.starts_with("L#");
    let facet =
        key.strip_prefix("F#").and_then(|list| list.split_once([':', '#'])).map(|(facet, _)| format!("F#{facet}"));
    match key.split_once('#') {
        _ if constant => key.to_owned(),
        _ if facet.is_some() => facet.unwrap_or_default() + "…",
        Some((prefix, _)) if prefix.len() == 1 => format!("{prefix}#…"),
        _ => "…".to_owned(),
    }
}

/// Returns the type of an attribute, as DynamoDB abbreviates it.
fn shape(value: &Attribute) -> &'static str {
    match value {
        Attribute::Text(_) => "(S)",
        Attribute::Number(_) => "(N)",
        Attribute::Bytes(_) => "(B)",
        Attribute::Bool(_) => "(BOOL)",
        Attribute::Texts(_) => "(L)",
    }
}

/// What values are compressed with; archives outlive a release, so it must stay.
const DICTIONARY: &[u8] = include_bytes!("../../src/store/items.dictionary");

/// Returns the JSON that an attribute holds, plain or compressed.
fn json_of(value: &Attribute) -> Option<Value> {
    match value {
        Attribute::Bytes(bytes) => {
            let decoder = zstd::stream::Decoder::with_dictionary(bytes.as_slice(), DICTIONARY).ok()?;
            serde_json::from_reader(decoder).ok()
        }
        Attribute::Text(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// Adds the paths of a value's members.
fn add_members(members: &mut BTreeSet<String>, path: &str, value: &Value) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let path = format!("{path}.{name}");
                add_members(members, &path, value);
                members.insert(path);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| add_members(members, &format!("{path}[]"), value)),
        _ => {}
    }
}
