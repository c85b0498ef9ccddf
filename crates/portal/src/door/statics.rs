//! Every static file that is served: one constant table, inside the binary. Nothing is read from a folder.

/// One file under `/static/`.
#[derive(Debug, Clone, Copy)]
pub struct StaticFile {
    /// Its name in the address, without a folder.
    pub name: &'static str,
    /// What it is.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
}

macro_rules! files {
    ($($name:literal: $content_type:expr;)*) => {
        &[$(StaticFile {
            name: $name,
            content_type: $content_type,
            bytes: include_bytes!(concat!("../../static/", $name)),
        },)*]
    };
}

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The table. A file that is in the folder and not here is not served; a test compares.
pub const STATIC: &[StaticFile] = files! {
    "icon.svg": "image/svg+xml";
    "idle.js": SCRIPT;
    "passkey.js": SCRIPT;
    "strongroom.css": CSS;
    "strongroom.js": SCRIPT;
    "upload.js": SCRIPT;
};

#[cfg(test)]
mod tests {
    use super::STATIC;

    #[test]
    fn the_table_and_the_folder_hold_the_same_files() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("static");
        let mut on_disk: Vec<String> = std::fs::read_dir(folder)
            .map(|entries| entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
            .unwrap_or_default();
        on_disk.sort();
        let mut in_table: Vec<String> = STATIC.iter().map(|file| file.name.to_owned()).collect();
        in_table.sort();
        assert_eq!(in_table, on_disk);
    }
}
