//! Pairs of records, by hand and made by rule.
