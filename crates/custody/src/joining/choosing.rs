//! Which patients of a practice go to another one: by their record numbers, or by who wrote about them; and the list of them, for
//! the manager whose patients they are.
//!
//! What must always hold: nobody at the operator sees a name by choosing, and the other practice's manager sees numbers of things
//! only; whoever prepares a split is told which lines of their own file name nobody, and no number; the list stands from then on,
//! and both words name its digest; a record goes together with all that went into it, or stays.
//!
//! What it refuses to know: whom a patient wants to be treated by.

use super::{Joining, prefix_checked};
use crate::ask::Question;
use crate::documents::patient_open;
use crate::patients::is_fit;
use crate::{Custody, CustodyError, Desk, OpenedPatient, Shown, Witnessed};
use policy::{PatientFacts, ResourceFacts};
use record::{CustomerId, PatientId, PersonId, Purpose, Sha256, act};
use std::collections::{BTreeMap, BTreeSet};
use store::{SplitFate, SplitPatient, SplitTie, SplitTied};
use vault::Field;

/// The one column of a file of record numbers.
const HEADER: &str = "record_number";
/// Lines that are told.
const TOLD_MAX: usize = 1000;
/// Records with one number that are looked at.
const CANDIDATES_MAX: u32 = 16;
/// Rows of a page.
const PAGE_ROWS: u32 = 50;

/// Lines of a file, and what is wrong with each.
pub type LinesTold = Vec<(usize, &'static str)>;

/// By what the patients are chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SplitBy {
    /// Their record numbers, each with its line in the file.
    Numbers(Vec<(usize, String)>),
    /// Who wrote all their documents.
    Authors(Vec<PersonId>),
}

/// What an officer prepares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitTo {
    /// Whose patients they are.
    pub from: CustomerId,
    /// Whose they would be.
    pub into: CustomerId,
    /// What record numbers get that both have.
    pub prefix: String,
    /// Who.
    pub by: SplitBy,
}

/// What came of preparing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SplitPrepared {
    /// It is prepared.
    Prepared {
        /// How many would move.
        patients: u64,
        /// How many were chosen and stay.
        stay: u64,
        /// The list's SHA-256, in hexadecimal.
        list: String,
    },
    /// Nothing is prepared: these lines name nobody, or several.
    Unknown(LinesTold),
}

/// One patient of the list.
pub struct SplitLine {
    /// Who.
    pub id: PatientId,
    /// As the index knows them; none when that does not open, or they are not here any more.
    pub patient: Option<OpenedPatient>,
    /// What comes, or came, of them.
    pub fate: SplitFate,
}

/// A page of the list: one act.
pub struct SplitLines {
    /// Whose patients.
    pub customer: CustomerId,
    /// Their name, for the tag.
    pub customer_name: String,
    /// To which practice they would go; none when all of it is done, and these have stayed.
    pub into_name: Option<String>,
    /// What was opened for whom.
    pub shown: Shown,
    /// Who.
    pub lines: Vec<SplitLine>,
    /// After whom the next page begins.
    pub next: Option<PatientId>,
    /// The entry.
    pub witnessed: Witnessed,
}

