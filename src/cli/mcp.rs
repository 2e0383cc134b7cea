//! `dateline mcp`: the tools of agents over standard input and output, for agents on this machine.

use super::{ArchiveLocation, CommandError};
use crate::{
    access::Policy,
    agents::McpServer,
    archive::Archive,
    http::{self, Service, in_process::Api},
    search::indexer::Indexer,
};
use rmcp::{ServiceExt, transport::stdio};
use std::{process::ExitCode, time::Duration};

/// Time limit for indexing new changes at the start. Later changes are found too.
const INDEXING: Duration = Duration::from_secs(60);

pub async fn run(location: ArchiveLocation) -> Result<ExitCode, CommandError> {
    let open = location.open().await?;
    Indexer::new(open.store.clone()).run(INDEXING).await?;
    let service = Service::new(Archive::new(open.store.clone()), Policy::OPEN);
    let api = Api { routes: http::routes(&service), admission: service.admission.clone() };
    let failed = |error: &dyn std::error::Error| CommandError::Other(crate::logs::chain(error));
    let running = McpServer::new(api).serve(stdio()).await.map_err(|error| failed(&error))?;
    // Until the agent closes our input.
    running.waiting().await.map_err(|error| failed(&error))?;
    Ok(ExitCode::SUCCESS)
}
