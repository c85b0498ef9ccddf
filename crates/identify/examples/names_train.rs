//! Makes the lists and weights of the name finder and writes them, or compares them with what lies there (`--check`).
//!
//! What must always hold: it writes nothing but the two files, and nothing at all with `--check`.
//!
//! What it refuses to know: how anything is learnt; that is `names::learn`.
#![expect(clippy::print_stdout, reason = "it reports on stdout")]

use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use strongroom_identify::names::learn::{self, Sources};

/// Our own lists, in the order in which they are read.
const OWN: &[&str] =
    &["words.txt", "surnames.txt", "drugs.txt", "eponyms.txt", "terms.txt", "brands.txt", "frequent.txt"];

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    match train(check) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            println!("training could not finish: {error}");
            ExitCode::from(4)
        }
    }
}

/// The shared lists: by environment, else beside the checkout.
fn shared(here: &Path) -> PathBuf {
    std::env::var_os("STRONGROOM_SHARED")
        .map_or_else(|| here.join("../../../shared/data"), PathBuf::from)
        .join("phi/lists")
}

fn train(check: bool) -> std::io::Result<bool> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = here.join("data");
    let shared = shared(here);
    let list = |name: &str| fs::read_to_string(shared.join(name));
    let own: String =
        OWN.iter().map(|name| fs::read_to_string(data.join("names").join(name))).collect::<Result<_, _>>()?;
    let mut names: Vec<PathBuf> =
        fs::read_dir(data.join("train"))?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    names.retain(|path| path.file_name().is_some_and(|name| name != "grammar.txt"));
    names.sort();
    let templates: String = names.iter().map(fs::read_to_string).collect::<Result<_, _>>()?;
    let packed = fs::read(shared.join("nltk-words.zip"))?;
    let (english, basic) = (member(&packed, "words/en")?, member(&packed, "words/en-basic")?);
    let census = unpacked(&fs::read(data.join("names/census.txt.gz"))?)?;
    let (cities, counties, hospitals) = (list("cities.txt")?, list("counties.txt")?, list("hospitals.txt")?);
    let grammar = fs::read_to_string(data.join("train/grammar.txt"))?;
    let sources = Sources {
        census: &census,
        cities: &cities,
        counties: &counties,
        hospitals: &hospitals,
        english: &english,
        english_basic: &basic,
        own: &own,
        grammar: &grammar,
        templates: &templates,
    };
    let lists = learn::lists(&sources);
    let (weights, report) = learn::weights(&sources, &lists);
    println!("lists {} bytes, weights {} bytes", lists.len(), weights.len());
    println!("{report:?}");
    let mut same = report.unknown.is_empty();
    for (name, bytes) in [("lists.bin", lists), ("weights.bin", weights)] {
        let path = data.join("names").join(name);
        if check {
            let found = fs::read(&path)? == bytes;
            println!("{name}: {}", if found { "as trained" } else { "NOT as trained" });
            same &= found;
        } else {
            fs::write(&path, bytes)?;
        }
    }
    Ok(same)
}

fn unpacked(packed: &[u8]) -> std::io::Result<String> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text)?;
    Ok(text)
}

fn member(packed: &[u8], name: &str) -> std::io::Result<String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(packed)).map_err(std::io::Error::other)?;
    let mut text = String::new();
    archive.by_name(name).map_err(std::io::Error::other)?.read_to_string(&mut text)?;
    Ok(text)
}
