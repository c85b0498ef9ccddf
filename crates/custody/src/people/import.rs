//! People from a table: each line is an invitation of its own, asked for and witnessed for itself.

use super::Form;
use crate::{CustodyError, DirectoryBody};
use record::{CustomerId, Role, Side};

/// One line that can be taken: its number, and who is to be invited as what. `Debug` tells no name.
#[derive(Clone, PartialEq, Eq)]
pub struct PeopleLine {
    /// Line number in the file, from 1.
    pub line: u64,
    /// As what.
    pub role: Role,
    /// Whom.
    pub body: DirectoryBody,
}

impl std::fmt::Debug for PeopleLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PeopleLine").field("line", &self.line).field("role", &self.role).finish_non_exhaustive()
    }
}

/// A line that cannot be taken: its number and what to do about it. Never repeats what stands there.
pub type PeopleReject = (u64, String);

/// Reads people from a table (CSV, tab- or semicolon-separated) with the columns name, email, role and telephone, and
/// checks each line as the portal's form would. `customer`: at which practice they are invited; `None`: at the operator.
///
/// # Errors
/// [`CustodyError::Input`] when the file is no such table.
pub fn people_read(
    bytes: &[u8],
    customer: Option<CustomerId>,
) -> Result<(Vec<PeopleLine>, Vec<PeopleReject>), CustodyError> {
    let say = "Give a table with a heading line: name, email, role, telephone";
    let rows =
        identify::people_from_csv(bytes, &identify::Limits::default()).map_err(|_| CustodyError::field("file", say))?;
    let (mut good, mut rejected) = (Vec::new(), Vec::new());
    for row in rows {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                rejected.push((error.line, error.what.to_owned()));
                continue;
            }
        };
        let body = DirectoryBody { name: row.name, email: row.email, telephone: row.telephone.unwrap_or_default() };
        let mut form = Form::default();
        let body = form.person(&body);
        let side = if customer.is_some() { Side::Customer } else { Side::Operator };
        if row.role.side() != side {
            form.mistake("role", "This is no role there.");
        }
        match form.done() {
            Ok(()) => good.push(PeopleLine { line: row.line, role: row.role, body }),
            Err(CustodyError::Input(mistakes)) => {
                let all: Vec<String> = mistakes.iter().map(|one| format!("{}: {}", one.field, one.say)).collect();
                rejected.push((row.line, all.join(" ")));
            }
            Err(error) => return Err(error),
        }
    }
    Ok((good, rejected))
}

#[cfg(test)]
mod tests {
    use super::people_read;
    use record::{CustomerId, Role};

    #[test]
    fn lines_are_checked_as_the_form_would_and_what_is_wrong_is_said_by_line() {
        let table = "name,email,role,telephone\n\
            Pilar Sandoval,pilar@example.org,clinician,555-010-2211\n\
            ,nobody@example.org,clinician,555-010-2211\n\
            Rolf Ames,not an address,records_staff,555-010-2212\n\
            Vera Lund,vera@example.org,privacy_officer,555-010-2213\n\
            Ed Moss,ed@example.org,king,555-010-2214\n";
        let practice = Some(CustomerId::from_bytes([1; 16]));
        let (good, rejected) = people_read(table.as_bytes(), practice).unwrap();
        assert_eq!(good.iter().map(|one| (one.line, one.role)).collect::<Vec<_>>(), [(2, Role::Clinician)]);
        assert_eq!(rejected.iter().map(|one| one.0).collect::<Vec<_>>(), [3, 4, 5, 6]);
        assert!(rejected.iter().all(|(_, say)| !say.contains("example.org") && !say.contains("Rolf")));
        let (good, _) = people_read(table.as_bytes(), None).unwrap();
        assert_eq!(good.iter().map(|one| one.role).collect::<Vec<_>>(), [Role::PrivacyOfficer]);
        assert!(people_read(b"a,b\n1,2\n", practice).is_err());
    }
}
