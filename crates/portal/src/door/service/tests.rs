//! The door, asked in process: what each kind of caller gets at each kind of address.

use super::{Setting, TOKEN_HEADER};
use crate::door::gate::{Gate, GateStart};
use crate::door::headers::{Transport, first_fault};
use crate::door::limits::{Limits, Rate, Rates};
use crate::door::locked::Run;
use crate::door::probe::{Finding, ProbeReport, Reach, What};
use crate::door::testing::{
    CANARY, FakeHouse, IDLE_SECRET, SECRET, TOKEN, constant_run, door, door_with, open_gate, routes,
};
use crate::door::{Door, Kind, OPEN_ROUTES, Opts, Problem, Reply};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use record::{Action, ManualClock};
use std::sync::Arc;
use tokio::sync::Notify;
use tower::ServiceExt as _;

const DOC: &str = "doc_01arz3ndektsv4rrffq69g5fav";
const HTML: (&str, &str) = ("accept", "text/html");
const OURS: (&str, &str) = ("origin", "https://portal.test");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

struct Got {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Got {
    fn location(&self) -> Option<&str> {
        self.headers.get(header::LOCATION).map(|value| value.to_str().expect("ascii"))
    }
}

async fn ask_with(
    door: &Door<FakeHouse>,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Got {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "portal.test");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = door.clone().oneshot(request.body(body.into()).expect("a request")).await.expect("infallible");
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 22).await.expect("a whole body");
    let got = Got { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() };
    assert_eq!(first_fault(&got.headers, Transport::Https), None, "{} {path}", got.status);
    got
}

async fn ask(method: Method, path: &str, headers: &[(&str, &str)]) -> Got {
    ask_with(&door(), method, path, headers, Body::empty()).await
}

fn cookie() -> String {
    format!("__Host-strongroom={SECRET}")
}

/// As the one who is signed in.
async fn ask_in(method: Method, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Got {
    let cookie = cookie();
    let mut all = vec![("cookie", cookie.as_str())];
    all.extend_from_slice(headers);
    ask_with(&door(), method, path, &all, body).await
}

#[tokio::test]
async fn a_stranger_gets_one_answer_for_every_path_and_method_that_is_not_open() {
    let read = format!("/documents/{DOC}");
    let paths = [
        read.as_str(),
        "/documents/x",
        "/nowhere",
        "/",
        "/documents/../etc",
        "/panics",
        "/upload/file",
        "/.git/config",
    ];
    let garbage = "__Host-strongroom=0123456789abcdef0123";
    for method in
        [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS, Method::TRACE]
    {
        for extra in [
            &[][..],
            &[("cookie", garbage)],
            &[OURS, FORM],
            &[("range", "bytes=0-1")],
            &[("origin", "https://evil.test")],
        ] {
            let first = ask(method.clone(), "/nowhere/at/all", extra).await;
            assert_eq!(first.status, StatusCode::UNAUTHORIZED);
            for path in paths {
                let got = ask(method.clone(), path, extra).await;
                assert_eq!(
                    (got.status, &got.headers, &got.body),
                    (first.status, &first.headers, &first.body),
                    "{method} {path}"
                );
            }
        }
    }
    let head = ask(Method::HEAD, &read, &[]).await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::UNAUTHORIZED, ""));
}

