//! Which archive a command works on: the one in a folder, or the one in the owner's AWS account.

use super::CommandError;
use crate::{
    config::Config,
    store::{Store, StoreError, aws, embedded},
};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

const DEFAULT_FOLDER: &str = ".dateline";

/// Options of every command, before or after its name.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Archive")]
pub struct ArchiveLocation {
    /// The folder that holds the archive [default: .dateline]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// What a stored article survives: a crash of the process, or also a power failure (slower) [default: process]
    #[arg(long, global = true, value_enum)]
    durability: Option<Durability>,
    /// Use the deployed archive, named by the same environment variables as for the functions: DATELINE_TABLE,
    /// DATELINE_OBJECTS, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
    #[arg(long, global = true)]
    aws: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Durability {
    Process,
    Power,
}

/// An open archive: alone, or through the server that has it open. A folder stays open until this is dropped.
pub struct OpenArchive {
    pub store: Store,
    folder: Option<embedded::DataFolder>,
}

impl OpenArchive {
    /// Whether no other process works on the archive.
    pub fn is_alone(&self) -> bool {
        self.folder.is_some()
    }
}

impl ArchiveLocation {
    /// The option that names a place or a durability, if one is given.
    pub fn given(&self) -> Option<&'static str> {
        let data = self.data.is_some().then_some("--data");
        data.or(self.durability.is_some().then_some("--durability")).or(self.aws.then_some("--aws"))
    }

    /// Returns the fault of options that contradict each other.
    pub fn contradiction(&self) -> Option<String> {
        let folder = Self { aws: false, ..self.clone() }.given();
        folder.filter(|_| self.aws).map(|option| format!("--aws cannot be used with {option}"))
    }

    pub fn is_deployed(&self) -> bool {
        self.aws
    }

    /// Opens an archive that exists.
    pub async fn open(&self) -> Result<OpenArchive, CommandError> {
        if !self.aws && !self.folder().exists() {
            let folder = self.folder().display();
            let hint = "`dateline serve` and `dateline ingest` create one; --data names another folder";
            return Err(CommandError::Other(format!("there is no archive in {folder}: {hint}")));
        }
        Ok(self.open_or_create().await?)
    }

    pub async fn open_or_create(&self) -> Result<OpenArchive, StoreError> {
        if self.aws {
            return Ok(OpenArchive { store: aws::open(&Config::from_env())?, folder: None });
        }
        match self.open_folder() {
            Ok(folder) => Ok(OpenArchive { store: folder.store.clone(), folder: Some(folder) }),
            Err(in_use @ StoreError::InUse(_)) => {
                let store = embedded::through_server(self.folder()).await?.ok_or(in_use)?;
                Ok(OpenArchive { store, folder: None })
            }
            Err(error) => Err(error),
        }
    }

    /// Opens the folder alone, and creates it if it does not exist.
    pub fn open_folder(&self) -> Result<embedded::DataFolder, StoreError> {
        let durability = match self.durability {
            None | Some(Durability::Process) => embedded::Durability::Process,
            Some(Durability::Power) => embedded::Durability::Power,
        };
        if !self.folder().exists() {
            let folder = std::path::absolute(self.folder()).unwrap_or_else(|_| self.folder().to_owned());
            anstream::eprintln!("a new archive is created in {}", folder.display());
        }
        embedded::open(self.folder(), durability)
    }

    fn folder(&self) -> &Path {
        self.data.as_deref().unwrap_or(Path::new(DEFAULT_FOLDER))
    }
}
