//! Records of groups on disk, in parts that are small enough to be sorted in memory.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

/// Records that are sorted in one go, 16 bytes each.
const AT_ONCE: u64 = 1 << 20;

/// Files that are open at a time.
const MOST: u64 = 128;

/// Which group holds which record: 12 bytes for each, in files without a name that end with the program.
#[derive(Debug)]
pub(super) struct Parts(Vec<BufWriter<File>>);

impl Parts {
    /// For about so many records.
    pub fn for_records(count: u64) -> io::Result<Self> {
        Self::new((count / AT_ONCE + 1).min(MOST))
    }

    fn new(count: u64) -> io::Result<Self> {
        Ok(Self((0..count).map(|_| tempfile::tempfile().map(BufWriter::new)).collect::<io::Result<_>>()?))
    }

    /// Notes that `group` holds `record`, which is a hash, so that parts come out of nearly one size.
    pub fn push(&mut self, record: u64, group: u32) -> io::Result<()> {
        let part = usize::try_from(record % self.0.len() as u64).unwrap_or_default();
        self.0[part].write_all(&record.to_le_bytes())?;
        self.0[part].write_all(&group.to_le_bytes())
    }

    /// Hands groups that share a record to `each`, two at a time: all that share one, through others where they are more.
    pub fn each_pair(self, mut each: impl FnMut(u32, u32)) -> io::Result<()> {
        for part in self.0 {
            let mut records = read(part.into_inner().map_err(io::IntoInnerError::into_error)?)?;
            records.sort_unstable();
            for pair in records.windows(2).filter(|pair| pair[0].0 == pair[1].0 && pair[0].1 != pair[1].1) {
                each(pair[0].1, pair[1].1);
            }
        }
        Ok(())
    }
}

fn read(mut part: File) -> io::Result<Vec<(u64, u32)>> {
    let count = part.stream_position()? / 12;
    part.rewind()?;
    let (mut part, mut record, mut group) = (BufReader::new(part), [0; 8], [0; 4]);
    let mut records = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
    for _ in 0..count {
        part.read_exact(&mut record)?;
        part.read_exact(&mut group)?;
        records.push((u64::from_le_bytes(record), u32::from_le_bytes(group)));
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_that_share_a_record_are_found_in_every_part() {
        let mut parts = Parts::new(3).unwrap();
        for (record, group) in [(7, 1), (8, 1), (9, 2), (7, 2), (8, 3), (7, 4), (u64::MAX, 5), (9, 2)] {
            parts.push(record, group).unwrap();
        }
        let mut pairs = Vec::new();
        parts.each_pair(|one, other| pairs.push((one, other))).unwrap();
        pairs.sort_unstable();
        assert_eq!(pairs, [(1, 2), (1, 3), (2, 4)]);
    }
}
