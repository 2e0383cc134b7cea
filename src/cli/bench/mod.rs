//! `dateline bench`: what things cost, counted and measured on the machine at hand.

mod cost;
pub mod engine;
pub mod lambda;
mod measure;
mod read;
pub mod runtime;
mod score;

use super::Failure;
use clap::Subcommand;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Count the capacity units of ingest and of pages, and what they cost on AWS
    Cost(cost::Options),
    /// Measure the Lambda functions beside a bare one: cold start, warm requests, CPU, memory
    Lambda(lambda::Options),
    /// Measure reading on pages whose answers are known, beside the extractor it wraps
    Read(read::Options),
}

pub async fn run(bench: Bench) -> Result<ExitCode, Failure> {
    match bench {
        Bench::Cost(options) => cost::run(&options).await?,
        Bench::Lambda(options) => lambda::run(&options).await?,
        Bench::Read(options) => read::run(&options)?,
    }
    Ok(ExitCode::SUCCESS)
}
