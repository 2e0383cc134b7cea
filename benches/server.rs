//! `dateline serve` as a process, for the benchmarks: its binary is next to this one.

use crate::measure;
use dateline::cli::CommandError;
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

pub struct Server {
    child: Child,
    /// Address and port.
    pub address: String,
}

impl Server {
    /// Starts a server without seeds on the archive of a folder.
    pub fn start(data: &Path) -> Result<Self, CommandError> {
        let bench = std::env::current_exe().map_err(CommandError::io("the path of this program"))?;
        let program = bench.with_file_name("dateline");
        let mut command = Command::new(&program);
        command.args(["serve", "--no-seeds", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        command.env("DATELINE_LOG", "error");
        let start = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let child =
            start.map_err(CommandError::io(format!("{} (build it with the same profile)", program.display())))?;
        Self::announced(child)
    }

    /// Waits until a child has printed its address.
    pub fn announced(mut child: Child) -> Result<Self, CommandError> {
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let address = lines
            .map_while(Result::ok)
            .find_map(|line| line.split_once("http://").map(|(_, rest)| rest.trim().to_owned()));
        match address {
            Some(address) => Ok(Self { child, address }),
            None => Err(CommandError::Other("the server printed no address".to_owned())),
        }
    }

    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    pub fn resident_megabytes(&self) -> u64 {
        measure::resident_bytes(Some(self.process_id())) / (1024 * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
