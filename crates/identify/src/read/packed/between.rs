//! What lies between the members of an archive, where programs that unpack it do not look.
//!
//! What must always hold: bytes that belong to no member are told; each heading is seen, and time goes with the length of the archive.
//!
//! What it refuses to know: what is in the members.

use flate2::bufread::GzDecoder;
use std::io::{Cursor, Read};

/// What may stand behind a member of a zip: its sum and its sizes once more (APPNOTE, 4.3.9).
const BEHIND_BYTES_MAX: u64 = 24;
/// So many headings of a gzip are kept; there are more in files that were packed in blocks, and they hold nothing.
const SAID_MAX: usize = 4_096;

/// Are there bytes before, between or behind the members of a zip that are none of theirs.
pub(super) fn holds_more(bytes: &[u8], archive: &mut zip::ZipArchive<Cursor<&[u8]>>) -> bool {
    let mut taken = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        // What cannot be opened is told where it is read.
        let Ok(member) = archive.by_index_raw(index) else { return false };
        let Some(start) = member.data_start() else { return false };
        taken.push((member.header_start(), start.saturating_add(member.compressed_size())));
    }
    taken.sort_unstable();
    let directory = archive.central_directory_start();
    let (mut end, mut room) = (0, 0);
    for (start, next) in taken.into_iter().chain([(directory, directory)]) {
        let between = usize::try_from(end).ok().zip(usize::try_from(start).ok());
        let gap = between.and_then(|(end, start)| bytes.get(end..start)).unwrap_or_default();
        if gap.len() as u64 > room && gap.iter().any(|byte| *byte != 0) {
            return true;
        }
        end = next.max(end);
        room = BEHIND_BYTES_MAX;
    }
    false
}

/// The members of a gzip, one behind the other (RFC 1952, 2.2), and what their headings say.
pub(super) struct Members<'a> {
    decoder: Option<GzDecoder<&'a [u8]>>,
    count: usize,
    /// The name in the first heading.
    pub(super) name: Option<Vec<u8>>,
    /// Comments, and the names in all other headings.
    pub(super) said: Vec<Vec<u8>>,
    /// There are fields that nobody here knows.
    pub(super) has_fields: bool,
}

impl<'a> Members<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { decoder: Some(GzDecoder::new(bytes)), count: 0, name: None, said: Vec::new(), has_fields: false }
    }

    fn ended(&mut self, decoder: GzDecoder<&'a [u8]>) {
        if let Some(header) = decoder.header() {
            let name = header.filename().map(<[u8]>::to_vec);
            let (first, later) = if self.count == 0 { (name, None) } else { (None, name) };
            self.name = self.name.take().or(first);
            let said = header.comment().map(<[u8]>::to_vec).into_iter().chain(later);
            self.said.extend(said.filter(|said| !said.is_empty()));
            // A block's size (SAM/BAM, 4.1) is the one field that is met.
            self.has_fields |= header.extra().is_some_and(|extra| !matches!(extra, [b'B', b'C', 2, 0, _, _] | []));
            self.has_fields |= self.said.len() > SAID_MAX;
        }
        self.count += 1;
        let rest = decoder.into_inner();
        self.decoder = (!rest.is_empty() && !self.has_fields).then(|| GzDecoder::new(rest));
    }
}

impl Read for Members<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while let Some(mut decoder) = self.decoder.take() {
            let read = decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                self.decoder = Some(decoder);
                return Ok(read);
            }
            self.ended(decoder);
        }
        Ok(0)
    }
}
