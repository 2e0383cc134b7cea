//! Threads with a large stack, for the parts of reading that recurse. A thread that is done waits for the next page: what
//! the libraries keep for each thread, and the memory that it took, is paid once and not for every page.

use crate::reading::limits::HTML_STACK_BYTES;
use std::{
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

type Job = Box<dyn FnOnce() + Send>;

/// Threads that wait. As many as were ever busy at once, up to a bound.
static IDLE: Mutex<Vec<Sender<Job>>> = Mutex::new(Vec::new());
const IDLE_MAX: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// The system gave no thread.
    NoThread(String),
    /// The job went on for longer than it may. Its thread ends when the job does.
    TooLong,
    /// The job panicked, and its thread with it.
    Panicked,
}

/// A job that is being done.
pub struct Running<T> {
    thread: Sender<Job>,
    answer: Receiver<T>,
    begun: Instant,
}

pub fn begin<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Result<Running<T>, Failed> {
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
            // It ended while it waited; the next one takes the job.
            Err(refused) => job = refused.0,
        }
    };
    Ok(Running { thread, answer, begun: Instant::now() })
}

impl<T> Running<T> {
    /// The answer, if the job takes no longer than it may since it was begun.
    pub fn wait(self, patience: Option<Duration>) -> Result<T, Failed> {
        let left = |patience: Duration| patience.saturating_sub(self.begun.elapsed());
        let answer = match patience {
            Some(patience) => self.answer.recv_timeout(left(patience)).map_err(|error| match error {
                RecvTimeoutError::Timeout => Failed::TooLong,
                RecvTimeoutError::Disconnected => Failed::Panicked,
            }),
            None => self.answer.recv().map_err(|_| Failed::Panicked),
        }?;
        let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(self.thread);
        }
        Ok(answer)
    }
}

fn start() -> Result<Sender<Job>, Failed> {
    let (send, jobs): (Sender<Job>, Receiver<Job>) = channel();
    let thread = thread::Builder::new().stack_size(HTML_STACK_BYTES).name("page".to_owned());
    thread
        .spawn(move || jobs.into_iter().for_each(|job| job()))
        .map_err(|error| Failed::NoThread(error.to_string()))?;
    Ok(send)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_answers_or_fails_by_name_and_spoils_no_other() {
        fn run<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static, patience: u64) -> Result<T, Failed> {
            begin(job)?.wait(Some(Duration::from_secs(patience)))
        }
        assert_eq!(begin(|| 7).and_then(|it| it.wait(None)), Ok(7));
        assert_eq!(run(|| -> u8 { panic!("a page") }, 60), Err(Failed::Panicked));
        assert_eq!(run(|| thread::sleep(Duration::from_secs(5)), 0), Err(Failed::TooLong));
        assert_eq!(run(|| 8, 60), Ok(8));
    }
}
