//! Recognises a file by its first bytes.
//!
//! The content decides; the declared name can only contradict it. What a browser or a desktop would run
//! (HTML, SVG, scripts, executables, archives) is refused even under an innocent name, and an innocent
//! content under the name of something that runs is refused too.

/// How many bytes of the head are looked at; fewer are fine when the file is shorter.
pub const HEAD_BYTES: usize = 64 << 10;

/// How the bytes of a text file stand for characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Charset {
    /// UTF-8 (or plain ASCII) without a mark.
    Utf8,
    /// UTF-8 that begins with EF BB BF.
    Utf8Bom,
    /// UTF-16 little-endian, begins with FF FE.
    Utf16Le,
    /// UTF-16 big-endian, begins with FE FF.
    Utf16Be,
    /// Windows-1252, recognised by exclusion: printable, and not valid UTF-8.
    Windows1252,
}

/// A recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audio {
    /// RIFF WAVE, RF64 too.
    Wav,
    /// MPEG audio layer I to III.
    Mp3,
    /// AAC or ALAC in an MP4 container, 3GP voice memos too.
    M4a,
    /// Vorbis, Opus, Speex or FLAC in Ogg.
    Ogg,
    /// Native FLAC.
    Flac,
    /// Digital Speech Standard, the older dictation format.
    Dss,
    /// DSS Pro, the newer dictation format.
    Ds2,
    /// Adaptive Multi-Rate speech.
    Amr,
}

/// A picture of paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scan {
    /// TIFF, `BigTIFF` too.
    Tiff,
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
}

/// Why a file is not taken although it was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refused {
    /// HTML, SVG or other XML: a browser would run what is inside.
    Markup,
    /// A script, by its first line or by its name.
    Script,
    /// A program for Windows, Linux, macOS, Java or WebAssembly, or a shortcut to one.
    Executable,
    /// ZIP, gzip, 7z, RAR, tar and the like; also spreadsheets and slides.
    Archive,
    /// Word documents with macros.
    Macros,
    /// The binary Office format before 2007, and password-protected Office files.
    OldOffice,
    /// A moving picture.
    Video,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Plain text.
    Text(Charset),
    /// PDF.
    Pdf,
    /// Word 2007 and later, without macros.
    Docx,
    /// Rich Text Format.
    Rtf,
    /// A recording.
    Audio(Audio),
    /// A picture.
    Scan(Scan),
    /// No bytes at all.
    Empty,
    /// Recognised and not taken.
    Refused(Refused),
    /// Not recognised.
    Unknown,
}

/// The name's extension promises one thing and the content is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name ends in .{extension}, the content is {}", content.label())]
pub struct Mismatch {
    /// What the extension promised, from our own list, never the caller's text.
    pub extension: &'static str,
    /// What the content is.
    pub content: Kind,
}

/// What the first bytes and the name say.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sniffed {
    /// What the content is.
    pub kind: Kind,
    /// Set when the name contradicts the content.
    pub mismatch: Option<Mismatch>,
}

/// Why a file is not accepted, in words fit for the person who uploads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAccepted {
    /// No bytes.
    #[error("the file is empty")]
    Empty,
    /// Nothing we know.
    #[error("this kind of file is not known here")]
    Unknown,
    /// Known and not taken.
    #[error("{} not taken here", .0.label())]
    Refused(Refused),
    /// Name and content disagree.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
}

impl Refused {
    /// As people read it, with its verb.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Markup => "web pages, SVG and XML are",
            Self::Script => "scripts are",
            Self::Executable => "programs are",
            Self::Archive => "archives, spreadsheets and slides are",
            Self::Macros => "Word documents with macros are",
            Self::OldOffice => "Word documents of the old .doc kind, or with a password, are",
            Self::Video => "videos are",
        }
    }
}

