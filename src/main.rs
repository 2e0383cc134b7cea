//! The `dateline` command.

use dateline::cli::{Cli, run};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    run(Cli::from_command_line()).await
}
