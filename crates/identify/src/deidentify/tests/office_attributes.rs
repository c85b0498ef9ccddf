//! What Office files hold outside of their words: attributes of changes and comments, variables, controls, filters, caches, properties.
//! All of it is made up.

use super::{Method, day, keyed, ran};
use crate::read::{Portion, ReadLimits, read};
use crate::{Deidentifier, DeidentifyError};

pub(super) fn zip_of(files: &[(&str, &str)]) -> Vec<u8> {
    use std::io::Write as _;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// All members of an archive, unpacked, one behind the other.
pub(super) fn inside(bytes: &[u8]) -> String {
    use std::io::Read as _;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut all = String::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).unwrap();
        all.push_str(&format!("\n== {}\n", member.name().unwrap()));
        member.read_to_string(&mut all).unwrap();
    }
    all
}

const TYPES: (&str, &str) = ("[Content_Types].xml", "<Types/>");

fn word(document: &str, settings: &str) -> Vec<u8> {
    let document = format!("<?xml version=\"1.0\"?><w:document><w:body>{document}</w:body></w:document>");
    let settings = format!("<w:settings>{settings}</w:settings>");
    zip_of(&[TYPES, ("word/document.xml", &document), ("word/settings.xml", &settings)])
}

fn book(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut all = vec![TYPES];
    all.extend(parts);
    zip_of(&all)
}

fn gone(bytes: &[u8], name: &str, words: &[&str]) -> String {
    let out = inside(&ran(Method::SafeHarbor, bytes, name).bytes);
    for word in words {
        assert!(!out.contains(word), "{word} in {out}");
    }
    out
}

