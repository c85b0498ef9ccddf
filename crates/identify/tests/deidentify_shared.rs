//! The shared sample data without what says who somebody is: every file either comes out and reads as it was meant, or is refused with
//! a reason that its format explains. The data is not committed; without it nothing is tested, and a line says so.

#![expect(
    clippy::print_stderr,
    reason = "what came of the files, and that a test was skipped, is told where tests tell"
)]

use record::SeededEntropy;
use record::civil::Day;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use strongroom_identify::deidentify::Drawn;
use strongroom_identify::{Deidentifier, DeidentifyError, Method};

/// Files larger than this are left to benchmarks, in bytes.
const FILE_BYTES_MAX: u64 = 200_000;
/// So many of each folder, spread over it.
const FILES_MAX: usize = 40;

fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("STRONGROOM_SHARED").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    named.into_iter().chain([beside]).find(|path| path.join("ehr").is_dir())
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            below(&path, found);
        } else if std::fs::metadata(&path).is_ok_and(|about| about.len() <= FILE_BYTES_MAX) {
            found.push(path);
        }
    }
}

#[test]
fn sample_files_come_out_by_every_method_or_are_refused_for_a_reason() {
    let Some(shared) = folder() else {
        eprintln!("skipped: there is no shared data beside the checkout");
        return;
    };
    let entropy = SeededEntropy::new(1);
    let mut ended: BTreeMap<String, usize> = BTreeMap::new();
    let (mut wrong, mut all, mut missed) = (Vec::new(), 0, 0);
    for kind in ["hl7v2", "ccda", "fhir"] {
        let mut files = Vec::new();
        below(&shared.join("ehr").join(kind), &mut files);
        let step = files.len().div_ceil(FILES_MAX).max(1);
        for method in [Method::SafeHarbor, Method::Limited, Method::Pseudonym] {
            let run = Deidentifier::new(method, Day::new(2026, 11, 22).unwrap());
            let mut drawn = Drawn::new(&entropy, []);
            for path in files.iter().step_by(step) {
                let bytes = std::fs::read(path).unwrap();
                let name = path.file_name().unwrap().to_string_lossy();
                all += 1;
                let said = match run.file(&bytes, &name, &mut drawn) {
                    Ok(out) if out.report.found_late > 0 => "came out, in more rounds",
                    Ok(_) => "came out",
                    Err(DeidentifyError::Opaque { .. } | DeidentifyError::NotEditable | DeidentifyError::PartName) => {
                        "refused"
                    }
                    // Tokens change what a model sees beside them; where that does not end, the file is refused.
                    Err(DeidentifyError::Missed { .. }) => {
                        missed += 1;
                        "refused by the second pass"
                    }
                    Err(error) => {
                        wrong.push(format!("{} {}: {error}", method.as_str(), path.display()));
                        "wrong"
                    }
                };
                *ended.entry(format!("{kind} {} {said}", method.as_str())).or_default() += 1;
            }
        }
    }
    eprintln!("{ended:#?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(missed * 20 <= all, "{missed} of {all} were refused by the second pass");
}
