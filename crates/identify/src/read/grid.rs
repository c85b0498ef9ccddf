//! Tables of web pages and narratives: which heading a cell stands under or beside.
//!
//! `<th>` in a row of headings names the column, `<th>` before cells names them; so does a first cell that is a known label, as in
//! tables of two columns.
//!
//! What must always hold: one pass with a bounded stack, whatever does not close; of a name alone, which is as often that of a drug,
//! nothing is said; a cell whose text is a label is no value.
//!
//! What it refuses to know: markup other than the names of elements, and how text is written back.

use super::column;
use super::meaning::who_of_label;
use super::{Meaning, What, meaning_of_label};

/// Tables within tables.
const DEPTH_MAX: usize = 16;
/// Columns of which the headings are kept.
const COLUMNS_MAX: usize = 256;
/// The longest heading, in bytes; longer ones are sentences.
const HEADING_BYTES_MAX: usize = 64;
/// Labels that stand over many things beside people.
pub(super) const OF_ANYTHING: &[&str] =
    &["name", "nombre", "first", "last", "family", "given", "middle", "initial", "mi", "state", "region"];

/// What a heading says of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Heading {
    meaning: Meaning,
    /// A role alone, `Guardian`: the cell is a name if it looks like one.
    is_role: bool,
}

/// The cell that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    Head,
    Value,
}

#[derive(Default)]
struct Table {
    headings: Vec<Heading>,
    /// Headings of the row that is being read, with their columns.
    row: Vec<(usize, Heading)>,
    /// What stands before the next cell.
    beside: Option<Heading>,
    has_value: bool,
    in_head: bool,
    column: usize,
    span: usize,
    cell: Option<Cell>,
    /// The text of the cell so far.
    text: String,
}

/// The tables that are open.
#[derive(Default)]
pub(super) struct Grid {
    tables: Vec<Table>,
    deeper: usize,
}

impl Grid {
    /// An element opens; `span` is how many columns it says that it takes.
    pub(super) fn open(&mut self, name: &str, span: usize) {
        if name == "table" {
            if self.tables.len() < DEPTH_MAX {
                self.tables.push(Table::default())
            } else {
                self.deeper += 1
            }
            return;
        }
        let Some(table) = self.tables.last_mut().filter(|_| self.deeper == 0) else { return };
        match name {
            "thead" => table.in_head = true,
            "tbody" | "tfoot" => table.in_head = false,
            "tr" => table.end_row(),
            "th" | "td" => {
                table.end_cell();
                let is_head = name == "th" || table.in_head;
                table.cell = Some(if is_head { Cell::Head } else { Cell::Value });
                table.has_value |= !is_head;
                table.span = span.clamp(1, COLUMNS_MAX);
            }
            _ => {}
        }
    }

    /// An element closes.
    pub(super) fn close(&mut self, name: &str) {
        if name == "table" {
            if self.deeper > 0 {
                self.deeper -= 1
            } else {
                drop(self.tables.pop())
            }
            return;
        }
        let Some(table) = self.tables.last_mut().filter(|_| self.deeper == 0) else { return };
        match name {
            "thead" => {
                table.end_row();
                table.in_head = false;
            }
            "tr" => table.end_row(),
            "th" | "td" => table.end_cell(),
            _ => {}
        }
    }

    /// What a piece of text means where it stands.
    pub(super) fn text(&mut self, words: &str) -> Meaning {
        let Some(table) = self.tables.last_mut().filter(|_| self.deeper == 0) else { return Meaning::UNKNOWN };
        let Some(cell) = table.cell else { return Meaning::UNKNOWN };
        if table.text.len() + words.len() <= HEADING_BYTES_MAX {
            table.text.push_str(words);
            table.text.push(' ');
        } else {
            table.text = "-".repeat(HEADING_BYTES_MAX);
        }
        let own = heading(words);
        match cell {
            Cell::Head if own.is_some() || column::are_labels(&[words.to_owned()]) => Meaning::CODE,
            Cell::Head => Meaning::UNKNOWN,
            Cell::Value if own.is_some() => Meaning::UNKNOWN,
            Cell::Value => {
                let over = table.headings.get(table.column).copied().filter(|over| *over != Heading::default());
                over.or(table.beside).map_or(Meaning::UNKNOWN, |over| over.of(words))
            }
        }
    }
}

