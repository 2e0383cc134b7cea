//! SQS queues, for the command line. The functions get their messages from Lambda itself.

use super::{StoreError, aws};
use crate::config::Config;
use aws_sdk_sqs::{
    Client,
    config::{BehaviorVersion, Region},
    types::Message,
};
use aws_smithy_runtime_api::client::http::http_client_fn;

/// Messages per request: the SQS maximum.
const BATCH: i32 = 10;
/// A non-zero wait enables long polling, which queries all SQS servers. Shorter than the connection's read timeout.
const WAIT_SECONDS: i32 = 2;

#[derive(Clone, Debug)]
pub struct Queues {
    client: Client,
}

impl Queues {
    /// Builds the client, without connecting. `endpoint` replaces the region's own.
    pub fn open(config: &Config) -> Result<Self, StoreError> {
        let connector = aws::connector(config)?;
        let mut client = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(config.region()?.to_owned()))
            .credentials_provider(aws::credentials(config)?)
            .http_client(http_client_fn(move |_, _| connector.clone()));
        if let Some(endpoint) = &config.queue_endpoint {
            client = client.endpoint_url(endpoint);
        }
        Ok(Self { client: Client::from_conf(client.build()) })
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Receives messages and hides them from other consumers for a while; empty if no visible message is left.
    pub async fn receive(&self, queue: &str) -> Result<Vec<Message>, StoreError> {
        let answer = self.client.receive_message().queue_url(queue).max_number_of_messages(BATCH);
        let answer = answer.wait_time_seconds(WAIT_SECONDS).send().await;
        Ok(answer.map_err(|error| StoreError::call("ReceiveMessage", error))?.messages.unwrap_or_default())
    }

    /// Sends a message's body to another queue, then deletes it from its own: it is in at least one of them at any
    /// time, at worst in both.
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
