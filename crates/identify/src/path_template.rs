//! Path templates: how a share packs clinic, author, patient and date into folders and file names.
//!
//! `{author}/{any}/{patient_last}_{visit_date:YYYYMMDD}_{record_number}[_{document_type}].{ext}`: each part between
//! slashes is matched as a file name is (`template.rs`), a part in brackets may be missing, and `**/` at the beginning
//! stands for any folders. A template with brackets is tried with and without each of them, sixteen ways at most, the
//! fullest first; nothing else is tried twice, so that a hostile path costs no more than an honest one.

use crate::template::{FileNameFields, FileNameTemplate, TemplateError};

/// Longest template, in bytes.
const TEMPLATE_BYTES_MAX: usize = 1024;
/// Longest path that is looked at, in bytes, and its most parts.
const PATH_BYTES_MAX: usize = 4096;
const PATH_PARTS_MAX: usize = 64;
/// Brackets in one template: two to this power are the ways that are tried.
const OPTIONAL_MAX: u32 = 4;

/// A template for a path below a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathTemplate {
    source: String,
    /// Any folders may stand before it.
    anywhere: bool,
    /// Parts of the path, the fullest way first.
    ways: Vec<Vec<FileNameTemplate>>,
}

/// A template's character with its place in what was written, from 1.
type Placed = (usize, char);

/// What is always there, and what stood in brackets: alternating, beginning with what is always there.
fn pieces(template: &str) -> Result<Vec<Vec<Placed>>, TemplateError> {
    let mut pieces = vec![Vec::new()];
    let mut open = None;
    let mut characters = template.chars().enumerate().map(|(at, c)| (at + 1, c)).peekable();
    while let Some((at, character)) = characters.next() {
        let doubled = characters.peek().is_some_and(|next| next.1 == character);
        match character {
            // A bracket of the name itself is written twice.
            '[' | ']' if doubled => {
                characters.next();
                pieces.last_mut().expect("there is always one").push((at, character));
            }
            '[' if open.is_some() => {
                return Err(TemplateError { at, what: "brackets do not stand within brackets" });
            }
            '[' => {
                open = Some(at);
                pieces.push(Vec::new());
            }
            ']' if open.take().is_some() => pieces.push(Vec::new()),
            ']' => return Err(TemplateError { at, what: "this bracket closes nothing; write ]] for a bracket" }),
            _ => pieces.last_mut().expect("there is always one").push((at, character)),
        }
    }
    match open {
        Some(at) => Err(TemplateError { at, what: "this bracket is not closed" }),
        None => Ok(pieces),
    }
}

/// One way of writing the template, cut into the parts of a path.
fn parts(way: &[Placed]) -> Result<Vec<FileNameTemplate>, TemplateError> {
    let mut parts: Vec<FileNameTemplate> = Vec::new();
    let mut place = 1;
    for part in way.split(|(_, character)| *character == '/') {
        let first = part.first().map_or(place, |(at, _)| *at);
        // Behind the slash that follows.
        place = part.last().map_or(place, |(at, _)| *at) + 2;
        let text: String = part.iter().map(|(_, character)| *character).collect();
        let placed = |error: TemplateError| TemplateError {
            at: part.get(error.at.saturating_sub(1)).map_or(first, |(at, _)| *at),
            what: error.what,
        };
        if text.is_empty() {
            return Err(TemplateError { at: first, what: "a part of the path is empty" });
        }
        let read = FileNameTemplate::part(&text).map_err(placed)?;
        if parts.iter().any(|other| other.shares_field_with(&read)) {
            return Err(TemplateError { at: first, what: "a field of this part stands in another part already" });
        }
        parts.push(read);
    }
    if parts.len() > PATH_PARTS_MAX {
        return Err(TemplateError { at: 1, what: "the template has too many parts" });
    }
    Ok(parts)
}

