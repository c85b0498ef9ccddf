//! Readers of every format, on what is small enough to be written here.

use super::{EditError, Format, Opaque, Part, Portion, ReadLimits, Summary, What, Who, edit, read};
use proptest::prelude::*;

struct Read {
    parts: Vec<Part>,
    opaque: Vec<Opaque>,
    summary: Summary,
}

fn all_with(bytes: &[u8], name: &str, limits: &ReadLimits) -> Read {
    let (mut parts, mut opaque) = (Vec::new(), Vec::new());
    let mut sink = |portion| match portion {
        Portion::Text(part) => parts.push(part),
        Portion::Opaque { why, .. } => opaque.push(why),
    };
    let summary = read(bytes, name, limits, &mut sink).unwrap();
    Read { parts, opaque, summary }
}

fn all(bytes: &[u8]) -> Read {
    all_with(bytes, "", &ReadLimits::default())
}

impl Read {
    fn text(&self) -> String {
        self.parts.iter().map(|part| part.text.as_str()).collect()
    }

    /// The values that mean this.
    fn values(&self, what: What, who: Who) -> Vec<&str> {
        let fields = self.parts.iter().flat_map(|part| part.fields.iter().map(move |field| (part, field)));
        let fits = fields.filter(|(_, field)| field.meaning.what == what && field.meaning.who == who);
        fits.map(|(part, field)| &part.text[field.range()]).collect()
    }

    /// The source with every stretch of text that is `old` made `new`.
    fn replace(&self, source: &[u8], old: &str, new: &str) -> Vec<u8> {
        let edits: Vec<Vec<_>> = self
            .parts
            .iter()
            .map(|part| part.text.match_indices(old).map(|(at, _)| (at..at + old.len(), new)).collect())
            .collect();
        let jobs: Vec<_> = self.parts.iter().zip(&edits).map(|(part, edits)| (part, edits.as_slice())).collect();
        edit(source, &jobs).unwrap()
    }
}

fn source<'a>(bytes: &'a [u8], part: &Part, what: &str) -> &'a [u8] {
    let at = part.text.find(what).unwrap();
    let range = part.map.source(at..at + what.len());
    &bytes[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()]
}

const HL7: &[u8] = b"MSH|^~\\&|A|B\\T\\C|||20200102||ADT^A08|1|P|2.5\rPID|1||77^^^H^MR~123-45-6789^^^S^SS||O\\T\\Neil^Jane^Q||19700102|F|||1 Elm St^^Tulsa^OK^74101||555-0100^PRN^PH~555-0101^WPN^FX~^NET^Internet^j@x.org|||\"\"\rNK1|1|Lee^Ann|MTH\rNTE|1||Jane said\\.br\\hello & bye\r";

#[test]
fn hl7_values_are_known_by_their_place() {
    let read = all(HL7);
    assert_eq!(read.summary.format, Format::Hl7);
    assert_eq!(read.values(What::FamilyName, Who::Patient), ["O&Neil"]);
    assert_eq!(read.values(What::GivenName, Who::Patient), ["Jane"]);
    assert_eq!(read.values(What::Ssn, Who::Patient), ["123-45-6789"]);
    assert_eq!(read.values(What::RecordNumber, Who::Patient), ["77"]);
    assert_eq!(read.values(What::Phone, Who::Patient), ["555-0100"]);
    assert_eq!(read.values(What::Fax, Who::Patient), ["555-0101"]);
    assert_eq!(read.values(What::Email, Who::Patient), ["j@x.org"]);
    assert_eq!(read.values(What::FamilyName, Who::Relative), ["Lee"]);
    assert_eq!(read.values(What::FreeText, Who::Patient), ["Jane said\nhello & bye"]);
    assert_eq!(source(HL7, &read.parts[0], "O&Neil"), b"O\\T\\Neil");
}

