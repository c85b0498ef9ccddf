//! The import of a share, carried out in the name of whoever confirmed it.

use super::perform::Caller;
use super::wire::{Measure, News};
use crate::outcome::{Refused, WrongUse};
use custody::{ImportMap, ImportMode, ImportTally, ShareImport, ShareOrder};
use record::{Clock as _, CustomerId, SystemClock, act};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Largest map, bytes.
const MAP_BYTES_MAX: usize = 1 << 20;

/// What was ordered.
pub(super) struct Said {
    pub(super) customer: CustomerId,
    pub(super) name: String,
    pub(super) share: PathBuf,
    pub(super) rejects: PathBuf,
    pub(super) dry_run: bool,
}

/// Reads a map.
///
/// # Errors
/// When it is none; the sentence says where.
pub(crate) fn map_of(bytes: &[u8]) -> anyhow::Result<ImportMap> {
    let wrong = |what: String| WrongUse(format!("the map: {what}"));
    if bytes.len() > MAP_BYTES_MAX {
        return Err(wrong("it is larger than 1 MiB".to_owned()).into());
    }
    let text = str::from_utf8(bytes).map_err(|_| wrong("it is no text (UTF-8)".to_owned()))?;
    let map: ImportMap = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
    map.check().map_err(|error| wrong(error.to_string()))?;
    Ok(map)
}

impl Caller {
    pub(super) async fn share(&self, said: Said, map: &[u8]) -> anyhow::Result<Value> {
        let map = map_of(map)?;
        if map.customer != said.customer || map.customer_name != said.name {
            return Err(WrongUse("the map is about another customer than was confirmed".to_owned()).into());
        }
        let mode = if said.dry_run { ImportMode::Look } else { ImportMode::Take };
        let order = ShareOrder { share: said.share, map, mode, rejects: Some(said.rejects.clone()) };
        let began_at = SystemClock.now();
        let mut import = self.desk::<act::DocumentUpload>().await?.share_begin(order).await?;
        let (files_all, bytes_all) = import.all();
        let done = self.share_run(&mut import).await;
        let tally = match done {
            Ok(()) => import.finish().await,
            Err(error) => {
                import.stop().await;
                return Err(error);
            }
        };
        let millis = SystemClock.now().millis_since(began_at);
        Ok(json!({
            "dry_run": said.dry_run, "files_all": files_all, "bytes_all": bytes_all, "millis": millis,
            "rejects": tally.rejects(), "rejects_file": said.rejects, "tally": tally,
            "estimated_seconds": said.dry_run.then(|| estimate(&tally, millis)),
        }))
    }

    async fn share_run(&self, import: &mut ShareImport) -> anyhow::Result<()> {
        loop {
            // Asked anew for each hundred: who has signed out, or gone away from the terminal, imports nothing more.
            if self.told.is_closed() {
                return Err(Refused("nobody is listening any more; run it again and it goes on".to_owned()).into());
            }
            if self.stopped.as_ref().is_some_and(|stopped| *stopped.borrow()) {
                let say = "the server is being stopped; run it again afterwards and it goes on where it was";
                return Err(Refused(say.to_owned()).into());
            }
            if !self.desk::<act::DocumentUpload>().await?.share_next(import).await? {
                return Ok(());
            }
            let ((files_all, bytes_all), tally) = (import.all(), import.tally());
            let measure = Measure { files: tally.files, files_all, bytes: tally.bytes, bytes_all };
            drop(self.told.send(News::Measure(measure)));
        }
    }
}

/// Seconds that the import itself may take: what the look took, and as much again for sealing and keeping.
fn estimate(tally: &ImportTally, millis: i64) -> i64 {
    if tally.taken == 0 { 0 } else { (millis * 2 + 999) / 1000 }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// What came of it, in lines.
pub(super) fn lines(out: &Value) -> Vec<String> {
    let tally = &out["tally"];
    let n = |name: &str| number(&tally[name]);
    let would = if out["dry_run"] == true { "Nothing was changed. It would be: " } else { "" };
    let mut all = vec![format!(
        "{would}{} documents taken in ({} MB), {} of them matched to a patient, {} unmatched, {} without an author; {} were \
         there already; {} stay outside.",
        n("taken"),
        n("taken_bytes") / 1_000_000,
        n("matched"),
        n("unmatched"),
        n("without_author"),
        n("came_before"),
        number(&out["rejects"])
    )];
    if n("names_others") > 0 {
        all.push(format!("  name somebody else than their patient, and wait for a person: {}", n("names_others")));
    }
    if n("unread") > 0 {
        all.push(format!("  could not be looked into, and wait for a person: {}", n("unread")));
    }
    if n("went") > 0 {
        all.push(format!("  went to another practice with their patients, and are passed by: {}", n("went")));
    }
    for (name, title) in [("by_rule", "rule"), ("by_author", "author"), ("by_year", "year"), ("rejected", "outside")] {
        for (word, many) in tally[name].as_object().into_iter().flatten() {
            all.push(format!("  {title} {word}: {}", number(many)));
        }
    }
    let millis = out["millis"].as_u64().unwrap_or_default().max(1);
    all.push(format!("{} files a second.", n("files") * 1000 / millis));
    if let Some(seconds) = out["estimated_seconds"].as_u64() {
        all.push(format!("The import itself may take about {}:{:02} minutes.", seconds / 60, seconds % 60));
    }
    all
}

/// That something stays outside makes the command end with 1. The names stand in the file alone.
pub(super) fn finding(out: &Value, rejects: &Path) -> Option<String> {
    let many = number(&out["rejects"]);
    let say = format!("{many} files stay outside; their names, and why, stand in {}", rejects.display());
    (many > 0).then_some(say)
}

#[cfg(test)]
mod tests {
    use super::map_of;

    const HEAD: &str = "customer = \"cus_01jd7x5m0t0000000000000000\"\ncustomer_name = \"Lakeside\"\n";

    #[test]
    fn a_map_is_read_and_what_cannot_be_meant_is_said() {
        let whole = format!(
            "{HEAD}state = \"delivered\"\nunmatched = \"reject\"\n[[rule]]\npath = \"{{author}}/{{record_number}}.{{ext}}\"\n\
             [authors]\nAR = \"ana@example.org\"\n[types]\nHP = \"History and physical\"\n\
             LTR = {{ title = \"Letter\", kind = \"letter\" }}\n[header]\nrecord_number = [\"Hosp No\"]\n"
        );
        let map = map_of(whole.as_bytes()).unwrap();
        assert_eq!((map.rule.len(), map.types.len(), map.authors.len()), (1, 2, 1));
        for (wrong, say) in [
            ("", "rule"),
            ("[[rule]]\npath = \"{nobody}\"\n", "rule 1, character 1"),
            ("[[rule]]\npath = \"{author}\"\nwho = 1\n", "unknown field"),
            ("state = \"signed\"\n[[rule]]\npath = \"{author}\"\n", "signed"),
            ("file_bytes_max = 99999999999\n[[rule]]\npath = \"{author}\"\n", "file_bytes_max"),
            ("[[rule]]\npath = \"{author}\"\n[header]\nshoe = [\"Size\"]\n", "header"),
        ] {
            let error = map_of(format!("{HEAD}{wrong}").as_bytes()).expect_err(wrong).to_string();
            assert!(error.contains(say), "{wrong}: {error}");
        }
    }
}
