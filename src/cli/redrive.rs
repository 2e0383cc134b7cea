//! `dateline redrive`: moves messages that failed five times in the ingest function back to its queue.
//!
//! They failed because the archive did not answer, or because they are not valid messages. Documents that cannot be
//! read are not among them: those are stored as failures. Sending a message twice is harmless.

use super::{CommandError, harmless, say};
use crate::{config::Config, store::queue::Queues};
use clap::Args;
use std::process::ExitCode;

/// Maximum characters of a message to show.
const SHOWN_CHARACTERS: usize = 100;

#[derive(Debug, Args)]
pub struct RedriveOptions {
    /// URL of the dead-letter queue: the stack's output DeadLettersUrl
    #[arg(long, value_name = "URL")]
    dead_letters: String,
    /// URL of the ingest queue: the stack's output QueueUrl
    #[arg(long, value_name = "URL")]
    queue: String,
    /// Maximum number of messages to move
    #[arg(long, value_name = "NUMBER", default_value_t = usize::MAX, hide_default_value = true)]
    most: usize,
}

pub async fn run(options: RedriveOptions, config: &Config) -> Result<ExitCode, CommandError> {
    let queues = Queues::open(config)?;
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
    say(format_args!("{passed} messages sent back to the queue"));
    Ok(ExitCode::SUCCESS)
}
