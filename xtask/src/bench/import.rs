//! A share comes in by the released binary, beside the disk and restic; the benchmark itself stands in `tests/benches/import.rs`.

use super::Section;
use super::program::{bench, read};
use super::served::release_binary;
use anyhow::Result;
use std::path::Path;

pub(super) fn measure(top: &Path, folder: &Path, rounds: u32) -> Result<Section> {
    let binary = release_binary(top)?;
    // The harness makes its folders where temporary ones go.
    let more = [("STRONGROOM", binary.as_os_str()), ("TMPDIR", folder.as_os_str())];
    let body = read(&bench(top, folder, rounds, "import", &more)?);
    Ok(Section { name: "import", heading: "A share of small files comes in", body })
}
