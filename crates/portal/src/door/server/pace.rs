//! Patience with limits.
