//! Lines of plain and compressed files, and the JSON values on them, however damaged.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::LazyLock;

use flate2::bufread::MultiGzDecoder;
use regex::bytes::Regex;
use serde::Deserialize;
use serde_json::Value;

/// Longest line that is read, in bytes; a longer one is skipped as unreadable, so that memory stays bounded.
const LONGEST_LINE: usize = 64 << 20;

/// The same for a whole session in one piece.
const LONGEST_DOCUMENT: usize = 256 << 20;

/// What some editors put at the beginning of a file; not part of its first line.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What text in UTF-16 begins with, in either order of bytes; shells of Windows write it.
const UTF_16: [&[u8]; 2] = [&[0xff, 0xfe], &[0xfe, 0xff]];

/// Bytes that are asked for at once.
const CHUNK: usize = 1 << 16;

/// The lines of one file, one in memory at a time.
pub(super) struct Lines {
    reader: Box<dyn BufRead>,
    /// Bytes that a line may have.
    longest: usize,
    /// What was read and is not yet taken, from `start` to `end`; lines are looked at where they lie.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// What went wrong when the head was read; it is told where the lines come to that place.
    broken: Option<io::Error>,
    /// The last line, where something had to be taken out of it.
    cleaned: Vec<u8>,
    number: u64,
}

/// One line that is not blank.
pub(super) struct Line<'b> {
    /// Its number, from 1.
    pub number: u64,
    /// Its bytes without line end and without NULs.
    pub bytes: &'b [u8],
    /// Whether NULs were taken out.
    pub had_nuls: bool,
    /// Whether it is longer than what is read, and was skipped.
    pub too_long: bool,
}

impl Line<'_> {
    /// Why a line that could not be read is left out.
    pub fn reason(&self) -> &'static str {
        if self.too_long { "line too long" } else { "not valid JSON" }
    }
}

/// What comes next in a file.
enum Next {
    /// A line, at this place of the buffer.
    At(Range<usize>),
    /// A line that is too long, stepped over.
    TooLong,
    /// Nothing.
    End,
}

impl Lines {
    /// Opens a file, gunzipping it where its first bytes say so.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::with_longest(path, LONGEST_LINE)
    }

    /// The same for a file that has a whole session on each line.
    pub fn of_sessions(path: &Path) -> io::Result<Self> {
        Self::with_longest(path, LONGEST_DOCUMENT)
    }

    fn with_longest(path: &Path, longest: usize) -> io::Result<Self> {
        let reader = reader(path)?;
        Ok(Self { reader, longest, buffer: Vec::new(), start: 0, end: 0, broken: None, cleaned: Vec::new(), number: 0 })
    }

    /// The next line that is not blank. A line of nothing but NULs comes back empty, since something was lost there; so
    /// does a line that is too long.
    pub fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            let next = self.advance()?;
            self.number += 1;
            let number = self.number;
            let mut place = match next {
                Next::At(place) => place,
                Next::TooLong => return Ok(Some(Line { number, bytes: &[], had_nuls: false, too_long: true })),
                Next::End => return Ok(None),
            };
            if number == 1 && self.buffer[place.clone()].starts_with(BYTE_ORDER_MARK) {
                place.start += BYTE_ORDER_MARK.len();
            }
            if memchr::memchr(0, &self.buffer[place.clone()]).is_some() {
                self.cleaned.clear();
                self.cleaned.extend(self.buffer[place].iter().filter(|byte| **byte != 0));
                return Ok(Some(Line { number, bytes: self.cleaned.trim_ascii(), had_nuls: true, too_long: false }));
            }
            if !self.buffer[place.clone()].trim_ascii().is_empty() {
                return Ok(Some(Line {
                    number,
                    bytes: self.buffer[place].trim_ascii(),
                    had_nuls: false,
                    too_long: false,
                }));
            }
        }
    }

    /// The first `length` bytes, or fewer where the file has no more, as text without NULs; lines are still read from the
    /// first on. A broken archive gives its beginning: what is wrong with it is said when its lines are read.
    pub fn head(&mut self, length: usize) -> Cow<'_, str> {
        while self.end - self.start < length && self.broken.is_none() {
            match self.fill() {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => self.broken = Some(error),
            }
        }
        let bytes = &self.buffer[self.start..self.end.min(self.start + length)];
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        match std::str::from_utf8(bytes) {
            Ok(text) if memchr::memchr(0, bytes).is_none() => Cow::Borrowed(text),
            _ => Cow::Owned(String::from_utf8_lossy(bytes).replace('\0', "")),
        }
    }

    /// Goes on to the next line.
    fn advance(&mut self) -> io::Result<Next> {
        let mut looked_at = self.start;
        loop {
            if let Some(length) = memchr::memchr(b'\n', &self.buffer[looked_at..self.end]) {
                let line = self.start..looked_at + length;
                self.start = line.end + 1;
                return Ok(Next::At(line));
            }
            let length = self.end - self.start;
            if length >= self.longest {
                self.reader.skip_until(b'\n')?;
                self.start = self.end;
                return Ok(Next::TooLong);
            }
            if self.fill()? == 0 {
                let line = self.start..self.end;
                self.start = self.end;
                return Ok(if line.is_empty() { Next::End } else { Next::At(line) });
            }
            looked_at = self.start + length;
        }
    }

    /// Reads on behind what is not yet taken, which moves to the front; returns how many bytes came.
    fn fill(&mut self) -> io::Result<usize> {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.buffer.len() < self.end + CHUNK {
            self.buffer.resize(self.end + CHUNK, 0);
        }
        loop {
            match self.reader.read(&mut self.buffer[self.end..self.end + CHUNK]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => {
                    let read = read?;
                    self.end += read;
                    return Ok(read);
                }
            }
        }
    }
}