#[test]
fn a_new_value_is_escaped_as_hl7_asks_and_nothing_else_changes() {
    let read = all(HL7);
    let part = &read.parts[0];
    let name = part.fields.iter().find(|field| field.meaning.what == What::FamilyName).unwrap();
    let changed = part.edit(HL7, &[(name.range(), "A^B|\\")]).unwrap();
    let expected = String::from_utf8_lossy(HL7).replace("O\\T\\Neil", "A\\S\\B\\F\\\\E\\");
    assert_eq!(String::from_utf8_lossy(&changed), expected);
    let across = part.text.find("O&Neil^Jane").unwrap();
    assert!(part.edit(HL7, &[(across..across + 11, "x")]).is_err());
    let pieces: Vec<_> = part.stretches(across..across + 11).into_iter().map(|range| &part.text[range]).collect();
    assert_eq!(pieces, ["O&Neil", "Jane"]);
}

#[test]
fn tables_quote_what_needs_it_and_know_their_columns() {
    let table = b"last,first,note\r\nLee,Ann,\"said \"\"hi\"\", left\"\r\nRay,Bo,x\r\nDoe,Cy,y\r\n";
    let read = all_with(table, "a.csv", &ReadLimits::default());
    assert_eq!(read.summary.format, Format::Delimited);
    assert_eq!(&*read.parts[0].columns, ["last", "first", "note"]);
    assert_eq!(read.values(What::FreeText, Who::Unknown), ["said \"hi\", left", "x", "y"]);
    let ray = read.parts[0].fields.iter().find(|field| &read.parts[0].text[field.range()] == "Ray").unwrap();
    assert_eq!((ray.record, ray.column), (2, 0));
    assert_eq!(read.values(What::Code, Who::Unknown), ["last", "first", "note"]);
    let changed = read.replace(table, "Ray", "R, \"a\"");
    assert_eq!(String::from_utf8(changed).unwrap(), String::from_utf8_lossy(table).replace("Ray", "\"R, \"\"a\"\"\""));
    let changed = read.replace(table, "hi", "h\"o");
    assert_eq!(String::from_utf8(changed).unwrap(), String::from_utf8_lossy(table).replace("\"\"hi", "\"\"h\"\"o"));
}

const FHIR: &str = r#"{"name":[{"use":"official","family":"O\u0027N\u00e9il","given":["Jane"]}],"resourceType":"Patient","id":"p1",
"identifier":[{"type":{"coding":[{"system":"s","code":"MR"}]},"value":"77"},{"value":"1","system":"http://hl7.org/fhir/sid/us-ssn"}],
"telecom":[{"value":"555-0100","system":"phone"},{"system":"email","value":"j@x.org"}],"birthDate":"1970-01-02",
"text":{"status":"generated","div":"<div>Jane <b title=\"x\">O&#39;Néil<\/b> is well<\/div>"},
"contact":[{"name":{"family":"Lee"}}],"multipleBirthInteger":12,"active":true}"#;

#[test]
fn a_resource_says_whose_values_it_holds_wherever_its_type_stands() {
    let read = all(FHIR.as_bytes());
    assert_eq!(read.values(What::FamilyName, Who::Patient), ["O'Néil"]);
    assert_eq!(read.values(What::RecordNumber, Who::Patient), ["77"]);
    assert_eq!(read.values(What::Ssn, Who::Patient), ["1"]);
    assert_eq!(read.values(What::Phone, Who::Patient), ["555-0100"]);
    assert_eq!(read.values(What::Email, Who::Patient), ["j@x.org"]);
    assert_eq!(read.values(What::FamilyName, Who::Relative), ["Lee"]);
    assert_eq!(read.values(What::BirthDate, Who::Patient), ["1970-01-02"]);
    assert!(read.text().contains("O'Néil is well"), "{}", read.text());
    assert_eq!(source(FHIR.as_bytes(), &read.parts[0], "O'Néil"), br"O\u0027N\u00e9il");
    assert_eq!(read.summary.records, 1);
}

