//! The embedded engine: calls into an in-process DynamoDB engine on SQLite replace the SDK's HTTP client. It opens no
//! socket and needs no real credentials.
//!
//! Differences from AWS that no code may rely on:
//! - every read is consistent;
//! - it never returns `TransactionConflictException`: two transactions on one item run one after the other, and the
//!   second fails its condition, if it has one;
//! - without a `Limit` a query loads its whole partition, so every query of this project sets one;
//! - `DescribeTable` counts the items of the table, so this project never calls it;
//! - expired items remain until they are swept.

use super::{Objects, Store, StoreError, error::DISK_FULL};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};
use std::{
    fs::{File, TryLockError},
    io::Read,
    path::Path,
};

pub const TABLE: &str = "dateline";
const TABLE_FILE: &str = "table.sqlite";
/// Interval between sweeps of expired items.
const SWEEP_SECONDS: u64 = 600;

/// What a commit survives, which determines its cost (measured: 4 ms against 0.4 ms).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Power loss: each commit waits for the disk.
    Power,
    /// A crash of the process. A power loss may lose the last commits, each as a whole.
    Process,
}

/// An open data folder. Dropping it releases the lock.
pub struct DataFolder {
    pub store: Store,
    pub engine: Database,
    _lock: File,
}

/// What SQLite says of a write that does not fit on the disk (its result code 13, `SQLITE_FULL`).
const SQLITE_FULL: &str = "database or disk is full";
/// The first bytes of the table's file (SQLite file format, 1.3.1).
const SIGNATURE: &[u8] = b"SQLite format 3\0";

/// Opens the engine in a folder, creating what is missing. A second process on the same folder is refused, because each
/// would cache data that the other changes.
pub async fn open(folder: &Path, durability: Durability) -> Result<DataFolder, StoreError> {
    let problem =
        |what: &str, error: &dyn std::fmt::Display| StoreError::Open(format!("{}: {what}: {error}", folder.display()));
    let objects_folder = folder.join("objects");
    std::fs::create_dir_all(&objects_folder).map_err(|error| problem("the folder cannot be created", &error))?;
    let lock = File::create(folder.join("lock")).map_err(|error| problem("the lock cannot be created", &error))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let message = format!(
                "{} is in use by another dateline process; stop it, or name another folder with --data",
                folder.display()
            );
            return Err(StoreError::Open(message));
        }
        Err(TryLockError::Error(error)) => return Err(problem("the lock cannot be acquired", &error)),
    }
    let file = folder.join(TABLE_FILE);
    let name = file.to_str().ok_or_else(|| StoreError::Open(format!("{}: not UTF-8", folder.display())))?;
    if !file.try_exists().map_err(|error| problem("cannot check whether the table exists", &error))? {
        make_table(folder).await?;
    }
    // The engine takes an empty file for a new database without the table, and reports others in its own words.
    let mut start = Vec::new();
    let read = File::open(&file).and_then(|file| file.take(SIGNATURE.len() as u64).read_to_end(&mut start));
    read.map_err(|error| problem("the table cannot be read", &error))?;
    if start != SIGNATURE {
        let message = format!(
            "{} is damaged or was emptied: restore it from a copy, or name another folder with --data",
            file.display()
        );
        return Err(StoreError::Open(message));
    }
    let engine = Database::new(name).map_err(|error| problem("the table cannot be opened", &error))?;
    if durability == Durability::Process {
        // The engine has no call for this setting alone; leaving its bulk mode sets `NORMAL`.
        engine.disable_bulk_loading().map_err(|error| problem("durability cannot be set", &error))?;
    }
    let store = store(engine.clone(), Objects::folder(&objects_folder)?);
    Ok(DataFolder { store, engine, _lock: lock })
}

/// Creates the empty table in a temporary file and renames it into place: the engine creates a table in several
/// commits, and a crash between two of them would leave a folder that cannot be opened.
async fn make_table(folder: &Path) -> Result<(), StoreError> {
    let problem = |error: &dyn std::fmt::Display| {
        StoreError::Open(format!("{}: the table cannot be created: {error}", folder.display()))
    };
    // The engine would mistake this log for the new table's.
    let log = folder.join(format!("{TABLE_FILE}-wal"));
    if log.try_exists().map_err(|error| problem(&error))? {
        return Err(problem(&format!("{} exists without its table", log.display())));
    }
    let (_, engine) = memory().await?;
    let unfinished = folder.join("table.unfinished");
    // The engine writes only into an empty file, and a killed process may have left an unfinished one.
    let file = File::create(&unfinished).map_err(|error| problem(&error))?;
    engine.vacuum_into(&unfinished.to_string_lossy()).map_err(|error| problem(&error))?;
    file.sync_all().map_err(|error| problem(&error))?;
    std::fs::rename(&unfinished, folder.join(TABLE_FILE)).map_err(|error| problem(&error))
}

/// Opens a store in memory, which lives as long as the process.
pub async fn memory() -> Result<(Store, Database), StoreError> {
    let engine = Database::memory().map_err(|error| StoreError::Open(error.to_string()))?;
    let store = store(engine.clone(), Objects::memory());
    store.create_table().await?;
    Ok((store, engine))
}

