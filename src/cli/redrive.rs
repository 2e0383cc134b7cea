//! `dateline redrive`: the messages that the ingest function could not take in five attempts, back into its queue.
//!
//! They failed because the archive did not answer, or because they are no message of its own: documents that cannot be
//! read are not among them, they are with the failures. Sending one twice does no harm.

use super::{Failure, harmless, say};
use crate::store::{
    aws::{self, Account},
    queue::Queues,
};
use clap::Args;
use std::process::ExitCode;

/// Of a message, what is shown.
const SHOWN_CHARACTERS: usize = 100;

#[derive(Debug, Args)]
pub struct Options {
    /// Where they wait: the stack's output DeadLettersUrl
    #[arg(long, value_name = "URL")]
    dead_letters: String,
    /// Where they go: the stack's output QueueUrl
    #[arg(long, value_name = "URL")]
    queue: String,
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value_t = usize::MAX, hide_default_value = true)]
    most: usize,
}

pub async fn run(options: Options) -> Result<ExitCode, Failure> {
    let queues = Queues::open(&Account::from_env()?, aws::endpoint("AWS_ENDPOINT_URL_SQS"))?;
    let mut passed = 0;
    'all: loop {
        let messages = queues.receive(&options.dead_letters).await?;
        if messages.is_empty() {
            break;
        }
        for message in messages {
            if passed == options.most {
                break 'all;
            }
            queues.pass_on(&message, &options.dead_letters, &options.queue).await?;
            passed += 1;
            let body: String = message.body.as_deref().unwrap_or_default().chars().take(SHOWN_CHARACTERS).collect();
            say(format_args!("{}  {}", message.message_id.as_deref().unwrap_or_default(), harmless(&body)));
        }
    }
    say(format_args!("{passed} messages sent round again"));
    Ok(ExitCode::SUCCESS)
}
