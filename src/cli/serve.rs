//! `dateline serve`: the archive over HTTP on this machine.

use super::{Data, Failure, engine, files, inbox, report::Report, say, sources::ReachOptions};
use crate::{
    access::Policy,
    archive::{Archive, intake::Arrival, seeds::seeds},
    article::Instant,
    http::{Service, router},
    query,
    search::{SearchError, indexer::Indexer},
    sources::poll::Poller,
    store::{Kind, Store, embedded},
    webhooks::deliver::Deliverer,
};
use clap::{Args, ValueEnum};
use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};
use tokio::{net::TcpListener, signal::unix};

/// How long requests that are under way may take once the server was asked to stop.
const GRACE: Duration = Duration::from_secs(10);
/// How often what is new is moved into the search index, and how long after a failure.
const INDEX_EVERY: Duration = Duration::from_secs(5);
const INDEX_AGAIN: Duration = Duration::from_secs(30);
/// How often it is looked for sources that are due.
const POLL_EVERY: Duration = Duration::from_secs(2);
/// How often webhooks are told of what changed.
const DELIVER_EVERY: Duration = Duration::from_secs(2);

#[derive(Clone, Debug, Args)]
pub struct Options {
    #[command(flatten)]
    data: Data,
    /// Keep the archive in memory and forget it at the end
    #[arg(long, conflicts_with_all = ["data", "durability"])]
    memory: bool,
    /// The address to listen on; port 0 takes a free one. One that is no loopback address asks for keys, and is refused
    /// where there are none
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Also serve the table itself as a DynamoDB endpoint, to run the functions against on this machine
    #[arg(long, value_name = "ADDRESS")]
    table_endpoint: Option<SocketAddr>,
    /// Take these documents in before serving, instead of the bundled seeds
    #[arg(long, value_name = "DIR")]
    seeds: Option<PathBuf>,
    /// Take nothing in before serving
    #[arg(long, conflicts_with = "seeds")]
    no_seeds: bool,
    /// Who may read the articles. Writing needs a key wherever the archive has one
    #[arg(long, value_enum, default_value_t = Reads::Public)]
    reads: Reads,
    /// Take documents, deletions and sources from whoever reaches the address, without a key
    #[arg(long)]
    public_writes: bool,
    /// Take in whatever is dropped into this folder while serving
    #[arg(long, value_name = "DIR")]
    inbox: Option<PathBuf>,
    #[command(flatten)]
    reach: ReachOptions,
    /// Build the search index anew, while what there is of it goes on serving
    #[arg(long)]
    reindex: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Reads {
    Public,
    Keyed,
}

pub async fn run(options: Options) -> Result<ExitCode, Failure> {
    // Bound first: a port that is taken should say so before an archive is opened and filled.
    let listener = TcpListener::bind(options.listen).await.map_err(Failure::io(format!("{}", options.listen)))?;
    let address = listener.local_addr().map_err(Failure::io("the listening address"))?;
    let folder = if options.memory { None } else { Some(options.data.open().await?) };
    let (store, engine) = match &folder {
        Some(folder) => (folder.store.clone(), folder.engine.clone()),
        None => embedded::memory().await?,
    };
    let policy = policy(&options, &store, address).await?;
    let archive = Archive::new(store);
    if !options.no_seeds {
        take_seeds(&archive, options.seeds.as_deref()).await?;
    }
    let sweeper = tokio::spawn(embedded::sweep(engine.clone()));
    if let Some(address) = options.table_endpoint {
        if !address.ip().is_loopback() {
            return Err(Failure::Other(format!("--table-endpoint: expected a loopback address, found {address}")));
        }
        let endpoint = engine::serve(engine, address).await?;
        say(format_args!("the table {} answers at {endpoint}", embedded::TABLE));
    }
    let indexing = tokio::spawn(keep_indexed(archive.store().clone(), options.reindex));
    let polling = tokio::spawn(keep_polled(options.reach.poller(archive.clone())?));
    let delivering = tokio::spawn(keep_delivered(Deliverer::new(archive.store().clone(), options.reach.fetcher()?)));
    let emptying = options.inbox.map(|it| tokio::spawn(inbox::keep_emptied(archive.clone(), it)));
    let stop = stop_signal()?;
    announce(&archive, address).await?;
    serve(listener, router(Service::new(archive, policy)), stop).await?;
    if let Some(emptying) = emptying {
        emptying.abort();
    }
    delivering.abort();
    polling.abort();
    indexing.abort();
    sweeper.abort();
    drop(folder);
    Ok(ExitCode::SUCCESS)
}

/// An address that others reach is not left open by mistake.
async fn policy(options: &Options, store: &Store, address: SocketAddr) -> Result<Policy, Failure> {
    let has_keys = !store.records(Kind::Key, "", 1).await?.0.is_empty();
    let refuse = |what: &str| {
        let made = "`dateline keys create NAME --scope ingest` makes one";
        Err(Failure::Other(format!("{what}: expected a key, and the archive has none; {made}")))
    };
    let keyed_reads = options.reads == Reads::Keyed;
    match has_keys {
        false if keyed_reads => refuse("--reads keyed"),
        false if !address.ip().is_loopback() && !options.public_writes => {
            refuse(&format!("others reach {address}, and would write without --public-writes"))
        }
        _ => Ok(Policy { keyed_reads, keyed_writes: has_keys && !options.public_writes }),
    }
}

/// Moves what is new into the index now and then. Searches find it either way; this keeps them quick.
async fn keep_indexed(store: Store, mut anew: bool) {
    let indexer = Indexer::new(store);
    loop {
        let indexed = if anew { indexer.rebuild().await } else { indexer.run(INDEX_EVERY).await };
        match indexed {
            Ok(indexed) => {
                anew = false;
                if indexed.changes > 0 {
                    tracing::info!(changes = indexed.changes, "indexed");
                }
                tokio::time::sleep(INDEX_EVERY).await;
            }
            Err(error) => {
                // What is damaged is built anew from the archive, which is whole.
                anew = matches!(error, SearchError::Damaged { .. });
                tracing::warn!(cause = crate::logs::chain(&error), "indexing failed");
                tokio::time::sleep(INDEX_AGAIN).await;
            }
        }
    }
}

/// Polls what is due, as the schedule does on AWS.
async fn keep_polled(poller: Poller) {
    loop {
        match poller.round().await {
            Ok(round) if round.polled > 0 => {
                tracing::info!(
                    polled = round.polled,
                    failed = round.failed,
                    ingested = round.ingested,
                    "sources polled"
                );
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(cause = crate::logs::chain(&error), "polling failed"),
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
}

/// Tells webhooks of what changed, as the `notify` function does on AWS.
async fn keep_delivered(deliverer: Deliverer) {
    loop {
        match deliverer.round().await {
            Ok(round) if round.more => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(cause = crate::logs::chain(&error), "delivering to webhooks failed"),
        }
        tokio::time::sleep(DELIVER_EVERY).await;
    }
}

async fn take_seeds(archive: &Archive, folder: Option<&std::path::Path>) -> Result<(), Failure> {
    let arriving: Box<dyn Iterator<Item = Arrival>> = match folder {
        None => Box::new(seeds(Instant::now()).into_iter()),
        Some(folder) => files::arriving(&[folder.to_owned()])?.1,
    };
    let mut report = Report::quiet();
    for arrival in arriving {
        report.take(archive, arrival).await;
    }
    report.print();
    Ok(())
}

async fn announce(archive: &Archive, address: SocketAddr) -> Result<(), Failure> {
    let url = format!("http://{address}");
    say(format_args!("dateline listens on {url}"));
    say(format_args!("Try:"));
    say(format_args!("  {url}/v1/articles?limit=5&fields=headline,publisher,dateline"));
    say(format_args!("  {url}/v1/articles?q=ferry+OR+tunnel&highlight=true&fields=headline"));
    say(format_args!("  {url}/v1/articles?language=en&has=author&sort=published"));
    match newest(archive).await? {
        Some(id) => say(format_args!("  {url}/v1/articles/{id}/evidence")),
        None => say(format_args!("  {url}/openapi.json")),
    }
    Ok(())
}

async fn newest(archive: &Archive) -> Result<Option<String>, Failure> {
    let newest = query::ListQuery::newest(query::Filter::default());
    let page = query::page(archive.store(), &newest).await?;
    Ok(page.cards.first().map(|(id, _)| id.to_string()))
}

async fn serve(
    listener: TcpListener,
    router: axum::Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    let (stopping, mut stopped) = tokio::sync::watch::channel(false);
    let graceful = async move {
        stop.await;
        let _ = stopping.send(true);
    };
    let serving = axum::serve(listener, router).with_graceful_shutdown(graceful);
    let patience = async move {
        let _ = stopped.wait_for(|it| *it).await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving => served.map_err(Failure::io("serving")),
        () = patience => {
            tracing::warn!(seconds = GRACE.as_secs(), "requests were still under way and are cut off");
            Ok(())
        }
    }
}

/// SIGINT or SIGTERM. Registered before the address is printed, so that no signal after it is missed.
fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let listen = |kind| unix::signal(kind).map_err(Failure::io("signals"));
    let (mut interrupt, mut terminate) =
        (listen(unix::SignalKind::interrupt())?, listen(unix::SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