fn reader(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let mut file = BufReader::with_capacity(1 << 16, fs_err::File::open(path)?);
    let begin = file.fill_buf()?;
    if UTF_16.iter().any(|mark| begin.starts_with(mark)) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "UTF-16 text; save it as UTF-8"));
    }
    let gzip = begin.starts_with(&[0x1f, 0x8b]);
    Ok(if gzip { Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file))) } else { Box::new(file) })
}

/// A file that is read in one piece.
#[derive(Debug, Default)]
pub(super) struct Text {
    /// Its text, as far as it can be read, without NULs and byte order mark.
    pub content: String,
    /// Lines with bytes that are not UTF-8, for which replacement characters stand.
    pub mended_lines: u64,
    /// Why it could not be read to its end.
    pub damage: Option<String>,
}

/// Reads a plain or compressed file of text of at most [`LONGEST_DOCUMENT`] bytes.
pub(super) fn read_text(path: &Path) -> Text {
    let mut bytes = Vec::new();
    let read = reader(path).and_then(|reader| reader.take(LONGEST_DOCUMENT as u64).read_to_end(&mut bytes));
    let damage = match read {
        Err(error) => Some(format!("cannot be read beyond byte {}: {error}", bytes.len())),
        Ok(LONGEST_DOCUMENT) => Some(format!("not read beyond byte {LONGEST_DOCUMENT}")),
        Ok(_) => None,
    };
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    if memchr::memchr(0, &bytes).is_some() {
        bytes.retain(|byte| *byte != 0);
    }
    let (content, broken) = match String::from_utf8(bytes) {
        Ok(text) => (text, 0),
        Err(error) => {
            let lines = error.as_bytes().split(|byte| *byte == b'\n');
            let broken = lines.filter(|line| std::str::from_utf8(line).is_err()).count();
            (String::from_utf8_lossy(error.as_bytes()).into_owned(), broken)
        }
    };
    Text { content, mended_lines: broken as u64, damage }
}

/// How a line was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineState {
    /// One value, as written.
    Whole,
    /// Values came out only after splitting or mending; nothing was lost.
    Repaired,
    /// Something on the line could not be read; values before the damage are kept.
    Bad,
}

/// Reads every JSON value of a line and hands them to `accept`, mending the line only where it does not read as it is.
pub(super) fn read_values<T: for<'de> Deserialize<'de>>(line: &Line<'_>, mut accept: impl FnMut(T)) -> LineState {
    // Nearly every line is one value.
    if let Ok(value) = serde_json::from_slice(line.bytes) {
        accept(value);
        return if line.had_nuls { LineState::Repaired } else { LineState::Whole };
    }
    // A key may stand twice in an object; its last value counts, as it does for the programs that write these files.
    if let Ok(value) = serde_json::from_slice::<Value>(line.bytes).and_then(T::deserialize) {
        accept(value);
        return LineState::Repaired;
    }
    let (mut values, mut whole) = parse(line.bytes);
    let mut mended = false;
    if !whole {
        let text = mend(line.bytes);
        if matches!(text, Cow::Owned(_)) {
            let (again, complete) = parse(&text);
            if complete || again.len() > values.len() {
                (values, whole, mended) = (again, complete, true);
            }
        }
    }
    let state = match values.len() {
        _ if !whole => LineState::Bad,
        0 => LineState::Bad,
        1 if !mended && !line.had_nuls => LineState::Whole,
        _ => LineState::Repaired,
    };
    values.into_iter().for_each(&mut accept);
    state
}

/// The values up to the first damage, and whether that was the end of the line.
fn parse<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> (Vec<T>, bool) {
    let mut values = Vec::new();
    for value in serde_json::Deserializer::from_slice(bytes).into_iter() {
        match value {
            Ok(value) => values.push(value),
            Err(_) => return (values, false),
        }
    }
    (values, true)
}

