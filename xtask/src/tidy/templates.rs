//! What stands on screen, and what a page must not carry: unescaped data, inline script or style.
//!
//! The page's content security policy forbids inline code anyway; here it is found before a browser does.

use super::{Finding, Report, rust};
use crate::tree::Source;

/// Words that people who work here would not say (`LOOK`: manners).
const NOT_ON_SCREEN: &[&str] = &["user", "users", "username", "object", "objects", "invalid input", "submit"];

/// Attributes whose value people read or hear.
const SPOKEN: &[&str] = &["title=\"", "placeholder=\"", "aria-label=\"", "alt=\"", "value=\""];

/// Things that switch escaping off, in Rust code of the portal.
const UNESCAPED: &[&str] = &["MarkupDisplay", "filters::Safe", "HtmlSafe"];

/// One template, or one file of the portal's code.
pub(super) fn check(source: &Source, report: &mut Report) {
    if source.path.contains("/templates/") && source.extension() == "html" {
        report.findings.extend(template(source));
    } else if source.is_rust() && source.path.starts_with("crates/portal/src/") {
        let code = rust::blanked(&source.text);
        for word in UNESCAPED {
            for (at, _) in code.match_indices(word) {
                let what = format!("{word} lets data through unescaped");
                report.findings.push(Finding::at(&source.path, rust::line_of(&code, at), "escaping", what));
            }
        }
        if source.text.contains("escape = \"none\"") {
            report.findings.push(Finding::whole(&source.path, "escaping", "a template without escaping"));
        }
    }
}

fn template(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    for (number, line) in source.text.lines().enumerate() {
        let squeezed: String = line.chars().filter(|letter| !letter.is_whitespace()).collect();
        let safe =
            squeezed.match_indices("|safe").any(|(at, _)| !squeezed[at + 5..].starts_with(char::is_alphanumeric));
        if safe || squeezed.contains("{%autoescape") {
            found.push(Finding::at(&source.path, number + 1, "escaping", "`|safe` lets data through unescaped"));
        }
        if inline(line) {
            let what = "inline script or style: the page's security policy forbids it";
            found.push(Finding::at(&source.path, number + 1, "inline", what));
        }
    }
    found.extend(spoken(&source.text).into_iter().filter_map(|(line, words)| {
        let word = NOT_ON_SCREEN.iter().find(|word| says(&words, word))?;
        let what = format!("\"{word}\" on screen: say person, document, or what is wrong and what to do");
        Some(Finding::at(&source.path, line, "words on screen", what))
    }));
    found
}

fn inline(line: &str) -> bool {
    let lower = line.to_lowercase();
    let handler = lower.match_indices(" on").any(|(at, _)| {
        let name: String = lower[at + 3..].chars().take_while(char::is_ascii_alphabetic).collect();
        // Only inside a tag: in running text " on=" does not occur.
        name.len() >= 3 && lower[at + 3 + name.len()..].starts_with('=')
    });
    let script = lower.contains("<script") && !lower.contains("src=");
    handler || script || lower.contains("<style") || lower.contains(" style=") || lower.contains("javascript:")
}

/// The words people read: text between tags and spoken attributes, with the line each stands on. Template code is left out.
fn spoken(text: &str) -> Vec<(usize, String)> {
    let plain = without_code(text);
    let mut found = Vec::new();
    let mut inside_tag = false;
    for (number, line) in plain.lines().enumerate() {
        let mut words = String::new();
        for letter in line.chars() {
            match letter {
                '<' => inside_tag = true,
                '>' => {
                    inside_tag = false;
                    words.push(' ');
                }
                _ if !inside_tag => words.push(letter),
                _ => {}
            }
        }
        for attribute in SPOKEN {
            for (at, _) in line.match_indices(attribute) {
                let value = line[at + attribute.len()..].split('"').next().unwrap_or_default();
                words.push(' ');
                words.push_str(value);
            }
        }
        found.push((number + 1, words.to_lowercase()));
    }
    found
}

/// `{{ … }}`, `{% … %}` and `{# … #}` become spaces; line breaks stay.
fn without_code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let close = match rest.as_bytes().get(at + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => {
                out.push_str(&rest[..=at]);
                rest = &rest[at + 1..];
                continue;
            }
        };
        out.push_str(&rest[..at]);
        let end = rest[at..].find(close).map_or(rest.len(), |offset| at + offset + close.len());
        out.extend(rest[at..end].chars().filter(|letter| *letter == '\n'));
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

fn says(words: &str, word: &str) -> bool {
    words.match_indices(word).any(|(at, _)| {
        let before = words[..at].chars().next_back();
        let after = words[at + word.len()..].chars().next();
        let edge = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphanumeric());
        edge(before) && edge(after)
    })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::Report;
    use crate::tree::Source;

    fn laws(path: &str, text: &str) -> Vec<&'static str> {
        let mut report = Report::default();
        check(&Source { path: path.to_owned(), text: text.to_owned(), executable: false }, &mut report);
        report.findings.into_iter().map(|finding| finding.law).collect()
    }

    const PAGE: &str = "crates/portal/templates/a.html";

    #[test]
    fn unescaped_data_is_found_however_it_is_written() {
        for text in ["{{ name|safe }}", "{{ name | safe }}", "{{ name|trim|safe }}"] {
            assert_eq!(laws(PAGE, text), ["escaping"], "{text}");
        }
        assert!(laws(PAGE, "{{ name|safely_cut }}").is_empty());
        assert_eq!(laws("crates/portal/src/pages/a.rs", "#[template(escape = \"none\")]"), ["escaping"]);
    }

    #[test]
    fn inline_code_is_found_and_files_are_not() {
        for text in [
            "<p style=\"x\">",
            "<script>alert(1)</script>",
            "<a onclick=\"x\">",
            "<a href=\"javascript:x\">",
            "<style>",
        ] {
            assert_eq!(laws(PAGE, text), ["inline"], "{text}");
        }
        assert!(laws(PAGE, "<script src=\"/static/a.js\" defer></script><p>come on in</p>").is_empty());
    }

    #[test]
    fn words_that_are_not_said_are_found_on_screen_only() {
        assert_eq!(laws(PAGE, "<p>\n<b>New user</b></p>"), ["words on screen"]);
        assert_eq!(laws(PAGE, "<input placeholder=\"Invalid input\">"), ["words on screen"]);
        assert_eq!(laws(PAGE, "<button type=\"submit\">Submit</button>"), ["words on screen"]);
        assert!(
            laws(PAGE, "{% for user in users %}<p class=\"user\">{{ user.object }}</p>{# user #}{% endfor %}")
                .is_empty()
        );
        assert!(laws(PAGE, "<button type=\"submit\">Send for signature</button>").is_empty());
    }
}
