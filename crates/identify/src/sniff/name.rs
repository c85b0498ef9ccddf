//! What the extension of a name promises.

use super::{Audio, Kind, Refused, Scan};

/// An extension that we know, and what may stand under it.
pub(super) struct Promise {
    pub(super) extension: &'static str,
    pub(super) fits: fn(Kind) -> bool,
}

const fn is_text(kind: Kind) -> bool {
    matches!(kind, Kind::Text(_))
}
const fn is_mp4(kind: Kind) -> bool {
    matches!(kind, Kind::Audio(Audio::M4a))
}
const fn is_ogg(kind: Kind) -> bool {
    matches!(kind, Kind::Audio(Audio::Ogg))
}
const fn is_tiff(kind: Kind) -> bool {
    matches!(kind, Kind::Scan(Scan::Tiff))
}
const fn is_jpeg(kind: Kind) -> bool {
    matches!(kind, Kind::Scan(Scan::Jpeg))
}

const PROMISES: &[Promise] = &[
    Promise { extension: "txt", fits: is_text },
    Promise { extension: "text", fits: is_text },
    Promise { extension: "asc", fits: is_text },
    Promise { extension: "md", fits: is_text },
    Promise { extension: "csv", fits: is_text },
    Promise { extension: "tsv", fits: is_text },
    Promise { extension: "pdf", fits: |kind| matches!(kind, Kind::Pdf) },
    Promise { extension: "docx", fits: |kind| matches!(kind, Kind::Docx) },
    Promise { extension: "rtf", fits: |kind| matches!(kind, Kind::Rtf) },
    // Dictation systems save Rich Text under Word's old name; Word opens both.
    Promise { extension: "doc", fits: |kind| matches!(kind, Kind::Rtf | Kind::Docx) },
    Promise { extension: "wav", fits: |kind| matches!(kind, Kind::Audio(Audio::Wav)) },
    Promise { extension: "wave", fits: |kind| matches!(kind, Kind::Audio(Audio::Wav)) },
    Promise { extension: "mp3", fits: |kind| matches!(kind, Kind::Audio(Audio::Mp3)) },
    Promise { extension: "m4a", fits: is_mp4 },
    Promise { extension: "mp4", fits: is_mp4 },
    Promise { extension: "m4b", fits: is_mp4 },
    Promise { extension: "3gp", fits: |kind| matches!(kind, Kind::Audio(Audio::M4a | Audio::Amr)) },
    Promise { extension: "ogg", fits: is_ogg },
    Promise { extension: "oga", fits: is_ogg },
    Promise { extension: "opus", fits: is_ogg },
    Promise { extension: "spx", fits: is_ogg },
    Promise { extension: "flac", fits: |kind| matches!(kind, Kind::Audio(Audio::Flac)) },
    Promise { extension: "dss", fits: |kind| matches!(kind, Kind::Audio(Audio::Dss)) },
    Promise { extension: "ds2", fits: |kind| matches!(kind, Kind::Audio(Audio::Ds2)) },
    Promise { extension: "amr", fits: |kind| matches!(kind, Kind::Audio(Audio::Amr)) },
    Promise { extension: "tif", fits: is_tiff },
    Promise { extension: "tiff", fits: is_tiff },
    Promise { extension: "png", fits: |kind| matches!(kind, Kind::Scan(Scan::Png)) },
    Promise { extension: "jpg", fits: is_jpeg },
    Promise { extension: "jpeg", fits: is_jpeg },
];

const MARKUP: &[&str] =
    &["htm", "html", "xhtml", "xht", "shtml", "mht", "mhtml", "svg", "svgz", "xml", "xsl", "xslt", "hta"];
const SCRIPT: &[&str] = &[
    "js",
    "mjs",
    "cjs",
    "jse",
    "vbs",
    "vbe",
    "ps1",
    "psm1",
    "bat",
    "cmd",
    "sh",
    "bash",
    "py",
    "pl",
    "rb",
    "php",
    "php3",
    "phtml",
    "phar",
    "asp",
    "aspx",
    "jsp",
    "cgi",
    "wsf",
    "wsh",
    "wsc",
    "sct",
    "reg",
    "url",
    "webloc",
    "desktop",
    "applescript",
    "command",
    "csh",
    "ksh",
    "htaccess",
    "inf",
    "ts",
];
const EXECUTABLE: &[&str] = &[
    "exe", "dll", "com", "scr", "pif", "cpl", "msi", "msp", "jar", "class", "war", "app", "apk", "deb", "rpm", "so",
    "dylib", "sys", "lnk", "wasm", "xll", "swf", "chm", "gadget", "elf", "run", "appimage", "dmg", "iso", "img", "vhd",
    "vhdx", "one",
];
const ARCHIVE: &[&str] = &[
    "zip", "7z", "rar", "gz", "tgz", "bz2", "xz", "zst", "tar", "cab", "arj", "lz", "lzma", "z", "xlsx", "pptx", "xls",
    "ppt", "ods", "odt", "odp", "epub",
];
const MACROS: &[&str] = &["docm", "dotm", "xlsm", "pptm", "xlam"];
const VIDEO: &[&str] = &["mov", "avi", "mkv", "webm", "wmv", "mpg", "mpeg", "m4v"];

/// The last extension of the name, lower case, without trailing dots and spaces (which Windows drops).
///
/// Path parts do not count, and invisible characters are taken out first, so that `a.pdf\u{202e}` is no `.pdf\u{202e}`.
/// Names that are only an extension (`.bashrc`) have none. Longer than 16 characters is no extension.
pub(super) fn extension(name: &str) -> Option<String> {
    let visible: String = name.chars().filter(|&c| crate::extract::shown(c) == Some(c)).collect();
    let last = visible.rsplit(['/', '\\']).next().unwrap_or_default();
    // `a.exe::$DATA` and `a.exe:x` name the same bytes on NTFS.
    let last = last.split(':').next().unwrap_or_default();
    let last = last.trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    let (stem, extension) = last.rsplit_once('.')?;
    let extension = extension.trim();
    (!stem.trim_matches('.').is_empty() && !extension.is_empty() && extension.chars().count() <= 16)
        .then(|| extension.to_lowercase())
}

/// What is refused by its name alone.
pub(super) fn refused(extension: &str) -> Option<Refused> {
    [
        (MARKUP, Refused::Markup),
        (SCRIPT, Refused::Script),
        (EXECUTABLE, Refused::Executable),
        (ARCHIVE, Refused::Archive),
        (MACROS, Refused::Macros),
        (VIDEO, Refused::Video),
    ]
    .into_iter()
    .find(|(list, _)| list.contains(&extension))
    .map(|(_, refused)| refused)
}

/// What the extension promises; `None` for one that we do not know, which promises nothing.
pub(super) fn promise(extension: &str) -> Option<&'static Promise> {
    PROMISES.iter().find(|promise| promise.extension == extension)
}