/// Reads a file of record numbers: UTF-8, the heading `record_number`, and one number on each line. The numbers with their
/// lines, or which lines are wrong; no number is told.
///
/// # Errors
/// [`CustodyError::State`] when it is no such file at all.
pub fn split_numbers_read(file: &[u8]) -> Result<Result<Vec<(usize, String)>, LinesTold>, CustodyError> {
    let text = str::from_utf8(file).map_err(|_| CustodyError::State("The file is not UTF-8 text."))?;
    let mut lines = text.lines().map(|line| line.trim_end_matches('\r')).enumerate();
    if lines.next().is_none_or(|(_, first)| first != HEADER) {
        return Err(CustodyError::State("The file's first line is not: record_number"));
    }
    let (mut good, mut wrong, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (at, line) in lines {
        let number = line.trim();
        let says = if number.is_empty() {
            "it is empty"
        } else if !is_fit(number) || number.contains(['"', ',', ';', '\t']) {
            "it is no record number alone"
        } else if !seen.insert(number.to_owned()) {
            "the same number stands above"
        } else {
            good.push((at + 1, number.to_owned()));
            continue;
        };
        wrong.push((at + 1, says));
    }
    wrong.truncate(TOLD_MAX);
    Ok(if wrong.is_empty() { Ok(good) } else { Err(wrong) })
}

/// What both managers say yes to: the SHA-256 of the two and of everybody in the list (docs/FORMATS.md).
pub(super) fn list_digest(
    (from, into): (CustomerId, CustomerId),
    patients: impl IntoIterator<Item = PatientId>,
) -> Sha256 {
    let patients: BTreeSet<PatientId> = patients.into_iter().collect();
    let mut text = format!("strongroom split 1\n{from}\n{into}\n");
    for one in patients {
        text.push_str(&format!("{one}\n"));
    }
    Sha256::of(text.as_bytes())
}

/// These, and every record that went into one of them, or into one that did.
fn with_linked(ties: &[SplitTie], patients: BTreeSet<PatientId>) -> BTreeSet<PatientId> {
    let mut went: BTreeMap<PatientId, Vec<PatientId>> = BTreeMap::new();
    for tie in ties.iter().filter(|tie| tie.tied == SplitTied::Link) {
        went.entry(tie.other).or_default().push(tie.one);
    }
    let mut all = patients.clone();
    let mut next: Vec<PatientId> = patients.into_iter().collect();
    while let Some(one) = next.pop() {
        for other in went.get(&one).into_iter().flatten() {
            if all.insert(*other) {
                next.push(*other);
            }
        }
    }
    all
}

/// The record that each went into, at last.
fn survivors(ties: &[SplitTie]) -> BTreeMap<PatientId, PatientId> {
    let links = ties.iter().filter(|tie| tie.tied == SplitTied::Link);
    let into: BTreeMap<PatientId, PatientId> = links.map(|tie| (tie.one, tie.other)).collect();
    let last = |first: PatientId| {
        let (mut at, mut steps) = (first, 0);
        // A circle would be damage; then whoever is reached stands for it.
        while let Some(next) = into.get(&at).filter(|_| steps <= into.len()) {
            (at, steps) = (*next, steps + 1);
        }
        at
    };
    into.keys().map(|one| (*one, last(*one))).collect()
}

/// Takes out of `moves` whoever is tied to somebody who stays, and gives those. A memory holds nobody back.
pub(super) fn held_back(ties: &[SplitTie], moves: &mut BTreeSet<PatientId>) -> BTreeSet<PatientId> {
    let mut back = BTreeSet::new();
    loop {
        let before = back.len();
        for tie in ties.iter().filter(|tie| tie.holds()) {
            if moves.contains(&tie.one) != moves.contains(&tie.other) {
                back.extend([tie.one, tie.other].into_iter().filter(|one| moves.remove(one)));
            }
        }
        if back.len() == before {
            return back;
        }
    }
}

impl Custody {
    /// Who is meant by these numbers; or which lines name nobody, or several.
    async fn split_by_numbers(
        &self,
        from: CustomerId,
        numbers: &[(usize, String)],
    ) -> Result<Result<BTreeSet<PatientId>, LinesTold>, CustodyError> {
        let field = Field::RecordNumber.as_str();
        let (mut found, mut wrong) = (BTreeSet::new(), Vec::new());
        for (line, number) in numbers {
            let mut meant = BTreeSet::new();
            if let Some(token) = self.number_token(from, number)? {
                let ids = self.store().patients_with_token(from, (field, &token), CANDIDATES_MAX).await?;
                for patient in self.store().patient_fetch_many(from, &ids).await? {
                    meant.insert(self.patient_survivor(patient).await?.id);
                }
            }
            match meant.len() {
                0 => wrong.push((*line, "no patient of the practice has this number")),
                1 => found.extend(meant),
                _ => wrong.push((*line, "several patients of the practice have this number")),
            }
        }
        wrong.truncate(TOLD_MAX);
        Ok(if wrong.is_empty() { Ok(found) } else { Err(wrong) })
    }

    /// Of each record, with all that went into it: whether these authors wrote some of its documents, and whether they wrote all.
    async fn split_authored(
        &self,
        from: CustomerId,
        (authors, ties): (&[PersonId], &[SplitTie]),
    ) -> Result<BTreeMap<PatientId, (bool, bool)>, CustodyError> {
        let last = survivors(ties);
        let mut written: BTreeMap<PatientId, (bool, bool)> = BTreeMap::new();
        for one in self.store().split_written(from, authors).await? {
            let survivor = last.get(&one.patient).copied().unwrap_or(one.patient);
            let (some, all) = written.entry(survivor).or_insert((false, true));
            (*some, *all) = (*some || one.some, *all && one.all);
        }
        Ok(written)
    }

    /// Whose documents are all of these authors, and who has some of others beside.
    async fn split_by_authors(
        &self,
        from: CustomerId,
        (authors, ties): (&[PersonId], &[SplitTie]),
    ) -> Result<(BTreeSet<PatientId>, BTreeSet<PatientId>), CustodyError> {
        let there: BTreeSet<PersonId> =
            self.store().membership_list_at(Some(from)).await?.into_iter().map(|one| one.person).collect();
        if authors.is_empty() || !authors.iter().all(|one| there.contains(one)) {
            return Err(CustodyError::field("author", "Name somebody who works, or has worked, at the practice"));
        }
        let mut found = (BTreeSet::new(), BTreeSet::new());
        for (patient, (some, all)) in self.split_authored(from, (authors, ties)).await? {
            match (some, all) {
                (true, true) => found.0.insert(patient),
                (true, false) => found.1.insert(patient),
                (false, _) => false,
            };
        }
        Ok(found)
    }

    /// Who of those who were chosen by who wrote about them has documents of others by now.
    pub(super) async fn split_others_now(
        &self,
        row: &Joining,
        (ties, moves): (&[SplitTie], &BTreeSet<PatientId>),
    ) -> Result<Vec<PatientId>, CustodyError> {
        if row.authors.is_empty() {
            return Ok(Vec::new());
        }
        let (last, written) = (survivors(ties), self.split_authored(row.customer, (&row.authors, ties)).await?);
        let by_others = |one: &&PatientId| written.get(last.get(*one).unwrap_or(*one)).is_some_and(|(_, all)| !all);
        Ok(moves.iter().filter(by_others).copied().collect())
    }

    /// What comes of each who was chosen: who moves, and who stays and why.
    async fn split_sorted(
        &self,
        from: CustomerId,
        ties: &[SplitTie],
        (moves, others): (BTreeSet<PatientId>, BTreeSet<PatientId>),
    ) -> Result<Vec<SplitPatient>, CustodyError> {
        let mut moves = with_linked(ties, moves);
        let held: BTreeSet<PatientId> = self.store().split_held(from).await?.into_iter().collect();
        let held: BTreeSet<PatientId> = held.into_iter().filter(|one| moves.remove(one)).collect();
        let connected = held_back(ties, &mut moves);
        let of = |patients: BTreeSet<PatientId>, fate| {
            let listed = fate == SplitFate::Moves;
            patients.into_iter().map(move |patient| SplitPatient { patient, listed, fate })
        };
        let stay = of(held, SplitFate::Held).chain(of(connected, SplitFate::Connected));
        Ok(of(moves, SplitFate::Moves).chain(stay).chain(of(others, SplitFate::Others)).collect())
    }
}

impl Desk<act::CustomerJoinPrepare> {
    /// An officer prepares that some patients of a practice go to another. Nothing changes by it, and nothing is opened.
    ///
    /// # Errors
    /// [`CustodyError::Input`] with the fields `prefix`, `author`; [`CustodyError::State`] when something stands in the way.
    pub async fn split_prepare(&self, order: &SplitTo) -> Result<SplitPrepared, CustodyError> {
        let custody = &self.custody;
        let (from, into) = (order.from, order.into);
        let words = format!("some patients of {from} are to move to {into}, if both want it");
        self.prepare_ask(from, &words).await?;
        self.prepare_ask(into, &words).await?;
        let Some(prefix) = prefix_checked(&order.prefix) else {
            let say = "Write at most eight letters, digits and hyphens, and one letter at least";
            return Err(CustodyError::field("prefix", say));
        };
        if from == into {
            return Err(CustodyError::State("A practice does not go to itself."));
        }
        // What stands in the way is told before anybody is looked for.
        let row = self.joining_new((from, into), prefix.to_owned(), Some(Vec::new()))?;
        match custody.join_hindered(&row).await? {
            "" => {}
            hindered => return Err(CustodyError::State(hindered)),
        }
        let ties = custody.store().split_ties(from).await?;
        let found = match &order.by {
            SplitBy::Numbers(numbers) => match custody.split_by_numbers(from, numbers).await? {
                Ok(found) => (found, BTreeSet::new()),
                Err(unknown) => return Ok(SplitPrepared::Unknown(unknown)),
            },
            SplitBy::Authors(authors) => custody.split_by_authors(from, (authors, &ties)).await?,
        };
        // Asked again when it is carried out: what others write until then is not what was asked for.
        let authors = match &order.by {
            SplitBy::Numbers(_) => BTreeSet::new(),
            SplitBy::Authors(authors) => authors.iter().copied().collect(),
        };
        let row = Joining { authors: authors.into_iter().collect(), ..row };
        let chosen = custody.split_sorted(from, &ties, found).await?;
        self.split_keep(row, &chosen).await
    }

    async fn split_keep(&self, row: Joining, chosen: &[SplitPatient]) -> Result<SplitPrepared, CustodyError> {
        let (custody, from, into) = (&self.custody, row.customer, row.into);
        let listed: Vec<PatientId> = chosen.iter().filter(|one| one.listed).map(|one| one.patient).collect();
        if listed.is_empty() {
            return Err(CustodyError::State("Nobody would move: nobody was chosen, or all who were have to stay."));
        }
        let (patients, stay) = (listed.len() as u64, (chosen.len() - listed.len()) as u64);
        let digest = list_digest((from, into), listed);
        let row = Joining { chosen: Some(digest.as_bytes().to_vec()), ..row };
        let mut tx = custody.store().begin("prepare a split").await?;
        if tx.joining_prepare(&row).await? == 0 {
            return Err(CustodyError::State("A joining or a split of this practice is prepared already."));
        }
        tx.split_choose(from, chosen).await?;
        // If we die before: nothing is prepared, and nobody is chosen.
        tx.commit().await?;
        let (one, other) = (custody.customer_name(from).await?, custody.customer_name(into).await?);
        let say = format!("It is prepared that {patients} patients of {one} move to {other}. Both managers decide.");
        custody.alert("joining_prepared", &say).await;
        Ok(SplitPrepared::Prepared { patients, stay, list: digest.to_string() })
    }
}

impl Desk<act::CustomerSplitList> {
    /// Who of a practice is to move, and who was chosen and stays: names, for its own manager.
    ///
    /// # Errors
    /// [`CustodyError::Refused`] or [`CustodyError::Absent`], which the door answers alike; [`CustodyError::State`] when nobody is
    /// chosen.
    pub async fn split_list(&self, customer: CustomerId, after: Option<PatientId>) -> Result<SplitLines, CustodyError> {
        let custody = &self.custody;
        let Some(known) = custody.store().customer_fetch(customer).await? else { return self.absent(customer).await };
        let mut page = custody.store().split_page(customer, after, PAGE_ROWS + 1).await?;
        let more = page.len() > PAGE_ROWS as usize;
        page.truncate(PAGE_ROWS as usize);
        let ids: Vec<PatientId> = page.iter().map(|one| one.patient).collect();
        let patients =
            if ids.is_empty() { Vec::new() } else { custody.store().patient_fetch_many(customer, &ids).await? };
        let facts = |one: &store::Patient| PatientFacts {
            id: one.id,
            customer: one.customer,
            in_care: false,
            provisional: one.provisional,
        };
        let question = Question::of(customer, Purpose::Administration)
            .with_all(patients.iter().map(|one| ResourceFacts::Patient(facts(one))));
        let granted = self.ask(question).await?;
        let witnessed = granted.witnessed();
        let (opening, shown) = granted.open(&custody.ring())?;
        if page.is_empty() && after.is_none() {
            return Err(CustodyError::State("Nobody of this practice is to move to another."));
        }
        let open = |id: PatientId| {
            let row = patients.iter().find(|one| one.id == id)?;
            patient_open(&opening, &shown, row).ok()
        };
        let lines = page.iter().map(|one| SplitLine { id: one.patient, patient: open(one.patient), fate: one.fate });
        let lines: Vec<SplitLine> = lines.collect();
        let next = if more { ids.last().copied() } else { None };
        let row = custody.store().joining_fetch(customer).await?.filter(|row| row.chosen.is_some());
        let into_name = match row {
            Some(row) => Some(custody.customer_name(row.into).await?),
            None => None,
        };
        Ok(SplitLines { customer, customer_name: known.name, into_name, shown, lines, next, witnessed })
    }
}

#[cfg(test)]
mod tests {
    use super::{held_back, list_digest, split_numbers_read, survivors, with_linked};
    use record::{CustomerId, PatientId};
    use std::collections::BTreeSet;
    use store::{SplitTie, SplitTied};

    fn pat(n: u8) -> PatientId {
        PatientId::from_bytes([n; 16])
    }

    fn tie(one: u8, other: u8, tied: SplitTied) -> SplitTie {
        SplitTie { one: pat(one), other: pat(other), tied }
    }

    fn set(all: &[u8]) -> BTreeSet<PatientId> {
        all.iter().map(|n| pat(*n)).collect()
    }

    #[test]
    fn a_file_of_numbers_is_read_strictly_and_wrong_lines_are_told_without_what_they_say() {
        let read = |text: &str| split_numbers_read(text.as_bytes());
        assert_eq!(
            read("record_number\nLP-1\r\n  LP 2 \n").unwrap().unwrap(),
            [(2, "LP-1".to_owned()), (3, "LP 2".to_owned())]
        );
        for wrong in ["", "LP-1\n", "record_number,name\nLP-1\n", "Record_Number\n", "\u{feff}record_number\nLP-1\n"] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
        assert!(split_numbers_read(&[0xff, 0xfe]).is_err());
        let wrong = read("record_number\nLP-1\n\n\"LP-2\"\nLP-3,Quill\nLP-1\nLP\u{202e}4\n").unwrap().unwrap_err();
        assert_eq!(wrong.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
        assert!(wrong.iter().all(|(_, says)| !says.contains("LP")));
    }

    #[test]
    fn the_list_is_known_by_who_is_in_it_and_by_both_practices() {
        let (one, other) = (CustomerId::from_bytes([1; 16]), CustomerId::from_bytes([2; 16]));
        let digest = list_digest((one, other), [pat(2), pat(1)]);
        assert_eq!(digest, list_digest((one, other), [pat(1), pat(2), pat(1)]));
        for others in [list_digest((other, one), [pat(1), pat(2)]), list_digest((one, other), [pat(1)])] {
            assert_ne!(digest, others);
        }
    }

    #[test]
    fn a_record_goes_with_all_that_went_into_it_and_not_without_whom_it_is_tied_to() {
        use SplitTied::{Link, Memory, Said};
        let ties = [tie(2, 1, Link), tie(3, 2, Link), tie(5, 4, Said), tie(7, 5, Said), tie(8, 9, Memory)];
        assert_eq!(with_linked(&ties, set(&[1, 4])), set(&[1, 2, 3, 4]));
        assert_eq!(survivors(&ties), [(pat(2), pat(1)), (pat(3), pat(1))].into());
        let mut moves = set(&[1, 2, 3, 4, 5, 9]);
        // 5 is tied to 7, who stays, and 4 to 5.
        assert_eq!(held_back(&ties, &mut moves), set(&[4, 5]));
        assert_eq!(moves, set(&[1, 2, 3, 9]), "and what somebody once said of 8 and 9 keeps neither");
    }
}
