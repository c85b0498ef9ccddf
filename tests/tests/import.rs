//! A share comes in by the real binary: three hundred made-up documents among what a hostile clinic put beside them, the
//! server and the command killed on the way, and in the end every document there once, on the right patient.

use record::ResourceId;
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;
use strongroom_tests::binary::{Browser, entries};
use strongroom_tests::share::{docx, lay, pdf, rtf};
use strongroom_tests::terminal::{House, confirm};

const PATIENTS: usize = 30;
const DOCUMENTS: usize = 300;

fn surname(patient: usize) -> String {
    let letter = |at: usize| char::from(b'a' + u8::try_from(at % 26).expect("a letter"));
    format!("Importer{}{}", letter(patient / 26), letter(patient))
}

/// What the document says: its header, and words that no other has.
fn words(number: usize) -> String {
    let patient = number % PATIENTS;
    format!(
        "Patient: {}, Given{patient}\nHosp No: IM-{patient:04}\nDictated by: Ben Cho, MD\n\nSEEN TODAY\nThis is number {number}.\n",
        surname(patient)
    )
}

/// The honest part of the share: folders by author and year, four kinds of files.
fn honest(share: &Path) {
    for number in 0..DOCUMENTS {
        let (patient, year) = (number % PATIENTS, 2008 + number % 7);
        let (folder, text) = (if number % 2 == 0 { "AR" } else { "BC" }, words(number));
        let name = format!(
            "{folder}/{year}/{}_{year}0312_IM-{patient:04}{}_{number}",
            surname(patient).to_uppercase(),
            if number % 3 == 0 { "_HP" } else { "" }
        );
        let (ending, bytes) = match number % 4 {
            0 => ("txt", text.into_bytes()),
            1 => ("doc", rtf(&text)),
            2 => ("docx", docx(&text)),
            _ => ("pdf", pdf(&text)),
        };
        lay(share, &format!("{name}.{ending}"), &bytes);
    }
}

/// What somebody put beside it: by the name, why it stays outside.
fn hostile(share: &Path, outside: &Path) -> BTreeMap<String, &'static str> {
    let own = |number: usize| format!("AR/2010/IMPORTERAA_20100312_IM-0000_{number}");
    std::fs::write(outside.join("secret.txt"), "Patient: Outside, Secret\n").expect("written");
    symlink(outside.join("secret.txt"), share.join(format!("{}.txt", own(900)))).expect("a link");
    symlink(outside, share.join("AR/2099")).expect("a link");
    let pipe = share.join(format!("{}.txt", own(901)));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let huge = std::fs::File::create(share.join(format!("{}.txt", own(902)))).expect("a file");
    huge.set_len(10 << 30).expect("a hole of ten gigabytes");
    lay(share, &format!("{}.docx", own(903)), &docx(&" ".repeat(90 << 20)));
    lay(share, &format!("{}.txt", own(904)), b"");
    lay(share, &format!("{}.pdf", own(905)), b"MZ\x90\0 this is no PDF");
    lay(share, "notes to self.txt", b"What is this?\n");
    lay(share, &format!("{}.txt", own(906)), words(0).as_bytes());
    lay(share, "AR/2010/..\\..\\etc_20100312_IM-0001_907.exe", b"MZ\x90\0");
    let at = |number: usize, ending: &str| format!("{}.{ending}", own(number));
    BTreeMap::from([
        (at(900, "txt"), "link"),
        ("AR/2099".to_owned(), "link"),
        (at(901, "txt"), "special"),
        (at(902, "txt"), "large"),
        (at(903, "docx"), "damaged"),
        (at(904, "txt"), "empty"),
        (at(905, "pdf"), "kind"),
        ("notes to self.txt".to_owned(), "no_rule"),
        // The same words as the first document, which lies in another folder.
        (at(906, "txt"), "same"),
        ("AR/2010/..\\..\\etc_20100312_IM-0001_907.exe".to_owned(), "kind"),
    ])
}

struct Scene {
    house: House,
    customer: String,
    share: PathBuf,
    map: String,
    runs: u32,
    /// Signed in since the first start: each link signs in once.
    ruth: Browser,
    frida: Browser,
}

impl Scene {
    fn begin() -> Self {
        let house = House::start("import");
        let place = house.folder.path().to_path_buf();
        let ruth = house.demo.sign_in("ruth.okafor");
        let customer = house.customer(&ruth, "Lakeside Pediatrics");
        let share = place.join("share");
        std::fs::create_dir(&share).expect("a folder");
        let map = place.join("map.toml").display().to_string();
        let frida = house.demo.sign_in("frida.holm");
        let scene = Self { house, customer, share, map, runs: 0, ruth, frida };
        scene.map_write(&scene.customer, "Lakeside Pediatrics", "keep");
        scene.patients();
        scene
    }

