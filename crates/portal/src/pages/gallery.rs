//! What must hold of every page in every state, checked on the gallery's samples.

use crate::pages;
use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

#[path = "../../examples/gallery/samples.rs"]
mod samples;

use samples::Sample;

/// One tag of a page.
#[derive(Debug)]
struct Tag {
    name: String,
    closes: bool,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
    fn is_control(&self) -> bool {
        !self.closes
            && match self.name.as_str() {
                "select" | "textarea" => true,
                "input" => self.get("type") != Some("hidden"),
                _ => false,
            }
    }
}

/// Reads the tags of our own output, in order; attribute values are always in double quotes.
fn tags(html: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let mut quoted = false;
        let end = rest
            .find(|c: char| {
                quoted ^= c == '"';
                c == '>' && !quoted
            })
            .expect("each tag ends");
        found.push(read_tag(&rest[..end]));
        rest = &rest[end + 1..];
    }
    found
}

fn read_tag(text: &str) -> Tag {
    let closes = text.starts_with('/');
    let text = text.trim_start_matches('/').trim_end_matches('/');
    let split = text.find(char::is_whitespace).unwrap_or(text.len());
    let (name, mut rest) = text.split_at(split);
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        let stop = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let key = rest[..stop].to_owned();
        rest = &rest[stop..];
        let value = match rest.strip_prefix("=\"") {
            Some(after) => {
                let close = after.find('"').expect("each value ends");
                rest = &after[close + 1..];
                after[..close].to_owned()
            }
            None => String::new(),
        };
        attributes.push((key, value));
    }
    Tag { name: name.to_lowercase(), closes, attributes }
}

fn all() -> Vec<Sample> {
    samples::all().expect("every page renders")
}

fn ids(list: &[Tag]) -> Vec<&str> {
    list.iter().filter_map(|tag| tag.get("id")).collect()
}

#[test]
fn every_page_is_there_in_its_states() {
    let names: Vec<_> = all().iter().map(|sample| sample.name).collect();
    assert!(names.len() >= 110, "{}", names.len());
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "each name once");
    let templates = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")).expect("templates");
    assert!(templates.count() >= 50);
}

#[test]
fn what_holds_phi_carries_its_tag_in_words() {
    for sample in all().iter().filter(|sample| sample.phi) {
        assert!(sample.html.contains("<span class=\"tag tag-phi\">PHI – "), "{}", sample.name);
    }
}

#[test]
fn nothing_inline_and_nothing_from_elsewhere() {
    for sample in all() {
        for tag in tags(&sample.html) {
            let name = sample.name;
            assert!(!matches!(tag.name.as_str(), "style" | "iframe" | "object" | "embed" | "base"), "{name}: {tag:?}");
            if tag.name == "script" && !tag.closes {
                assert!(tag.get("src").is_some_and(|src| src.starts_with("/static/")), "{name}: {tag:?}");
            }
            for (key, value) in &tag.attributes {
                assert!(key != "style" && !key.starts_with("on"), "{name}: {tag:?}");
                if matches!(key.as_str(), "href" | "src" | "action" | "formaction") {
                    let stays = value.starts_with(['/', '#', '?']) && !value.starts_with("//");
                    assert!(stays || value.starts_with("tel:"), "{name}: {value}");
                }
            }
        }
    }
}

#[test]
fn every_form_that_changes_something_has_the_token_and_no_other_has() {
    for sample in all() {
        let mut form: Option<(bool, bool)> = None;
        for tag in tags(&sample.html) {
            match (tag.name.as_str(), tag.closes) {
                ("form", false) => {
                    assert!(form.is_none(), "{}: a form within a form", sample.name);
                    let posts = tag.get("method") == Some("post");
                    assert!(posts || tag.get("method") == Some("get"), "{}: {tag:?}", sample.name);
                    assert!(
                        !posts || tag.get("action").is_some_and(|to| to.starts_with('/')),
                        "{}: {tag:?}",
                        sample.name
                    );
                    form = Some((posts, false));
                }
                ("form", true) => {
                    let (posts, token) = form.take().expect("it was open");
                    assert_eq!(posts, token, "{}: token in a post, and only there", sample.name);
                }
                ("input", false) if tag.get("name") == Some("csrf") => {
                    if let Some((_, token)) = &mut form {
                        *token = true;
                    }
                }
                _ => {}
            }
        }
        assert!(form.is_none(), "{}", sample.name);
    }
}

