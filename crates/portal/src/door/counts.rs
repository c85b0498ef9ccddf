//! How many requests there were, by route and class of status: as few labels as there are routes, and no path.

use axum::http::{Method, StatusCode};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Of one route: how many were answered 1xx to 5xx.
type Classes = [u64; 5];

/// The counts. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct RequestCounts(Arc<Mutex<BTreeMap<(String, &'static str), Classes>>>);

/// The route of a request that no route answers.
const NO_ROUTE: (&str, &str) = ("", "none");

impl RequestCounts {
    /// One more. `route` is a pattern of the table, never a path somebody sent.
    pub(crate) fn count(&self, route: Option<(Method, &'static str)>, status: StatusCode) {
        let (method, pattern) = match &route {
            Some((method, pattern)) => (method.as_str(), *pattern),
            None => NO_ROUTE,
        };
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry((method.to_owned(), pattern)).or_default()[class] += 1;
    }

    /// Method, pattern, class (1 to 5), how many; only those that there were.
    #[must_use]
    pub(crate) fn all(&self) -> Vec<(String, &'static str, usize, u64)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let each = all.iter().flat_map(|((method, pattern), classes)| {
            let some = classes.iter().enumerate().filter(|(_, many)| **many > 0);
            some.map(|(at, many)| (method.clone(), *pattern, at + 1, *many)).collect::<Vec<_>>()
        });
        each.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::RequestCounts;
    use axum::http::{Method, StatusCode};

    #[test]
    fn requests_are_counted_by_route_and_class_and_never_by_path() {
        let counts = RequestCounts::default();
        counts.count(Some((Method::GET, "/documents/{doc}")), StatusCode::OK);
        counts.count(Some((Method::GET, "/documents/{doc}")), StatusCode::NO_CONTENT);
        counts.count(None, StatusCode::UNAUTHORIZED);
        let all = counts.all();
        assert_eq!(all, [(String::new(), "none", 4, 1), ("GET".to_owned(), "/documents/{doc}", 2, 2),]);
    }
}
