//! Years of small files come in by the real binary: [`FILES`] transcripts of 4 KB for [`PATIENTS`] patients, half of them text, the
//! others RTF and DOCX, in turns with what the disk allows (the same bytes copied and flushed once) and with restic, which encrypts
//! them into a repository. Every round has a share of its own, since what came in once is passed by.
//!
//! `cargo xtask bench import`, which builds the binary as it is released; needs restic.

#[path = "support/saying.rs"]
#[expect(dead_code, reason = "shared with the benchmarks upon a server")]
mod saying;

use saying::{rounds, said};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use strongroom_tests::binary::Browser;
use strongroom_tests::share::{docx, lay, rtf};
use strongroom_tests::terminal::{House, confirm};
use tokio::time::Instant;

const FILES: usize = 5_000;
const PATIENTS: usize = 3_000;
const ROW: &str = "5,000 transcripts of 4 KB";

fn surname(patient: usize) -> String {
    let letter = |at: usize| char::from(b'a' + u8::try_from(at % 26).expect("a letter"));
    format!("Importer{}{}{}", letter(patient / 676), letter(patient / 26), letter(patient))
}

/// Four kilobytes that no other document has.
fn words(number: usize) -> String {
    let patient = number % PATIENTS;
    let mut text = format!("Patient: {}, Given{patient}\nHosp No: IM-{patient:04}\n\nSEEN TODAY\n", surname(patient));
    let mut line = 0;
    while text.len() < 4_000 {
        text.push_str(&format!("Line {line} of dictation {number}: no complaint, no fever, plan unchanged.\n"));
        line += 1;
    }
    text
}

fn share(folder: &Path, round: usize) {
    for number in 0..FILES {
        let number = round * FILES + number;
        let (patient, year) = (number % PATIENTS, 2008 + number % 7);
        let text = words(number);
        let (ending, bytes) = match number % 4 {
            0 | 1 => ("txt", text.into_bytes()),
            2 => ("doc", rtf(&text)),
            _ => ("docx", docx(&text)),
        };
        let name = surname(patient).to_uppercase();
        lay(folder, &format!("AR/{year}/{name}_{year}0312_IM-{patient:04}_{number}.{ending}"), &bytes);
    }
}

fn ran(command: &mut Command) {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null()).status();
    assert!(status.expect("cp, sync and restic are installed").success(), "{command:?}");
}

/// Files a second.
fn rate(what: impl FnOnce()) -> f64 {
    let start = Instant::now();
    what();
    FILES as f64 / start.elapsed().as_secs_f64()
}

/// Copied, then flushed once.
fn copied(from: &Path, to: &Path) {
    ran(Command::new("cp").arg("-r").arg(from).arg(to));
    ran(Command::new("sync").arg("-f").arg(to));
}

fn restic(place: &Path, arguments: &[&str]) {
    let [repository, cache] = ["restic", "restic-cache"].map(|name| place.join(name));
    let mut command = Command::new("restic");
    command
        .arg("--repo")
        .arg(repository)
        .arg("--cache-dir")
        .arg(cache)
        .env("RESTIC_PASSWORD", "made up")
        .args(arguments);
    ran(&mut command);
}

struct Scene {
    house: House,
    customer: String,
    place: PathBuf,
    map: String,
    quinn: Browser,
}

impl Scene {
    fn begin() -> Self {
        let house = House::start("bench-import");
        let place = house.folder.path().to_path_buf();
        let ruth = house.demo.sign_in("ruth.okafor");
        let customer = house.customer(&ruth, "Lakeside Pediatrics");
        let map = place.join("map.toml").display().to_string();
        let text = format!(
            "customer = \"{customer}\"\ncustomer_name = \"Lakeside Pediatrics\"\n\n[[rule]]\n\
             path = \"{{author}}/{{any}}/{{patient_last}}_{{visit_date:YYYYMMDD}}_{{record_number}}_{{job}}.{{ext}}\"\n\n\
             [authors]\nAR = \"ana.reyes@demo.example\"\n\n[header]\nrecord_number = [\"Hosp No\"]\n"
        );
        std::fs::write(&map, text).expect("a map");
        let quinn = house.demo.sign_in("quinn.ferrara");
        let scene = Self { house, customer, place, map, quinn };
        scene.patients();
        scene
    }

    fn patients(&self) {
        let table = self.place.join("patients.csv").display().to_string();
        let mut text = "last name,first name,date of birth,record number\n".to_owned();
        for patient in 0..PATIENTS {
            text.push_str(&format!("{},Given{patient},04/05/2009,IM-{patient:04}\n", surname(patient)));
        }
        std::fs::write(&table, text).expect("a table");
        let frida = self.house.demo.sign_in("frida.holm");
        let waiting = self.house.command(&["import", "patients", &table, "--customer", &self.customer]);
        assert_eq!(confirm(&frida, &waiting.code), 303);
        assert_eq!(waiting.end().0, Some(0));
    }

    /// Runs the import to its end; from the confirmation on.
    fn import(&self, share: &Path, round: usize) -> f64 {
        let rejects = self.place.join(format!("rejects-{round}.csv")).display().to_string();
        let share = share.display().to_string();
        let waiting = self.house.command(&["import", &share, "--map", &self.map, "--rejects", &rejects]);
        let start = Instant::now();
        assert_eq!(confirm(&self.quinn, &waiting.code), 303);
        let (code, out, told) = waiting.end();
        let rate = FILES as f64 / start.elapsed().as_secs_f64();
        let tally = &out["tally"];
        assert_eq!((code, tally["taken"].as_u64()), (Some(0), Some(FILES as u64)), "{told}");
        assert_eq!(tally["matched"].as_u64(), Some(FILES as u64), "each on its patient");
        rate
    }
}

fn main() {
    let scene = Scene::begin();
    restic(&scene.place, &["init"]);
    // The first round warms up and does not count.
    for round in 0..=rounds() as usize {
        let folder = scene.place.join(format!("share-{round}"));
        share(&folder, round);
        ran(Command::new("sync").arg("-f").arg(&folder));
        let copy = scene.place.join("copy");
        let disk = rate(|| copied(&folder, &copy));
        let path = folder.display().to_string();
        let peer = rate(|| {
            restic(&scene.place, &["backup", &path]);
            ran(Command::new("sync").arg("-f").arg(scene.place.join("restic")));
        });
        let we = scene.import(&folder, round);
        if round > 0 {
            said(ROW, ("limit", "copied and flushed once"), "files/s", disk);
            said(ROW, ("peer", "restic backup"), "files/s", peer);
            said(ROW, ("we", ""), "files/s", we);
        }
        for gone in [folder, copy] {
            std::fs::remove_dir_all(gone).expect("it goes");
        }
    }
}
