//! Which files are read: what was named, and everything below the folders that were, in an order that is the same every time.
//!
//! What must always hold: nothing is passed by in silence. A link is not followed (it may lead anywhere, and round in a circle),
//! and is told; a version control's own folder is the one thing that is left out of a folder, because its packed files are
//! another form of what lies beside it.

use std::path::{Path, PathBuf};

/// What was named, or lies below it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// A file to read.
    File(PathBuf),
    /// Standard input.
    Input,
    /// What cannot be read as a file, and why.
    Not(PathBuf, &'static str),
}

/// Left out of folders.
const LEFT_OUT: [&str; 4] = [".git", ".hg", ".svn", ".jj"];

/// All of them, in order.
pub(super) fn named(paths: &[PathBuf]) -> Vec<Named> {
    let mut found = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            found.push(Named::Input);
            continue;
        }
        match std::fs::metadata(path) {
            Ok(about) if about.is_dir() => below(path, &mut found),
            Ok(about) if about.is_file() => found.push(Named::File(path.clone())),
            Ok(_) => found.push(Named::Not(path.clone(), "neither a file nor a folder")),
            Err(_) => found.push(Named::Not(path.clone(), "not there, or not to be read")),
        }
    }
    found
}

/// Everything below a folder, without a recursion that a deep tree could use up.
fn below(folder: &Path, found: &mut Vec<Named>) {
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        let about = match std::fs::symlink_metadata(&path) {
            Ok(about) => about,
            Err(_) => {
                found.push(Named::Not(path, "not to be read"));
                continue;
            }
        };
        // What was named may be a link; what is met on the way is not followed.
        if about.is_symlink() && path != folder {
            found.push(Named::Not(path, "a link, which is not followed"));
        } else if about.is_dir() || path == folder {
            match entries(&path) {
                // The last one pushed is the first one looked at.
                Ok(inside) => waiting.extend(inside.into_iter().rev()),
                Err(_) => found.push(Named::Not(path, "a folder that cannot be read")),
            }
        } else if about.is_file() {
            found.push(Named::File(path));
        } else {
            found.push(Named::Not(path, "neither a file nor a folder"));
        }
    }
}

fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut inside = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if !LEFT_OUT.iter().any(|name| entry.file_name() == *name) {
            inside.push(entry.path());
        }
    }
    inside.sort();
    Ok(inside)
}

#[cfg(test)]
mod tests {
    use super::{Named, named};
    use std::path::PathBuf;

    /// A folder that goes when its test ends.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("strongroom-scan-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.0));
        }
    }

    #[test]
    fn folders_are_read_in_order_and_links_are_told_and_not_followed() {
        let folder = Folder::new("order");
        let at = |name: &str| folder.0.join(name);
        std::fs::create_dir_all(at("b/c")).unwrap();
        std::fs::create_dir_all(at(".git")).unwrap();
        for name in ["b/c/2.txt", "a.txt", ".git/pack", "b/1.txt", ".hidden"] {
            std::fs::write(at(name), "x").unwrap();
        }
        std::os::unix::fs::symlink(&folder.0, at("round")).unwrap();
        let found = named(std::slice::from_ref(&folder.0));
        let expected = vec![
            Named::File(at(".hidden")),
            Named::File(at("a.txt")),
            Named::File(at("b/1.txt")),
            Named::File(at("b/c/2.txt")),
            Named::Not(at("round"), "a link, which is not followed"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_not_there_is_told() {
        let folder = Folder::new("absent");
        let found = named(&[folder.0.join("absent"), "-".into()]);
        assert!(matches!(found.as_slice(), [Named::Not(..), Named::Input]));
    }
}
