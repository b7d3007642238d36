//! The stored form of a session: JSON, hashed and compressed.

use std::cell::RefCell;

use zstd::bulk::Compressor;
use zstd::zstd_safe::compress_bound;

use crate::session::Session;

/// Zstandard level of the stored transcripts.
const LEVEL: i32 = 3;

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
}

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
