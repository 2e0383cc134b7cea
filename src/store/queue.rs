//! A queue of SQS, as somebody at a terminal handles it. The functions are handed their messages by Lambda itself.

use super::{
    StoreError,
    aws::{self, Account},
};
use aws_sdk_sqs::{
    Client,
    config::{BehaviorVersion, Region},
    types::Message,
};
use aws_smithy_runtime_api::client::http::http_client_fn;

/// Messages in one request: as many as SQS gives.
const BATCH: i32 = 10;
/// A queue is asked on all its servers if it is asked for longer than nothing. Below the limit of the connection.
const WAIT_SECONDS: i32 = 2;

#[derive(Clone, Debug)]
pub struct Queues {
    client: Client,
}

impl Queues {
    /// Connects to nothing. `endpoint`: other than the region's own.
    pub fn open(account: &Account, endpoint: Option<String>) -> Result<Self, StoreError> {
        let connector = aws::connector(account)?;
        let mut config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(account.region.clone()))
            .credentials_provider(account.credentials.clone())
            .http_client(http_client_fn(move |_, _| connector.clone()));
        if let Some(endpoint) = endpoint {
            config = config.endpoint_url(endpoint);
        }
        Ok(Self { client: Client::from_conf(config.build()) })
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Messages that are hidden from others for a while; none: there is none that is not hidden already.
    pub async fn receive(&self, queue: &str) -> Result<Vec<Message>, StoreError> {
        let answer = self.client.receive_message().queue_url(queue).max_number_of_messages(BATCH);
        let answer = answer.wait_time_seconds(WAIT_SECONDS).send().await;
        Ok(answer.map_err(|error| StoreError::call("ReceiveMessage", error))?.messages.unwrap_or_default())
    }

    /// Sends a message's body to another queue, and then takes it out of its own: it is in one of them at any time, and at
    /// the worst in both.
    pub async fn pass_on(&self, message: &Message, from: &str, to: &str) -> Result<(), StoreError> {
        let body = message.body.as_deref().unwrap_or_default();
        let sent = self.client.send_message().queue_url(to).message_body(body).send().await;
        sent.map_err(|error| StoreError::call("SendMessage", error))?;
        let receipt = message.receipt_handle.as_deref().unwrap_or_default();
        let deleted = self.client.delete_message().queue_url(from).receipt_handle(receipt).send().await;
        deleted.map_err(|error| StoreError::call("DeleteMessage", error))?;
        Ok(())
    }
}
