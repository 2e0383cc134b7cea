//! A minimal function: `lambda_http`, the SDK, and the two calls that the `api` function makes for a list and for one
//! article, with the attributes returned unprocessed. `dateline-bench lambda` compares `api` with it.

use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine, prelude::BASE64_STANDARD};
use dateline::{
    config::Config,
    store::{aws, table::dynamodb::DynamoDbTable},
};
use lambda_http::{Body, Error, Request, Response, service_fn};
use serde_json::Value;
use std::collections::HashMap;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let table = aws::table(&Config::from_env())?;
    lambda_http::run(service_fn(|request| answer(&table, request))).await
}

async fn answer(table: &DynamoDbTable, request: Request) -> Result<Response<Body>, Error> {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let found: Vec<HashMap<String, AttributeValue>> = match request.uri().path().strip_prefix("/v1/articles/") {
        Some(id) => {
            let key = text(&format!("A#{id}"));
            let call = table.client().get_item().table_name(table.name()).key("pk", key).key("sk", text("HEAD"));
            call.consistent_read(true).send().await?.item.into_iter().collect()
        }
        None => {
            let call = table.client().query().table_name(table.name()).key_condition_expression("pk = :pk");
            let call = call.expression_attribute_values(":pk", text("F#all")).limit(21).consistent_read(true);
            call.scan_index_forward(false).send().await?.items.unwrap_or_default()
        }
    };
    let found: Vec<Value> =
        found.into_iter().map(|item| item.into_iter().map(|(name, value)| (name, to_json(value))).collect()).collect();
    Ok(Response::new(Body::Text(serde_json::to_string(&found)?)))
}

fn to_json(value: AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => Value::String(text),
        AttributeValue::B(b) => Value::String(BASE64_STANDARD.encode(b)),
        AttributeValue::L(all) => all.into_iter().map(to_json).collect(),
        _ => Value::Null,
    }
}
