//! Which attributes of Office parts hold what people wrote, or what says who they are (ECMA-376, part 1, and Microsoft's extensions
//! to it, MS-DOCX, MS-XLSX, MS-PPTX).
//!
//! Most attributes are measures, colours, fonts and numbers of other parts; to look for names in them would change how a file looks.
//! So those that hold words are listed, and every moment, whatever it is called.
//!
//! What must always hold: the names of elements and attributes are the standard's; a list holds names and no values of anybody's.
//!
//! What it refuses to know: how they are written back.

use super::super::{Meaning, What, Who, day_number};

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// This, or words if nothing is known of them.
    Words(Meaning),
    /// What other parts know it by, or a program's own name for it.
    Code,
    /// A moment.
    Moment,
    /// A day that is written as a number.
    DayNumber,
    /// A number of a cache, which has to stay a number.
    Number,
    /// What names the value beside or within it.
    Label,
    /// What the document calls one of its own things, such as a sheet or a mark.
    Identifier,
}

/// Attributes with words of somebody's, of whatever element.
const OF_ANY: &[&str] = &[
    "descr",
    "title",
    "display",
    "displayName",
    "tooltip",
    "alt",
    "userId",
    "caption",
    "comment",
    "description",
    "prompt",
    "promptTitle",
    "error",
    "errorTitle",
    "help",
    "statusBar",
    "url",
    "href",
    "sourceFile",
    "odcFile",
    "docLocation",
    "location",
    "displayText",
    "lastValue",
    "xpath",
    "instr",
    "string",
    "serverCommand",
    "localConnection",
    "post",
    "ddeService",
    "ddeTopic",
    "refersTo",
    "totalsRowLabel",
    "uniqueName",
    "sourceName",
    "formula",
    "stringValue1",
    "stringValue2",
    "securityDescriptor",
];

/// Attributes with words, each with its element.
const OF_ELEMENT: &[(&str, &str)] = &[
    // Words: variables, controls, fields of forms, letters to many.
    ("docVar", "val"),
    ("tag", "val"),
    ("alias", "val"),
    ("listItem", "value"),
    ("listEntry", "val"),
    ("default", "val"),
    ("helpText", "val"),
    ("statusText", "val"),
    ("result", "val"),
    ("name", "val"),
    ("attr", "val"),
    ("query", "val"),
    ("connectString", "val"),
    ("addressFieldName", "val"),
    ("mailSubject", "val"),
    ("mappedName", "val"),
    ("udl", "val"),
    ("table", "val"),
    ("src", "val"),
    ("sourceFileName", "val"),
    ("permStart", "ed"),
    // Sheets: filters, tables, connections, caches, scenarios.
    ("filter", "val"),
    ("customFilter", "val"),
    ("customWorkbookView", "name"),
    ("protectedRange", "name"),
    ("scenario", "name"),
    ("inputCells", "val"),
    ("tableColumn", "name"),
    ("queryTableField", "name"),
    ("connection", "name"),
    ("parameter", "name"),
    ("dbPr", "connection"),
    ("dbPr", "command"),
    ("ddeItem", "name"),
    ("oleItem", "name"),
    ("cacheField", "name"),
    ("s", "v"),
    ("s", "c"),
    ("item", "n"),
    ("pivotTableDefinition", "name"),
    ("pivotField", "name"),
    ("dataField", "name"),
    ("filter", "name"),
    ("slicer", "name"),
    ("slicerCacheDefinition", "name"),
    ("timeline", "name"),
    ("control", "name"),
    // Slides.
    ("section", "name"),
    ("custShow", "name"),
    ("cSld", "name"),
    ("tag", "name"),
    ("docPr", "name"),
    ("cNvPr", "name"),
];

/// Attributes that name a person.
const PEOPLE: &[&str] = &["author", "initials", "lastModifiedBy", "userName", "refreshedBy", "user"];

