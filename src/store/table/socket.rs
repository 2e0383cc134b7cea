//! The table of another process on this machine, over a Unix socket in the archive's folder.
//!
//! While `dateline serve` has the table's file open, no other process can. It answers on the socket instead, and every
//! command works on the archive as it would alone. Who may connect is decided by the permissions of the socket, which
//! are those of the owner.
//!
//! A connection begins with the version of the protocol. Then come requests and answers in turn, each as its length
//! (four bytes, big-endian) and its value in postcard's format.

use super::{Item, ItemKey, KeyRange, Page, Read, Table, Write};
use crate::store::StoreError;
use async_trait::async_trait;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    fs::Permissions,
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
};

const PROTOCOL: u8 = 1;
/// A batch of the largest items fits.
const MESSAGE_BYTES: usize = 64 * 1024 * 1024;

#[derive(Debug, Serialize, Deserialize)]
enum Request {
    Get(ItemKey),
    BatchGet(Vec<ItemKey>),
    Query(KeyRange),
    Scan(Option<ItemKey>, usize),
    Write(Write),
    Transact(Vec<Write>),
}

#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Item(Read<Option<Item>>),
    Items(Read<Vec<Item>>),
    Page(Read<Page>),
    Units(f64),
    Failed(Failure),
}

/// A [`StoreError`] that can be sent.
#[derive(Debug, Serialize, Deserialize)]
enum Failure {
    Conflict,
    Throttled,
    DiskFull,
    Item { key: String, problem: String },
    Other(String),
}