impl PathTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// [`TemplateError`] says where and why.
    pub fn parse(template: &str) -> Result<Self, TemplateError> {
        if template.len() > TEMPLATE_BYTES_MAX {
            return Err(TemplateError { at: TEMPLATE_BYTES_MAX, what: "the template is too long" });
        }
        let mut pieces = pieces(template)?;
        let beginning: String = pieces[0].iter().take(3).map(|(_, character)| *character).collect();
        let anywhere = beginning == "**/";
        if anywhere {
            pieces[0].drain(..3);
        }
        let optional = u32::try_from(pieces.len() / 2).unwrap_or(u32::MAX);
        if optional > OPTIONAL_MAX {
            return Err(TemplateError { at: 1, what: "the template has more than four parts in brackets" });
        }
        let mut ways: Vec<(u32, Vec<FileNameTemplate>)> = Vec::new();
        for left_out in 0..1_u32 << optional {
            let is_in = |at: usize| at.is_multiple_of(2) || left_out & (1 << (at / 2)) == 0;
            let way: Vec<Placed> =
                pieces.iter().enumerate().filter(|(at, _)| is_in(*at)).flat_map(|(_, piece)| piece).copied().collect();
            ways.push((left_out.count_ones(), parts(&way)?));
        }
        ways.sort_by_key(|(left_out, _)| *left_out);
        let ways = ways.into_iter().map(|(_, way)| way).collect();
        Ok(Self { source: template.to_owned(), anywhere, ways })
    }

    /// The template as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// The fields of a path below the share (parts divided by `/`), or `None` when it does not follow the template.
    #[must_use]
    pub fn fields(&self, path: &str) -> Option<FileNameFields> {
        if path.len() > PATH_BYTES_MAX {
            return None;
        }
        let parts: Vec<&str> = path.split('/').collect();
        if parts.len() > PATH_PARTS_MAX {
            return None;
        }
        self.ways.iter().find_map(|way| {
            let before = parts.len().checked_sub(way.len()).filter(|before| *before == 0 || self.anywhere)?;
            let mut all = FileNameFields::default();
            for (template, part) in way.iter().zip(&parts[before..]) {
                all = all.or(template.part_fields(part)?);
            }
            Some(all)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::PathTemplate;
    use proptest::prelude::*;
    use record::civil::Day;

    fn template(text: &str) -> PathTemplate {
        PathTemplate::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn folders_and_names_tell_the_fields_that_their_template_names() {
        let all = template("{author}/{any}/{patient_last}_{visit_date:YYYYMMDD}_{record_number}_{document_type}.{ext}");
        let read = all.fields("reyes/2014/SMITH_20140312_10293_HP.doc").unwrap();
        assert_eq!(read.author.as_deref(), Some("reyes"));
        assert_eq!(read.patient_last.as_deref(), Some("SMITH"));
        assert_eq!(read.visit_date, Day::new(2014, 3, 12));
        assert_eq!((read.record_number.as_deref(), read.document_type.as_deref()), (Some("10293"), Some("HP")));
        assert_eq!(read.ext.as_deref(), Some("doc"));
        for other in [
            "SMITH_20140312_10293_HP.doc",
            "clinic/reyes/2014/SMITH_20140312_10293_HP.doc",
            "reyes/2014/SMITH_20141312_10293_HP.doc",
            "reyes/2014/",
            "",
        ] {
            assert!(all.fields(other).is_none(), "{other}");
        }
    }

    #[test]
    fn what_stands_in_brackets_may_be_missing_and_folders_before_stars_are_any() {
        let all = template("**/{patient_last}[, {patient_first}] {record_number}[ {visit_date:MMDDYYYY}].{ext}");
        let read = all.fields("a/b/Lee, Mary 7731 03122014.rtf").unwrap();
        assert_eq!((read.patient_first.as_deref(), read.visit_date), (Some("Mary"), Day::new(2014, 3, 12)));
        let read = all.fields("Lee 7731.rtf").unwrap();
        assert_eq!((read.patient_last.as_deref(), read.record_number.as_deref()), (Some("Lee"), Some("7731")));
        assert!(read.patient_first.is_none() && read.visit_date.is_none());
        let read = template("x[[1]]/{record_number}.{ext}").fields("X[1]/77.txt").unwrap();
        assert_eq!(read.record_number.as_deref(), Some("77"));
        assert!(template("{any}.{ext}").fields("only.txt").is_some(), "a rule for whatever is left");
    }

    #[test]
    fn a_template_that_cannot_be_meant_is_refused_where_it_is_wrong() {
        for (wrong, at) in [
            ("a[b", 2),
            ("ab]", 3),
            ("a[b[c]]", 4),
            ("{author}/{nobody}.{ext}", 10),
            ("{author}//x", 10),
            ("/x", 1),
            ("{author}/{author}_x", 10),
            ("[a][b][c][d][e]x", 1),
            ("[{author}]/x", 1),
        ] {
            let error = PathTemplate::parse(wrong).expect_err(wrong);
            assert_eq!(error.at, at, "{wrong}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_template_and_no_path_takes_it_down(source in ".{0,60}", path in ".{0,200}") {
            if let Ok(template) = PathTemplate::parse(&source) {
                let _ = template.fields(&path);
            }
        }
    }
}