    fn map_write(&self, customer: &str, name: &str, unmatched: &str) {
        let text = format!(
            "customer = \"{customer}\"\ncustomer_name = \"{name}\"\nunmatched = \"{unmatched}\"\n\n[[rule]]\n\
             path = \"{{author}}/{{any}}/{{patient_last}}_{{visit_date:YYYYMMDD}}_{{record_number}}[_{{document_type}}]_{{job}}.{{ext}}\"\n\n\
             [authors]\nAR = \"ana.reyes@demo.example\"\nBC = \"ben.cho@demo.example\"\n\n\
             [types]\nHP = \"History and physical\"\n\n[header]\nrecord_number = [\"Hosp No\"]\n"
        );
        std::fs::write(&self.map, text).expect("a map");
    }

    fn patients(&self) {
        let table = self.house.folder.path().join("patients.csv").display().to_string();
        let mut text = "last name,first name,date of birth,record number\n".to_owned();
        for patient in 0..PATIENTS {
            text.push_str(&format!("{},Given{patient},04/05/2009,IM-{patient:04}\n", surname(patient)));
        }
        std::fs::write(&table, text).expect("a table");
        let waiting = self.house.command(&["import", "patients", &table, "--customer", &self.customer]);
        assert_eq!(confirm(&self.frida, &waiting.code), 303);
        assert_eq!(waiting.end().0, Some(0));
    }

    /// The list of rejects of the next run.
    fn list(&mut self) -> String {
        self.runs += 1;
        self.house.folder.path().join(format!("rejects-{}.csv", self.runs)).display().to_string()
    }