/// Listens on a socket, and replaces one that a killed process left. Only the process that has the table may call it.
pub fn listen(socket: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(socket)?;
    std::fs::set_permissions(socket, Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers connections until it is cancelled.
pub async fn serve(listener: UnixListener, table: Arc<dyn Table>) {
    loop {
        match listener.accept().await {
            // Another user may have connected before the permissions were set.
            Ok((stream, _)) if !is_of_this_user(&stream) => tracing::warn!("another user's connection is refused"),
            Ok((stream, _)) => {
                let table = table.clone();
                tokio::spawn(async move {
                    // A command that ends closes its connection.
                    if let Err(error) = converse(stream, &*table).await
                        && error.kind() != io::ErrorKind::UnexpectedEof
                    {
                        tracing::warn!(%error, "a command's connection failed");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a command cannot connect");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

fn is_of_this_user(stream: &UnixStream) -> bool {
    let own = UnixStream::pair().and_then(|(own, _)| own.peer_cred());
    stream.peer_cred().is_ok_and(|peer| own.is_ok_and(|own| peer.uid() == own.uid()))
}

async fn converse(mut stream: UnixStream, table: &dyn Table) -> io::Result<()> {
    stream.write_u8(PROTOCOL).await?;
    loop {
        let request = receive(&mut stream).await?;
        send(&mut stream, &answer(table, request).await).await?;
    }
}

async fn answer(table: &dyn Table, request: Request) -> Answer {
    let answered = match request {
        Request::Get(key) => table.get(&key).await.map(Answer::Item),
        Request::BatchGet(keys) => table.batch_get(&keys).await.map(Answer::Items),
        Request::Query(range) => table.query(&range).await.map(Answer::Page),
        Request::Scan(after, limit) => table.scan(after.as_ref(), limit).await.map(Answer::Page),
        Request::Write(write) => table.write(write).await.map(Answer::Units),
        Request::Transact(writes) => table.transact(writes).await.map(Answer::Units),
    };
    answered.unwrap_or_else(|error| Answer::Failed(error.into()))
}

async fn send(stream: &mut UnixStream, message: &impl Serialize) -> io::Result<()> {
    let mut bytes = postcard::to_extend(message, vec![0; 4]).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len() - 4).map_err(io::Error::other)?;
    bytes[..4].copy_from_slice(&length.to_be_bytes());
    stream.write_all(&bytes).await
}

async fn receive<T: DeserializeOwned>(stream: &mut UnixStream) -> io::Result<T> {
    let length = stream.read_u32().await? as usize;
    if length > MESSAGE_BYTES {
        return Err(io::Error::other(format!("a message of {length} bytes, more than the limit of {MESSAGE_BYTES}")));
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await?;
    postcard::from_bytes(&bytes).map_err(io::Error::other)
}

/// A table behind a socket.
#[derive(Debug)]
pub struct SocketTable {
    socket: PathBuf,
    /// Connections on which no request is under way.
    idle: Mutex<Vec<UnixStream>>,
}

impl SocketTable {
    /// Connects. Returns `None` if no process listens.
    pub async fn connect(socket: &Path) -> Result<Option<Self>, StoreError> {
        let table = Self { socket: socket.to_owned(), idle: Mutex::default() };
        match table.connection().await {
            Ok(stream) => {
                table.put_back(stream);
                Ok(Some(table))
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                Ok(None)
            }
            Err(error) => Err(StoreError::Open(format!("{}: {error}", socket.display()))),
        }
    }

    async fn connection(&self) -> io::Result<UnixStream> {
        if let Some(stream) = self.idle.lock().expect("no holder panics").pop() {
            return Ok(stream);
        }
        let mut stream = UnixStream::connect(&self.socket).await?;
        match stream.read_u8().await? {
            PROTOCOL => Ok(stream),
            _ => Err(io::Error::other("the server is of another version of dateline: stop it, or use its own command")),
        }
    }

    fn put_back(&self, stream: UnixStream) {
        self.idle.lock().expect("no holder panics").push(stream);
    }

    async fn ask(&self, request: Request) -> Result<Answer, StoreError> {
        let exchange = async {
            let mut stream = self.connection().await?;
            send(&mut stream, &request).await?;
            let answer = receive(&mut stream).await?;
            self.put_back(stream);
            Ok::<Answer, io::Error>(answer)
        };
        match exchange.await {
            Ok(Answer::Failed(failure)) => Err(failure.into()),
            Ok(answer) => Ok(answer),
            Err(error) => Err(lost(error.to_string())),
        }
    }
}

/// The server ended, or answers something else than what was asked.
fn lost(problem: String) -> StoreError {
    StoreError::Table { operation: "asking the server", code: problem.clone(), source: problem.into() }
}

#[async_trait]
impl Table for SocketTable {
    async fn get(&self, key: &ItemKey) -> Result<Read<Option<Item>>, StoreError> {
        match self.ask(Request::Get(key.clone())).await? {
            Answer::Item(read) => Ok(read),
            other => Err(lost(format!("{other:?}"))),
        }
    }

    async fn batch_get(&self, keys: &[ItemKey]) -> Result<Read<Vec<Item>>, StoreError> {
        match self.ask(Request::BatchGet(keys.to_vec())).await? {
            Answer::Items(read) => Ok(read),
            other => Err(lost(format!("{other:?}"))),
        }
    }

    async fn query(&self, range: &KeyRange) -> Result<Read<Page>, StoreError> {
        self.page(Request::Query(range.clone())).await
    }

    async fn scan(&self, after: Option<&ItemKey>, limit: usize) -> Result<Read<Page>, StoreError> {
        self.page(Request::Scan(after.cloned(), limit)).await
    }

    async fn write(&self, write: Write) -> Result<f64, StoreError> {
        self.units(Request::Write(write)).await
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<f64, StoreError> {
        self.units(Request::Transact(writes)).await
    }
}

impl SocketTable {
    async fn page(&self, request: Request) -> Result<Read<Page>, StoreError> {
        match self.ask(request).await? {
            Answer::Page(read) => Ok(read),
            other => Err(lost(format!("{other:?}"))),
        }
    }

    async fn units(&self, request: Request) -> Result<f64, StoreError> {
        match self.ask(request).await? {
            Answer::Units(units) => Ok(units),
            other => Err(lost(format!("{other:?}"))),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Conflict,
            StoreError::Throttled => Self::Throttled,
            StoreError::DiskFull => Self::DiskFull,
            StoreError::Item { key, problem } => Self::Item { key, problem },
            other => Self::Other(crate::logs::chain(&other)),
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Conflict => Self::Conflict,
            Failure::Throttled => Self::Throttled,
            Failure::DiskFull => Self::DiskFull,
            Failure::Item { key, problem } => Self::Item { key, problem },
            Failure::Other(problem) => lost(problem),
        }
    }
}