/// What an attribute of an element holds; nothing where it only says how something looks, or what it belongs to.
pub(super) fn said(element: &str, attribute: &str, value: &str) -> Option<Said> {
    let words = Some(Said::Words(Meaning::UNKNOWN));
    match (element, attribute) {
        _ if day_number::is_moment(value) => Some(Said::Moment),
        ("pivotCacheDefinition", "refreshedDate") => Some(Said::DayNumber),
        ("n", "v") | ("sharedItems", "minValue" | "maxValue") => Some(Said::Number),
        ("docVar" | "property", "name") => Some(Said::Label),
        ("cmAuthor" | "userInfo", "name") | ("person", "displayName") => {
            Some(Said::Words(Meaning::of(What::FullName, Who::Unknown)))
        }
        _ if PEOPLE.contains(&attribute) => Some(Said::Words(Meaning::of(What::FullName, Who::Unknown))),
        ("Relationship", "Target") => words,
        _ if is_names(element, attribute) && is_given_by_program(value) => Some(Said::Code),
        ("sheet" | "definedName" | "bookmarkStart" | "table" | "queryTable", "name")
        | ("table", "displayName")
        | ("hyperlink", "anchor")
        | ("sheetName", "val")
        | ("worksheetSource", "name" | "sheet")
        | (_, "codeName") => Some(Said::Identifier),
        _ if OF_ANY.contains(&attribute) || OF_ELEMENT.contains(&(element, attribute)) => words,
        // Whatever else is called somehow is so by a program.
        (_, "name" | "providerId") => Some(Said::Code),
        _ => None,
    }
}

/// Is it the name of a thing, which programs give where people do not.
fn is_names(element: &str, attribute: &str) -> bool {
    matches!(attribute, "name" | "codeName" | "displayName" | "anchor" | "sheet")
        || matches!(element, "name" | "sheetName") && attribute == "val"
}

/// Is a name one that programs give: what begins with an underscore is reserved, and a word or two with a number behind count things.
/// Letters and digits without a blank are such a name only if the letters name a kind of thing.
pub(super) fn is_given_by_program(name: &str) -> bool {
    if let Some(reserved) = name.strip_prefix("_xlnm.").or_else(|| name.strip_prefix('_')) {
        let letters = reserved.trim_end_matches(|one: char| one.is_ascii_digit() || one == '_');
        return RESERVED.contains(&letters);
    }
    let bare = name.trim_end_matches(|one: char| one.is_ascii_digit() || one == '_');
    let number = &name[bare.len()..];
    number.bytes().filter(u8::is_ascii_digit).count() <= NUMBER_DIGITS_MAX
        && THINGS.contains(&bare.trim_end().to_ascii_lowercase().as_str())
}

/// Numbers of things are small.
const NUMBER_DIGITS_MAX: usize = 5;

/// Names that Word and Excel keep for themselves, without the number behind.
const RESERVED: &[&str] = &[
    "GoBack",
    "Toc",
    "Ref",
    "Hlk",
    "Hlt",
    "PictureBullets",
    "MailAutoSig",
    "Print_Area",
    "Print_Titles",
    "FilterDatabase",
    "Criteria",
    "Extract",
    "Database",
    "Consolidate_Area",
    "Sheet_Title",
];

/// What programs call things that nobody has named.
const THINGS: &[&str] = &[
    "sheet",
    "tabelle",
    "hoja",
    "feuil",
    "chart",
    "table",
    "pivottable",
    "querytable",
    "slicer",
    "column",
    "field",
    "thisworkbook",
    "text",
    "check",
    "dropdown",
    "picture",
    "image",
    "graphic",
    "shape",
    "group",
    "text box",
    "textbox",
    "rectangle",
    "rounded rectangle",
    "oval",
    "line",
    "straight connector",
    "straight arrow connector",
    "connector",
    "arrow",
    "diagram",
    "content placeholder",
    "title",
    "subtitle",
    "text placeholder",
    "picture placeholder",
    "slide number placeholder",
    "date placeholder",
    "footer placeholder",
    "header placeholder",
    "notes placeholder",
    "slide image placeholder",
    "comment",
    "drop down",
    "button",
    "check box",
    "option button",
    "list box",
    "object",
    "ink",
    "connection",
    "query",
];
