//! What people type into forms, checked before anything is asked or kept. Mistakes are gathered, so that a form
//! shows all of them at once; none repeats what was typed.

use crate::{CustodyError, DirectoryBody, FieldError};

/// The longest name of a person or a customer, in characters.
const NAME_CHARS_MAX: usize = 200;
/// RFC 5321 4.5.3.1: 64 for the local part, 254 for the whole address.
const EMAIL_BYTES_MAX: usize = 254;
const EMAIL_LOCAL_BYTES_MAX: usize = 64;
const TELEPHONE_CHARS_MAX: usize = 40;
const LABEL_CHARS_MAX: usize = 60;

/// A form being read.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<FieldError>);

/// Controls, and marks that make text look like other text (bidi overrides, zero widths).
pub(crate) fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let local_fine = (1..=EMAIL_LOCAL_BYTES_MAX).contains(&local.len())
        && local.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte))
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    let label_fine = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    local_fine && text.len() <= EMAIL_BYTES_MAX && domain.contains('.') && domain.split('.').all(label_fine)
}

fn is_telephone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text.len() <= TELEPHONE_CHARS_MAX
        && (7..=20).contains(&digits)
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-(). x".contains(&byte))
}

impl Form {
    /// One more mistake.
    pub(crate) fn mistake(&mut self, field: &'static str, say: &'static str) {
        self.0.push(FieldError { field, say });
    }

    fn words(&mut self, field: &'static str, text: &str, chars_max: usize, missing: &'static str) -> String {
        let text = text.trim();
        if text.is_empty() {
            self.mistake(field, missing);
        } else if text.chars().count() > chars_max {
            self.mistake(field, "Make it shorter.");
        } else if text.chars().any(is_hidden) {
            self.mistake(field, "Type it again by hand: it has signs that cannot be seen.");
        }
        text.to_owned()
    }

    /// The name of a person or a customer.
    pub(crate) fn name(&mut self, field: &'static str, text: &str) -> String {
        self.words(field, text, NAME_CHARS_MAX, "Write a name.")
    }

    /// What somebody calls a passkey.
    pub(crate) fn label(&mut self, field: &'static str, text: &str) -> String {
        self.words(field, text, LABEL_CHARS_MAX, "Give it a name, such as \"phone\".")
    }

    /// An e-mail address. ASCII only: an address that looks like another one is not taken.
    pub(crate) fn email(&mut self, field: &'static str, text: &str) -> String {
        let text = text.trim();
        if !is_email(text) {
            self.mistake(field, "Write an e-mail address, such as name@clinic.org.");
        }
        text.to_owned()
    }

    /// A telephone number as people write it.
    pub(crate) fn telephone(&mut self, field: &'static str, text: &str) -> String {
        let text = text.trim();
        if !is_telephone(text) {
            self.mistake(field, "Write a telephone number with its area code.");
        }
        text.to_owned()
    }

    /// Who is invited: field names as on the page. The second secret is told by telephone, so there must be one.
    pub(crate) fn person(&mut self, body: &DirectoryBody) -> DirectoryBody {
        DirectoryBody {
            name: self.name("name", &body.name),
            email: self.email("email", &body.email),
            telephone: self.telephone("phone", &body.telephone),
        }
    }

    /// Nothing to complain of, or all of it.
    pub(crate) fn done(self) -> Result<(), CustodyError> {
        if self.0.is_empty() { Ok(()) } else { Err(CustodyError::Input(self.0)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_by_their_shape() {
        for fine in ["a@b.org", "Jo.Moss+x@mail.lakeside-clinic.org", "o'hara@x.co", " a@b.org "] {
            let mut form = Form::default();
            assert_eq!(form.email("email", fine), fine.trim());
            assert!(form.done().is_ok(), "{fine}");
        }
        let long = format!("{}@b.org", "a".repeat(65));
        for wrong in [
            "",
            "a",
            "a@b",
            "@b.org",
            "a@",
            "a@b@c.org",
            "a b@c.org",
            "a@b..org",
            ".a@b.org",
            "a@-b.org",
            "a@b.org\n.x",
            "a\u{202e}@b.org",
            "\u{430}@b.org",
            "a@b.org>",
            &long,
        ] {
            let mut form = Form::default();
            form.email("email", wrong);
            assert!(form.done().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn names_carry_no_signs_that_cannot_be_seen() {
        let long = "a".repeat(201);
        for wrong in ["", "  ", "a\u{0}b", "a\u{202e}b", "a\u{200b}b", "a\nb", &long] {
            let mut form = Form::default();
            form.name("name", wrong);
            assert!(form.done().is_err(), "{wrong:?}");
        }
        let mut form = Form::default();
        assert_eq!(form.name("name", " Zoë O’Hara-Nguyễn "), "Zoë O’Hara-Nguyễn");
        assert_eq!(form.telephone("phone", "+1 (555) 010-2030 x7"), "+1 (555) 010-2030 x7");
        assert!(form.done().is_ok());
    }

    #[test]
    fn all_mistakes_are_told_at_once_and_none_repeats_what_was_typed() {
        let mut form = Form::default();
        form.person(&DirectoryBody { name: String::new(), email: "secret-typo".into(), telephone: "1".into() });
        let Err(CustodyError::Input(mistakes)) = form.done() else { panic!("three mistakes were taken") };
        assert_eq!(mistakes.iter().map(|one| one.field).collect::<Vec<_>>(), ["name", "email", "phone"]);
        assert!(mistakes.iter().all(|one| !one.say.contains("secret-typo")));
    }
}
