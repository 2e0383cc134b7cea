//! Counts of facet values.

use crate::support::{
    Server,
    searching::{fill, index},
};
use serde_json::Value;

/// Only the values that are shown are named, over two stored segments and the tail.
#[tokio::test]
async fn fewer_facet_values_are_the_first_of_all() {
    let server = Server::with_seeds().await;
    for (from, to) in [(0, 30), (30, 40)] {
        fill(&server, from..to).await;
        index(server.archive.store()).await;
    }
    fill(&server, 40..46).await;
    let fields = "country,place,person,organisation,topic,language,source";
    for q in ["", "&q=tram", "&q=the"] {
        let counted = async |limit: usize| {
            let answer = server.get(&format!("/v1/facets?field={fields}&limit={limit}{q}")).await.json();
            answer["facets"].as_array().expect("facets").clone()
        };
        let all = counted(200).await;
        for limit in [1, 2, 5, 13] {
            for (some, all) in counted(limit).await.iter().zip(&all) {
                let values = |facet: &Value| facet["values"].as_array().expect("values").clone();
                let (mut first, some_values) = (values(all), values(some));
                let left_out = first.len().saturating_sub(limit);
                first.truncate(limit);
                assert_eq!((&some_values, &some["left_out"]), (&first, &left_out.into()), "{q} {limit}");
            }
        }
    }
}
