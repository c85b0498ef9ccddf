//! Path patterns of routes: `/documents/{doc}`, `/static/{*file}`.
//!
//! One spelling a route: literals match byte for byte, a parameter is one percent-decoded segment without
//! slash, backslash or control characters, and a path with `.`, `..` or an empty segment matches nothing.

use percent_encoding::percent_decode_str;

/// One piece between two slashes. The order is the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Literal(&'static str),
    One(&'static str),
    Rest(&'static str),
}

/// Why a pattern is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the pattern {0} is not a path of literals, {{one}} and a last {{*rest}}")]
pub struct PatternError(pub(crate) &'static str);

/// A route's path with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    text: &'static str,
    parts: Vec<Part>,
}

/// The parameters of a matched path, in order, each with its name.
pub(crate) type Params = Vec<(&'static str, String)>;

impl Pattern {
    pub(crate) fn parse(text: &'static str) -> Result<Self, PatternError> {
        let error = PatternError(text);
        let inner = text.strip_prefix('/').ok_or(error)?;
        if inner.is_empty() {
            return Ok(Self { text, parts: Vec::new() });
        }
        let mut parts = Vec::new();
        for piece in inner.split('/') {
            if matches!(parts.last(), Some(Part::Rest(_))) {
                return Err(error);
            }
            let part = match piece.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                Some(name) => match name.strip_prefix('*') {
                    Some(name) if is_name(name) => Part::Rest(name),
                    None if is_name(name) => Part::One(name),
                    _ => return Err(error),
                },
                None if is_literal(piece) => Part::Literal(piece),
                None => return Err(error),
            };
            parts.push(part);
        }
        Ok(Self { text, parts })
    }

    /// As it was written.
    pub(crate) const fn text(&self) -> &'static str {
        self.text
    }

    /// Two patterns of one shape match the same paths.
    pub(crate) fn same_shape(&self, other: &Self) -> bool {
        self.parts.len() == other.parts.len()
            && self.parts.iter().zip(&other.parts).all(|pair| match pair {
                (Part::Literal(one), Part::Literal(two)) => one == two,
                (Part::One(_), Part::One(_)) | (Part::Rest(_), Part::Rest(_)) => true,
                _ => false,
            })
    }

    /// Literals come before parameters, parameters before the rest; the first match in this order is the route.
    pub(crate) fn precedence(&self, other: &Self) -> std::cmp::Ordering {
        let rank = |part: &Part| match part {
            Part::Literal(_) => 0,
            Part::One(_) => 1,
            Part::Rest(_) => 2,
        };
        self.parts.iter().map(rank).cmp(other.parts.iter().map(rank)).then(self.text.cmp(other.text))
    }

    /// The parameters, if this path (as it came, still percent-encoded) is one of ours.
    pub(crate) fn matches(&self, path: &str) -> Option<Params> {
        let inner = path.strip_prefix('/')?;
        if self.parts.is_empty() {
            return inner.is_empty().then(Vec::new);
        }
        let mut params = Vec::new();
        let mut pieces = inner.split('/');
        for part in &self.parts {
            match part {
                Part::Literal(literal) => {
                    if pieces.next()? != *literal {
                        return None;
                    }
                }
                Part::One(name) => params.push((*name, segment(pieces.next()?)?)),
                Part::Rest(name) => {
                    let rest: Option<Vec<String>> = pieces.by_ref().map(segment).collect();
                    let rest = rest?;
                    if rest.is_empty() {
                        return None;
                    }
                    params.push((*name, rest.join("/")));
                }
            }
        }
        pieces.next().is_none().then_some(params)
    }

    /// The path with each parameter replaced by what `value` says for its name.
    pub(crate) fn fill(&self, mut value: impl FnMut(&str) -> String) -> String {
        let mut path = String::new();
        for part in &self.parts {
            path.push('/');
            match part {
                Part::Literal(literal) => path.push_str(literal),
                Part::One(name) | Part::Rest(name) => path.push_str(&value(name)),
            }
        }
        if path.is_empty() { "/".to_owned() } else { path }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn is_literal(piece: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !piece.is_empty() && piece != "." && piece != ".." && piece.bytes().all(plain)
}

/// One decoded segment, or nothing when it is one of the tricks.
fn segment(piece: &str) -> Option<String> {
    let decoded = percent_decode_str(piece).decode_utf8().ok()?;
    let trick = |letter: char| letter.is_control() || matches!(letter, '/' | '\\');
    if decoded.is_empty() || decoded == "." || decoded == ".." || decoded.chars().any(trick) {
        return None;
    }
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::{Pattern, PatternError};

    fn params(pattern: &'static str, path: &str) -> Option<Vec<String>> {
        let pattern = Pattern::parse(pattern).expect("a pattern of this test");
        pattern.matches(path).map(|params| params.into_iter().map(|(_, value)| value).collect())
    }

    #[test]
    fn literals_and_parameters_match_whole_paths_only() {
        assert_eq!(params("/", "/"), Some(vec![]));
        assert_eq!(params("/documents/{doc}", "/documents/a%20b"), Some(vec!["a b".to_owned()]));
        assert_eq!(params("/static/{*file}", "/static/a/b.css"), Some(vec!["a/b.css".to_owned()]));
        for path in ["/documents", "/documents/", "/documents/a/", "/documents/a/b", "//documents/a", "documents/a"] {
            assert_eq!(params("/documents/{doc}", path), None, "{path}");
        }
        assert_eq!(params("/static/{*file}", "/static/"), None);
    }

    #[test]
    fn tricks_in_a_path_match_nothing() {
        for path in ["/d/..", "/d/%2e%2e", "/d/a%2fb", "/d/a%5cb", "/d/%00", "/d/%0a", "/d/%ff", "/%64/a"] {
            assert_eq!(params("/d/{x}", path), None, "{path}");
        }
        assert_eq!(params("/static/{*file}", "/static/../x"), None);
        assert_eq!(params("/static/{*file}", "/static/%2e%2e/x"), None);
    }

    #[test]
    fn a_malformed_pattern_is_refused() {
        for text in ["", "documents", "/a//b", "/a/", "/{", "/{}", "/{A}", "/{*r}/x", "/a b", "/..", "/a{b}"] {
            assert_eq!(Pattern::parse(text), Err(PatternError(text)), "{text}");
        }
    }

    #[test]
    fn a_filled_pattern_matches_itself() {
        let pattern = Pattern::parse("/documents/{doc}/versions/{n}").expect("a pattern of this test");
        assert!(pattern.matches(&pattern.fill(|name| format!("{name}1"))).is_some());
    }

    #[test]
    fn no_mutated_path_brings_a_parameter_that_climbs_or_hides() {
        let patterns = ["/", "/documents/{doc}", "/documents/{doc}/versions/{n}", "/static/{*file}"];
        let patterns = patterns.map(|text| Pattern::parse(text).expect("a pattern of this test"));
        let seeds =
            ["/", "/documents/a%20b", "/documents/d/versions/2", "/static/a/b.css", "/static/%2e%2e/%2Fx", "/d/%c3%a9"];
        let seeds: Vec<Vec<u8>> = seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
        crate::mutations::replay("pattern", &seeds, |bytes| {
            let Ok(path) = str::from_utf8(bytes) else { return };
            let found: Vec<_> = patterns.iter().filter_map(|pattern| pattern.matches(path)).collect();
            assert!(found.len() <= 1, "one path, one route");
            for (name, value) in found.into_iter().flatten() {
                let pieces: Vec<&str> = if name == "file" { value.split('/').collect() } else { vec![&value] };
                for piece in pieces {
                    assert!(!piece.is_empty() && piece != "." && piece != ".." && !piece.contains(['/', '\\']));
                    assert!(!piece.chars().any(char::is_control));
                }
            }
        });
    }
}