#[test]
fn new_values_are_escaped_for_json_and_for_markup_within_it() {
    let read = all(FHIR.as_bytes());
    let changed = String::from_utf8(read.replace(FHIR.as_bytes(), "O'Néil", "\"<\\")).unwrap();
    assert!(changed.contains(r#""family":"\"<\\""#), "{changed}");
    assert!(changed.contains(r"&quot;&lt;\\<\/b>"), "{changed}");
    assert!(all(changed.as_bytes()).text().contains("\"<\\ is well"));
    let changed = String::from_utf8(read.replace(FHIR.as_bytes(), "12", "many")).unwrap();
    assert!(changed.contains(r#""multipleBirthInteger":"many","active""#), "{changed}");
}

#[test]
fn a_damaged_line_is_said_and_read_as_it_stands() {
    let read = all(b"{\"a\":1}\n{\"a\":John}x\n{\"a\":[}\n{\"a\":\"Smith\"}\n");
    assert_eq!(read.summary.format, Format::NdJson);
    assert!(read.opaque.iter().all(|why| matches!(why, Opaque::Damaged(_))) && !read.opaque.is_empty());
    assert!(read.text().contains("John") && read.text().contains("Smith"));
    let cut = all(b"{\"name\":\"John Smi");
    assert!(matches!(cut.opaque[..], [Opaque::Damaged(_)]));
    assert!(cut.text().contains("John Smi"));
}

const CDA: &str = "<?xml version=\"1.0\"?><ClinicalDocument xmlns=\"urn:hl7-org:v3\"><recordTarget><patientRole>\
<id root=\"2.16.840.1.113883.4.1\" extension=\"123\"/><id root=\"1.2.3\" extension=\"M7\"/><telecom value=\"tel:555-0100\"/>\
<patient><name><given>Jane</given><given>Q</given><family>O&apos;Neil</family></name><birthTime value=\"19700102\"/>\
<guardian><guardianPerson><name><family>Lee</family></name></guardianPerson></guardian></patient></patientRole></recordTarget>\
<component><section><text><table><tr><td>Jane</td><td>M<b>r</b>s</td></tr></table></text></section></component></ClinicalDocument>";

#[test]
fn a_clinical_document_says_whose_values_it_holds() {
    let read = all(CDA.as_bytes());
    assert_eq!(read.summary.format, Format::Cda);
    assert!(read.opaque.is_empty(), "{:?}", read.opaque);
    assert_eq!(read.values(What::FamilyName, Who::Patient), ["O'Neil"]);
    assert_eq!(read.values(What::MiddleName, Who::Patient), ["Q"]);
    assert_eq!(read.values(What::FamilyName, Who::Relative), ["Lee"]);
    assert_eq!(read.values(What::Ssn, Who::Patient), ["123"]);
    assert_eq!(read.values(What::RecordNumber, Who::Patient), ["M7"]);
    assert_eq!(read.values(What::BirthDate, Who::Patient), ["19700102"]);
    assert!(read.text().contains("Jane\tMrs"), "{}", read.text());
    let changed = String::from_utf8(read.replace(CDA.as_bytes(), "Mrs", "<Dr>")).unwrap();
    assert_eq!(changed, CDA.replace("M<b>r</b>s", "&lt;Dr&gt;<b></b>"));
}

#[test]
fn a_document_type_is_refused_and_said_and_none_of_its_entities_resolved() {
    let read = all(b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'John'>]><a>&b; Smith</a>");
    assert_eq!(read.opaque, [Opaque::DocumentType]);
    assert!(read.text().contains("&b; Smith"));
}

#[test]
fn a_web_page_reads_as_it_is_shown_with_what_is_hidden_in_it() {
    let page = b"<!DOCTYPE html><html><body><p class=x>Dear <b>Jo</b>hn&nbsp;Smith,</p><!-- call Ann --><img alt='Bo'></body></html>";
    let read = all(page);
    assert_eq!(read.summary.format, Format::Html);
    let text = read.text();
    assert!(text.contains("Dear John\u{a0}Smith,") && text.contains("call Ann") && text.contains("Bo"), "{text}");
}

#[test]
fn a_mail_is_read_through_its_encodings() {
    let mail = "From: =?utf-8?Q?Zo=C3=AB_Lee?= <z@x.org>\r\nTo: b@x.org\r\nMIME-Version: 1.0\r\nMessage-ID: <1@x>\r\n\
Content-Type: multipart/mixed; boundary=\"b1\"\r\n\r\npreamble\r\n--b1\r\nContent-Type: text/plain\r\n\
Content-Transfer-Encoding: quoted-printable\r\n\r\nJane Smi=\r\nth is =C3=A4lter\r\n--b1\r\nContent-Type: text/plain; name=\"n.txt\"\r\n\
Content-Transfer-Encoding: base64\r\n\r\nTVJOIDc3IGZvciBKYW5lIFNtaXRo\r\n--b1--\r\n";
    let read = all(mail.as_bytes());
    assert_eq!(read.summary.format, Format::Mail);
    let text = read.text();
    assert!(
        text.contains("Zoë Lee") && text.contains("Jane Smith is älter") && text.contains("MRN 77 for Jane"),
        "{text}"
    );
    let quoted = read.parts.iter().find(|part| part.text.contains("älter")).unwrap();
    assert_eq!(source(mail.as_bytes(), quoted, "Smith is ä"), b"Smi=\r\nth is =C3=A4");
    let changed = String::from_utf8(read.replace(mail.as_bytes(), "Jane Smith", "Zoë R")).unwrap();
    let again = all(changed.as_bytes()).text();
    assert_eq!(again, text.replace("Jane Smith", "Zoë R"));
    assert!(
        changed.contains("Zo=C3=AB R=\r\n is =C3=A4lter") || changed.contains("Zo=C3=AB R is =C3=A4lter"),
        "{changed}"
    );
}

#[test]
fn rich_text_reads_whole_words_and_writes_letters_by_number() {
    let rtf =
        br"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\info{\author Ann Ray}}Dear Zo\'eb {\b Le}e, \u8220?hi\u8221?\par Bye}";
    let read = all(rtf);
    let text = read.text();
    assert!(text.contains("Dear Zoë Lee, “hi”\nBye") && text.contains("Ann Ray") && !text.contains("Arial"), "{text}");
    assert_eq!(source(rtf, &read.parts[0], "Zoë"), br"Zo\'eb");
    let changed = read.replace(rtf, "Lee", "Łu}");
    assert!(String::from_utf8_lossy(&changed).contains(r"{\b \u321?u\}},"), "{}", String::from_utf8_lossy(&changed));
    assert!(all(&changed).text().contains("Zoë Łu},"));
}

const SQL: &str = "-- by Ann\nCREATE TABLE `p` (`id` int, `last_name` varchar(9), ssn text);\nINSERT INTO `p` VALUES (1,'O\\'Neil',NULL),\
(2,'D''Or','123-45-6789');\nCOPY q (first_name, note) FROM stdin;\nJane\ta\\tb\nBo\t\\N\n\\.\nSELECT 1;\n";

#[test]
fn a_dump_is_read_by_the_columns_of_its_tables() {
    let read = all(SQL.as_bytes());
    assert_eq!(read.summary.format, Format::Sql);
    assert_eq!(read.values(What::FamilyName, Who::Unknown), ["O'Neil", "D'Or"]);
    assert_eq!(read.values(What::Ssn, Who::Unknown), ["123-45-6789"]);
    assert_eq!(read.values(What::GivenName, Who::Unknown), ["Jane", "Bo"]);
    assert_eq!(read.values(What::FreeText, Who::Unknown), ["a\tb"]);
    let changed = String::from_utf8(read.replace(SQL.as_bytes(), "O'Neil", "a'b\\")).unwrap();
    assert_eq!(changed, SQL.replace("O\\'Neil", "a''b\\\\"));
}

#[test]
fn charsets_are_read_and_written_as_they_are() {
    let wide: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain("last,dob,x\nZoë,1970,a\nLee,1971,b\n".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let read = all(&wide);
    assert_eq!(read.summary.letters, Some("utf-16le"));
    assert_eq!(read.values(What::FamilyName, Who::Unknown), ["Zoë", "Lee"]);
    let changed = read.replace(&wide, "Zoë", "Łu");
    assert_eq!(all(&changed).values(What::FamilyName, Who::Unknown), ["Łu", "Lee"]);
    let narrow = b"Dear Zo\xEB Lee, \x93hi\x94";
    let read = all(narrow);
    assert_eq!(read.text(), "Dear Zoë Lee, “hi”");
    assert_eq!(read.replace(narrow, "Zoë", "Andr\u{e9}"), b"Dear Andr\xE9 Lee, \x93hi\x94");
    let part = &read.parts[0];
    assert!(part.edit(narrow, &[(5..9, "Ł")]).is_err());
    let marked = b"\xEF\xBB\xBFDear Ann";
    assert_eq!(all(marked).replace(marked, "Ann", "Bo"), b"\xEF\xBB\xBFDear Bo");
}

fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn tar_of(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = vec![0_u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    header[156] = b'0';
    header[257..263].copy_from_slice(b"ustar\0");
    let mut out = header;
    out.extend_from_slice(content);
    out.resize(out.len().next_multiple_of(512) + 1_024, 0);
    out
}

#[test]
fn what_is_packed_is_read_and_packed_again() {
    use std::io::Write;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(&tar_of("c.txt", b"Jane in a tar")).unwrap();
    let packed = packer.finish().unwrap();
    let archive = zip_of(&[("a.txt", b"Jane in a zip"), ("b.tgz", &packed), ("d.csv", b"last,first\nRay,Jane\n")]);
    let read = all(&archive);
    assert_eq!(read.text().matches("Jane").count(), 3);
    let names: Vec<_> = read.parts.iter().filter_map(|part| part.name.as_deref()).collect();
    assert_eq!(names, ["a.txt", "b.tgz/b.tgz/c.txt", "d.csv"].map(|name| name.replace("b.tgz/b.tgz", "b.tgz/b")));
    let changed = read.replace(&archive, "Jane", "Somebody, else");
    let again = all(&changed);
    assert_eq!(again.text().matches("Somebody, else").count(), 3);
    assert!(again.opaque.is_empty());
}

#[test]
fn a_word_document_has_its_words_whole_and_those_that_were_deleted() {
    let document = br#"<?xml version="1.0"?><w:document><w:body><w:p><w:r><w:t>Dear Jo</w:t></w:r><w:r><w:t xml:space="preserve">hn </w:t></w:r><w:del w:author="Ann Ray"><w:delText>Smith</w:delText></w:del></w:p><w:p><w:r><w:t>Bye</w:t></w:r></w:p></w:body></w:document>"#;
    let file = zip_of(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("word/document.xml", document),
        ("word/media/i.png", b"\x89PNG\r\n\x1a\n"),
    ]);
    let read = all(&file);
    let text = read.text();
    assert!(
        text.contains("Dear John ") && text.contains("Smith") && text.contains("Ann Ray") && text.contains("\nBye"),
        "{text}"
    );
    assert_eq!(read.opaque, [Opaque::Image]);
    let changed = read.replace(&file, "John", "A&B");
    assert!(all(&changed).text().contains("Dear A&B "));
}

#[test]
fn bombs_and_nests_end_in_a_reason() {
    let zeros = zip_of(&[("a.txt", &vec![b' '; 8 << 20])]);
    assert_eq!(all(&zeros).opaque, [Opaque::TooLarge]);
    let mut nest = zip_of(&[("a.txt", b"x")]);
    for _ in 0..6 {
        nest = zip_of(&[("n.zip", &nest)]);
    }
    assert_eq!(all(&nest).opaque, [Opaque::TooDeep]);
    let few = ReadLimits { packed_entries_max: 1, ..ReadLimits::default() };
    assert_eq!(all_with(&zip_of(&[("a", b"x"), ("b", b"y")]), "", &few).opaque, [Opaque::TooLarge]);
    assert_eq!(all(b"PK\x03\x04 broken").opaque, [Opaque::Damaged(0)]);
    assert_eq!(all(b"\x1F\x8B\x08 broken").opaque, [Opaque::Damaged(0)]);
}

#[test]
fn what_has_no_letters_says_why() {
    assert_eq!(all(b"\x89PNG\r\n\x1a\n\0\0").opaque, [Opaque::Image]);
    assert_eq!(all(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1").opaque, [Opaque::OldOffice]);
    assert_eq!(all(&[1, 2, 3, 4].repeat(50)).opaque, [Opaque::UnknownBinary]);
    let wider: Vec<u8> = "\u{feff}Patient: Vern Quxley".chars().flat_map(|one| u32::from(one).to_le_bytes()).collect();
    assert_eq!(all(&wider).opaque, [Opaque::UnknownBinary], "UTF-32");
    // "PATIENT NAME QUXLEY" as a mainframe writes it.
    let ebcdic = b"\xD7\xC1\xE3\xC9\xC5\xD5\xE3\x40\xD5\xC1\xD4\xC5\x40\xD8\xE4\xE7\xD3\xC5\xE8";
    assert_eq!(all(ebcdic).opaque, [Opaque::UnknownBinary], "EBCDIC");
    let russian = b"\xCF\xE0\xF6\xE8\xE5\xED\xF2 \xC8\xE2\xE0\xED @ \xCC\xEE\xF1\xEA\xE2\xE0";
    assert_eq!(all(russian).opaque, [], "letters of another country are letters");
    assert_eq!(all(b"").summary.format, Format::Empty);
}

#[test]
fn portions_stay_small_whatever_a_line_holds() {
    let limits = ReadLimits { portion_bytes: 8_192, ..ReadLimits::default() };
    let mut wide = "name".repeat(20_000);
    wide.push_str(&",x".repeat(200_000));
    let deep = "[".repeat(100_000);
    let xml = format!("<a>{}", "<b>".repeat(100_000));
    let quoted = format!("a,b\n\"{}", "x\"\"".repeat(100_000));
    let hl7 = format!("MSH|^~\\&|A\rOBX|1|TX|{}", "x\\E\\^".repeat(100_000));
    let json = format!("[{}1]", "{\"a\":\"\\u00e9\"},".repeat(50_000));
    let rtf = format!("{{\\rtf1 {}", "{\\b x".repeat(50_000));
    let sql = format!("INSERT INTO a VALUES ({})", "'x''y',".repeat(50_000));
    for (text, name) in
        [(wide, "a.csv"), (deep, ""), (xml, ""), (quoted, "a.csv"), (hl7, ""), (json, ""), (rtf, ""), (sql, "")]
    {
        let read = all_with(text.as_bytes(), name, &limits);
        assert!(read.parts.iter().all(|part| part.text.len() <= 16_384), "{name}: {:?}", read.summary);
        assert!(read.parts.len() > 1);
    }
}

fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let heads = prop_oneof![
        Just("MSH|^~\\&|"),
        Just("{\"resourceType\":\"Patient\",\"a\":"),
        Just("[{\"a\":\"\\u00"),
        Just("<?xml version='1.0'?><a b='"),
        Just("<html>"),
        Just("{\\rtf1 "),
        Just("INSERT INTO a VALUES ("),
        Just("COPY a (b) FROM stdin;\n"),
        Just("a,b,c\n1,2,3\n"),
        Just("From: a\nTo: b\nMIME-Version: 1.0\nContent-Type: multipart/x; boundary=b\n\n--b\n"),
        Just("%PDF-"),
        Just("PK\u{3}\u{4}"),
        Just(""),
    ];
    let tail = prop_oneof![
        "[a-c\"',;|^~\\\\&<>/=\\[\\]{}:\n\r\t.u0-9()!?-]{0,120}".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..200),
    ];
    (heads, tail).prop_map(|(head, tail)| [head.as_bytes(), &tail].concat())
}

proptest! {
    #[test]
    fn anything_is_read_without_a_panic_and_every_letter_has_its_place(bytes in any_text()) {
        let read = all(&bytes);
        for part in &read.parts {
            let mut last = 0;
            for (at, letter) in part.text.char_indices() {
                let source = part.map.source(at..at + letter.len_utf8());
                prop_assert!(source.start >= last && source.start <= source.end);
                last = source.start;
            }
            if part.is_editable() {
                prop_assert_eq!(part.edit(&bytes, &[]).unwrap(), bytes.clone());
            }
        }
    }

    #[test]
    fn what_is_edited_reads_as_it_was_written(new in "[a-zé \"'<&|^~\\\\,;{}]{1,12}") {
        let new = format!("x{new}x");
        let table = b"last,first\nLee,Ann\nRay,\"Jane\"\nDoe,Cy\n".to_vec();
        for (bytes, old) in [(HL7.to_vec(), "Jane"), (FHIR.as_bytes().to_vec(), "Jane"), (CDA.as_bytes().to_vec(), "Jane"),
            (table, "Jane"), (SQL.as_bytes().to_vec(), "Jane")] {
            let name = if bytes.starts_with(b"last") { "a.csv" } else { "" };
            let read = all_with(&bytes, name, &ReadLimits::default());
            let changed = read.replace(&bytes, old, &new);
            let again = all_with(&changed, name, &ReadLimits::default());
            prop_assert_eq!(again.text(), read.text().replace(old, &new));
        }
    }
}

#[test]
fn shared_strings_of_a_workbook_mean_what_their_columns_do() {
    let strings: String = ["mrn", "last_name", "cvx", "c4", "Quxley", "Obrand", "Lot", "see &amp; wait", "Nobody"]
        .iter()
        .map(|word| format!("<si><t>{word}</t></si>"))
        .collect();
    let strings = format!("<sst>{strings}</sst>");
    let cell = |place: &str, string: usize| format!("<c r=\"{place}\" t=\"s\"><v>{string}</v></c>");
    let number = |place: &str, value: &str| format!("<c r=\"{place}\"><v>{value}</v></c>");
    let sheet = format!(
        "<worksheet><sheetData><row>{}{}{}{}</row><row>{}{}{}{}</row><row>{}{}{}{}</row></sheetData></worksheet>",
        cell("A1", 0),
        cell("B1", 1),
        cell("C1", 2),
        cell("D1", 3),
        number("A2", "77812"),
        cell("B2", 4),
        number("C2", "8"),
        cell("D2", 7),
        number("A3", "77813"),
        cell("B3", 5),
        number("C3", "115"),
        cell("D3", 4),
    );
    let types = b"<Types/>".as_slice();
    let book = zip_of(&[
        ("[Content_Types].xml", types),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ("xl/sharedStrings.xml", strings.as_bytes()),
    ]);
    let read = all(&book);
    assert_eq!(read.values(What::RecordNumber, Who::Unknown), ["77812", "77813"]);
    // A string that stands under two columns means nothing by either.
    assert_eq!(read.values(What::FamilyName, Who::Unknown), ["Obrand"]);
    assert_eq!(read.values(What::Code, Who::Unknown), ["mrn", "last_name", "cvx", "c4"]);
    assert!(read.text().contains("see & wait"));
}

/// A workbook without shared strings, as programs write that are in no hurry to save room: its cells hold their own words, and days
/// are numbers.
pub(crate) fn workbook_of_own_words() -> Vec<u8> {
    let words = |place: &str, text: &str| format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let number = |place: &str, style: u8, value: &str| format!("<c r=\"{place}\" s=\"{style}\"><v>{value}</v></c>");
    let names =
        ["A1", "B1", "C1", "D1", "E1", "F1"].iter().zip(["MRN", "Last Name", "First Name", "DOB", "Seen", "Weight"]);
    let names: String = names.map(|(place, text)| words(place, text)).collect();
    let row = |at: u8, mrn: &str, last: &str, first: &str, days: [&str; 2], weight: &str| {
        format!(
            "<row r=\"{at}\"><c r=\"A{at}\" t=\"n\"><v>{mrn}</v></c>{}{}{}{}{}</row>",
            words(&format!("B{at}"), last),
            words(&format!("C{at}"), first),
            number(&format!("D{at}"), 1, days[0]),
            number(&format!("E{at}"), 2, days[1]),
            number(&format!("F{at}"), 0, weight)
        )
    };
    let sheet = format!(
        "<?xml version=\"1.0\"?><worksheet><sheetData><row r=\"1\">{names}</row>{}{}</sheetData></worksheet>",
        row(2, "77812", "Quxley", "Vern", ["22344", "43163.427"], "44061"),
        row(3, "77813", "Obrand", "Tilda", ["9133", "43164"], "51.5")
    );
    let styles = "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"[$-409]mmm\\ d&quot;,&quot;yyyy\"/>\
        </numFmts><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/></cellXfs></styleSheet>";
    zip_of(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("xl/workbook.xml", b"<workbook><workbookPr/><sheets/></workbook>"),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ("xl/styles.xml", styles.as_bytes()),
        (
            "docProps/core.xml",
            b"<cp:coreProperties><dcterms:created>2017-06-05T10:15:00Z</dcterms:created></cp:coreProperties>",
        ),
    ])
}

#[test]
fn cells_that_hold_their_own_words_mean_what_their_columns_do_and_numbers_are_days() {
    let book = workbook_of_own_words();
    let read = all(&book);
    assert_eq!(read.values(What::RecordNumber, Who::Unknown), ["77812", "77813"]);
    assert_eq!(read.values(What::FamilyName, Who::Unknown), ["Quxley", "Obrand"]);
    assert_eq!(read.values(What::BirthDate, Who::Unknown), ["1961-03-04", "1925-01-01"]);
    // Two days on which they were seen, and the one on which the workbook was made.
    let others = [What::VisitDate, What::OtherDate].map(|what| read.values(what, Who::Unknown).len());
    assert_eq!(others.iter().sum::<usize>(), 3);
    assert!(read.text().contains("2018-03-04") && read.text().contains("44061"), "{}", read.text());
    let sheet = |book: &[u8]| {
        let all = all(book);
        all.text()
    };
    let moved = read.replace(&book, "1961-03-04", "1961-04-01");
    assert!(sheet(&moved).contains("1961-04-01"), "a day is written as a number, which reads as that day");
    // A number that becomes words says so, whether its cell said before that it is a number or not.
    let named = read.replace(&moved, "77812", "[MRN X]");
    let inside = unpacked(&named, "xl/worksheets/sheet1.xml");
    assert!(inside.contains("<c r=\"A2\" t=\"str\"><v>[MRN X]</v></c>"), "{inside}");
    assert!(inside.contains("<c r=\"A3\" t=\"n\"><v>77813</v></c>"), "{inside}");
    let weighed = read.replace(&book, "44061", "some");
    let inside = unpacked(&weighed, "xl/worksheets/sheet1.xml");
    assert!(inside.contains("<c t=\"str\" r=\"F2\" s=\"0\"><v>some</v></c>"), "{inside}");
    assert!(matches!(try_replace(&read, &book, "1961-03-04", "[DATE]"), Err(EditError::NotRepresentable)));
}

fn unpacked(book: &[u8], name: &str) -> String {
    use std::io::Read as _;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(book)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

fn try_replace(read: &Read, source: &[u8], old: &str, new: &str) -> Result<Vec<u8>, EditError> {
    for part in &read.parts {
        if let Some(at) = part.text.find(old) {
            return edit(source, &[(part, &[(at..at + old.len(), new)])]);
        }
    }
    panic!("{old} is not there")
}
