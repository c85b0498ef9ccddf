//! How many requests there were, by route and class of status: as few labels as there are routes, and no path.

use axum::http::{Method, StatusCode};
use custody::Durations;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Of one route: how many were answered 1xx to 5xx, and how long until the answer began.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    classes: [u64; 5],
    took: Durations,
}

/// The counts. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct RequestCounts(Arc<Mutex<BTreeMap<(String, &'static str), Counted>>>);

/// One route as it is told.
#[derive(Debug)]
pub(crate) struct RouteCounts {
    /// Its method; empty for what no route answers.
    pub(crate) method: String,
    /// Its pattern.
    pub(crate) pattern: &'static str,
    /// How many were answered 1xx to 5xx.
    pub(crate) classes: [u64; 5],
    /// How long until the answer began.
    pub(crate) took: Durations,
}

/// The route of a request that no route answers.
const NO_ROUTE: (&str, &str) = ("", "none");

impl RequestCounts {
    /// One more. `route` is a pattern of the table, never a path somebody sent.
    pub(crate) fn count(&self, route: Option<&(Method, &'static str)>, status: StatusCode, took: Duration) {
        let (method, pattern) = match route {
            Some((method, pattern)) => (method.as_str(), *pattern),
            None => NO_ROUTE,
        };
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = all.entry((method.to_owned(), pattern)).or_default();
        counted.classes[class] += 1;
        counted.took.add(took);
    }

    /// Every route that was asked for.
    #[must_use]
    pub(crate) fn all(&self) -> Vec<RouteCounts> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = all.iter().map(|((method, pattern), counted)| RouteCounts {
            method: method.clone(),
            pattern,
            classes: counted.classes,
            took: counted.took,
        });
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::RequestCounts;
    use axum::http::{Method, StatusCode};
    use std::time::Duration;

    #[test]
    fn requests_are_counted_by_route_and_class_and_never_by_path() {
        let counts = RequestCounts::default();
        let (read, took) = ((Method::GET, "/documents/{doc}"), Duration::from_millis(3));
        counts.count(Some(&read), StatusCode::OK, took);
        counts.count(Some(&read), StatusCode::NO_CONTENT, took);
        counts.count(None, StatusCode::UNAUTHORIZED, took);
        let all: Vec<_> = counts.all().into_iter().map(|one| (one.method, one.pattern, one.classes)).collect();
        let wanted =
            [(String::new(), "none", [0, 0, 0, 1, 0]), ("GET".to_owned(), "/documents/{doc}", [0, 2, 0, 0, 0])];
        assert_eq!(all, wanted);
        assert_eq!(counts.all()[1].took.read().1, 2);
    }
}
