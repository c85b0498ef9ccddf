//! What Rich Text holds beside its words: properties, variables, marks, tables of people and styles, days of changes. All of it is
//! made up.

use super::{Method, name, ran};

fn rtf(inside: &str) -> String {
    let bytes = format!("{{\\rtf1\\ansi{{\\fonttbl{{\\f0 Times New Roman;}}}}{inside}}}");
    String::from_utf8(ran(Method::SafeHarbor, bytes.as_bytes(), "a.rtf").bytes).unwrap()
}

fn gone(inside: &str, words: &[&str]) -> String {
    let out = rtf(inside);
    for word in words {
        assert!(!out.contains(word), "{word} in {out}");
    }
    assert!(out.contains("{\\f0 Times New Roman;}"), "{out}");
    out
}

#[test]
fn what_stands_behind_the_author_stays() {
    let out = gone("{\\info{\\author Vern Quxley}}Dear friend, it went well.\\par Bye}", &["Quxley", "Vern"]);
    assert!(out.contains("}}Dear friend, it went well.\\par Bye}"), "{out}");
    let out = gone(
        "{\\info{\\author Vern Quxley}{\\operator Tilda Obrand}{\\company Quxley Clinic}}Visit",
        &["Quxley", "Obrand"],
    );
    assert!(out.ends_with("}}Visit}"), "{out}");
}

#[test]
fn variables_and_properties_are_read_by_their_names() {
    let out = gone(
        r"{\*\userprops {\propname PatientName}\proptype30{\staticval Quxley}{\propname MRN}\proptype3{\staticval 77812}}{\*\docvar {LastName}{Obrand}}{\*\docvar {SSN}{512449981}}Visit",
        &["Quxley", "Obrand", "77812", "512449981"],
    );
    for kept in
        ["{\\propname PatientName}", "{\\propname MRN}", "{\\*\\docvar {LastName}{", "{\\*\\docvar {SSN}{", "}Visit}"]
    {
        assert!(out.contains(kept), "{kept} in {out}");
    }
}

#[test]
fn days_of_a_document_and_of_its_changes_keep_their_year() {
    // 4 March 2018, 10:15, a Sunday: 15 | 10 << 6 | 4 << 11 | 3 << 16 | 118 << 20.
    let packed = 15 | 10 << 6 | 4 << 11 | 3 << 16 | 118 << 20;
    let first = 1 << 11 | 1 << 16 | 118 << 20;
    let out = gone(
        &format!(
            "{{\\info{{\\creatim\\yr2018\\mo3\\dy4\\hr10\\min15}}{{\\printim\\yr2018\\mo3\\dy9}}}}{{\\revised\\revauth1\\revdttm{packed} well}}{{\\*\\atndate {packed}}}"
        ),
        &["\\mo3", "\\dy4", "\\dy9", &packed.to_string()],
    );
    for kept in [
        "{\\creatim\\yr2018\\mo1\\dy1\\hr10\\min15}".to_owned(),
        "{\\printim\\yr2018\\mo1\\dy1}".to_owned(),
        format!("\\revdttm{first} well"),
        format!("{{\\*\\atndate {first}}}"),
    ] {
        assert!(out.contains(&kept), "{kept} in {out}");
    }
}

#[test]
fn people_styles_and_marks_lose_who_is_in_them() {
    let out = gone(
        r#"{\*\revtbl {Unknown;}{Vern Quxley;}{Tilda Obrand;}}{\stylesheet{\s0 Normal;}{\s1 heading 1;}{\s2 Note of Vern Quxley;}}{\*\xmlnstbl {\xmlns1 http://schemas.microsoft.com/office/word/2003/wordml}}{\*\bkmkstart _GoBack}{\*\bkmkend _GoBack}Seen {\*\bkmkstart Vern_Quxley}today{\*\bkmkend Vern_Quxley} by {\field{\*\fldinst HYPERLINK "mailto:vern.quxley@clinic.example"}{\fldrslt Vern Quxley}}"#,
        &["Quxley", "quxley", "Obrand"],
    );
    for kept in [
        "{Unknown;}",
        "{\\s0 Normal;}{\\s1 heading 1;}{\\s2 ID_",
        "wordml}",
        "{\\*\\bkmkstart _GoBack}{\\*\\bkmkend _GoBack}Seen {\\*\\bkmkstart ID_",
        "}today{",
    ] {
        assert!(out.contains(kept), "{kept} in {out}");
    }
    assert!(out.contains(&name("quxley")), "{out}");
}