/// Deletes expired items at intervals until it is cancelled. AWS does this itself.
pub async fn sweep(engine: Database) {
    loop {
        let engine = engine.clone();
        let swept = tokio::task::spawn_blocking(move || engine.sweep_ttl()).await;
        if let Ok(Err(error)) = swept {
            tracing::warn!(%error, "sweep of expired items failed");
        }
        tokio::time::sleep(std::time::Duration::from_secs(SWEEP_SECONDS)).await;
    }
}

fn store(engine: Database, objects: Objects) -> Store {
    Store::new(client(engine), TABLE, objects)
}

fn client(engine: Database) -> aws_sdk_dynamodb::Client {
    let connector = SharedHttpConnector::new(EngineConnector(engine));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("local"))
        .credentials_provider(Credentials::from_keys("local", "local", None))
        .endpoint_url("http://embedded.invalid")
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

struct EngineConnector(Database);

impl std::fmt::Debug for EngineConnector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EngineConnector")
    }
}

impl HttpConnector for EngineConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let engine = self.0.clone();
        HttpConnectorFuture::new(async move {
            let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
            let body = request.body().bytes().unwrap_or_default().to_vec();
            // The engine takes a lock and accesses the disk, so it runs on a blocking thread.
            let response = tokio::task::spawn_blocking(move || answer(&engine, &target, &body)).await;
            let (status, body) = response.map_err(|error| ConnectorError::other(Box::new(error), None))?;
            let status = StatusCode::try_from(status).map_err(|error| ConnectorError::other(Box::new(error), None))?;
            let mut response = HttpResponse::new(status, SdkBody::from(body));
            response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
            Ok(response)
        })
    }
}

/// Handles one call of the DynamoDB protocol: takes the `x-amz-target` header and a JSON body, returns a status and
/// JSON.
pub fn answer(engine: &Database, target: &str, body: &[u8]) -> (u16, String) {
    let operation = target.strip_prefix("DynamoDB_20120810.").unwrap_or(target);
    match dispatch(engine, operation, body) {
        Ok(json) => (200, json),
        // The engine passes on SQLite's words, but not its code. Status 400, so that the SDK does not retry.
        Err(error) if error.to_string().contains(SQLITE_FULL) => (400, format!(r#"{{"__type": "{DISK_FULL}"}}"#)),
        Err(error) => (error.status_code(), error.to_json()),
    }
}

fn dispatch(engine: &Database, operation: &str, body: &[u8]) -> Result<String, DynoxideError> {
    macro_rules! call {
        ($method:ident) => {{
            let request =
                serde_json::from_slice(body).map_err(|error| DynoxideError::ValidationException(error.to_string()))?;
            let response = engine.$method(request)?;
            serde_json::to_string(&response).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
        }};
    }
    match operation {
        "BatchGetItem" => call!(batch_get_item),
        "BatchWriteItem" => call!(batch_write_item),
        "CreateTable" => call!(create_table),
        "DeleteItem" => call!(delete_item),
        "GetItem" => call!(get_item),
        "PutItem" => call!(put_item),
        "Query" => call!(query),
        "Scan" => call!(scan),
        "TransactWriteItems" => call!(transact_write_items),
        "UpdateItem" => call!(update_item),
        "UpdateTimeToLive" => call!(update_time_to_live),
        other => Err(DynoxideError::ValidationException(format!("{other} is not supported by the embedded engine"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StorePart;
    use dynoxide::actions::describe_time_to_live::DescribeTimeToLiveRequest;

    async fn opened(folder: &Path) -> Result<DataFolder, StoreError> {
        open(folder, Durability::Process).await
    }

    #[tokio::test]
    async fn an_unfinished_table_is_replaced_on_open() {
        let folder = tempfile::tempdir().expect("a folder");
        // As a killed process leaves it: unfinished, and not yet renamed into place.
        std::fs::write(folder.path().join("table.unfinished"), "SQLite for").expect("written");
        for _ in 0..2 {
            let data = opened(folder.path()).await.expect("it opens");
            data.store.check(StorePart::Table).await.expect("it answers");
            let expiry = DescribeTimeToLiveRequest { table_name: TABLE.to_owned() };
            let expiry = data.engine.describe_time_to_live(expiry).expect("described").time_to_live_description;
            assert_eq!(expiry.time_to_live_status, "ENABLED");
            assert_eq!(expiry.attribute_name.as_deref(), Some("expires_at"));
        }
        let mut names: Vec<_> = std::fs::read_dir(folder.path())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(names, ["lock", "objects", "table.sqlite"]);
    }

    #[tokio::test]
    async fn a_log_without_its_table_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("table.sqlite-wal"), "commits").expect("written");
        let refused = opened(folder.path()).await.err().expect("refused").to_string();
        assert!(refused.contains("table.sqlite-wal exists without its table"), "{refused}");
        assert!(!folder.path().join("table.sqlite").exists());
    }
}
