//! The stored form of a session: JSON, hashed and compressed.

use std::cell::RefCell;
use std::io::Read;

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::{compress_bound, get_frame_content_size};

use crate::session::Session;

/// Zstandard level of the stored transcripts: about a sixth larger than with the usual level 3, at half the time.
const LEVEL: i32 = 1;

/// A session as it is stored.
#[derive(Debug)]
pub(super) struct Packed {
    /// Its JSON, compressed.
    pub zstd: Vec<u8>,
    /// BLAKE3 of its JSON.
    pub hash: blake3::Hash,
}

/// What a thread keeps from one session to the next: room for the text before and after, and the compressor's tables.
struct Bench {
    compressor: Compressor<'static>,
    json: Vec<u8>,
    zstd: Vec<u8>,
}

thread_local! {
    static BENCH: RefCell<Option<Bench>> = const { RefCell::new(None) };
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Largest text that is unpacked in one go, in bytes; what claims to be larger is unpacked bit by bit.
const LARGEST_AT_ONCE: u64 = 16 << 20;

/// Packs `session`.
///
/// # Errors
/// When memory is short.
pub(super) fn pack(session: &Session) -> std::io::Result<Packed> {
    BENCH.with_borrow_mut(|bench| {
        let Bench { compressor, json, zstd } = match bench {
            Some(bench) => bench,
            None => bench.insert(Bench { compressor: Compressor::new(LEVEL)?, json: Vec::new(), zstd: Vec::new() }),
        };
        json.clear();
        serde_json::to_writer(&mut *json, session)?;
        zstd.clear();
        zstd.reserve(compress_bound(json.len()));
        compressor.compress_to_buffer(json.as_slice(), zstd)?;
        Ok(Packed { zstd: zstd.as_slice().to_vec(), hash: blake3::hash(json) })
    })
}

/// The JSON of a packed session, at most `most` bytes of it.
///
/// # Errors
/// When it is damaged.
pub(super) fn unpack(packed: &[u8], most: u64) -> std::io::Result<Vec<u8>> {
    let size = get_frame_content_size(packed).ok().flatten().filter(|size| *size <= LARGEST_AT_ONCE.min(most));
    if let Some(size) = size.and_then(|size| usize::try_from(size).ok()) {
        return UNPACKER.with_borrow_mut(|unpacker| {
            let unpacker = match unpacker {
                Some(unpacker) => unpacker,
                None => unpacker.insert(Decompressor::new()?),
            };
            unpacker.decompress(packed, size)
        });
    }
    let mut json = Vec::new();
    zstd::stream::read::Decoder::new(packed)?.take(most).read_to_end(&mut json)?;
    Ok(json)
}
