//! Writes every page in every state as a file, with made-up data, to be looked at without a server:
//! `cargo run -p strongroom-portal --example gallery -- OUTDIR`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};
use strongroom_portal::pages;

#[path = "gallery/samples.rs"]
mod samples;

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::args_os().nth(1).ok_or("where to? gallery -- OUTDIR")?);
    let files = out.join("static");
    fs::create_dir_all(&files)?;
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("static"))? {
        let file = file?;
        fs::copy(file.path(), files.join(file.file_name()))?;
    }
    let mut index = String::from("<!doctype html><meta charset=\"utf-8\"><title>Gallery</title><h1>Gallery</h1><ol>");
    for sample in samples::all()? {
        let html = sample.html.replace("\"/static/", "\"static/");
        fs::write(out.join(format!("{}.html", sample.name)), html)?;
        let mark = if sample.phi { " (PHI)" } else { "" };
        index.push_str(&format!("<li><a href=\"{0}.html\">{0}</a>{mark}", sample.name));
    }
    fs::write(out.join("index.html"), index)?;
    Ok(())
}