/// What JSON forbids and recorders write: raw control characters, escapes of half a character, bytes that are not UTF-8.
static LONE_SURROGATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(\\\\)|(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})")
        .ok()
});

fn mend(bytes: &[u8]) -> Cow<'_, [u8]> {
    let text = match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(_) => Cow::Borrowed(bytes),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    };
    let text = match LONE_SURROGATE.as_ref().map(|pattern| replace_lone(pattern, &text)) {
        Some(Cow::Owned(replaced)) => Cow::Owned(replaced),
        _ => text,
    };
    if !text.iter().any(u8::is_ascii_control) {
        return text;
    }
    let mut escaped = Vec::with_capacity(text.len() + 64);
    for byte in text.iter() {
        if byte.is_ascii_control() && *byte != 0x7f {
            escaped.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
        } else {
            escaped.push(*byte);
        }
    }
    Cow::Owned(escaped)
}

/// Puts the replacement character for half characters, stepping over escaped backslashes and whole pairs.
fn replace_lone<'b>(pattern: &Regex, bytes: &'b [u8]) -> Cow<'b, [u8]> {
    pattern.replace_all(
        bytes,
        |found: &regex::bytes::Captures<'_>| {
            if found.get(3).is_some() { b"\\ufffd".to_vec() } else { found[0].to_vec() }
        },
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn read(bytes: &[u8]) -> (Vec<Value>, LineState) {
        let mut values = Vec::new();
        let state = read_values(&Line { number: 1, bytes, had_nuls: false, too_long: false }, |value: Value| {
            values.push(value);
        });
        (values, state)
    }

    #[rstest]
    #[case(br#"{"a":1}"#, vec![json!({"a": 1})], LineState::Whole)]
    #[case(br#"{"a":1}{"b":2}"#, vec![json!({"a": 1}), json!({"b": 2})], LineState::Repaired)]
    #[case(br#"{"a":1}{"b":"#, vec![json!({"a": 1})], LineState::Bad)]
    #[case(br#"{"a":"half"#, vec![], LineState::Bad)]
    #[case(b"{\"a\":\"x\x1by\"}", vec![json!({"a": "x\u{1b}y"})], LineState::Repaired)]
    #[case(b"{\"a\":\"x\xff\"}", vec![json!({"a": "x\u{fffd}"})], LineState::Repaired)]
    #[case(br#"{"a":"\ud83d"}"#, vec![json!({"a": "\u{fffd}"})], LineState::Repaired)]
    #[case(br#"{"a":"\ud83d\ude00 \\ud83d \ud83d"}"#, vec![json!({"a": "\u{1f600} \\ud83d \u{fffd}"})], LineState::Repaired)]
    #[case(b"", vec![], LineState::Bad)]
    fn lines_are_read_or_counted(#[case] line: &[u8], #[case] expected: Vec<Value>, #[case] state: LineState) {
        assert_eq!(read(line), (expected, state));
    }

    #[test]
    fn blank_lines_are_nothing_and_nuls_are_something() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs_err::write(&path, b"\n  \n{}\0\0\n\0\0\0\n1").unwrap();
        let mut lines = Lines::open(&path).unwrap();
        let mut seen = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            seen.push((line.number, line.bytes.to_vec(), line.had_nuls));
        }
        assert_eq!(seen, [(3, b"{}".to_vec(), true), (4, Vec::new(), true), (5, b"1".to_vec(), false)]);
    }

    #[test]
    fn a_line_that_is_too_long_is_stepped_over_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs_err::write(&path, format!("1\n\"{}\"\n2", "x".repeat(2 * CHUNK))).unwrap();
        let mut lines = Lines::with_longest(&path, CHUNK).unwrap();
        let mut seen = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            seen.push((line.number, line.bytes.to_vec(), line.reason()));
        }
        let (read, skipped) = ("not valid JSON", "line too long");
        assert_eq!(seen, [(1, b"1".to_vec(), read), (2, Vec::new(), skipped), (3, b"2".to_vec(), read)]);
    }

    #[rstest]
    #[case(u16::to_le_bytes)]
    #[case(u16::to_be_bytes)]
    fn utf_16_is_not_read_as_something_else(#[case] bytes: fn(u16) -> [u8; 2]) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let text: Vec<u8> = "\u{feff}{}\n{}".encode_utf16().flat_map(bytes).collect();
        fs_err::write(&path, text).unwrap();
        assert!(Lines::open(&path).is_err_and(|error| error.to_string().contains("UTF-16")));
    }

    #[test]
    fn gzip_is_told_by_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no-extension");
        let mut encoder =
            flate2::write::GzEncoder::new(fs_err::File::create(&path).unwrap(), flate2::Compression::fast());
        encoder.write_all(b"{\"a\":1}\n").unwrap();
        encoder.finish().unwrap();
        assert_eq!(Lines::open(&path).unwrap().next().unwrap().unwrap().bytes, b"{\"a\":1}");
    }
}
