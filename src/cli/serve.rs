//! `dateline serve`: serves the archive over HTTP on this machine.

use super::{
    ArchiveLocation, CommandError,
    connections::{self, ConnectionLimits},
    files::InputFiles,
    inbox,
    report::IngestProgress,
    say,
    sources::ReachOptions,
};
use crate::{
    access::Policy,
    archive::{Archive, document_files::InputDocument, seeds::seeds},
    article::Instant,
    http::{self, Service, admission::Admission, in_process::Api, origin::Hosts},
    hub::notifier::Notifier,
    pages, query,
    search::{SearchError, indexer::Indexer},
    sources::poll::Poller,
    store::{
        RecordKind, Store,
        embedded::{self, DataFolder, Sharing},
    },
    webhooks::deliver::Deliverer,
};
use clap::{Args, ValueEnum};
use std::{
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, PoisonError},
    time::Duration,
};
use tokio::{net::TcpListener, signal::unix};

/// Interval between indexing runs, and the delay after a failed one.
const INDEX_EVERY: Duration = Duration::from_secs(5);
const INDEX_RETRY: Duration = Duration::from_secs(30);
/// Interval between checks for due sources.
const POLL_EVERY: Duration = Duration::from_secs(2);
/// Interval between webhook deliveries.
const DELIVER_EVERY: Duration = Duration::from_secs(2);

#[derive(Clone, Debug, Args)]
pub struct ServeOptions {
    /// Keep the archive in memory and discard it at exit
    #[arg(long)]
    memory: bool,
    /// Address to listen on; port 0 picks a free port. An address other than loopback requires that the archive has an
    /// API key, unless writes are public
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Ingest these documents before serving, instead of the bundled seeds
    #[arg(long, value_name = "DIR")]
    seeds: Option<PathBuf>,
    /// Ingest no seeds before serving
    #[arg(long, conflicts_with = "seeds")]
    no_seeds: bool,
    /// Who may read articles. Writes require a key as soon as the archive has one
    #[arg(long, value_enum, default_value_t = Reads::Public)]
    reads: Reads,
    /// Accept documents, deletions and sources without a key from any client that reaches the address
    #[arg(long)]
    public_writes: bool,
    /// Ingest files dropped into this folder while serving
    #[arg(long, value_name = "DIR")]
    inbox: Option<PathBuf>,
    /// Also serve this host name. IP addresses and `localhost` are always served; every other name is refused, because
    /// a hostile page could rebind it to this machine
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    #[command(flatten)]
    reach: ReachOptions,
    /// Rebuild the search index, while the existing one keeps serving
    #[arg(long)]
    reindex: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Reads {
    Public,
    Keyed,
}

pub async fn run(options: ServeOptions, location: ArchiveLocation) -> Result<ExitCode, CommandError> {
    if let Some(option) = location.given().filter(|_| options.memory || location.is_deployed()) {
        let with = if options.memory { "--memory" } else { "serve" };
        return Err(CommandError::Other(format!("{option} cannot be used with {with}")));
    }
    // Bind first: a port that is in use is reported before the archive is opened and filled.
    let listener = TcpListener::bind(options.listen).await.map_err(CommandError::io(format!("{}", options.listen)))?;
    let address = listener.local_addr().map_err(CommandError::io("the listening address"))?;
    let folder = if options.memory { None } else { Some(location.open_folder()?) };
    let (store, table) = match &folder {
        Some(folder) => (folder.store.clone(), folder.table.clone()),
        None => embedded::memory()?,
    };
    let sharing = folder.as_ref().and_then(shared);
    let policy = policy(&options, &store, address).await?;
    let archive = Archive::new(store);
    if !options.no_seeds {
        ingest_seeds(&archive, options.seeds.as_deref()).await?;
    }
    let sweeper = tokio::spawn(embedded::sweep(table));
    let indexing = tokio::spawn(keep_indexed(archive.store().clone(), options.reindex));
    let polling = tokio::spawn(keep_polled(options.reach.poller(archive.clone())?));
    let delivering = tokio::spawn(keep_delivered(Deliverer::new(archive.store().clone(), options.reach.fetcher()?)));
    let emptying = options.inbox.map(|inbox| tokio::spawn(inbox::keep_emptied(archive.clone(), inbox)));
    let stop = stop_signal()?;
    announce(&archive, address).await?;
    let service = Service::new(archive, policy)
        .for_hosts(Hosts::Named(options.host))
        .reaching(options.reach.addresses())
        .reached_at(options.reach.public_url())
        .admitting(Admission::limited());
    // Subscribers have no keys: where reads need one, no feed is sent.
    let service = if policy.keyed_reads { service } else { service.as_hub() };
    let api = Api { routes: http::routes(&service), admission: service.admission.clone() };
    let notifier = Notifier::new(service.archive.store().clone(), options.reach.fetcher()?, api);
    let notifying = service.is_hub.then(|| tokio::spawn(keep_notified(notifier)));
    connections::serve(listener, pages::router(service), ConnectionLimits::default(), stop).await?;
    if let Some(emptying) = emptying {
        emptying.abort();
    }
    if let Some(notifying) = notifying {
        notifying.abort();
    }
    delivering.abort();
    polling.abort();
    indexing.abort();
    sweeper.abort();
    drop(sharing);
    drop(folder);
    Ok(ExitCode::SUCCESS)
}

/// Answers the commands of other processes. Without a socket the server still serves; the path of one has about 100
/// bytes at most.
fn shared(folder: &DataFolder) -> Option<Sharing> {
    let warn = |error: &std::io::Error| tracing::warn!(%error, "no command can use this archive while it is served");
    folder.share().inspect_err(warn).ok()
}

/// Returns the access policy. Refuses settings that would leave a public address open by mistake.
async fn policy(options: &ServeOptions, store: &Store, address: SocketAddr) -> Result<Policy, CommandError> {
    let has_keys = !store.records(RecordKind::Key, "", 1).await?.0.is_empty();
    let refuse = |what: &str| {
        let hint = "create one with `dateline keys create NAME --scope ingest`";
        Err(CommandError::Other(format!("{what}: expected an API key in the archive, found none; {hint}")))
    };
    let keyed_reads = options.reads == Reads::Keyed;
    match has_keys {
        false if keyed_reads => refuse("--reads keyed"),
        false if !address.ip().is_loopback() && !options.public_writes => {
            refuse(&format!("{address} is not a loopback address and --public-writes is not set"))
        }
        _ => Ok(Policy { keyed_reads, keyed_writes: has_keys && !options.public_writes }),
    }
}

/// Indexes new changes periodically. Searches find unindexed changes too; this keeps them fast.
async fn keep_indexed(store: Store, mut rebuild: bool) {
    let indexer = Indexer::new(store);
    loop {
        let indexed = if rebuild { indexer.rebuild().await } else { indexer.run(INDEX_EVERY).await };
        match indexed {
            Ok(indexed) => {
                rebuild = false;
                if indexed.changes > 0 {
                    tracing::info!(changes = indexed.changes, "changes indexed");
                }
                tokio::time::sleep(INDEX_EVERY).await;
            }
            Err(error) => {
                // A damaged index is rebuilt from the archive, which is intact.
                rebuild = matches!(error, SearchError::Damaged { .. });
                tracing::warn!(cause = crate::logs::chain(&error), "indexing failed");
                tokio::time::sleep(INDEX_RETRY).await;
            }
        }
    }
}

/// Polls due sources, like the schedule on AWS.
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
            Err(error) => tracing::warn!(cause = crate::logs::chain(&error), "poll round failed"),
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
}

