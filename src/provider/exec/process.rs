//! One run of a program: bounded in time and output, and ended with all that it started.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin};
use tokio::time::timeout;

use crate::view::{ScrubCounts, Scrubber};

use super::super::model::CallError;

/// Bytes of stdout beyond which it is not an answer to a judge's question.
const MAX_OUTPUT: usize = 20 * 1024 * 1024;
/// Bytes of stderr that are kept, the last ones.
const MAX_ERRORS: usize = 2_048;
/// How long what a program left running may still hold its output open after its own end.
const GRACE: Duration = Duration::from_secs(2);

/// What is to be run.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub(super) program: &'a Path,
    pub(super) arguments: &'a [OsString],
    /// Working folder.
    pub(super) folder: &'a Path,
    /// Environment variables that are not passed on.
    pub(super) withheld: &'a [&'static str],
    pub(super) input: &'a [u8],
    pub(super) timeout: Duration,
    /// The model, for messages.
    pub(super) model: &'a str,
}

impl Job<'_> {
    /// Runs the program; its stdout where it ended well and printed something.
    pub(super) async fn run(&self) -> Result<Vec<u8>, CallError> {
        let mut command = tokio::process::Command::new(self.program);
        command.args(self.arguments).current_dir(self.folder).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for name in self.withheld {
            command.env_remove(name);
        }
        // A group of its own: it can be ended whole, and Ctrl-C lets calls under way come to their end.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(|error| self.not_started(&error))?;
        let _group = Group::of(&child);
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let exchanged = timeout(self.timeout, exchange(&mut child, self.input, &mut output, &mut errors)).await;
        let model = self.model;
        let said = said(&errors);
        match exchanged {
            Err(_) => Err(CallError::Transient {
                message: format!(
                    "{model} did not end within {} s (limits.timeout_seconds) and was stopped{said}",
                    self.timeout.as_secs_f64()
                ),
            }),
            Ok(Err(Fault::TooMuch)) => Err(CallError::Rejected {
                message: format!(
                    "{model} printed more than {} MB and was stopped: that is no answer{said}",
                    MAX_OUTPUT / (1024 * 1024)
                ),
            }),
            Ok(Err(Fault::Io(error))) => {
                Err(CallError::Transient { message: format!("{model} cannot be talked to: {error}{said}") })
            }
            Ok(Ok(status)) if !status.success() => {
                Err(CallError::Transient { message: format!("{model} {}{said}", ending(status)) })
            }
            Ok(Ok(_)) if output.trim_ascii().is_empty() => {
                Err(CallError::Transient { message: format!("{model} printed nothing{said}") })
            }
            Ok(Ok(_)) => Ok(output),
        }
    }

    /// Why the program did not start, and whether it ever will.
    fn not_started(&self, error: &io::Error) -> CallError {
        let message = format!("{} cannot be started: {error}", self.model);
        match error.kind() {
            io::ErrorKind::ArgumentListTooLong => CallError::Rejected { message },
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => {
                CallError::Fatal { message: format!("{message}; check {} and its interpreter", self.program.display()) }
            }
            // The kernel's word for a file that is neither a binary of this machine nor begins with `#!`.
            _ if error.raw_os_error() == Some(8) => CallError::Fatal {
                message: format!("{message}; begin the script with a line such as #!/bin/sh, or name its interpreter"),
            },
            _ => CallError::Transient { message },
        }
    }
}

/// Why an exchange broke off.
enum Fault {
    TooMuch,
    Io(io::Error),
}

/// Writes the input, reads both outputs, and waits for the end of the program.
async fn exchange(
    child: &mut Child,
    input: &[u8],
    output: &mut Vec<u8>,
    errors: &mut Vec<u8>,
) -> Result<ExitStatus, Fault> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let talk = async {
        let wrote = async {
            feed(stdin, input).await;
            Ok(())
        };
        tokio::try_join!(wrote, read_all(stdout, output), read_last(stderr, errors)).map(|_| ())
    };
    tokio::pin!(talk);
    tokio::select! {
        talked = &mut talk => {
            talked?;
            child.wait().await.map_err(Fault::Io)
        }
        status = child.wait() => {
            // What it printed is in the pipes; what it left running may hold them open for ever.
            if let Ok(talked) = timeout(GRACE, &mut talk).await {
                talked?;
            }
            status.map_err(Fault::Io)
        }
    }
}

/// Writes the prompt. A program that does not want all of it may close its stdin: that is no error.
async fn feed(stdin: Option<ChildStdin>, input: &[u8]) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(input).await;
    }
}

async fn read_all(from: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) -> Result<(), Fault> {
    let Some(mut from) = from else { return Ok(()) };
    loop {
        if from.read_buf(into).await.map_err(Fault::Io)? == 0 {
            return Ok(());
        }
        if into.len() > MAX_OUTPUT {
            return Err(Fault::TooMuch);
        }
    }
}

async fn read_last(from: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) -> Result<(), Fault> {
    let Some(mut from) = from else { return Ok(()) };
    while from.read_buf(into).await.map_err(Fault::Io)? > 0 {
        if into.len() > MAX_ERRORS {
            into.drain(..into.len() - MAX_ERRORS);
        }
    }
    Ok(())
}

/// The end of stderr for a message: on one line, secrets masked.
fn said(errors: &[u8]) -> String {
    let text = String::from_utf8_lossy(errors);
    let masked = Scrubber::new().text(&text, &mut ScrubCounts::default()).into_owned();
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let line = masked.chars().map(printable).collect::<String>();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() { String::new() } else { format!("; it said: {line}") }
}

fn ending(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was ended by signal {signal}");
    }
    status.code().map_or_else(|| "ended without an exit code".to_owned(), |code| format!("ended with exit code {code}"))
}

/// The program and all that it started, ended when this is dropped, also where a second Ctrl-C drops the whole call.
struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    #[cfg(unix)]
    fn of(child: &Child) -> Self {
        let leader = child.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?));
        Self { leader }
    }

    #[cfg(not(unix))]
    fn of(_: &Child) -> Self {
        Self {}
    }
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            // A group without members is no error: the usual case.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}
