//! Writes stand-ins into a folder, or nowhere to see how fast they are made:
//! `cargo run --release -p strongroom-standin --example folder -- PRACTICES PATIENTS SEED FORMATS DIRT [DIR]`

use record::civil::Day;
use standin::{Counted, Dirt, Made, MakeError, Out, OutError, Plan, make};
use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

struct Folder(PathBuf);

impl Folder {
    fn open(&self, path: &str) -> std::io::Result<std::fs::File> {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(&self.0))?;
        std::fs::OpenOptions::new().create(true).append(true).open(path)
    }
}

impl Out for Folder {
    fn file(&mut self, path: &str, bytes: &[u8]) -> Result<(), OutError> {
        self.more(path, bytes)
    }
    fn more(&mut self, path: &str, bytes: &[u8]) -> Result<(), OutError> {
        let written = self.open(path).and_then(|mut file| file.write_all(bytes));
        written.map_err(OutError::new)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [practices, patients, seed, formats, dirt, rest @ ..] = given.as_slice() else {
        return Err("PRACTICES PATIENTS SEED FORMATS DIRT [DIR]".into());
    };
    let day = Day::new(2026, 6, 1).ok_or("no such day")?;
    let mut plan = Plan::new(practices.parse()?, patients.parse()?, seed.parse()?, day);
    plan.formats = formats.parse()?;
    plan.dirt = Dirt::at(dirt.parse()?);
    let made: Result<Made, MakeError> = match rest.first() {
        Some(folder) => make(&plan, &mut Folder(folder.into())),
        None => make(&plan, &mut Counted::default()),
    };
    writeln!(std::io::stdout(), "{:?}", made?)?;
    Ok(())
}