/// Delivers changes to webhooks, like the `notify` function on AWS.
async fn keep_delivered(deliverer: Deliverer) {
    loop {
        match deliverer.round().await {
            Ok(round) if round.more => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(cause = crate::logs::chain(&error), "webhook delivery failed"),
        }
        tokio::time::sleep(DELIVER_EVERY).await;
    }
}

/// Sends feeds to their subscribers.
async fn keep_notified(notifier: Notifier) {
    loop {
        match notifier.round().await {
            Ok(0) => {}
            Ok(sent) => tracing::info!(sent, "feeds sent to subscribers"),
            Err(error) => tracing::warn!(cause = crate::logs::chain(&error), "notifying subscribers failed"),
        }
        tokio::time::sleep(DELIVER_EVERY).await;
    }
}

async fn ingest_seeds(archive: &Archive, folder: Option<&std::path::Path>) -> Result<(), CommandError> {
    let passed_over = Arc::default();
    let input_documents: Box<dyn Iterator<Item = InputDocument>> = match folder {
        None => Box::new(seeds(Instant::now()).into_iter()),
        Some(folder) => Box::new(InputFiles::of(&[folder.to_owned()])?.into_documents(Arc::clone(&passed_over))),
    };
    let mut report = IngestProgress::quiet();
    for input in input_documents {
        report.take(archive, input).await;
    }
    report.set_passed_over(&passed_over.lock().unwrap_or_else(PoisonError::into_inner));
    report.print();
    Ok(())
}

async fn announce(archive: &Archive, address: SocketAddr) -> Result<(), CommandError> {
    let url = format!("http://{address}");
    say(format_args!("dateline is listening on {url}"));
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

async fn newest(archive: &Archive) -> Result<Option<String>, CommandError> {
    let newest = query::ListQuery::newest(query::Filter::default());
    let page = query::page(archive.store(), &newest).await?;
    Ok(page.cards.first().map(|(id, _)| id.to_string()))
}

/// Returns a future that resolves on SIGINT or SIGTERM. The handlers are registered before the address is printed, so
/// that no later signal is missed.
fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static, CommandError> {
    let listen = |kind| unix::signal(kind).map_err(CommandError::io("signals"));
    let (mut interrupt, mut terminate) =
        (listen(unix::SignalKind::interrupt())?, listen(unix::SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
