//! How each locked route is called for real, upon what, and by whom it may be. One row at least for every route of
//! the door's table; a route without one fails the test.

use super::world::{GUARDIANS, SURNAMES, Thing, WORDS};

/// How the values of a request travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// There are none.
    None,
    /// As a form.
    Form,
    /// As a multipart form with this file.
    Multipart(&'static str),
    /// As bytes, with the file's name and the token in headers.
    Raw,
}

/// One way to call one route.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// What stands behind the question mark.
    pub(crate) query: &'static str,
    pub(crate) thing: Thing,
    /// Who may, at the first practice. All others may not.
    pub(crate) by: Vec<&'static str>,
    pub(crate) body: Body,
    /// Field and value; `{name}` stands for the thing's.
    pub(crate) fields: Vec<(&'static str, &'static str)>,
    /// What whoever may is shown, and nobody else is.
    pub(crate) mark: Option<&'static str>,
    /// Shown to everybody who is signed in, alike for every id: a page without anything of anybody in it.
    pub(crate) for_all: bool,
    /// A list: shown to everybody, to each with what they may see of it.
    pub(crate) list: bool,
    /// Whoever may is told of a conflict, as there is nothing to do.
    pub(crate) conflict: bool,
    /// Its ids are tried all together only: one of them alone is no secret to whoever may ask about the other.
    pub(crate) together: bool,
    /// Who is told apart from the others, because they may know: their own requests.
    pub(crate) but: Vec<&'static str>,
}