    /// Runs the import to its end in somebody's name: exit code, report, what it said, rejects by path.
    fn import(&mut self, who: &Browser, more: &[&str]) -> (Option<i32>, Value, String, BTreeMap<String, String>) {
        let (list, share) = (self.list(), self.share.display().to_string());
        let arguments = [&["import", &share, "--map", &self.map, "--rejects", &list], more].concat();
        let waiting = self.house.command(&arguments);
        assert_eq!(confirm(who, &waiting.code), 303);
        let (code, out, said) = waiting.end();
        let text = std::fs::read_to_string(&list).unwrap_or_default();
        if !text.is_empty() {
            let mode = std::fs::metadata(&list).expect("it is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "the list is its owner's alone");
        }
        let lines = text.lines().skip(1).filter_map(|line| {
            let (path, rest) = line.split_once(',')?;
            Some((path.to_owned(), rest.split(',').next()?.to_owned()))
        });
        (code, out, said, lines.collect())
    }

    fn count(&self, statement: &str) -> usize {
        self.house.ground().rows(statement)[0].parse().expect("a number")
    }

    fn imported(&self) -> usize {
        self.count("SELECT COUNT(*) FROM imported_file")
    }
}

#[test]
fn a_share_comes_in_once_however_often_it_is_killed_and_what_was_put_beside_it_stays_outside() {
    let mut scene = Scene::begin();
    honest(&scene.share);
    let outside = scene.house.folder.path().join("outside");
    std::fs::create_dir(&outside).expect("a folder");
    let rejects = hostile(&scene.share, &outside);
    // Somebody of whom nobody has heard, and one of whom path and words say different things.
    lay(&scene.share, "BC/2009/NOBODY_20090312_IM-9999_910.txt", b"Patient: Nobody, Known\nMRN: IM-9999\n\nWords.\n");
    lay(&scene.share, "BC/2009/IMPORTERAB_20090312_IM-0001_911.txt", words(2).replace("number 2", "x").as_bytes());
    let before = scene.count("SELECT COUNT(*) FROM document");

    // Dry: everything is told, nothing is there.
    let quinn = scene.house.demo.sign_in("quinn.ferrara");
    let (code, out, said, listed) = scene.import(&quinn, &["--dry-run"]);
    assert_eq!(code, Some(1), "something stays outside: {said}");
    let tally = &out["tally"];
    assert_eq!((tally["taken"].as_u64(), tally["matched"].as_u64()), (Some(302), Some(300)), "{out}");
    assert_eq!((tally["unmatched"].as_u64(), tally["without_author"].as_u64()), (Some(2), Some(0)), "{out}");
    let expected: BTreeMap<String, String> =
        rejects.iter().map(|(path, why)| (path.clone(), (*why).to_owned())).collect();
    assert_eq!(listed, expected, "{out}");
    assert_eq!(out["rejects"].as_u64(), Some(rejects.len() as u64));
    assert_eq!(tally["by_year"]["2009"].as_u64(), Some(45), "{out}");
    assert_eq!((scene.imported(), scene.count("SELECT COUNT(*) FROM document")), (0, before));
    assert!(!said.contains("IMPORTER") && !out.to_string().contains("IMPORTER"), "no name but in the list: {said}");

    // For real, and the server dies on the way; then the command does.
    let mut quinn = quinn;
    for millis in [0, 40, 120, 250] {
        let (list, share) = (scene.list(), scene.share.display().to_string());
        let waiting = scene.house.command(&["import", &share, "--map", &scene.map, "--rejects", &list]);
        assert_eq!(confirm(&quinn, &waiting.code), 303);
        std::thread::sleep(Duration::from_millis(millis));
        if millis == 120 {
            waiting.kill();
        } else {
            scene.house = scene.house.killed();
            quinn = scene.house.demo.sign_in("quinn.ferrara");
            drop(waiting.end());
        }
        let (files, originals) = (scene.imported(), scene.count("SELECT COUNT(*) FROM original_token"));
        assert!(files <= 302 && files <= originals, "whole batches or nothing: {files} of {originals}");
    }
    scene.house = scene.house.killed();
    let quinn = scene.house.demo.sign_in("quinn.ferrara");
    let (code, out, said, listed) = scene.import(&quinn, &[]);
    assert_eq!((code, listed), (Some(1), expected), "{said}");
    let tally = &out["tally"];
    assert_eq!(tally["taken"].as_u64().zip(tally["came_before"].as_u64()).map(|(one, two)| one + two), Some(302));
    assert_eq!((scene.imported(), scene.count("SELECT COUNT(*) FROM document")), (302, before + 302));

    // Once more: nothing is new, and nothing is there twice.
    let (_, out, _, _) = scene.import(&quinn, &[]);
    let tally = &out["tally"];
    assert_eq!((tally["taken"].as_u64(), tally["came_before"].as_u64()), (Some(0), Some(302)), "{out}");
    assert_eq!(scene.count("SELECT COUNT(*) FROM document"), before + 302);
    let names = "SELECT COUNT(DISTINCT token) - COUNT(*) FROM original_token";
    assert_eq!(scene.count(names), 0, "no bytes twice");

    // Another file under a path that is known is not taken for the first one.
    lay(&scene.share, "BC/2009/NOBODY_20090312_IM-9999_910.txt", b"Other words altogether.\n");
    let (_, _, _, listed) = scene.import(&quinn, &[]);
    assert_eq!(listed.get("BC/2009/NOBODY_20090312_IM-9999_910.txt").map(String::as_str), Some("replaced"));

    found_by_name(&scene);
    at_the_end(scene);
}

/// Every patient is found by name, with exactly their ten documents, and their words are in them.
fn found_by_name(scene: &Scene) {
    let frida = scene.house.demo.sign_in("frida.holm");
    for patient in [0, 7, 29] {
        let fields = [("family", surname(patient)), ("customer", scene.customer.clone())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = frida.post("/patients", &fields).expect("the portal answers").text();
        // Names that begin alike are on the page as well.
        let id = page.split("href=\"/patients/pat_").skip(1).find_map(|piece| {
            let (id, rest) = piece.split_once("\">")?;
            rest.starts_with(&format!("{},", surname(patient))).then(|| id.to_owned())
        });
        let id = id.expect("the patient is found");
        let chart = frida.get(&format!("/patients/pat_{id}")).expect("the portal answers").text();
        let mut documents: Vec<&str> =
            chart.split("/documents/doc_").skip(1).filter_map(|piece| piece.split(['"', '/']).next()).collect();
        documents.sort_unstable();
        documents.dedup();
        assert_eq!(documents.len(), DOCUMENTS / PATIENTS, "of {}", surname(patient));
        for id in documents {
            let page = frida.get(&format!("/documents/doc_{id}")).expect("the portal answers").text();
            assert!(page.contains(&surname(patient)) && page.contains("This is number"), "{page}");
        }
    }
    // Nobody's inbox was filled with years of old documents.
    assert_eq!(
        scene.count("SELECT COUNT(*) FROM recipient WHERE document_id IN (SELECT document_id FROM imported_file)"),
        0
    );
}

fn at_the_end(scene: Scene) {
    let Scene { house, .. } = scene;
    let said = house.demo.said();
    assert!(!said.to_lowercase().contains("importera") && !said.contains("IM-00"), "no name in a log");
    let ground = house.ground();
    let House { demo, folder } = house;
    demo.stop();
    // Each document was asked about by name, in acts of at most five hundred, before it was kept.
    let named: usize = entries(&ground)
        .iter()
        .filter(|entry| entry.action.as_str() == "document.deliver" && entry.outcome.as_str() == "permitted")
        .map(|entry| entry.resources.as_slice().iter().filter(|one| matches!(one, ResourceId::DocumentId(_))).count())
        .inspect(|many| assert!(*many <= 500))
        .sum();
    assert!(named >= 300, "{named}");
    // No row names an object that is not there.
    let objects = ground.objects();
    let rows = ground.rows(
        "SELECT original_object FROM document_version UNION SELECT text_object FROM document_version WHERE text_object IS NOT NULL",
    );
    assert!(rows.iter().all(|object| objects.contains(object)), "an object is missing");
    drop(folder);
}

#[test]
fn an_old_note_that_names_another_child_of_the_family_waits_for_a_person() {
    let mut scene = Scene::begin();
    lay(&scene.share, "AR/2009/IMPORTERAA_20090312_IM-0000_1.txt", words(0).as_bytes());
    let sibling = "Patient: Importerab, Basil\nDOB: 11/12/2011\n\nWell child visit.\n";
    // Under the number of another child: nobody's, until a person has looked.
    lay(&scene.share, "AR/2009/IMPORTERAB_20090312_IM-0001_2.txt", sibling.as_bytes());
    let other = format!("{}\nI saw Tilda Obrand (DOB 01/02/2009) today.\n", words(1));
    lay(&scene.share, "AR/2009/IMPORTERAB_20090312_IM-0001_3.txt", other.as_bytes());
    let quinn = scene.house.demo.sign_in("quinn.ferrara");
    let (code, out, said, _) = scene.import(&quinn, &[]);
    assert_eq!(code, Some(0), "{said}");
    let tally = &out["tally"];
    let counts = ["taken", "matched", "names_others"].map(|name| tally[name].as_u64());
    assert_eq!(counts, [Some(3), Some(2), Some(1)], "{out}");
    for state in ["delivered", "transcribed", "unmatched"] {
        let of_the_share = "document_id IN (SELECT document_id FROM imported_file)";
        assert_eq!(
            scene.count(&format!("SELECT COUNT(*) FROM document WHERE state = '{state}' AND {of_the_share}")),
            1
        );
    }
}

#[test]
fn nobody_imports_for_a_customer_whose_work_is_not_theirs_nor_by_a_map_of_another() {
    let mut scene = Scene::begin();
    lay(&scene.share, "AR/2009/IMPORTERAA_20090312_IM-0000_1.txt", words(0).as_bytes());
    let before = scene.count("SELECT COUNT(*) FROM document");
    let (alma, cora) = (scene.house.demo.sign_in("alma.novak"), scene.house.demo.sign_in("cora.whitfield"));
    for who in [scene.ruth.clone(), scene.frida.clone(), alma, cora] {
        for more in [&["--dry-run"][..], &[]] {
            let (status, out, said, _) = scene.import(&who, more);
            assert_eq!((status, out), (Some(3), Value::Null), "{said}");
        }
    }
    // A transcriptionist brings work in, and hands nothing over to the practice.
    let tess = scene.house.demo.sign_in("tess.bauer");
    assert_eq!(scene.import(&tess, &[]).0, Some(3));
    let quinn = scene.house.demo.sign_in("quinn.ferrara");
    // Another customer's id, or another name than the id's.
    let id = scene.customer.clone();
    scene.map_write(&id, "Riverside Orthopedics", "keep");
    assert_eq!(scene.import(&quinn, &[]).0, Some(2), "the name is not the id's");
    scene.map_write("cus_01jd7x5m0t0000000000000000", "Lakeside Pediatrics", "keep");
    assert_eq!(scene.import(&quinn, &[]).0, Some(3), "nobody's customer");
    scene.map_write(&id, "Lakeside Pediatrics", "keep");
    // The list is not handed to whoever may write on the share.
    let (share, list) = (scene.share.display().to_string(), scene.share.join("list.csv").display().to_string());
    let waiting = scene.house.command(&["import", &share, "--map", &scene.map, "--rejects", &list]);
    assert_eq!(confirm(&quinn, &waiting.code), 303);
    assert_eq!(waiting.end().0, Some(2));
    assert!(!scene.share.join("list.csv").exists());
    assert_eq!(scene.count("SELECT COUNT(*) FROM document"), before, "nothing came in");
    // With no server nobody confirms, so nothing is imported.
    assert_eq!(scene.import(&quinn, &[]).0, Some(0));
    let Scene { house, share, map, .. } = scene;
    let (config, share) = (house.config(), share.display().to_string());
    let House { demo, folder } = house;
    demo.stop();
    let offline = strongroom_tests::binary::run(&["import", &share, "--map", &map, "--config", &config]);
    assert!(!offline.status.success());
    drop(folder);
}
