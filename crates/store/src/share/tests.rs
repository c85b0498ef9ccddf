use super::{Share, ShareError};
use crate::tests::TempDir;
use rustix::fs::{CWD, FileType, Mode};
use std::os::unix::fs::symlink;

fn paths(share: &Share) -> (Vec<String>, Vec<(String, ShareError)>) {
    let listing = share.list().unwrap();
    let text = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
    (
        listing.files.iter().map(|one| text(&one.path)).collect(),
        listing.odd.iter().map(|(one, why)| (text(&one.path), *why)).collect(),
    )
}

#[test]
fn links_and_pipes_of_a_share_are_named_and_not_followed() {
    let dir = TempDir::new();
    let outside = TempDir::new();
    std::fs::create_dir_all(dir.0.join("clinic/a")).unwrap();
    std::fs::create_dir_all(&outside.0).unwrap();
    std::fs::write(outside.0.join("secret"), "outside").unwrap();
    std::fs::write(dir.0.join("clinic/a/one.txt"), "one").unwrap();
    std::fs::write(dir.0.join("..two.txt"), "two").unwrap();
    symlink(outside.0.join("secret"), dir.0.join("clinic/link.txt")).unwrap();
    symlink(&outside.0, dir.0.join("folder")).unwrap();
    symlink(&dir.0, dir.0.join("clinic/around")).unwrap();
    rustix::fs::mknodat(CWD, dir.0.join("pipe.txt"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let share = Share::open(&dir.0).unwrap();
    let (files, odd) = paths(&share);
    assert_eq!(files, ["..two.txt", "clinic/a/one.txt"]);
    let expected = [
        ("clinic/around", ShareError::Link),
        ("clinic/link.txt", ShareError::Link),
        ("folder", ShareError::Link),
        ("pipe.txt", ShareError::Special),
    ];
    assert_eq!(odd, expected.map(|(path, why)| (path.to_owned(), why)));
    assert_eq!(share.read(b"clinic/a/one.txt", 10).unwrap(), b"one");
    // Put there after the share was walked.
    for (path, why) in [
        (&b"clinic/link.txt"[..], ShareError::Link),
        (b"folder/secret", ShareError::Link),
        (b"pipe.txt", ShareError::Special),
        (b"../secret", ShareError::Unreadable),
        (b"/etc/passwd", ShareError::Unreadable),
        (b"clinic", ShareError::Special),
        (b"clinic/a/gone.txt", ShareError::Unreadable),
    ] {
        assert_eq!(share.read(path, 1000), Err(why), "{}", String::from_utf8_lossy(path));
    }
}

#[test]
fn a_file_of_ten_gigabytes_is_refused_before_a_byte_of_it_is_read() {
    let dir = TempDir::new();
    std::fs::create_dir_all(&dir.0).unwrap();
    let file = std::fs::File::create(dir.0.join("huge.txt")).unwrap();
    file.set_len(10 << 30).unwrap();
    let share = Share::open(&dir.0).unwrap();
    assert_eq!(share.list().unwrap().files[0].size_bytes, 10 << 30);
    assert_eq!(share.read(b"huge.txt", 32 << 20), Err(ShareError::Large));
}