impl Row {
    fn by(mut self, by: &[&'static str]) -> Self {
        self.by.extend_from_slice(by);
        self
    }
    fn marks(mut self, mark: &'static str) -> Self {
        self.mark = Some(mark);
        self
    }
    /// With the patient's surname in it.
    fn phi(self) -> Self {
        self.marks(SURNAMES[0])
    }
    fn form(mut self, fields: &[(&'static str, &'static str)]) -> Self {
        self.body = Body::Form;
        self.fields.extend_from_slice(fields);
        self
    }
    fn query(mut self, query: &'static str) -> Self {
        self.query = query;
        self
    }
    fn for_all(mut self) -> Self {
        self.for_all = true;
        self
    }
    fn list(mut self) -> Self {
        self.list = true;
        self
    }
    fn together(mut self) -> Self {
        self.together = true;
        self
    }
    fn conflict(mut self) -> Self {
        self.conflict = true;
        self
    }
    fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }
    fn but(mut self, but: &[&'static str]) -> Self {
        self.but.extend_from_slice(but);
        self
    }

    /// The names of the values it carries, in path, query and fields.
    pub(crate) fn names(&self) -> Vec<String> {
        let fields = self.fields.iter().flat_map(|(name, value)| [*name, *value]);
        let mut found: Vec<String> = Vec::new();
        for part in [self.path, self.query].into_iter().chain(fields) {
            for piece in part.split('{').skip(1) {
                let name = piece.split('}').next().unwrap_or_default().to_owned();
                if name != "n" && !found.contains(&name) {
                    found.push(name);
                }
            }
        }
        found
    }

    pub(crate) fn title(&self) -> String {
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        format!("{} {}{query}", self.method, self.path)
    }
}

fn row(method: &'static str, path: &'static str, thing: Thing) -> Row {
    Row {
        method,
        path,
        query: "",
        thing,
        by: Vec::new(),
        body: Body::None,
        fields: Vec::new(),
        mark: None,
        for_all: false,
        list: false,
        together: false,
        conflict: false,
        but: Vec::new(),
    }
}

fn get(path: &'static str, thing: Thing) -> Row {
    row("GET", path, thing)
}

fn post(path: &'static str, thing: Thing) -> Row {
    row("POST", path, thing).form(&[])
}

/// A public key: the curve's own base point.
pub(crate) const PUBLIC_KEY: &str = r#"{"kty":"EC","kid":"one","crv":"P-384","x":"qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3","y":"NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f"}"#;
const ANA: &str = "ana.reyes";
const BEN: &str = "ben.cho";
const FRIDA: &str = "frida.holm";
const MARA: &str = "mara.quist";
const TESS: &str = "tess.bauer";
const QUINN: &str = "quinn.ferrara";
const CORA: &str = "cora.whitfield";
const JON: &str = "jon.aziz";
const RUTH: &str = "ruth.okafor";
const PETER: &str = "peter.lindqvist";
const SAM: &str = "sam.idris";
const ALMA: &str = "alma.novak";
const THEO: &str = "theo.marsh";

/// Routes that concern nobody but the person who is signed in: their session, their passkeys, their own accesses.
/// They are tried one by one in tests of their own.
pub(crate) const OWN: &[(&str, &str)] = &[
    ("POST", "/sign-out"),
    ("POST", "/lock"),
    ("GET", "/locked"),
    ("POST", "/alive"),
    ("GET", "/step-up"),
    ("POST", "/step-up/{step}"),
    ("GET", "/me/passkeys"),
    ("POST", "/me/passkeys/{step}"),
    ("POST", "/me/passkeys/{key}/remove"),
    ("POST", "/me/recovery-codes"),
    ("GET", "/me/accesses"),
    ("GET", "/"),
    ("GET", "/help"),
    ("GET", "/terminal"),
    ("POST", "/terminal"),
    ("POST", "/terminal/confirm"),
];

/// Those that can be tried where the house lies: with its rows on a server no keys are destroyed, so nobody is on the way
/// to it (docs/operating/postgresql.md).
pub(crate) fn rows_here() -> Vec<Row> {
    let on_server = store::trial::server_place().is_some();
    rows().into_iter().filter(|row| !(on_server && row.thing == Thing::Leaving)).collect()
}

pub(crate) fn rows() -> Vec<Row> {
    [
        lists(),
        documents(),
        steps(),
        patients(),
        uploads(),
        reviews(),
        people(),
        customers(),
        staff(),
        house(),
        requests(),
    ]
    .concat()
}

fn lists() -> Vec<Row> {
    use Thing::{Delivered, Held, Nothing, Transcribed, Unmatched};
    vec![
        get("/inbox", Delivered).by(&[ANA]).phi().list(),
        get("/inbox", Delivered).query("view=all&customer={cus}").by(&[ANA]).phi().list(),
        get("/documents", Delivered).by(&[ANA, FRIDA]).phi().list(),
        get("/documents", Delivered).query("customer={cus}").by(&[ANA, FRIDA]).phi().list(),
        get("/queue", Transcribed).by(&[TESS, QUINN]).phi().list(),
        get("/unmatched", Unmatched).by(&[ANA, FRIDA, QUINN, TESS]).phi().list(),
        get("/held", Held).by(&[QUINN, TESS]).phi().list(),
        get("/to-print", Delivered).by(&[FRIDA, ANA]).phi().list(),
        get("/status", Delivered).by(&[CORA, QUINN, TESS]).list(),
        get("/search", Nothing).for_all(),
        // A colleague finds any patient of the practice by name, and no document.
        post("/search", Thing::Patient)
            .form(&[("q", "que"), ("customer", "{cus}")])
            .by(&[ANA, BEN, FRIDA, QUINN])
            .phi()
            .list(),
        post("/patients", Thing::Ward)
            .form(&[("guardian", GUARDIANS[0]), ("customer", "{cus}")])
            .by(&[ANA, BEN, FRIDA, QUINN])
            .phi(),
        get("/patients", Nothing).for_all(),
        post("/patients", Thing::Patient)
            .form(&[("family", "que"), ("customer", "{cus}")])
            .by(&[ANA, BEN, FRIDA, QUINN])
            .phi(),
    ]
}

fn documents() -> Vec<Row> {
    use Thing::{Delivered, Transcribed, Unmatched, Withdrawn};
    vec![
        get("/documents/{doc}", Delivered).by(&[ANA, FRIDA]).phi(),
        get("/documents/{doc}", Delivered).by(&[ANA, FRIDA]).marks(WORDS[0]),
        get("/documents/{doc}", Transcribed).by(&[TESS, QUINN]).phi(),
        get("/documents/{doc}/versions/{version}", Delivered).by(&[ANA, FRIDA]).phi(),
        get("/documents/{doc}/print", Delivered).by(&[ANA, FRIDA]).phi(),
        get("/documents/{doc}/file", Delivered).by(&[ANA, FRIDA]).marks(WORDS[0]),
        get("/documents/{doc}/file", Transcribed).by(&[TESS, QUINN]).marks(WORDS[0]),
        get("/documents/{doc}/versions/{version}/file", Delivered).by(&[ANA, FRIDA]).marks(WORDS[0]),
        // The forms for a reason are there for those who could send them, and say nothing of whose document it is.
        get("/documents/{doc}/withdraw", Delivered).by(&[FRIDA, MARA, QUINN, RUTH, PETER]),
        get("/documents/{doc}/hold", Transcribed).by(&[QUINN, CORA]),
        get("/documents/{doc}/enter-in-error", Delivered).by(&[ANA]),
        get("/documents/{doc}/enter-in-error", Withdrawn).by(&[FRIDA, QUINN]),
        get("/documents/{doc}/move", Withdrawn).by(&[QUINN]),
        get("/documents/{doc}/match", Unmatched).by(&[FRIDA, QUINN]).phi(),
    ]
}

fn steps() -> Vec<Row> {
    use Thing::{Delivered, Edited, Held, Transcribed, Unmatched, Withdrawn};
    vec![
        post("/documents/{doc}/advance", Transcribed).by(&[QUINN, TESS]),
        post("/documents/{doc}/deliver", Edited).form(&[("copy", "{aut}")]).by(&[QUINN]),
        post("/documents/{doc}/undo-delivery", Delivered).by(&[QUINN]),
        post("/documents/{doc}/pick-up", Delivered).by(&[ANA, FRIDA]),
        post("/documents/{doc}/sign", Delivered).by(&[ANA]),
        get("/documents/{doc}/confidentiality", Delivered).by(&[ANA]),
        post("/documents/{doc}/confidentiality", Delivered).form(&[("kept", "restricted")]).by(&[ANA]),
        post("/documents/{doc}/release", Held).by(&[QUINN, CORA]),
        post("/documents/{doc}/withdraw", Delivered)
            .form(&[("reason", "Wrong patient")])
            .by(&[FRIDA, MARA, QUINN, RUTH, PETER]),
        post("/documents/{doc}/hold", Transcribed).form(&[("reason", "Audio unclear")]).by(&[QUINN, CORA]),
        post("/documents/{doc}/enter-in-error", Delivered).form(&[("reason", "Duplicate")]).by(&[ANA]),
        post("/documents/{doc}/match", Unmatched)
            .form(&[("patient", "{pat2}"), ("author", "{aut}"), ("revision", "0")])
            .by(&[FRIDA, QUINN]),
        post("/documents/{doc}/move", Withdrawn)
            .form(&[("do", "move"), ("patient", "{pat2}"), ("reason", "Wrong patient")])
            .by(&[QUINN]),
    ]
}

fn patients() -> Vec<Row> {
    use Thing::{Customer, Merged, Merging, Nothing, Patient, Provisional, Related};
    let merging = [
        ("keep", "{pat2}"),
        ("prior", "{pat}"),
        ("prior_revision", "0"),
        ("survivor", "{pat2}"),
        ("survivor_revision", "0"),
    ];
    let typed = [
        ("family", "Newfound"),
        ("given", "Ada"),
        ("born_month", "2"),
        ("born_day", "3"),
        ("born_year", "1980"),
        ("record_number", "NF{n}"),
    ];
    let corrected = [("family", SURNAMES[0]), ("given", "Ada"), ("record_number", "CO{n}"), ("revision", "0")];
    vec![
        get("/patients/new", Nothing).for_all(),
        post("/patients/new", Customer).form(&typed).form(&[("customer", "{cus}")]).by(&[FRIDA]),
        get("/patients/import", Nothing).for_all(),
        post("/patients/import", Customer)
            .body(Body::Multipart("last name,first name,date of birth,record number\nNewfound,Ada,1980-02-03,IM{n}\n"))
            .form_fields(&[("customer", "{cus}")])
            .by(&[FRIDA]),
        get("/patients/{pat}", Patient).by(&[ANA, FRIDA]).phi(),
        get("/patients/{pat}/edit", Patient).by(&[ANA, FRIDA]).phi(),
        post("/patients/{pat}/edit", Patient).form(&corrected).by(&[FRIDA]),
        get("/patients/{pat}", Related).by(&[ANA, FRIDA]).marks(GUARDIANS[0]),
        get("/patients/{pat}/related/new", Patient).by(&[FRIDA]).phi(),
        post("/patients/{pat}/related/new", Patient)
            .form(&[("kind", "guardian"), ("family", "Newfound"), ("may_consent", "yes")])
            .by(&[FRIDA]),
        get("/patients/{pat}/related/{rel}", Related).by(&[FRIDA]).marks(GUARDIANS[0]),
        post("/patients/{pat}/related/{rel}", Related).form(&[("family", "Newfound"), ("revision", "0")]).by(&[FRIDA]),
        get("/patients/{pat}/link", Provisional).by(&[FRIDA]).phi(),
        post("/patients/{pat}/link", Provisional).form(&[("patient", "{pat2}")]).by(&[FRIDA]),
        get("/patients/{pat}/merge", Patient).by(&[FRIDA]).phi(),
        post("/patients/{pat}/merge", Provisional).form(&[("patient", "{pat2}")]).by(&[FRIDA]),
        get("/patients/merges", Merging).by(&[FRIDA]).phi().list(),
        get("/patients/merges/{mrg}", Merging).by(&[FRIDA]).phi(),
        post("/patients/merges/{mrg}/confirm", Merging).form(&merging).by(&[FRIDA]).together(),
        post("/patients/merges/{mrg}/refuse", Merging).form(&[]).by(&[FRIDA]),
        get("/patients/merges/{mrg}", Merged).by(&[FRIDA]).phi(),
        post("/patients/merges/{mrg}/undo", Merged).form(&[]).by(&[FRIDA]),
        get("/patients/{pat}/break-glass", Patient).for_all(),
        post("/patients/{pat}/break-glass", Patient)
            .form(&[("reason", "Emergency"), ("hours", "1")])
            .by(&[BEN, ANA, FRIDA]),
    ]
}

fn uploads() -> Vec<Row> {
    use Thing::{Customer, Nothing, Transcribed};
    vec![
        get("/upload", Nothing).for_all(),
        post("/upload", Customer)
            .body(Body::Multipart("Patient: Newfound, Ada\nMRN: UP{n}\n\nHISTORY\nNothing new.\n"))
            .form_fields(&[("customer", "{cus}"), ("author", "{aut}")])
            .by(&[TESS, QUINN, ANA]),
        // The author of the form is a clinician of the practice, who may send what they wrote themselves.
        post("/upload/file", Customer)
            .query("customer={cus}&author={aut}&same=keep")
            .body(Body::Raw)
            .by(&[TESS, QUINN, ANA]),
        post("/upload/file", Transcribed).query("version_of={doc}&same=keep").body(Body::Raw).by(&[TESS, QUINN]),
        post("/upload/file", Transcribed)
            .query("customer={cus}&patient={pat2}&same=keep")
            .body(Body::Raw)
            .by(&[TESS, QUINN, ANA, BEN]),
        get("/dictate", Nothing).for_all(),
        post("/dictate", Customer)
            .body(Body::Multipart("Dear colleague,\nletter number {n}.\n"))
            .form_fields(&[("customer", "{cus}")])
            .by(&[TESS, QUINN, ANA, BEN]),
    ]
}

fn reviews() -> Vec<Row> {
    use Thing::{Customer, Glass, Nothing};
    vec![
        get("/accesses", Nothing).by(&[MARA, RUTH, PETER]).for_all(),
        get("/customers/{cus}/accesses", Customer).by(&[MARA, RUTH, PETER]),
        // Who was refused here is somebody of this list, wherever they work.
        post("/customers/{cus}/accesses", Customer).form(&[("person", "{aut}")]).by(&[MARA, RUTH, PETER]).together(),
        get("/break-glass", Nothing).by(&[MARA, RUTH, PETER]).for_all(),
        get("/customers/{cus}/break-glass", Glass).by(&[MARA, RUTH, PETER]).marks("An emergency"),
        get("/customers/{cus}/break-glass/{brk}", Glass).by(&[MARA, RUTH, PETER]).marks("An emergency"),
        post("/break-glass/{brk}/review", Glass)
            .form(&[("verdict", "justified"), ("word", "It was one")])
            .by(&[MARA, RUTH, PETER]),
    ]
}

/// Last of all: what is opened here counts for hours, and for whoever opened it.
fn requests() -> Vec<Row> {
    use Thing::{Customer, Nothing, Request, Requested, RequestedDocument};
    vec![
        get("/requests", Nothing).by(&[RUTH, PETER]),
        get("/requests", Request).by(&[RUTH, PETER]).marks("R-2026-"),
        get("/requests/{req}", Request).by(&[RUTH, PETER]).marks("R-2026-"),
        post("/requests/{req}/patients", Requested).form(&[("family", SURNAMES[0])]).by(&[PETER]).phi(),
        get("/patients/{pat}/accesses", Requested).by(&[PETER]).phi(),
        get("/patients/{pat}/accesses.csv", Requested).by(&[PETER]).phi(),
        get("/documents/{doc}/move", RequestedDocument).by(&[QUINN, PETER]),
        post("/documents/{doc}/move", RequestedDocument)
            .form(&[("do", "move"), ("patient", "{pat2}"), ("reason", "Wrong patient")])
            .by(&[QUINN, PETER]),
        post("/documents/{doc}/enter-in-error", RequestedDocument)
            .form(&[("reason", "Duplicate")])
            .by(&[FRIDA, QUINN, PETER]),
        // Who may see that there is such a request may not close another's.
        post("/requests/{req}/close", Request).by(&[PETER]).but(&[RUTH]),
        post("/requests", Customer)
            .form(&[("customer", "{cus}"), ("number", "N-{n}"), ("reason", "The patient asks")])
            .by(&[RUTH, PETER]),
    ]
}

const NEWCOMER: &[(&str, &str)] =
    &[("name", "Comer New"), ("email", "comer{n}@demo.example"), ("phone", "+1 608 555 0133")];

fn people() -> Vec<Row> {
    use Thing::{Customer, Invitation, Member};
    let here = "customer={cus}";
    vec![
        get("/people", Customer).query(here).by(&[MARA, RUTH, PETER]).marks("Ben Cho"),
        get("/people/invite", Customer).query(here).by(&[MARA]),
        post("/people/invite", Customer).query(here).form(NEWCOMER).form(&[("role", "records_staff")]).by(&[MARA]),
        post("/people/{mem}/end", Member).query(here).by(&[MARA]),
        post("/people/{per}/re-enrol", Member).query(here).by(&[MARA, RUTH, PETER]),
        post("/people/{per}/sign-out-everywhere", Member).query(here).by(&[MARA, RUTH, PETER, SAM]),
        // Who asked may know that it is there, and may not confirm it.
        post("/invitations/{inv}/confirm", Invitation).by(&[PETER, SAM]).but(&[RUTH]),
    ]
}

fn customers() -> Vec<Row> {
    use Thing::{Agreement, Assigned, Customer, Leaving, Nothing, Program, Staff};
    let keepers = [RUTH, PETER, SAM];
    let agreement = [
        ("from_month", "1"),
        ("from_day", "1"),
        ("from_year", "2031"),
        ("reporting_days", "10"),
        ("notices", "customer"),
        ("offshore", "no"),
        ("deidentify", "no"),
        ("at_end", "return"),
        ("contact1_name", "Day"),
        ("contact1_phone", "+1 608 555 0111"),
        ("contact1_email", "day@demo.example"),
        ("contact2_name", "Night"),
        ("contact2_phone", "+1 608 555 0112"),
        ("contact2_email", "night@demo.example"),
    ];
    let officers = [RUTH, PETER];
    vec![
        get("/customers", Nothing)
            .by(&[ANA, BEN, FRIDA, MARA, TESS, QUINN, CORA, JON, RUTH, PETER, SAM, ALMA])
            .marks("Lakeside Pediatrics")
            .list(),
        get("/customers/new", Nothing).by(&officers),
        post("/customers/new", Nothing)
            .form(&[("name", "Clinic number {n}"), ("phone", "+1 608 555 0144")])
            .by(&officers),
        get("/customers/{cus}", Customer).by(&[MARA, RUTH, PETER]).marks("Frida Holm"),
        get("/customers/{cus}/checkpoint", Customer).by(&[MARA, RUTH, PETER]).marks("localhost/strongroom"),
        get("/customers/{cus}/agreements/new", Customer).by(&officers),
        post("/customers/{cus}/agreements/new", Customer).form(&agreement).by(&officers),
        post("/customers/{cus}/agreements/{agr}/end", Agreement).by(&officers),
        get("/customers/{cus}/manager", Customer).by(&officers),
        post("/customers/{cus}/manager", Customer).form(NEWCOMER).by(&officers),
        post("/customers/{cus}/assignments/{per}", Staff).by(&officers),
        post("/customers/{cus}/assignments/{per}/end", Assigned).by(&officers),
        get("/customers/{cus}/programs", Program).by(&[MARA, RUTH, PETER, SAM]).marks("Made-up EMR"),
        post("/customers/{cus}/programs", Customer)
            .form(&[("name", "EMR {n}"), ("rights", "system/Patient.rs"), ("key", PUBLIC_KEY), ("days", "30")])
            .together()
            .by(&[MARA]),
        post("/customers/{cus}/programs/{prg}/revoke", Program).by(&[MARA, RUTH, PETER, SAM]),
        get("/customers/{cus}/confidentiality", Customer).by(&[MARA, RUTH, PETER]).marks("Lakeside Pediatrics"),
        post("/customers/{cus}/confidentiality", Customer)
            .form(&[
                ("hiv", "restricted"),
                ("mental_health", "normal"),
                ("substance_use", "very_restricted"),
                ("reproductive", "normal"),
                ("adolescent_confidential", "restricted"),
            ])
            .by(&[MARA]),
        get("/customers/{cus}/leaving", Customer).by(&[MARA, RUTH, PETER, SAM]).marks("Lakeside Pediatrics"),
        // Once more is nothing, and so is taking back what nobody began.
        post("/customers/{cus}/leaving", Customer).by(&[MARA]),
        // Nothing was exported: there is no secret, and nothing to confirm.
        post("/customers/{cus}/leaving/secret", Customer).by(&[MARA]).conflict(),
        post("/customers/{cus}/leaving/confirm", Customer)
            .form(&[("export", "int_00000000000000000000000000")])
            .by(&[MARA])
            .conflict(),
        post("/customers/{cus}/leaving/withdraw", Customer).by(&[MARA]),
        get("/customers/{cus}/joining", Customer).by(&[MARA, RUTH, PETER]).marks("Lakeside Pediatrics"),
        // Nobody has prepared one.
        get("/customers/{cus}/joining/patients", Customer).by(&[MARA]).conflict(),
        post("/customers/{cus}/joining", Customer)
            .form(&[("joins", "cus_00000000000000000000000000"), ("seen", "1")])
            .by(&[MARA])
            .conflict(),
        post("/customers/{cus}/joining/withdraw", Customer)
            .form(&[("joins", "cus_00000000000000000000000000")])
            .by(&[MARA])
            .conflict(),
        get("/customers/{cus}/destruction", Customer).by(&[MARA, RUTH, PETER, SAM]).marks("Lakeside Pediatrics"),
        // An agreement is in force, and nothing was destroyed: there is nothing to do.
        post("/customers/{cus}/destruction", Customer)
            .form(&[("name", "Lakeside Pediatrics"), ("reason", "They have left.")])
            .by(&keepers)
            .conflict(),
        get("/customers/{cus}/destruction/certificate", Customer).by(&[MARA, RUTH, PETER, SAM]).conflict(),
        post("/customers/{cus}/destruction/withdraw", Leaving).by(&keepers),
        // Who asked may know that it is there, and may not do it.
        post("/customers/{cus}/destruction/approve", Leaving)
            .form(&[("asked_at", "{asked}")])
            .by(&[PETER, SAM])
            .but(&[RUTH]),
    ]
}

fn staff() -> Vec<Row> {
    use Thing::{Nothing, Staff};
    let keepers = [RUTH, PETER, SAM];
    vec![
        get("/staff", Nothing).by(&[RUTH, PETER, SAM, ALMA]).marks("Jon Aziz"),
        get("/staff/invite", Nothing).by(&[RUTH, PETER]),
        post("/staff/invite", Nothing).form(NEWCOMER).form(&[("role", "coordinator")]).by(&[RUTH, PETER]),
        get("/staff/{per}", Staff).by(&[RUTH, PETER, SAM, ALMA]).marks("Newcomer Number"),
        post("/staff/{mem}/end", Staff).by(&keepers),
        post("/staff/{per}/re-enrol", Staff).by(&keepers),
        post("/staff/{per}/sign-out-everywhere", Staff).by(&keepers),
    ]
}

fn house() -> Vec<Row> {
    use Thing::{Alert, Entry, Nothing};
    let readers = [RUTH, PETER, SAM, THEO];
    let keepers = [RUTH, PETER, SAM];
    vec![
        get("/ledger", Nothing).by(&readers).marks("session.start"),
        get("/ledger/entries/{index}", Entry).by(&[FRIDA, RUTH, PETER, SAM, THEO]).marks("patient.create"),
        get("/ledger/entries/{index}/proof", Entry).by(&[FRIDA, RUTH, PETER, SAM, THEO]).marks("tlog-proof"),
        get("/ledger/checkpoints", Nothing).by(&readers),
        post("/ledger/export", Nothing).by(&readers).marks("localhost/strongroom"),
        get("/alerts", Alert).by(&readers).marks("This alert is a test"),
        post("/alerts/{alr}/close", Alert).form(&[("word-{alr}", "Looked at")]).by(&keepers),
        get("/gate", Nothing).by(&readers),
        // Nothing is shut in this house, so there is nothing to open again; the door's own tests shut it.
        post("/gate/reopen", Nothing).by(&keepers).conflict(),
        get("/health", Nothing).by(&[SAM, ALMA]),
        post("/health/walk", Nothing).by(&[SAM, ALMA]),
        get("/first-day", Nothing).by(&[RUTH, PETER, SAM, ALMA]).marks("A second officer"),
    ]
}

impl Row {
    /// Fields of a body that is no plain form.
    fn form_fields(mut self, fields: &[(&'static str, &'static str)]) -> Self {
        self.fields.extend_from_slice(fields);
        self
    }
}
