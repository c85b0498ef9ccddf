//! Words in other letters, and columns under unusual names: what comes out says nothing of whom they told.

use super::{Method, text};
use crate::read::{Portion, ReadLimits, read};

/// All that can be read of a file.
fn all_of(bytes: &[u8], name: &str) -> String {
    let mut all = String::new();
    let opened = read(bytes, name, &ReadLimits::default(), &mut |portion| {
        if let Portion::Text(part) = portion {
            all.push_str(&part.text);
        }
    });
    opened.unwrap();
    all
}

/// `Patient Vern Quxley, SSN 512-44-9981`, and the same as hexadecimal digits.
const BASE64: &str = "UGF0aWVudCBWZXJuIFF1eGxleSwgU1NOIDUxMi00NC05OTgx";
const HEX: &str = "50617469656e74205665726e205175786c65792c2053534e203531322d34342d39393831";

#[test]
fn words_in_other_letters_are_replaced_within_them() {
    let files: [(&str, String); 9] = [
        ("a.json", format!(r#"{{"blob":"{BASE64}","code":"x"}}"#)),
        ("b.json", format!(r#"{{"src":"data:text/plain;charset=utf-8;base64,{BASE64}"}}"#)),
        (
            "c.json",
            format!(r#"{{"resourceType":"Basic","id":"1","extension":[{{"url":"u","valueString":"{BASE64}"}}]}}"#),
        ),
        ("d.csv", format!("id,blob,kind\n1,{BASE64},x\n2,\"{HEX}\",y\n3,,z\n")),
        ("e.csv", format!("id,blob,kind\n1,\"data:text/plain;base64,{BASE64}\",x\n2,b,y\n3,,z\n")),
        (
            "f.sql",
            format!("INSERT INTO t (id, blob) VALUES (1, '{BASE64}'), (2, X'{HEX}'), (3, 0x{HEX}), (4, '\\x{HEX}');\n"),
        ),
        ("g.sql", format!("COPY public.t (id, blob) FROM stdin;\n1\t\\\\x{HEX}\n2\t{BASE64}\n\\.\n")),
        ("h.xml", format!("<rec><blob>{BASE64}</blob><other>{HEX}</other></rec>")),
        ("i.json", format!(r#"{{"hex":"{HEX}"}}"#)),
    ];
    for (name, file) in files {
        let before = all_of(file.as_bytes(), name);
        assert!(before.contains("Quxley"), "{name}: {before}");
        let out = text(Method::SafeHarbor, file.as_bytes(), name);
        assert!(!out.contains(BASE64) && !out.contains(HEX), "{name}: {out}");
        let after = all_of(out.as_bytes(), name);
        assert!(!after.contains("Quxley") && !after.contains("9981"), "{name}: {after}");
        assert!(after.contains("Patient"), "{name}: {after}");
    }
}

#[test]
fn columns_are_known_by_the_names_that_systems_give_them() {
    let header =
        "PAT_MRN_ID,SSN (full),Medicaid,Chart,PAT_ENC_CSN_ID,Age at visit,Nombre,Fecha de Nacimiento,Teléfono,cvx";
    let rows = "88120377,512449981,93120044A,C-10442,100200300,93,Quxley Vern,04/03/1961,5552013344,08\n\
                88120378,512449982,93120045B,C-10443,100200301,44,Obrand Tilda,05/03/1961,5552013345,115\n";
    let out = text(Method::SafeHarbor, format!("{header}\n{rows}").as_bytes(), "x.csv");
    assert!(out.starts_with(header), "{out}");
    for gone in ["8812037", "51244", "9312004", "10442", "1002003", ",93,", "Quxley", "Tilda", "04/03", "555201334"] {
        assert!(!out.contains(gone), "{gone} in {out}");
    }
    assert!(out.contains(",44,") && out.contains(",115\n"), "{out}");
}

#[test]
fn an_answer_to_whether_there_is_a_plan_stays() {
    let table = "mrn,Medicaid,visit_type\nA-7781,Yes,WELL\nA-7782,No,SICK\n";
    let out = text(Method::SafeHarbor, table.as_bytes(), "x.csv");
    assert!(out.contains(",Yes,WELL") && out.contains(",No,SICK"), "{out}");
}

#[test]
fn a_race_is_no_family_and_a_name_in_its_place_is_a_name() {
    let table = "mrn,race,ethnicity,language,marital_status\nA-7781,White,Not Hispanic or Latino,English,Married\n\
                 A-7782,Black or African American,Hispanic,Spanish,Single\nA-7783,Jennifer Hernandez,Unknown,,\n";
    let out = text(Method::SafeHarbor, table.as_bytes(), "x.csv");
    assert!(out.contains(",White,Not Hispanic or Latino,English,Married\n"), "{out}");
    assert!(out.contains(",Black or African American,Hispanic,Spanish,Single\n"), "{out}");
    assert!(!out.contains("Hernandez"), "{out}");
}