#[test]
fn every_control_has_a_label_and_every_reference_leads_somewhere() {
    for sample in all() {
        let list = tags(&sample.html);
        let known = ids(&list);
        let once: BTreeSet<_> = known.iter().copied().collect();
        assert_eq!(once.len(), known.len(), "{}: an id stands twice", sample.name);
        let labels: BTreeSet<_> =
            list.iter().filter(|tag| tag.name == "label").filter_map(|tag| tag.get("for")).collect();
        for tag in &list {
            if tag.is_control() {
                let named = tag.get("id").is_some_and(|id| labels.contains(id)) || tag.get("aria-label").is_some();
                assert!(named, "{}: {tag:?}", sample.name);
            }
            for (key, value) in &tag.attributes {
                let targets: Vec<&str> = match key.as_str() {
                    "for" => vec![value],
                    "aria-describedby" | "aria-labelledby" => value.split_whitespace().collect(),
                    "href" if tag.name == "a" => {
                        value.strip_prefix('#').filter(|to| !to.is_empty()).into_iter().collect()
                    }
                    "data-filter" | "data-copy" => vec![value],
                    _ => Vec::new(),
                };
                for target in targets {
                    assert!(once.contains(target), "{}: nothing is called {target}", sample.name);
                }
            }
        }
    }
}

#[test]
fn headings_are_in_order_and_one_is_the_first() {
    for sample in all() {
        let levels: Vec<u32> = tags(&sample.html)
            .iter()
            .filter(|tag| !tag.closes && tag.name.len() == 2 && tag.name.starts_with('h') && tag.name != "hr")
            .filter_map(|tag| tag.name[1..].parse().ok())
            .collect();
        assert_eq!(levels.first(), Some(&1), "{}: {levels:?}", sample.name);
        assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1, "{}: {levels:?}", sample.name);
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{}: {levels:?}", sample.name);
    }
}

#[test]
fn every_element_that_opens_closes_in_order() {
    const VOID: [&str; 7] = ["!doctype", "meta", "link", "input", "br", "hr", "img"];
    const DRAWN: [&str; 3] = ["circle", "rect", "path"];
    for sample in all() {
        let mut open = Vec::new();
        for tag in tags(&sample.html) {
            if VOID.contains(&tag.name.as_str()) || DRAWN.contains(&tag.name.as_str()) {
                continue;
            }
            if tag.closes {
                assert_eq!(open.pop().as_deref(), Some(tag.name.as_str()), "{}: within {open:?}", sample.name);
            } else {
                let inside_paragraph = open.last().is_some_and(|last: &String| last == "p");
                let block =
                    matches!(tag.name.as_str(), "p" | "div" | "ul" | "ol" | "dl" | "form" | "table" | "section" | "h2");
                assert!(!(inside_paragraph && block), "{}: {} would end its paragraph", sample.name, tag.name);
                open.push(tag.name);
            }
        }
        assert!(open.is_empty(), "{}: {open:?}", sample.name);
    }
}

#[test]
fn no_patient_stands_in_a_title_or_an_address() {
    for sample in all() {
        let title =
            sample.html.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).expect("a title");
        let mut public = vec![title.to_owned()];
        for tag in tags(&sample.html) {
            public.extend(
                tag.attributes
                    .iter()
                    .filter(|(key, _)| matches!(key.as_str(), "href" | "action"))
                    .map(|(_, value)| value.clone()),
            );
        }
        for text in public {
            for secret in ["Marlow", "Tess", "Whitfield", "Delacroix", "48213", "03/09/2017"] {
                let ledger_entry = text.starts_with("/ledger/");
                assert!(ledger_entry || !text.contains(secret), "{}: {text}", sample.name);
            }
        }
    }
}

