//! The least that a function can be: `lambda_http`, the SDK, and the two calls that the `api` function makes for a list
//! and for one article, answered as they come. What `dateline bench lambda` prints beside `api`.

use aws_sdk_dynamodb::types::AttributeValue;
use dateline::store::{Store, aws};
use lambda_http::{Body, Error, Request, Response, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let store = aws::open(&aws::Settings::from_env()?)?;
    lambda_http::run(service_fn(|request| answer(&store, request))).await
}

async fn answer(store: &Store, request: Request) -> Result<Response<Body>, Error> {
    let text = |it: &str| AttributeValue::S(it.to_owned());
    let found = match request.uri().path().strip_prefix("/v1/articles/") {
        Some(id) => {
            let key = text(&format!("A#{id}"));
            let call = store.client().get_item().table_name(store.table()).key("pk", key).key("sk", text("HEAD"));
            usize::from(call.consistent_read(true).send().await?.item.is_some())
        }
        None => {
            let call = store.client().query().table_name(store.table()).key_condition_expression("pk = :pk");
            let call = call.expression_attribute_values(":pk", text("F#all")).limit(21).consistent_read(true);
            call.scan_index_forward(false).send().await?.items().len()
        }
    };
    Ok(Response::new(Body::Text(format!("{{\"found\":{found}}}"))))
}