impl Table {
    fn end_cell(&mut self) {
        let Some(cell) = self.cell.take() else { return };
        let text = std::mem::take(&mut self.text);
        let said = heading(&text);
        match cell {
            Cell::Head => {
                self.row.push((self.column, said.unwrap_or_default()));
                self.beside = said;
            }
            // A known label in a table without headings names what stands behind it.
            Cell::Value => self.beside = said.filter(|_| self.headings.is_empty()),
        }
        self.column = (self.column + self.span).min(COLUMNS_MAX);
    }

    fn end_row(&mut self) {
        self.end_cell();
        let row = std::mem::take(&mut self.row);
        if !self.has_value && !row.is_empty() {
            self.headings.clear();
            for (column, heading) in row.into_iter().filter(|(column, _)| *column < COLUMNS_MAX) {
                self.headings.resize(self.headings.len().max(column + 1), Heading::default());
                self.headings[column] = heading;
            }
        }
        (self.column, self.beside, self.has_value) = (0, None, false);
    }
}

impl Heading {
    fn of(self, words: &str) -> Meaning {
        let is_name = matches!(
            self.meaning.what,
            What::FullName | What::FamilyName | What::GivenName | What::MiddleName | What::OrganizationName
        );
        let fits = if self.is_role {
            column::looks_like_somebody(words)
        } else {
            !is_name || words.chars().any(char::is_alphabetic) && words.len() <= HEADING_BYTES_MAX
        };
        if fits { self.meaning } else { Meaning::UNKNOWN }
    }
}

/// What a text says as a heading.
fn heading(text: &str) -> Option<Heading> {
    let text = text.trim().trim_end_matches(':').trim_end();
    if text.is_empty() || OF_ANYTHING.iter().any(|label| text.eq_ignore_ascii_case(label)) {
        return None;
    }
    let meaning = meaning_of_label(text);
    if meaning != Meaning::UNKNOWN {
        return Some(Heading { meaning, is_role: false });
    }
    who_of_label(text).map(|who| Heading { meaning: Meaning::of(What::FullName, who), is_role: true })
}

#[cfg(test)]
mod tests {
    use super::{Grid, Meaning, What};
    use crate::read::Who;

    /// Reads `table>tr>th:Text` and the like: names of elements with `/` before those that close, texts in brackets.
    fn read(pieces: &str) -> Vec<(String, What, Who)> {
        let mut grid = Grid::default();
        let mut found = Vec::new();
        for piece in pieces.split_whitespace() {
            if let Some(text) = piece.strip_prefix('[') {
                let text = text.trim_end_matches(']').replace('_', " ");
                let meaning = grid.text(&text);
                if meaning != Meaning::UNKNOWN && meaning != Meaning::CODE {
                    found.push((text, meaning.what, meaning.who));
                }
            } else if let Some(name) = piece.strip_prefix('/') {
                grid.close(name);
            } else {
                grid.open(piece, 1);
            }
        }
        found
    }

    fn one(text: &str, what: What, who: Who) -> (String, What, Who) {
        (text.to_owned(), what, who)
    }

    #[test]
    fn a_row_of_headings_names_the_columns_below() {
        let found = read(
            "table thead tr th [Drug] /th th [Member_ID] /th th [Guardian] /th /tr /thead tbody tr td [Aspirin] /td \
             td [CS101] /td td [Jennifer_Hernandez] /td /tr tr td [Ibuprofen] td [CS102] td [see_note_below] /table [out]",
        );
        let expected = [
            one("CS101", What::HealthPlanId, Who::Unknown),
            one("Jennifer Hernandez", What::FullName, Who::Relative),
            one("CS102", What::HealthPlanId, Who::Unknown),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_heading_before_a_cell_names_it_and_so_does_a_label() {
        let found = read(
            "table tr th [DOB] /th td [1/2/1990] /td th [Policy_#] /th td [77-1] /td /tr tr td [MRN:] /td td [A77] /td /tr /table",
        );
        let expected = [
            one("1/2/1990", What::BirthDate, Who::Unknown),
            one("77-1", What::HealthPlanId, Who::Unknown),
            one("A77", What::RecordNumber, Who::Unknown),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn names_of_things_and_rows_of_labels_are_nobodys() {
        assert_eq!(
            read("table tr th [Name] /th th [State] /th /tr tr td [Aspirin] /td td [active] /td /tr /table"),
            []
        );
        assert_eq!(read("table tr td [MRN] /td td [DOB] /td /tr /table"), []);
        assert_eq!(read("td [MRN] td [A77]"), []);
    }
}
