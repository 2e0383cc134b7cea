//! `dateline bench`: what things cost, counted and measured on the machine at hand.

mod cost;
pub mod engine;
pub mod lambda;
mod measure;
mod poll;
mod read;
pub mod runtime;
mod score;
mod search;
mod sqlite;
mod stories;

use super::Failure;
use clap::Subcommand;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Count the capacity units of ingest and of pages, and what they cost on AWS
    Cost(cost::Options),
    /// Measure the Lambda functions beside a bare one: cold start, warm requests, CPU, memory
    Lambda(lambda::Options),
    /// Poll many feeds of a server of its own, some of which misbehave: requests, time, memory, and whether all came in
    Poll(poll::Options),
    /// Measure reading on pages whose answers are known, beside the extractor it wraps
    Read(read::Options),
    /// Measure the search index: its size, a cold start, warm queries; beside SQLite's full-text search
    Search(search::Options),
    /// Measure how near-duplicates are found, on texts that are altered as others alter them
    Stories(stories::Options),
}

pub async fn run(bench: Bench) -> Result<ExitCode, Failure> {
    match bench {
        Bench::Cost(options) => cost::run(&options).await?,
        Bench::Lambda(options) => lambda::run(&options).await?,
        Bench::Poll(options) => poll::run(&options).await?,
        Bench::Read(options) => read::run(&options)?,
        Bench::Search(options) => search::run(&options).await?,
        Bench::Stories(options) => stories::run(&options)?,
    }
    Ok(ExitCode::SUCCESS)
}
