//! The files of the checkout, read once, as every check sees them.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold what tools made, never what we wrote.
const NOT_OURS: &[&str] = &[".git", "target", "node_modules"];

/// One file of ours, with its text when it has any.
pub(crate) struct Source {
    /// Path from the top of the checkout, with `/` between its parts.
    pub path: String,
    /// The text; empty for a file that is no UTF-8.
    pub text: String,
    /// May it be run.
    pub executable: bool,
}

impl Source {
    /// The last part of the path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
    /// What follows the last dot of the name; empty when there is none.
    pub(crate) fn extension(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }
    /// Rust source.
    pub(crate) fn is_rust(&self) -> bool {
        self.extension() == "rs"
    }
    /// A file whose whole purpose is testing, measuring or showing.
    pub(crate) fn is_test(&self) -> bool {
        let beside_code = self.name() == "tests.rs";
        beside_code
            || ["tests/", "benches/", "examples/", "fuzz/"]
                .iter()
                .any(|folder| self.path.starts_with(folder) || self.path.contains(&format!("/{folder}")))
    }
}

/// The top of the checkout: the folder above this crate, or the nearest one above us that holds a workspace.
///
/// Asked when running and not when compiling, because several clones may share one target folder.
pub(crate) fn top() -> Result<PathBuf> {
    if let Some(here) = std::env::var_os("CARGO_MANIFEST_DIR")
        && let Some(top) = Path::new(&here).parent()
        && top.join("xtask/Cargo.toml").is_file()
    {
        return Ok(top.to_path_buf());
    }
    let start = std::env::current_dir().context("asking for the current folder")?;
    for folder in start.ancestors() {
        if folder.join("xtask/Cargo.toml").is_file() {
            return Ok(folder.to_path_buf());
        }
    }
    bail!("run this inside a checkout of the project")
}

/// Every file of ours under `top`, sorted by path.
pub(crate) fn read(top: &Path) -> Result<Vec<Source>> {
    let mut found = Vec::new();
    walk(top, top, &mut found)?;
    found.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(found)
}

fn walk(top: &Path, folder: &Path, found: &mut Vec<Source>) -> Result<()> {
    for item in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let item = item.context("listing a folder")?;
        let kind = item.file_type().context("asking what a file is")?;
        let name = item.file_name().to_string_lossy().into_owned();
        if kind.is_dir() && !NOT_OURS.contains(&name.as_str()) {
            walk(top, &item.path(), found)?;
        } else if kind.is_file() && !name.ends_with(".log") {
            // A file that another program removed since the listing is no finding.
            let Ok(bytes) = fs::read(item.path()) else { continue };
            let path = item.path();
            let shown = path.strip_prefix(top).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            found.push(Source {
                executable: executable(&path),
                path: shown,
                text: String::from_utf8(bytes).unwrap_or_default(),
            });
        }
    }
    Ok(())
}

#[cfg(unix)]
fn executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn executable(_path: &Path) -> bool {
    true
}
