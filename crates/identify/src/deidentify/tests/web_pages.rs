//! What web pages and XML hold outside of their words: attributes, addresses, scripts, comments, names of elements. All of it is made up.

use super::{Method, ran};
use crate::read::{Portion, ReadLimits, read};

fn page(inside: &str) -> String {
    let bytes = format!("<!DOCTYPE html><html><head></head><body>{inside}</body></html>");
    String::from_utf8(ran(Method::SafeHarbor, bytes.as_bytes(), "a.html").bytes).unwrap()
}

fn gone(inside: &str, words: &[&str]) -> String {
    let out = page(inside);
    for word in words {
        assert!(!out.contains(word), "{word} in {out}");
    }
    out
}

#[test]
fn attributes_are_read_by_their_names() {
    let out = gone(
        r#"<div data-last-name="Quxley" data-mrn="77812" data-dob="1961-03-04" data-toggle="modal"><input name="first_name" value="Tilda" type="text"><input id="ssn" value="512449981"><meta name="patient_name" content="Obrand"><span aria-label="Chart of Vern Quxley" title="Call Vern Quxley" placeholder="480-555-0101">x</span><img alt="Vern Quxley" src="a.png"></div>"#,
        &["Quxley", "Vern", "Tilda", "Obrand", "77812", "1961-03", "512449981", "0101"],
    );
    for kept in ["data-toggle=\"modal\"", "name=\"first_name\"", "id=\"ssn\"", "type=\"text\"", "src=\"a.png\""] {
        assert!(out.contains(kept), "{kept} in {out}");
    }
}

#[test]
fn ids_and_classes_that_name_somebody_are_called_otherwise_and_others_stay() {
    let out = gone(
        r##"<div id="Vern-Quxley" class="col-md-6 row mt-4 fa-2x btn btn-primary Vern-Quxley"><a href="#Vern-Quxley" name="MRN-7781244">x</a><p id="section-1" class="text-2xl hover:bg-gray-100 css-1q2w3e4" for="name">Vern Quxley</p></div>"##,
        &["Quxley", "7781244"],
    );
    for kept in [
        "class=\"col-md-6 row mt-4 fa-2x btn btn-primary ",
        "id=\"section-1\"",
        "class=\"text-2xl hover:bg-gray-100 css-1q2w3e4\"",
        "for=\"name\"",
    ] {
        assert!(out.contains(kept), "{kept} in {out}");
    }
    let called = out.split("<div id=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(out.contains(&format!("href=\"#{called}\"")) && called.starts_with("ID_"), "{out}");
}

#[test]
fn addresses_lose_who_is_in_their_queries() {
    let out = gone(
        r#"<p><a href="/chart?name=Vern+Quxley&amp;mrn=77812&amp;page=2">x</a><a href="chart.html?last_name=Quxl%65y&dob=1961-03-04">y</a><a href="mailto:vern.quxley@clinic.example?subject=Vern%20Quxley">z</a><a href="tel:+14805550101">t</a><a href="styles.css">c</a><img src="../img/logo.png"><div style="background:url('/photo?name=Vern%20Quxley&ssn=512-44-9981');color:red">s</div></p>"#,
        &["Quxl", "quxley", "Vern", "77812", "1961-03", "0101", "512-44"],
    );
    for kept in
        ["page=2", "href=\"styles.css\"", "src=\"../img/logo.png\"", "background:url('/photo?name=", ";color:red\""]
    {
        assert!(out.contains(kept), "{kept} in {out}");
    }
}

#[test]
fn what_a_page_carries_within_an_address_is_opened() {
    // "Patient: Vern Quxley, MRN 4471829, seen today.\n"
    let packed = "UGF0aWVudDogVmVybiBRdXhsZXksIE1STiA0NDcxODI5LCBzZWVuIHRvZGF5Lgo=";
    let out = page(&format!(
        "<a href=\"data:text/plain;base64,{packed}\">a</a><a href=\"data:text/plain,Call%20Vern%20Quxley\">b</a>"
    ));
    let mut inside = String::new();
    read(out.as_bytes(), "a.html", &ReadLimits::default(), &mut |portion| match portion {
        Portion::Text(part) => inside.push_str(&part.text),
        Portion::Opaque { why, .. } => panic!("{why}"),
    })
    .unwrap();
    assert!(inside.contains("seen today") && !inside.contains("Quxley") && !inside.contains("4471829"), "{inside}");
    assert!(!out.contains(packed) && !out.contains("Quxley") && out.contains("data:text/plain;base64,"), "{out}");
}

#[test]
fn scripts_that_are_data_are_read_as_data() {
    let out = gone(
        r#"<!-- chart of Vern Quxley, MRN 7781244 --><script type="application/ld+json">{"@type":"Person","familyName":"Quxley","telephone":"4805550101","birthDate":"1961-03-04"}</script><script>var page = 2; var note = "call Vern Quxley";</script>"#,
        &["Quxley", "7781244", "0101", "1961-03"],
    );
    assert!(out.contains("{\"@type\":\"Person\",\"familyName\":\"[NAME "), "{out}");
    assert!(out.contains("<script>var page = 2;"), "{out}");
}

#[test]
fn elements_keep_their_names_whatever_these_look_like() {
    let xml = "<?xml version=\"1.0\"?><Patients><Patient><LastName>Quxley</LastName><FirstName>Vern</FirstName><MiddleName>T</MiddleName><PatientName>Vern Quxley</PatientName><DateOfBirth>1961-03-04</DateOfBirth><SSN>512-44-9981</SSN><StreetAddress>12 Elm St</StreetAddress><City>Springfield</City></Patient></Patients>";
    let out = String::from_utf8(ran(Method::SafeHarbor, xml.as_bytes(), "a.xml").bytes).unwrap();
    for word in ["Quxley", "Vern", "03-04", "512-44", "12 Elm", "Springfield"] {
        assert!(!out.contains(word), "{word} in {out}");
    }
    for element in ["LastName", "FirstName", "MiddleName", "PatientName", "DateOfBirth", "SSN", "StreetAddress", "City"]
    {
        assert!(out.contains(&format!("<{element}>")) && out.contains(&format!("</{element}>")), "{element} in {out}");
    }
    let attributes = "<list><person LastName=\"Quxley\" FirstName=\"Vern\" Dob=\"1961-03-04\" /></list>";
    let out = String::from_utf8(ran(Method::SafeHarbor, attributes.as_bytes(), "a.xml").bytes).unwrap();
    assert!(out.starts_with("<list><person LastName=\"[NAME ") && !out.contains("Vern"), "{out}");
}
