//! `dateline-bench`: cost, speed and quality, counted and measured on this machine.
//!
//! A separate binary, so that the product includes neither these commands nor their dependencies.

mod cost;
#[path = "../tests/integration/support/dynamodb_endpoint.rs"]
mod dynamodb_endpoint;
mod engine;
mod generate;
mod lambda;
mod measure;
mod names;
mod overload;
mod poll;
mod read;
mod runtime;
mod scale;
mod score;
mod search;
mod serve;
mod server;
mod sqlite;
mod stories;
mod tls_endpoint;

use clap::Parser;
use dateline::{cli::CommandError, config::Config};
use std::process::ExitCode;

/// Measures Dateline on this machine.
#[derive(Debug, Parser)]
#[command(name = "dateline-bench")]
enum Bench {
    /// Count the capacity units of ingest and of list pages, and their price on AWS
    Cost(cost::CostOptions),
    /// Compare the table's file on this machine with DynamoDB's protocol: ingest and the reads of a page
    Engine(engine::EngineOptions),
    /// Compare the Lambda functions with a bare one: cold start, warm requests, CPU, memory
    Lambda(lambda::LambdaOptions),
    /// Measure the names found in texts with gold labels
    Names(names::NamesOptions),
    /// Post many long pages at once to a server: responses, time, memory
    Overload(overload::OverloadOptions),
    /// Poll many feeds of a local test server, some of which misbehave: requests, time, memory, completeness
    Poll(poll::PollOptions),
    /// Measure extraction on labelled pages, compared with the extractor it wraps
    Read(read::ReadOptions),
    /// Ingest many generated articles into a folder: rate, disk, memory, and the time of pages at each size
    Scale(scale::ScaleOptions),
    /// Measure the search index (size, cold start, warm queries), compared with SQLite's full-text search
    Search(search::SearchOptions),
    /// Load the routes of a server, compared with static answers of the same size
    Serve(serve::ServeOptions),
    /// Measure near-duplicate detection on texts altered as other sites alter them
    Stories(stories::StoriesOptions),
}

async fn run(bench: Bench) -> Result<(), CommandError> {
    match bench {
        Bench::Cost(options) => cost::run(&options).await,
        Bench::Engine(options) => engine::run(&options).await,
        Bench::Lambda(options) => lambda::run(&options).await,
        Bench::Names(options) => names::run(&options),
        Bench::Overload(options) => overload::run(&options),
        Bench::Poll(options) => poll::run(&options).await,
        Bench::Read(options) => read::run(&options),
        Bench::Scale(options) => scale::run(&options).await,
        Bench::Search(options) => search::run(&options).await,
        Bench::Serve(options) => serve::run(&options).await,
        Bench::Stories(options) => stories::run(&options),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    // What runs in this process has the server's memory settings.
    dateline::cli::memory::configure();
    // The poll benchmark's feeds misbehave on purpose.
    dateline::logs::plain(&Config::from_env(), "error,trafilatura=off");
    match run(Bench::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dateline-bench: {}", dateline::logs::chain(&error));
            ExitCode::FAILURE
        }
    }
}