impl Kind {
    /// As people read it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Text(_) => "plain text",
            Self::Pdf => "PDF",
            Self::Docx => "a Word document",
            Self::Rtf => "Rich Text",
            Self::Audio(Audio::Wav) => "a WAV recording",
            Self::Audio(Audio::Mp3) => "an MP3 recording",
            Self::Audio(Audio::M4a) => "an MP4 recording",
            Self::Audio(Audio::Ogg) => "an Ogg recording",
            Self::Audio(Audio::Flac) => "a FLAC recording",
            Self::Audio(Audio::Dss | Audio::Ds2) => "a DSS dictation",
            Self::Audio(Audio::Amr) => "an AMR recording",
            Self::Scan(Scan::Tiff) => "a TIFF picture",
            Self::Scan(Scan::Png) => "a PNG picture",
            Self::Scan(Scan::Jpeg) => "a JPEG picture",
            Self::Empty => "empty",
            Self::Refused(Refused::Markup) => "a web page or XML",
            Self::Refused(Refused::Script) => "a script",
            Self::Refused(Refused::Executable) => "a program",
            Self::Refused(Refused::Archive) => "an archive",
            Self::Refused(Refused::Macros) => "a Word document with macros",
            Self::Refused(Refused::OldOffice) => "an old or protected Office document",
            Self::Refused(Refused::Video) => "a video",
            Self::Unknown => "of no known kind",
        }
    }

    /// The media type to serve it under. Text is served as UTF-8 only after [`crate::text_of`].
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Text(_) => "text/plain",
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Rtf => "application/rtf",
            Self::Audio(Audio::Wav) => "audio/wav",
            Self::Audio(Audio::Mp3) => "audio/mpeg",
            Self::Audio(Audio::M4a) => "audio/mp4",
            Self::Audio(Audio::Ogg) => "audio/ogg",
            Self::Audio(Audio::Flac) => "audio/flac",
            Self::Audio(Audio::Amr) => "audio/amr",
            Self::Scan(Scan::Tiff) => "image/tiff",
            Self::Scan(Scan::Png) => "image/png",
            Self::Scan(Scan::Jpeg) => "image/jpeg",
            Self::Audio(Audio::Dss | Audio::Ds2) | Self::Empty | Self::Refused(_) | Self::Unknown => {
                "application/octet-stream"
            }
        }
    }

    /// One word for storage and URLs; [`Kind::from_code`] reads it back.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Text(Charset::Utf8) => "text_utf8",
            Self::Text(Charset::Utf8Bom) => "text_utf8_bom",
            Self::Text(Charset::Utf16Le) => "text_utf16le",
            Self::Text(Charset::Utf16Be) => "text_utf16be",
            Self::Text(Charset::Windows1252) => "text_windows1252",
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Rtf => "rtf",
            Self::Audio(Audio::Wav) => "wav",
            Self::Audio(Audio::Mp3) => "mp3",
            Self::Audio(Audio::M4a) => "m4a",
            Self::Audio(Audio::Ogg) => "ogg",
            Self::Audio(Audio::Flac) => "flac",
            Self::Audio(Audio::Dss) => "dss",
            Self::Audio(Audio::Ds2) => "ds2",
            Self::Audio(Audio::Amr) => "amr",
            Self::Scan(Scan::Tiff) => "tiff",
            Self::Scan(Scan::Png) => "png",
            Self::Scan(Scan::Jpeg) => "jpeg",
            Self::Empty => "empty",
            Self::Refused(_) => "refused",
            Self::Unknown => "unknown",
        }
    }

    /// The acceptable kinds, each with its code.
    pub const ACCEPTED: &'static [Self] = &[
        Self::Text(Charset::Utf8),
        Self::Text(Charset::Utf8Bom),
        Self::Text(Charset::Utf16Le),
        Self::Text(Charset::Utf16Be),
        Self::Text(Charset::Windows1252),
        Self::Pdf,
        Self::Docx,
        Self::Rtf,
        Self::Audio(Audio::Wav),
        Self::Audio(Audio::Mp3),
        Self::Audio(Audio::M4a),
        Self::Audio(Audio::Ogg),
        Self::Audio(Audio::Flac),
        Self::Audio(Audio::Dss),
        Self::Audio(Audio::Ds2),
        Self::Audio(Audio::Amr),
        Self::Scan(Scan::Tiff),
        Self::Scan(Scan::Png),
        Self::Scan(Scan::Jpeg),
    ];

    /// The accepted kind with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ACCEPTED.iter().copied().find(|kind| kind.code() == code)
    }

    /// Is it a recording.
    #[must_use]
    pub const fn is_audio(self) -> bool {
        matches!(self, Self::Audio(_))
    }
}

impl Sniffed {
    /// The kind, if the file may be taken.
    ///
    /// # Errors
    /// [`NotAccepted`] for empty, unknown and refused files and for names that contradict their content.
    pub fn accept(self) -> Result<Kind, NotAccepted> {
        match (self.kind, self.mismatch) {
            (Kind::Empty, _) => Err(NotAccepted::Empty),
            (Kind::Refused(refused), _) => Err(NotAccepted::Refused(refused)),
            (_, Some(mismatch)) => Err(mismatch.into()),
            (Kind::Unknown, None) => Err(NotAccepted::Unknown),
            (kind, None) => Ok(kind),
        }
    }
}

/// Recognises a file by its first bytes (give [`HEAD_BYTES`] or the whole file) and checks the name against it.
///
/// Runs in time linear in `head`; looks at no more than [`HEAD_BYTES`] of it. A head of exactly
/// [`HEAD_BYTES`] or more is taken as the beginning of something longer.
pub fn sniff(head: &[u8], declared_name: &str) -> Sniffed {
    let is_cut = head.len() >= HEAD_BYTES;
    let head = &head[..head.len().min(HEAD_BYTES)];
    let extension = name::extension(declared_name);
    let kind = content::kind(head, is_cut, extension.as_deref());
    let Some(extension) = extension else { return Sniffed { kind, mismatch: None } };
    if let Some(refused) = name::refused(&extension) {
        // A harmless content under a name that a desktop would run is not harmless.
        let kind = if matches!(kind, Kind::Empty | Kind::Refused(_)) { kind } else { Kind::Refused(refused) };
        return Sniffed { kind, mismatch: None };
    }
    let mismatch = name::promise(&extension)
        .filter(|promise| !matches!(kind, Kind::Empty | Kind::Refused(_)) && !(promise.fits)(kind))
        .map(|promise| Mismatch { extension: promise.extension, content: kind });
    Sniffed { kind, mismatch }
}

/// What the first bytes are by a signature alone, without the look at all of them that tells what a text is: none where
/// [`sniff`] would have to take that.
pub(crate) fn signed(head: &[u8]) -> Option<Kind> {
    content::signed(&head[..head.len().min(HEAD_BYTES)], None)
}

mod content;
mod name;

#[cfg(test)]
fn content_signatures() -> Vec<Vec<u8>> {
    content::beginnings()
}

#[cfg(test)]
mod tests;