#[test]
fn what_was_typed_comes_back_in_its_own_field() {
    let all = all();
    let page = |name: &str| &all.iter().find(|sample| sample.name == name).expect("it is in the gallery").html;
    for (name, field, value) in [
        ("invite", "name", "Dr. Pilar Sandoval"),
        ("invite-error", "email", "sandoval"),
        ("patient-edit", "family", "Marlowe"),
        ("patient-edit", "born_year", "2017"),
        ("related-edit", "family", "Marlowe-Diaz"),
        ("related-edit", "may_pick_up", "yes"),
        ("related-edit", "revision", "0"),
        ("search-error", "family", "Ma"),
        ("search-results", "q", "marlowe tess"),
        ("move", "born_month", "9"),
        ("agreement-new", "contact1_name", "June Albright"),
        ("customer-new", "name", ""),
        ("upload", "template", "{author}_{last}_{first}_{date}"),
    ] {
        let list = tags(page(name));
        let found = list.iter().find(|tag| tag.get("name") == Some(field) && tag.get("id") != Some("quick"));
        assert_eq!(found.and_then(|tag| tag.get("value")), Some(value), "{name}: {field}");
    }
}

#[test]
fn a_place_that_ends_says_until_when_before_it_is_taken_over() {
    let all = all();
    let html = &all.iter().find(|sample| sample.name == "joining-agree").expect("it is in the gallery").html;
    assert!(html.contains("Omar Reyes, MD, Clinician, until 2027-03-31</label>"), "{html}");
    assert!(html.contains("Tess Marlowe, Records staff</label>"), "{html}");
}

#[test]
fn hostile_text_stays_text() {
    use askama::Template;
    let hostile = "\"><script>alert(1)</script>' onmouseover=x {{ 7*7 }}";
    let mut row = samples::made_up_row();
    row.patient = hostile.to_owned();
    row.href = "/documents/x".to_owned();
    row.tag = record::tag::Tag::Phi { customer: hostile.to_owned() };
    let page = pages::documents::InboxPage {
        chrome: pages::Chrome::for_strangers(hostile, hostile),
        tabs: Vec::new(),
        rows: vec![row],
        pager: None,
        empty: pages::parts::Empty::default(),
        elsewhere: None,
    };
    let html = page.render().expect("it renders");
    assert!(!html.contains("<script>"), "{html}");
    assert!(html.contains("&#60;script&#62;"), "{html}");
    let invite = pages::entrance::InvitationPage {
        chrome: pages::Chrome::for_strangers("x", ""),
        action: "/invitation".to_owned(),
        token: hostile.to_owned(),
        errors: pages::parts::Errors::none(),
        gone: false,
    };
    let html = invite.render().expect("it renders");
    let token = tags(&html).into_iter().find(|tag| tag.get("name") == Some("token")).expect("the token is there");
    assert_eq!(token.attributes.len(), 3, "{token:?}");
}

#[test]
fn the_first_page_is_small_and_no_template_switches_escaping_off() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut assets = 0;
    for file in fs::read_dir(root.join("static")).expect("static files") {
        let path = file.expect("a file").path();
        let text = fs::read_to_string(&path).expect("text");
        assets += text.len();
        for unsafe_way in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "sessionStorage",
            "@import",
            "url(http",
        ] {
            assert!(!text.contains(unsafe_way), "{}: {unsafe_way}", path.display());
        }
        for storage in text.split("localStorage.").skip(1) {
            assert!(
                storage.split('(').nth(1).is_some_and(|rest| rest.starts_with("\"strongroom.keys\"")),
                "{}",
                path.display()
            );
        }
    }
    for sample in all() {
        assert!(sample.html.len() + assets < 100_000, "{}: {} bytes", sample.name, sample.html.len() + assets);
    }
    for file in fs::read_dir(root.join("templates")).expect("templates") {
        let path = file.expect("a file").path();
        let text = fs::read_to_string(&path).expect("text");
        assert!(
            !text.contains("|safe") && !text.contains("| safe") && !text.contains("autoescape"),
            "{}",
            path.display()
        );
    }
}