#[test]
fn moments_of_changes_and_comments_keep_their_year_and_stay_moments() {
    let file = word(
        r#"<w:p><w:ins w:id="1" w:author="Vern Quxley" w:date="2018-03-04T10:15:00Z" w16du:dateUtc="2018-03-04T17:15:00Z"><w:r><w:t>well</w:t></w:r></w:ins><w:sdt><w:sdtPr><w:date w:fullDate="2017-06-05T00:00:00Z"><w:dateFormat w:val="M/d/yyyy"/></w:date></w:sdtPr></w:sdt></w:p>"#,
        "",
    );
    let out = gone(&file, "a.docx", &["Quxley", "2018-03-04", "2017-06-05"]);
    assert!(out.contains(r#"w:date="2018-01-01T00:00:00Z" w16du:dateUtc="2018-01-01T00:00:00Z""#), "{out}");
    assert!(out.contains(r#"w:fullDate="2017-01-01T00:00:00Z""#) && out.contains(r#"w:val="M/d/yyyy""#), "{out}");
    let moved = inside(&ran(Method::Pseudonym, &file, "a.docx").bytes);
    assert!(!moved.contains("2018-03-04") && moved.contains("T10:15:00Z\""), "{moved}");
    let kept = inside(&ran(Method::Limited, &file, "a.docx").bytes);
    assert!(kept.contains("2018-03-04T10:15:00Z"), "{kept}");
}

#[test]
fn a_moment_before_all_years_of_people_stays_a_moment() {
    let file = word(r#"<w:p><w:ins w:date="0001-01-01T00:00:00Z"><w:r><w:t>well</w:t></w:r></w:ins></w:p>"#, "");
    let out = gone(&file, "a.docx", &[]);
    assert!(out.contains("-01-01T00:00:00Z\""), "{out}");
}

#[test]
fn variables_controls_and_marks_of_a_document_lose_who_is_in_them() {
    let file = word(
        r#"<w:p><w:bookmarkStart w:id="0" w:name="Quxley_Vern"/><w:sdt><w:sdtPr><w:alias w:val="Chart of Vern Quxley"/><w:tag w:val="MRN 7781244"/><w:dropDownList w:lastValue="Tilda Obrand"><w:listItem w:displayText="Dr. Tilda Obrand" w:value="tilda.obrand@clinic.example"/></w:dropDownList></w:sdtPr><w:sdtContent><w:r><w:t>Vern Quxley</w:t></w:r></w:sdtContent></w:sdt><w:r><w:fldChar><w:ffData><w:name w:val="Text1"/><w:textInput><w:default w:val="Vern Quxley"/></w:textInput></w:ffData></w:fldChar></w:r><w:hyperlink w:anchor="Quxley_Vern" w:tooltip="Call Vern Quxley at 480-555-0101"><w:r><w:t>here</w:t></w:r></w:hyperlink></w:p>"#,
        r#"<w:zoom w:percent="100"/><w:docVars><w:docVar w:name="PatientName" w:val="Vern Quxley"/><w:docVar w:name="MRN" w:val="7781244"/><w:docVar w:name="DOB" w:val="03/04/1961"/><w:docVar w:name="Phone" w:val="480-555-0101"/></w:docVars><w:rsids><w:rsid w:val="00A77B3E"/></w:rsids><w:themeFontLang w:val="en-US"/>"#,
    );
    let out = gone(&file, "a.docx", &["Quxley", "Vern", "Obrand", "obrand", "7781244", "555-0101", "03/04/1961"]);
    for kept in [
        r#"w:name="PatientName""#,
        r#"w:name="MRN""#,
        r#"<w:rsid w:val="00A77B3E"/>"#,
        r#"<w:themeFontLang w:val="en-US"/>"#,
        r#"<w:name w:val="Text1"/>"#,
    ] {
        assert!(out.contains(kept), "{kept} in {out}");
    }
}

#[test]
fn names_of_sheets_stay_unless_they_name_somebody() {
    let book = book(&[
        (
            "xl/workbook.xml",
            r#"<workbook><fileSharing userName="Vern Quxley"/><x15ac:absPath url="C:\Users\vern.quxley@clinic.example\Chart 7781244\"/><sheets><sheet name="Sheet1" sheetId="1"/><sheet name="Sheet2" sheetId="2"/><sheet name="Data" sheetId="3"/><sheet name="2024 Q1" sheetId="5"/><sheet name="Vern Quxley" sheetId="4"/></sheets><definedNames><definedName name="_xlnm.Print_Area" localSheetId="0">Sheet1!$A$1:$D$9</definedName><definedName name="Quxley_Vern">'Vern Quxley'!$A$1</definedName></definedNames></workbook>"#,
        ),
        ("xl/worksheets/sheet1.xml", "<worksheet><sheetData/></worksheet>"),
        (
            "docProps/app.xml",
            "<Properties><TitlesOfParts><vt:vector size=\"3\" baseType=\"lpstr\"><vt:lpstr>Sheet1</vt:lpstr><vt:lpstr>Data</vt:lpstr><vt:lpstr>Vern Quxley</vt:lpstr></vt:vector></TitlesOfParts><Company>Quxley Clinic</Company><Manager>Tilda Obrand</Manager><HyperlinkBase>https://portal.clinic.example/vern.quxley</HyperlinkBase></Properties>",
        ),
    ]);
    let out = gone(&book, "a.xlsx", &["Quxley", "quxley", "7781244", "Obrand"]);
    // A name of a sheet cannot hold brackets, and a formula calls the sheet as the book does.
    let called = out.split("<sheet name=\"ID_").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("nothing");
    assert!(out.contains(&format!("'ID_{called}'!$A$1")) && called.len() <= 28, "{out}");
    assert!(out.contains(&format!("<vt:lpstr>ID_{called}</vt:lpstr>")), "{out}");
    for kept in [
        "name=\"Sheet1\"",
        "name=\"Sheet2\"",
        "name=\"Data\"",
        "name=\"2024 Q1\"",
        "name=\"_xlnm.Print_Area\"",
        ">Sheet1!$A$1:$D$9<",
        "<vt:lpstr>Sheet1</vt:lpstr><vt:lpstr>Data</vt:lpstr>",
    ] {
        assert!(out.contains(kept), "{kept} in {out}");
    }
}

#[test]
fn filters_tables_and_connections_of_a_workbook_lose_who_is_in_them() {
    let words = |place: &str, text: &str| format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let sheet = format!(
        r#"<worksheet><sheetPr codeName="Sheet1"/><sheetData><row r="1">{}{}{}</row><row r="2">{}{}{}</row></sheetData><autoFilter ref="A1:C2"><filterColumn colId="0"><filters><filter val="Quxley"/></filters></filterColumn><filterColumn colId="1"><customFilters><customFilter operator="equal" val="77812"/></customFilters></filterColumn><filterColumn colId="2"><filters><dateGroupItem year="2018" month="3" day="4" dateTimeGrouping="day"/><dateGroupItem year="2018" month="3" dateTimeGrouping="month"/><dateGroupItem year="2018" dateTimeGrouping="year"/></filters></filterColumn></autoFilter><dataValidations><dataValidation promptTitle="Ask" prompt="Ask Vern Quxley, 480-555-0101"/></dataValidations></worksheet>"#,
        words("A1", "Last Name"),
        words("B1", "MRN"),
        words("C1", "Seen"),
        words("A2", "Quxley"),
        words("B2", "77812"),
        words("C2", "03/04/2018"),
    );
    let book = book(&[
        ("xl/workbook.xml", "<workbook><sheets/></workbook>"),
        ("xl/worksheets/sheet1.xml", &sheet),
        (
            "xl/tables/table1.xml",
            r#"<table id="1" name="Table1" displayName="Table1" ref="A1:B2"><autoFilter ref="A1:B2"><filterColumn colId="0"><filters><filter val="Obrand"/></filters></filterColumn></autoFilter><tableColumns count="2"><tableColumn id="1" name="Last Name"/><tableColumn id="2" name="MRN"/></tableColumns></table>"#,
        ),
        (
            "xl/connections.xml",
            r#"<connections><connection id="1" name="Chart of Vern Quxley" odcFile="C:\Users\Vern Quxley\a.odc"><dbPr connection="Provider=X;Data Source=h;User ID=vern.quxley@clinic.example" command="SELECT * FROM labs WHERE ssn = '512-44-9981'"/></connection></connections>"#,
        ),
        (
            "xl/externalLinks/externalLink1.xml",
            r#"<externalLink><externalBook><sheetNames><sheetName val="Vern Quxley"/></sheetNames></externalBook></externalLink>"#,
        ),
    ]);
    let out = gone(&book, "a.xlsx", &["Quxley", "quxley", "77812", "512-44", "Obrand", "0101", "03/04"]);
    for kept in [
        "name=\"Table1\" displayName=\"Table1\"",
        "name=\"Last Name\"",
        "name=\"MRN\"",
        "codeName=\"Sheet1\"",
        "year=\"2018\" month=\"1\" day=\"1\" dateTimeGrouping=\"day\"",
        "year=\"2018\" month=\"1\" dateTimeGrouping=\"month\"",
        "year=\"2018\" dateTimeGrouping=\"year\"",
    ] {
        assert!(out.contains(kept), "{kept} in {out}");
    }
}

#[test]
fn what_pivot_tables_and_threads_of_comments_keep_is_read() {
    let book = book(&[
        ("xl/workbook.xml", "<workbook><sheets/></workbook>"),
        (
            "xl/pivotCache/pivotCacheDefinition1.xml",
            r#"<pivotCacheDefinition refreshedBy="Vern Quxley" refreshedDate="43163.5"><cacheSource type="worksheet"><worksheetSource ref="A1:C3" sheet="Data"/></cacheSource><cacheFields count="3"><cacheField name="Last Name"><sharedItems count="2"><s v="Quxley"/><s v="Obrand"/></sharedItems></cacheField><cacheField name="Seen"><sharedItems containsDate="1" minDate="2018-03-04T00:00:00" maxDate="2018-03-09T00:00:00" count="1"><d v="2018-03-04T00:00:00"/></sharedItems></cacheField><cacheField name="MRN"><sharedItems/></cacheField></cacheFields></pivotCacheDefinition>"#,
        ),
        (
            "xl/pivotCache/pivotCacheRecords1.xml",
            r#"<pivotCacheRecords count="1"><r><x v="0"/><d v="2018-03-04T00:00:00"/><s v="MR-77812"/></r></pivotCacheRecords>"#,
        ),
        (
            "xl/threadedComments/threadedComment1.xml",
            r#"<ThreadedComments><threadedComment ref="A1" dT="2018-03-04T10:15:00.00" personId="{1}" id="{2}"><text>Call Vern Quxley</text></threadedComment></ThreadedComments>"#,
        ),
        (
            "xl/persons/person.xml",
            r#"<personList><person displayName="Vern Quxley" id="{1}" userId="S::vern.quxley@clinic.example::77" providerId="AD"/></personList>"#,
        ),
    ]);
    let out = gone(&book, "a.xlsx", &["Quxley", "quxley", "Obrand", "2018-03", "77812", "43163"]);
    for kept in [
        "<d v=\"2018-01-01T00:00:00Z\"/>",
        "dT=\"2018-01-01T00:00:00Z\"",
        "<x v=\"0\"/>",
        "sheet=\"Data\"",
        "refreshedDate=\"43101\"",
        "providerId=\"AD\"",
    ] {
        assert!(out.contains(kept), "{kept} in {out}");
    }
}

#[test]
fn a_number_of_a_pivot_cache_that_is_somebodys_refuses_the_file() {
    let book = book(&[
        ("xl/workbook.xml", "<workbook><sheets/></workbook>"),
        (
            "xl/pivotCache/pivotCacheDefinition1.xml",
            r#"<pivotCacheDefinition><cacheFields count="1"><cacheField name="MRN"><sharedItems containsNumber="1" minValue="7781244" maxValue="7781299"/></cacheField></cacheFields></pivotCacheDefinition>"#,
        ),
        (
            "xl/pivotCache/pivotCacheRecords1.xml",
            r#"<pivotCacheRecords count="1"><r><n v="7781244"/></r></pivotCacheRecords>"#,
        ),
    ]);
    let refused = Deidentifier::new(Method::SafeHarbor, day()).file(&book, "a.xlsx", &mut keyed());
    assert!(matches!(refused, Err(DeidentifyError::Edit(_))), "{refused:?}");
}

#[test]
fn properties_of_an_office_file_lose_who_is_in_them_and_their_days() {
    let book = book(&[
        ("word/document.xml", "<w:document/>"),
        (
            "docProps/core.xml",
            "<cp:coreProperties><dc:creator>Vern Quxley</dc:creator><cp:lastModifiedBy>Tilda Obrand</cp:lastModifiedBy><dc:identifier>MR-7781244</dc:identifier><cp:keywords>Vern Quxley; MRN 7781244</cp:keywords><dc:subject>Visit of Vern Quxley</dc:subject><cp:lastPrinted>2018-03-04T10:15:00Z</cp:lastPrinted><dcterms:created xsi:type=\"dcterms:W3CDTF\">2018-03-04T10:15:00Z</dcterms:created><dcterms:modified>1601-01-01T00:00:00Z</dcterms:modified></cp:coreProperties>",
        ),
        (
            "docProps/custom.xml",
            "<Properties><property fmtid=\"{D}\" pid=\"2\" name=\"PatientName\"><vt:lpwstr>Quxley</vt:lpwstr></property><property pid=\"3\" name=\"MRN\"><vt:i4>7781244</vt:i4></property><property pid=\"4\" name=\"Seen\"><vt:filetime>2018-03-04T10:15:00Z</vt:filetime></property></Properties>",
        ),
    ]);
    let refused = Deidentifier::new(Method::SafeHarbor, day()).file(&book, "a.docx", &mut keyed());
    assert!(matches!(refused, Err(DeidentifyError::Edit(_))), "a number must stay one: {refused:?}");
    let words = inside(&book).replace("<vt:i4>7781244</vt:i4>", "<vt:lpwstr>7781244</vt:lpwstr>");
    let parts: Vec<(&str, &str)> = words.split("\n== ").skip(1).filter_map(|part| part.split_once('\n')).collect();
    let out = gone(&zip_of(&parts), "a.docx", &["Quxley", "Obrand", "7781244", "2018-03"]);
    for kept in [
        "<cp:lastPrinted>2018-01-01T00:00:00Z<",
        "<vt:filetime>2018-01-01T00:00:00Z<",
        "name=\"PatientName\"",
        "name=\"MRN\"",
        "-01-01T00:00:00Z</dcterms:modified>",
    ] {
        assert!(out.contains(kept), "{kept} in {out}");
    }
}

#[test]
fn what_programs_call_shapes_and_marks_stays() {
    let file = word(
        r#"<w:p><w:bookmarkStart w:id="0" w:name="_GoBack"/><w:bookmarkStart w:id="1" w:name="_Toc77812441"/><w:sdt><w:sdtPr><w:alias w:val="Title"/><w:tag w:val="title"/></w:sdtPr></w:sdt><w:r><w:drawing><wp:docPr id="1" name="Picture 1"/><wp:docPr id="2" name="Text Box 17"/><wp:docPr id="3" name="Rectangle 3"/><pic:cNvPr id="0" name="Vern Quxley chart.png"/></w:drawing></w:r><w:hyperlink w:anchor="_Toc77812441"/></w:p>"#,
        "",
    );
    let out = gone(&file, "a.docx", &["Quxley"]);
    for kept in
        ["_GoBack", "_Toc77812441", "name=\"Picture 1\"", "\"Text Box 17\"", "\"Rectangle 3\"", "w:val=\"Title\""]
    {
        assert!(out.contains(kept), "{kept} in {out}");
    }
}

#[test]
fn every_attribute_has_its_place_in_the_file() {
    let file = word(
        r#"<w:p><w:ins w:author='Vern Quxley' w:date='2018-03-04T10:15:00Z'/></w:p>"#,
        r#"<w:docVars><w:docVar w:val="a &amp; b" w:name="x"/></w:docVars>"#,
    );
    read(&file, "a.docx", &ReadLimits::default(), &mut |portion| {
        if let Portion::Text(part) = portion {
            for (at, _) in part.text.char_indices() {
                assert!(part.map.source(at..at).start <= part.map.source(0..part.text.len()).end);
            }
        }
    })
    .unwrap();
}