#[tokio::test]
async fn a_person_who_is_not_signed_in_is_shown_the_way_in_for_every_path_alike() {
    for path in ["/documents/x?name=Oakes", "/nowhere", "/panics", "/ledger"] {
        let got = ask(Method::GET, path, &[HTML]).await;
        let bare = path.split('?').next().expect("a path").trim_start_matches('/').replace('/', "%2F");
        assert_eq!(got.status, StatusCode::SEE_OTHER);
        assert_eq!(got.location(), Some(format!("/sign-in?next=%2F{bare}").as_str()));
        assert!(got.body.is_empty());
        let from_mail = [HTML, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
        let got = ask(Method::GET, path, &from_mail).await;
        assert_eq!(got.location(), Some(format!("/go?to=%2F{bare}").as_str()));
    }
    assert_eq!(ask(Method::GET, "/", &[HTML]).await.location(), Some("/sign-in"));
    assert_eq!(ask(Method::GET, "//evil.test/x", &[HTML]).await.location(), Some("/sign-in"));
    assert_eq!(ask(Method::GET, "/x", &[HTML, ("sec-fetch-mode", "cors")]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(Method::GET, "/api/v1/x", &[HTML]).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_one_who_is_signed_in_is_let_in_and_others_are_not() {
    let read = format!("/documents/{DOC}");
    assert_eq!(ask_in(Method::GET, &read, &[HTML], "").await.body, CANARY);
    let head = ask_in(Method::HEAD, &read, &[HTML], "").await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
    assert_eq!(ask_in(Method::HEAD, "/upload/file", &[], "").await.status, StatusCode::METHOD_NOT_ALLOWED);
    let nowhere = ask_in(Method::GET, "/nowhere", &[HTML], "").await;
    let not_there = ask_in(Method::GET, &format!("/missing/{DOC}"), &[HTML], "").await;
    assert_eq!(
        (nowhere.status, &nowhere.headers, &nowhere.body),
        (not_there.status, &not_there.headers, &not_there.body)
    );
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_panic_is_a_constant_answer_without_its_words() {
    let got = ask_in(Method::GET, "/panics", &[HTML], "").await;
    assert_eq!(got.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!got.body.contains("Margaret") && got.body.contains("+1 555 0100"));
}

#[tokio::test]
async fn only_an_answer_that_says_we_failed_names_the_call_and_each_by_another_name() {
    let one = ask_in(Method::GET, "/panics", &[HTML], "").await;
    let two = ask_in(Method::GET, "/panics", &[], "").await;
    let name = |got: &Got| got.headers.get("x-call").map(|value| value.to_str().expect("ascii").to_owned());
    assert_eq!(name(&one).map(|name| name.len()), Some(32));
    assert_ne!(name(&one), name(&two));
    assert!(!two.body.contains(&name(&two).unwrap_or_default()), "bodies are constant");
    for got in [ask(Method::GET, "/nowhere", &[]).await, ask_in(Method::GET, "/nowhere", &[], "").await] {
        assert_eq!(name(&got), None, "a refusal is like every other");
    }
}

#[tokio::test]
async fn what_is_logged_meanwhile_carries_the_name_and_the_pattern_and_nothing_that_was_sent() {
    let said = crate::door::testing::Said::default();
    let writer = said.clone();
    let lines =
        tracing_subscriber::fmt().json().with_max_level(tracing::Level::DEBUG).with_writer(move || writer.clone());
    let within = tracing::subscriber::set_default(lines.finish());
    let got = ask_in(Method::GET, "/panics?name=Oakes", &[HTML, ("user-agent", "Oakes")], "").await;
    drop(within);
    let name = got.headers.get("x-call").expect("a name").to_str().expect("ascii").to_owned();
    let text = said.text();
    let line = text.lines().find(|line| line.contains("a handler panicked")).expect("it is said");
    assert!(line.contains(&name) && line.contains("\"route\":\"/panics\""), "{line}");
    assert!(!text.contains("Oakes") && !text.contains("Margaret") && !text.contains(SECRET), "{text}");
    assert!(text.lines().all(|line| line.starts_with('{') && line.ends_with('}')), "{text}");
}

#[tokio::test]
async fn a_foreign_host_gets_one_answer_whoever_asks() {
    let cookie = cookie();
    let first = ask(Method::GET, "/", &[("host", "evil.test")]).await;
    assert_eq!(first.status, StatusCode::MISDIRECTED_REQUEST);
    for path in ["/", "/healthz", "/sign-in", "/nowhere"] {
        let got = ask(Method::GET, path, &[("host", "evil.test"), ("cookie", &cookie)]).await;
        assert_eq!((got.status, &got.headers, &got.body), (first.status, &first.headers, &first.body));
    }
    assert_eq!(ask(Method::GET, "https://evil.test/healthz", &[]).await.status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn a_form_needs_our_origin_and_this_sessions_token() {
    let sign = format!("/documents/{DOC}/sign");
    let good = format!("csrf={TOKEN}");
    let same = ("sec-fetch-site", "same-origin");
    type Row<'a> = (&'a [(&'a str, &'a str)], &'a str, StatusCode);
    let matrix: &[Row<'_>] = &[
        (&[OURS, FORM], &good, StatusCode::OK),
        (&[same, FORM], &good, StatusCode::OK),
        (&[("origin", "null"), same, FORM], &good, StatusCode::OK),
        (&[OURS, FORM, (TOKEN_HEADER, TOKEN)], "", StatusCode::OK),
        (&[FORM], &good, StatusCode::FORBIDDEN),
        (&[("origin", "null"), FORM], &good, StatusCode::FORBIDDEN),
        (&[("origin", "https://evil.test"), FORM], &good, StatusCode::FORBIDDEN),
        (&[("origin", "https://evil.test"), same, FORM], &good, StatusCode::FORBIDDEN),
        (&[OURS, ("sec-fetch-site", "cross-site"), FORM], &good, StatusCode::FORBIDDEN),
        (&[OURS, ("sec-fetch-site", "same-site"), FORM], &good, StatusCode::FORBIDDEN),
        (&[OURS, FORM], "", StatusCode::FORBIDDEN),
        (&[OURS, FORM], "csrf=", StatusCode::FORBIDDEN),
        (&[OURS, FORM], "csrf=wrong", StatusCode::FORBIDDEN),
        (&[OURS, FORM, (TOKEN_HEADER, "wrong")], &good, StatusCode::FORBIDDEN),
        (&[OURS], &good, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (&[OURS, ("content-type", "text/plain")], &good, StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ];
    for (headers, body, status) in matrix {
        let got = ask_in(Method::POST, &sign, headers, (*body).to_owned()).await;
        assert_eq!(got.status, *status, "{headers:?} {body}");
        assert_eq!(got.body.contains(CANARY), *status == StatusCode::OK);
    }
    let twice = format!("csrf={TOKEN}&csrf=x");
    assert_eq!(ask_in(Method::POST, &sign, &[OURS, FORM], twice).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_upload_needs_its_token_before_its_bytes() {
    let octets = ("content-type", "application/octet-stream");
    let with = ask_in(Method::POST, "/upload/file", &[OURS, octets, (TOKEN_HEADER, TOKEN)], "bytes").await;
    assert_eq!(with.status, StatusCode::OK);
    for headers in [&[OURS, octets][..], &[OURS, octets, (TOKEN_HEADER, "wrong")], &[octets, (TOKEN_HEADER, TOKEN)]] {
        // A body that would fail the test if it were read.
        let untouched = Body::from_stream(futures_util::stream::once(async {
            panic!("the body was read without a token");
            #[expect(unreachable_code, reason = "gives the stream its type")]
            Ok::<_, std::io::Error>(bytes::Bytes::new())
        }));
        assert_eq!(ask_in(Method::POST, "/upload/file", headers, untouched).await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_multipart_form_has_its_token_as_its_first_field() {
    let parts = |fields: &[(&str, &str)]| {
        let mut body = String::new();
        for (name, value) in fields {
            body.push_str(&format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
        }
        body + "--b--\r\n"
    };
    let kind = ("content-type", "multipart/form-data; boundary=b");
    let long = "x".repeat(300);
    for (fields, status) in [
        (&[("csrf", TOKEN), ("file", "x")][..], StatusCode::OK),
        (&[("file", "x"), ("csrf", TOKEN)], StatusCode::FORBIDDEN),
        (&[("csrf", "wrong"), ("file", "x")], StatusCode::FORBIDDEN),
        (&[("csrf", &long)], StatusCode::FORBIDDEN),
        (&[], StatusCode::FORBIDDEN),
    ] {
        assert_eq!(
            ask_in(Method::POST, "/upload/file", &[OURS, kind], parts(fields)).await.status,
            status,
            "{fields:?}"
        );
    }
    let malformed = ask_in(Method::POST, "/upload/file", &[OURS, ("content-type", "multipart/form-data")], "x").await;
    assert_eq!(malformed.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_foreign_page_cannot_use_the_session_even_to_look() {
    let read = format!("/documents/{DOC}");
    for site in ["cross-site", "same-site", "nonsense"] {
        let got = ask_in(Method::GET, &read, &[HTML, ("sec-fetch-site", site)], "").await;
        assert_eq!((got.status, got.body.contains(CANARY)), (StatusCode::FORBIDDEN, false), "{site}");
    }
    for site in ["same-origin", "none"] {
        assert_eq!(ask_in(Method::GET, &read, &[HTML, ("sec-fetch-site", site)], "").await.status, StatusCode::OK);
    }
    let embedded = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")];
    assert_eq!(ask(Method::GET, "/robots.txt", &embedded).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn bodies_have_their_limits_whether_they_say_their_size_or_not() {
    let sign = format!("/documents/{DOC}/sign");
    let large = format!("csrf={TOKEN}&x={}", "a".repeat(super::FORM_BYTES_MAX));
    assert_eq!(ask_in(Method::POST, &sign, &[OURS, FORM], large.clone()).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let length = large.len().to_string();
    let announced = ask_in(Method::POST, &sign, &[OURS, FORM, ("content-length", &length)], "").await;
    assert_eq!(announced.status, StatusCode::PAYLOAD_TOO_LARGE);
    let lying = ask_in(Method::POST, &sign, &[OURS, FORM, ("content-length", "5")], large).await;
    assert_eq!(lying.status, StatusCode::PAYLOAD_TOO_LARGE);
    let token = (TOKEN_HEADER, TOKEN);
    let upload = [OURS, token, ("content-type", "application/octet-stream"), ("content-length", "1048577")];
    assert_eq!(ask_in(Method::POST, "/upload/file", &upload, "").await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn an_open_route_that_changes_something_needs_our_origin_too() {
    let [start, ..] = OPEN_ROUTES.iter().filter(|route| route.path == "/sign-in/{*step}").collect::<Vec<_>>()[..]
    else {
        panic!("signing in is an open route");
    };
    let door = routes()
        .open_run(Method::POST, start.path, start.reason, Kind::Json, constant_run("challenge"))
        .into_service(FakeHouse, Setting::for_tests())
        .expect("routes of this test");
    for (headers, status) in [
        (&[OURS][..], StatusCode::OK),
        (&[("sec-fetch-site", "same-origin")], StatusCode::OK),
        (&[], StatusCode::FORBIDDEN),
        (&[("origin", "https://evil.test")], StatusCode::FORBIDDEN),
    ] {
        assert_eq!(ask_with(&door, Method::POST, "/sign-in/start", headers, "{}").await.status, status);
    }
    assert_eq!(ask_with(&door, Method::GET, "/sign-in/start", &[], "").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_closed_gate_answers_everything_but_healthz_with_a_telephone_number() {
    let mut setting = Setting::for_tests();
    setting.gate = Gate::new(GateStart::Fresh);
    let door = door_with(setting);
    let cookie = cookie();
    for path in ["/", "/sign-in", "/go", "/readyz", "/nowhere", "/robots.txt"] {
        let got = ask_with(&door, Method::GET, path, &[HTML, ("cookie", &cookie)], "").await;
        assert_eq!(got.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(got.body.contains("+1 555 0100") && got.headers.contains_key(header::RETRY_AFTER));
    }
    assert_eq!(ask_with(&door, Method::GET, "/healthz", &[], "").await.status, StatusCode::OK);
    assert_eq!(ask(Method::GET, "/readyz", &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_probes_key_opens_the_gate_for_its_request_and_gives_no_other_right() {
    let mut setting = Setting::for_tests();
    let gate = Gate::new(GateStart::Fresh);
    setting.gate = gate.clone();
    let door = door_with(setting);
    let walk = gate.begin_walk(&record::SeededEntropy::new(3));
    let key = walk.header();
    let key = ("x-strongroom-probe", key.to_str().expect("ascii"));
    assert_eq!(ask_with(&door, Method::GET, "/ledger", &[key], "").await.status, StatusCode::UNAUTHORIZED);
    let wrong = ("x-strongroom-probe", "00");
    assert_eq!(ask_with(&door, Method::GET, "/ledger", &[wrong], "").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn one_closed_route_is_closed_for_everybody_and_the_others_stay_open() {
    let mut setting = Setting::for_tests();
    let gate = open_gate();
    let route = crate::door::gate::RouteKey::new(&Method::GET, "/ledger");
    let finding = Finding { route, reach: Reach::Route, how: "HEAD", what: What::Opened(StatusCode::OK) };
    gate.record(&ProbeReport { requests: 1, findings: vec![finding], errors: vec![] });
    setting.gate = gate;
    let door = door_with(setting);
    let cookie = cookie();
    let cookie = ("cookie", cookie.as_str());
    assert_eq!(ask_with(&door, Method::GET, "/ledger", &[cookie], "").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ask_with(&door, Method::HEAD, "/ledger", &[cookie], "").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ask_with(&door, Method::GET, "/", &[cookie], "").await.status, StatusCode::OK);
    assert_eq!(ask_with(&door, Method::GET, "/ledger", &[], "").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn strangers_are_slowed_and_people_who_are_signed_in_are_not() {
    let mut setting = Setting::for_tests();
    let one = Rate { burst: 2, per_sec: 0.1 };
    let rates = Rates { stranger: one, ..Rates::default() };
    setting.limits = Limits::new(rates, Arc::new(ManualClock::at_unix_millis(0)));
    let door = door_with(setting);
    for status in [StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS] {
        assert_eq!(ask_with(&door, Method::GET, "/x", &[], "").await.status, status);
    }
    let cookie = cookie();
    for _ in 0..5 {
        assert_eq!(ask_with(&door, Method::GET, "/", &[("cookie", &cookie)], "").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn too_many_at_once_is_503_with_all_headers() {
    let mut setting = Setting::for_tests();
    setting.requests_max = 0;
    let got = ask_with(&door_with(setting), Method::GET, "/healthz", &[], "").await;
    assert_eq!(got.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn the_landing_page_goes_to_paths_of_this_site_only() {
    let got = ask(Method::GET, "/go?to=%2Fdocuments%2Fx%3Fa%3Db", &[HTML]).await;
    assert!(got.body.contains("href=\"/documents/x?a=b\""));
    for to in ["%2F%2Fevil.test", "https%3A%2F%2Fevil.test", "%2F%5Cevil.test", "javascript%3Aalert(1)", "%2F%22onx%3D"]
    {
        let got = ask(Method::GET, &format!("/go?to={to}"), &[HTML]).await;
        assert!(got.body.contains("href=\"/\"") && !got.body.contains("evil") && !got.body.contains("alert"), "{to}");
    }
}

#[tokio::test]
async fn an_idle_locked_session_can_be_unlocked_or_ended_and_nothing_else() {
    let cookie = format!("__Host-strongroom={IDLE_SECRET}");
    let cookie = ("cookie", cookie.as_str());
    let got = ask(Method::GET, "/ledger", &[cookie, HTML]).await;
    assert_eq!((got.status, got.location()), (StatusCode::SEE_OTHER, Some("/locked?next=%2Fledger")));
    for path in ["/ledger", &format!("/documents/{DOC}"), &format!("/documents/{DOC}/original"), "/panics"] {
        let got = ask(Method::GET, path, &[cookie]).await;
        assert_eq!((got.status, got.body.contains(CANARY)), (StatusCode::UNAUTHORIZED, false), "{path}");
    }
    let token = (TOKEN_HEADER, TOKEN);
    let sign = format!("/documents/{DOC}/sign");
    assert_eq!(ask(Method::POST, &sign, &[cookie, OURS, FORM, token]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(Method::POST, "/step-up/start", &[cookie, OURS, token]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn under_the_lock_the_act_of_a_route_opens_nothing_its_address_does() {
    // The help page and the first page are asked for as a touch is; a locked session must not see them.
    let page = || constant_run(CANARY);
    let routes = routes()
        .locked_run(Method::GET, "/help", Opts::page("Help"), Action::SessionStepUp, page())
        .locked_run(Method::GET, "/step-up", Opts::page("Touch"), Action::SessionStepUp, page())
        .locked_run(Method::POST, "/alive", Opts::form("Alive"), Action::SessionStepUp, page())
        .locked_run(Method::GET, "/locked", Opts::page("Locked"), Action::SessionStepUp, constant_run("locked"))
        .locked_run(Method::POST, "/lock", Opts::form("Lock"), Action::SessionEnd, constant_run("locked"))
        .locked_run(Method::POST, "/sign-out", Opts::form("Out"), Action::SessionEnd, constant_run("out"));
    let door = routes.into_service(FakeHouse, Setting::for_tests()).expect("routes of this test");
    let cookie = format!("__Host-strongroom={IDLE_SECRET}");
    let cookie = ("cookie", cookie.as_str());
    let token = (TOKEN_HEADER, TOKEN);
    for path in ["/help", "/step-up", "/"] {
        let got = ask_with(&door, Method::GET, path, &[cookie, HTML], Body::empty()).await;
        assert_eq!((got.status, got.body.as_str()), (StatusCode::SEE_OTHER, ""), "{path}");
        let got = ask_with(&door, Method::HEAD, path, &[cookie], Body::empty()).await;
        assert_eq!(got.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let got = ask_with(&door, Method::POST, "/alive", &[cookie, OURS, FORM, token], Body::empty()).await;
    assert_eq!((got.status, got.body.contains(CANARY)), (StatusCode::UNAUTHORIZED, false));
    for path in ["/lock", "/sign-out"] {
        let got = ask_with(&door, Method::POST, path, &[cookie, OURS, FORM, token], Body::empty()).await;
        assert_eq!(got.status, StatusCode::OK, "{path}");
        let got = ask_with(&door, Method::POST, path, &[cookie, OURS, FORM], Body::empty()).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN, "{path} without its token");
    }
    assert_eq!(ask_with(&door, Method::GET, "/locked", &[cookie, HTML], Body::empty()).await.body, "locked");
}

#[tokio::test]
async fn a_locked_session_is_nobody_at_an_open_route() {
    let seen: Run<FakeHouse> = Arc::new(|_house, comer, _call| {
        Box::pin(async move { Ok(Reply::text(if comer.person().is_some() { "somebody" } else { "nobody" })) })
    });
    let open = OPEN_ROUTES.iter().find(|route| route.path == "/sign-in").expect("the way in");
    let routes = routes().open_run(Method::GET, open.path, open.reason, Kind::Page, seen);
    let door = routes.into_service(FakeHouse, Setting::for_tests()).expect("routes of this test");
    for (secret, who) in [(SECRET, "somebody"), (IDLE_SECRET, "nobody")] {
        let cookie = format!("__Host-strongroom={secret}");
        let got = ask_with(&door, Method::GET, "/sign-in", &[("cookie", &cookie), HTML], Body::empty()).await;
        assert_eq!(got.body, who);
    }
}

#[tokio::test]
async fn after_a_pass_officers_reach_the_gate_and_nobody_reaches_anything_else() {
    let way = || constant_run("the way");
    let sign_in = OPEN_ROUTES.iter().find(|route| route.path == "/sign-in").expect("the way in");
    let routes = routes()
        .open_run(Method::GET, sign_in.path, sign_in.reason, Kind::Page, way())
        .locked_run(Method::GET, "/gate", Opts::page("Gate"), Action::AlertList, way())
        .locked_run(Method::POST, "/gate/reopen", Opts::form("Reopen"), Action::GateReopen, way());
    let gate = Gate::new(GateStart::AfterFinding);
    let mut setting = Setting::for_tests();
    setting.gate = gate.clone();
    let door = routes.into_service(FakeHouse, setting).expect("routes of this test");
    let cookie = cookie();
    let cookie = ("cookie", cookie.as_str());
    let token = (TOKEN_HEADER, TOKEN);
    let reopen = [cookie, OURS, FORM, token];
    for path in ["/sign-in", "/gate", "/ledger", "/static/strongroom.css", "/nowhere"] {
        let got = ask_with(&door, Method::GET, path, &[cookie, HTML], Body::empty()).await;
        assert_eq!(got.status, StatusCode::SERVICE_UNAVAILABLE, "{path} before a walk has passed");
    }
    assert_eq!(
        ask_with(&door, Method::POST, "/gate/reopen", &reopen, "").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    gate.record(&ProbeReport::default());
    for path in ["/sign-in", "/gate"] {
        assert_eq!(ask_with(&door, Method::GET, path, &[cookie, HTML], Body::empty()).await.body, "the way", "{path}");
    }
    assert_eq!(ask_with(&door, Method::POST, "/gate/reopen", &reopen, "").await.body, "the way");
    // The lock holds on this way as on any other.
    assert_eq!(ask_with(&door, Method::GET, "/gate", &[], Body::empty()).await.status, StatusCode::UNAUTHORIZED);
    for path in ["/", "/ledger", "/readyz", "/go", "/nowhere", "/gate/else"] {
        let got = ask_with(&door, Method::GET, path, &[cookie, HTML], Body::empty()).await;
        assert_eq!(got.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
    }
    let got = ask_with(&door, Method::POST, "/gate", &[cookie, OURS, FORM, token], Body::empty()).await;
    assert_eq!(got.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn what_an_open_route_does_not_know_looks_to_a_stranger_like_no_route() {
    let unknown: Run<FakeHouse> = Arc::new(|_house, comer, _call| {
        Box::pin(async move { Err(if comer.person().is_some() { Problem::NotHere } else { Problem::WhoAreYou }) })
    });
    let open = OPEN_ROUTES.iter().find(|route| route.path == "/invitation/{secret}").expect("a route with a parameter");
    let routes = routes().open_run(Method::GET, open.path, open.reason, Kind::Page, unknown);
    let door = routes.into_service(FakeHouse, Setting::for_tests()).expect("routes of this test");
    for accept in [HTML, ("accept", "application/json")] {
        let known = ask_with(&door, Method::GET, "/invitation/x", &[accept], Body::empty()).await;
        let none = ask_with(&door, Method::GET, "/nowhere", &[accept], Body::empty()).await;
        assert_eq!((known.status, &known.body), (none.status, &none.body));
        let [known, none] = [&known, &none].map(|got| got.location().map(|to| to.split('?').next().map(str::to_owned)));
        assert_eq!(known, none);
    }
    let cookie = cookie();
    let got = ask_with(&door, Method::GET, "/invitation/x", &[("cookie", &cookie), HTML], Body::empty()).await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_changes_something_and_has_begun_is_finished_although_nobody_waits_any_more_and_keeps_its_place() {
    let (begun, go_on, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (at_begin, wait, at_end) = (Arc::clone(&begun), Arc::clone(&go_on), Arc::clone(&done));
    let run: Run<FakeHouse> = Arc::new(move |_, _, _| {
        let (begun, wait, done) = (Arc::clone(&at_begin), Arc::clone(&wait), Arc::clone(&at_end));
        Box::pin(async move {
            begun.notify_one();
            wait.notified().await;
            done.notify_one();
            Ok(Reply::text("done"))
        })
    });
    let slow = routes().locked_run(Method::POST, "/slow", Opts::form("Slow"), Action::DocumentWithdraw, run);
    let setting = Setting { requests_max: 1, ..Setting::for_tests() };
    let door = slow.into_service(FakeHouse, setting).expect("routes of this test");
    let request = Request::builder().method(Method::POST).uri("/slow").header("host", "portal.test");
    let request = request.header("cookie", cookie()).header(OURS.0, OURS.1).header(FORM.0, FORM.1);
    let asked = door.clone().oneshot(request.body(Body::from(format!("csrf={TOKEN}"))).expect("a request"));
    tokio::select! {
        biased;
        () = begun.notified() => {}
        _ = asked => panic!("it hung up before the answer"),
    }
    // Whoever hangs up makes no room for more of the same.
    let other = async || ask_with(&door, Method::GET, "/sign-in", &[HTML], Body::empty()).await.status;
    assert_eq!(other().await, StatusCode::SERVICE_UNAVAILABLE);
    go_on.notify_one();
    tokio::time::timeout(std::time::Duration::from_secs(10), done.notified()).await.expect("it was finished");
    while other().await == StatusCode::SERVICE_UNAVAILABLE {
        tokio::task::yield_now().await;
    }
}
