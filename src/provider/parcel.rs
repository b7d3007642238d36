//! Bodies that are not held in memory: requests of a batch on their way out, and its results line by line on their way in.

use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use futures_util::stream::{self, StreamExt};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, Response};
use tokio::io::AsyncReadExt;

use super::batch::BatchFrame;
use super::http::{Answer, MAX_BODY, Server};
use super::model::CallError;

/// A batch goes out, and its results come in, in at most so many times the timeout of a call.
const TIMES_A_CALL: u32 = 6;
/// Bytes read from disk at once.
const PIECE: usize = 256 * 1024;

/// The requests of one batch, on disk, in a file without a name that ends with the program.
#[derive(Debug)]
pub struct Parcel {
    file: BufWriter<std::fs::File>,
    frame: BatchFrame,
    requests: u64,
    bytes: u64,
}

impl Parcel {
    /// An empty one, on the disk of `folder`.
    ///
    /// # Errors
    /// When no file can be made there.
    pub fn new(folder: &Path, frame: BatchFrame) -> io::Result<Self> {
        let file = BufWriter::new(tempfile::tempfile_in(folder)?);
        Ok(Self { file, frame, requests: 0, bytes: 0 })
    }

    /// Requests in it.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Bytes that it would be sent as with a request of `more` bytes in it.
    #[must_use]
    pub fn bytes_with(&self, more: usize) -> u64 {
        let before = if self.requests == 0 { self.frame.open } else { self.frame.between };
        self.bytes + (before.len() + more + self.frame.close.len()) as u64
    }

    /// Puts a request in.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn push(&mut self, request: &[u8]) -> io::Result<()> {
        let before = if self.requests == 0 { self.frame.open } else { self.frame.between };
        self.file.write_all(before)?;
        self.file.write_all(request)?;
        self.bytes += (before.len() + request.len()) as u64;
        self.requests += 1;
        Ok(())
    }

    /// Ends it: nothing more can be put in.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn close(&mut self) -> io::Result<()> {
        self.file.write_all(self.frame.close)?;
        self.bytes += self.frame.close.len() as u64;
        self.file.flush()
    }

    /// Its bytes from the first on, between `before` and `after`.
    fn body(&self, before: &str, after: &str) -> io::Result<Body> {
        let mut file = self.file.get_ref().try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        let (before, after) = (before.as_bytes().to_vec(), after.as_bytes().to_vec());
        let file = stream::try_unfold(tokio::fs::File::from_std(file), |mut file| async move {
            let mut piece = vec![0; PIECE];
            let count = file.read(&mut piece).await?;
            piece.truncate(count);
            Ok::<_, io::Error>((count > 0).then_some((piece, file)))
        });
        let around = |part: Vec<u8>| stream::iter(Some(part).filter(|part| !part.is_empty()).map(Ok));
        Ok(Body::wrap_stream(around(before).chain(file).chain(around(after))))
    }
}

/// Results as they come, line by line.
#[derive(Debug)]
pub struct Lines<'a> {
    server: &'a Server,
    response: Response,
    /// Bytes that came, of which those before `start` are done with.
    bytes: Vec<u8>,
    start: usize,
    /// Up to where no line ends.
    seen: usize,
}

impl Lines<'_> {
    /// The next line that is not empty; none at the end.
    ///
    /// # Errors
    /// When the connection breaks, or a line is longer than any answer.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, CallError> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.bytes[self.seen..]).map(|end| self.seen + end) {
                let line = self.bytes[self.start..end].trim_ascii().to_vec();
                (self.start, self.seen) = (end + 1, end + 1);
                if !line.is_empty() {
                    return Ok(Some(self.server.without_key(line)));
                }
                continue;
            }
            self.bytes.drain(..self.start);
            self.start = 0;
            self.seen = self.bytes.len();
            if self.bytes.len() > MAX_BODY {
                let message =
                    format!("a result from {} is larger than {} MB", self.server.url, MAX_BODY / (1024 * 1024));
                return Err(CallError::Transient { message });
            }
            let Some(chunk) = self.response.chunk().await.map_err(|error| self.server.failed(&error))? else {
                self.seen = 0;
                let rest = std::mem::take(&mut self.bytes).trim_ascii().to_vec();
                return Ok(Some(rest).filter(|rest| !rest.is_empty()).map(|rest| self.server.without_key(rest)));
            };
            self.bytes.extend_from_slice(&chunk);
        }
    }
}

impl Server {
    /// Sends `parcel` once, between the texts of `around`, and reads the whole answer.
    pub(super) async fn send_parcel(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        kind: &str,
        parcel: &Parcel,
        (before, after): (&str, &str),
    ) -> Result<Answer, CallError> {
        let body = parcel.body(before, after).map_err(|error| CallError::Fatal {
            message: format!("the requests of a batch cannot be read from this disk: {error}"),
        })?;
        let length = parcel.bytes + (before.len() + after.len()) as u64;
        let sending = self.client.post(format!("{}{path}", self.url)).timeout(self.timeout * TIMES_A_CALL);
        // Servers that take no body of unknown length are told it.
        let sending = sending.header(CONTENT_TYPE, kind).header(CONTENT_LENGTH, length).body(body);
        self.whole(self.begin(sending, headers).await?).await
    }

    /// The lines at `path`, or the answer that came instead.
    pub(super) async fn lines(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Result<Lines<'_>, Answer>, CallError> {
        let sending = self.client.get(format!("{}{path}", self.url)).timeout(self.timeout * TIMES_A_CALL);
        let response = self.begin(sending, headers).await?;
        if response.status().is_success() {
            return Ok(Ok(Lines { server: self, response, bytes: Vec::new(), start: 0, seen: 0 }));
        }
        self.whole(response).await.map(Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{anthropic_batch, openai_batch};

    #[test]
    fn the_real_size_of_a_batch_is_kept_to_the_byte() {
        for (frame, most) in [(anthropic_batch::FRAME, 256_000_000), (openai_batch::FRAME, 200_000_000)] {
            let folder = tempfile::tempdir().unwrap();
            let mut parcel = Parcel::new(folder.path(), frame).unwrap();
            let request = vec![b'x'; 999_983];
            while parcel.bytes_with(request.len()) <= most {
                parcel.push(&request).unwrap();
            }
            let rest = usize::try_from(most - parcel.bytes_with(0)).unwrap();
            assert!(parcel.bytes_with(rest) == most && parcel.bytes_with(rest + 1) > most);
            parcel.push(&vec![b'y'; rest]).unwrap();
            parcel.close().unwrap();
            assert_eq!(parcel.bytes, most);
            assert_eq!(parcel.file.get_ref().metadata().unwrap().len(), most);
        }
    }
}
