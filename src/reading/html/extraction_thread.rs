//! Threads with a large stack, for the parts of reading that recurse. An idle thread waits for the next page: the
//! libraries' thread locals and the thread's memory are set up once and not for every page.

use crate::limits::HTML_STACK_BYTES;
use std::{
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel},
    },
    thread,
    time::Duration,
};

type Job = Box<dyn FnOnce() + Send>;

/// The idle threads: as many as were ever busy at once, up to `IDLE_MAX`.
static IDLE: Mutex<Vec<Sender<Job>>> = Mutex::new(Vec::new());
const IDLE_MAX: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExtractionError {
    /// The system could not start a thread.
    NoThread(String),
    /// The job exceeded its time limit. Its thread ends when the job does.
    TooLong,
    /// The job panicked, and its thread with it.
    Panicked,
}

/// Returns the job's result, if the job finishes within `patience`.
pub fn run<T: Send + 'static>(
    job: impl FnOnce() -> T + Send + 'static,
    patience: Option<Duration>,
) -> Result<T, ExtractionError> {
    let (send, answer) = sync_channel(1);
    let mut job: Job = Box::new(move || {
        let _ = send.send(job());
    });
    let thread = loop {
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let thread = match idle {
            Some(thread) => thread,
            None => start()?,
        };
        match thread.send(job) {
            Ok(()) => break thread,
            // The thread ended while idle; try the next one.
            Err(refused) => job = refused.0,
        }
    };
    let answer = match patience {
        Some(patience) => answer.recv_timeout(patience).map_err(|error| match error {
            RecvTimeoutError::Timeout => ExtractionError::TooLong,
            RecvTimeoutError::Disconnected => ExtractionError::Panicked,
        }),
        None => answer.recv().map_err(|_| ExtractionError::Panicked),
    }?;
    let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if idle.len() < IDLE_MAX {
        idle.push(thread);
    }
    Ok(answer)
}

fn start() -> Result<Sender<Job>, ExtractionError> {
    let (send, jobs): (Sender<Job>, Receiver<Job>) = channel();
    let thread = thread::Builder::new().stack_size(HTML_STACK_BYTES).name("page".to_owned());
    thread
        .spawn(move || jobs.into_iter().for_each(|job| job()))
        .map_err(|error| ExtractionError::NoThread(error.to_string()))?;
    Ok(send)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_job_returns_its_error_and_does_not_affect_others() {
        let seconds = |seconds: u64| Some(Duration::from_secs(seconds));
        assert_eq!(run(|| 7, None), Ok(7));
        assert_eq!(run(|| -> u8 { panic!("a page") }, seconds(60)), Err(ExtractionError::Panicked));
        assert_eq!(run(|| thread::sleep(Duration::from_secs(5)), seconds(0)), Err(ExtractionError::TooLong));
        assert_eq!(run(|| 8, seconds(60)), Ok(8));
    }
}
