//! How much work and memory one file may cost.

/// Bounds for reading one file. Every reader takes them, so that a caller can be stricter in one place.
///
/// Memory beside the input, with the defaults: text and RTF 10 MiB, DOCX 200 MiB, tables 400 MiB. A PDF made for the
/// purpose can reach 0.5 to 1 GiB and some seconds (an honest one needs a few times its size), because its objects
/// are parsed before anything is known of them: read hostile uploads one or two at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest file that is read at all, in bytes. Larger ones are stored, but their text is not extracted.
    pub input_bytes_max: usize,
    /// Largest text that comes out, in bytes of UTF-8. Beyond it the text ends and `truncated` is set.
    pub text_bytes_max: usize,
    /// Sum of everything inflated out of one file (DOCX parts, PDF streams), in bytes.
    pub inflated_bytes_max: usize,
    /// How many times larger than its packed form one packed part may be, once it is over 1 MiB inflated.
    pub inflate_ratio_max: usize,
    /// Entries in a ZIP container.
    pub container_entries_max: usize,
    /// Nesting of RTF groups, XML elements and PDF forms. Deeper ones are an error.
    pub depth_max: usize,
    /// Pages of a PDF that are read. Beyond it the text ends and `truncated` is set.
    pub pages_max: usize,
    /// Operators (PDF), so that a form drawn from within a form cannot multiply the work without end.
    pub operators_max: usize,
    /// Objects that a PDF may seem to have (arrays and dictionaries count six); each costs about 120 bytes of memory.
    pub pdf_tokens_max: usize,
    /// Data rows of an import table. More are an error: half an import is worse than none.
    pub table_rows_max: usize,
    /// Columns of an import table.
    pub table_columns_max: usize,
    /// Cells of an import table altogether; each costs about 40 bytes of memory beside its text.
    pub table_cells_max: usize,
    /// One cell of an import table, in bytes.
    pub table_cell_bytes_max: usize,
    /// Segments of an HL7 version 2 file; each costs 24 bytes of memory.
    pub hl7_segments_max: usize,
}

impl Default for Limits {
    /// 32 MiB in, 4 MiB of text out; the rest is ten times what the largest honest transcripts need.
    fn default() -> Self {
        Self {
            input_bytes_max: 32 << 20,
            text_bytes_max: 4 << 20,
            inflated_bytes_max: 64 << 20,
            inflate_ratio_max: 200,
            container_entries_max: 4_096,
            depth_max: 200,
            pages_max: 2_000,
            operators_max: 4_000_000,
            pdf_tokens_max: 4_000_000,
            table_rows_max: 500_000,
            table_columns_max: 256,
            table_cells_max: 6_000_000,
            table_cell_bytes_max: 16 << 10,
            hl7_segments_max: 2_000_000,
        }
    }
}
