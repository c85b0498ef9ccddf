//! Lists of documents: inbox, everything, queue, unmatched, held, to print.

use super::frame::{customer_filter, flash_of, frame, page, witness};
use super::show::document_row;
use crate::door::take::Query;
use crate::door::{Answer, Locked, Opts};
use crate::pages::documents::{DocumentListPage, InboxPage, ListKind};
use crate::pages::parts::{DocumentRow, Empty, Link, Pager, ViewTab};
use axum::http::Method;
use custody::{Desk, DocumentView, DocumentsFound, HouseView};
use record::{CustomerId, DocumentId, Role, act};
use serde::Deserialize;

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .route(Method::GET, "/inbox", Opts::page("Inbox").menu(10), inbox)
        .route(Method::GET, "/documents", Opts::page("Documents").menu(20), documents)
        .route(Method::GET, "/queue", Opts::page("Queue").menu(30), queue)
        .route(Method::GET, "/unmatched", Opts::page("Unmatched").menu(40), unmatched)
        .route(Method::GET, "/held", Opts::page("Held").menu(50), held)
        .route(Method::GET, "/to-print", Opts::page("To print").menu(60), to_print)
        .route(Method::GET, "/status", Opts::page("Status").menu(35), status)
}

/// Which page of which list. No PHI: ids and fixed words only.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    view: Option<String>,
    #[serde(default)]
    customer: Option<CustomerId>,
    #[serde(default)]
    before: Option<DocumentId>,
    #[serde(default)]
    done: Option<String>,
}

/// Rows over all customers, newest first.
pub(super) fn rows(custody: &HouseView, found: &DocumentsFound) -> Vec<DocumentRow> {
    let mut rows: Vec<(DocumentId, DocumentRow)> = found
        .customers
        .iter()
        .flat_map(|lines| lines.lines.iter().map(|line| (line.id, document_row(custody, lines, line))))
        .collect();
    rows.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
    rows.into_iter().map(|(_, row)| row).collect()
}

fn pager(path: &str, which: &Which, found: &DocumentsFound, shown: usize) -> Option<Pager> {
    if found.next.is_none() && which.before.is_none() {
        return None;
    }
    let address = |before: Option<DocumentId>| {
        let mut parts = Vec::new();
        if let Some(view) = &which.view {
            parts.push(format!(
                "view={}",
                view.chars().filter(|one| one.is_ascii_alphanumeric() || *one == '-').collect::<String>()
            ));
        }
        if let Some(customer) = which.customer {
            parts.push(format!("customer={customer}"));
        }
        if let Some(before) = before {
            parts.push(format!("before={before}"));
        }
        if parts.is_empty() { path.to_owned() } else { format!("{path}?{}", parts.join("&")) }
    };
    Some(Pager {
        text: format!("{shown} shown, newest first"),
        previous: which.before.map(|_| address(None)),
        next: found.next.map(|next| address(Some(next))),
        again: Vec::new(),
    })
}

fn empty(title: &str, text: &str, action: Option<(&str, &str)>) -> Empty {
    Empty {
        title: title.to_owned(),
        text: text.to_owned(),
        action: action.map(|(label, href)| Link { label: label.to_owned(), href: href.to_owned() }),
    }
}

async fn inbox(desk: Desk<act::DocumentList>, Query(which): Query<Which>) -> Answer {
    let (mut chrome, me) = frame(&desk, "/inbox").await?;
    let view = match which.view.as_deref() {
        Some("all") => DocumentView::Inbox,
        Some("picked-up") => DocumentView::PickedUp,
        _ => DocumentView::Unread,
    };
    let found = desk.document_list(view, which.customer, which.before).await?;
    let custody = desk.house();
    customer_filter(&mut chrome, &me.customers(), which.customer, "/inbox");
    chrome.witness = found.customers.first().map(|lines| witness(custody, "opened this list", lines.witnessed));
    chrome.flash = flash_of(which.done.as_deref());
    let rows = rows(custody, &found);
    let unread =
        u32::try_from(custody.view_count(me.signed_in.person, DocumentView::Unread).await?).unwrap_or(u32::MAX);
    let tab = |label: &str, href: &str, count: Option<u32>, current: bool| ViewTab {
        label: label.to_owned(),
        href: href.to_owned(),
        count,
        current,
    };
    let page_data = InboxPage {
        pager: pager("/inbox", &which, &found, rows.len()),
        tabs: vec![
            tab("Unread by me", "/inbox", Some(unread), view == DocumentView::Unread),
            tab("Picked up by the practice", "/inbox?view=picked-up", None, view == DocumentView::PickedUp),
            tab("All", "/inbox?view=all", None, view == DocumentView::Inbox),
        ],
        empty: if view == DocumentView::Unread {
            empty(
                "Nothing unread",
                "New documents appear here as soon as they are delivered to you.",
                Some(("See all in my inbox", "/inbox?view=all")),
            )
        } else {
            empty("Nothing here yet", "Documents that are delivered to you appear here.", None)
        },
        elsewhere: None,
        rows,
        chrome,
    };
    page(&page_data)
}

async fn list(
    desk: Desk<act::DocumentList>,
    which: Which,
    (kind, path, view): (ListKind, &str, DocumentView),
) -> Answer {
    let (mut chrome, me) = frame(&desk, path).await?;
    let found = desk.document_list(view, which.customer, which.before).await?;
    let custody = desk.house();
    customer_filter(&mut chrome, &me.customers(), which.customer, path);
    chrome.witness = found.customers.first().map(|lines| witness(custody, "opened this list", lines.witnessed));
    chrome.flash = flash_of(which.done.as_deref());
    let mut rows = rows(custody, &found);
    if matches!(kind, ListKind::Unmatched) && me.is_any(&[Role::RecordsStaff, Role::QaEditor]) {
        // The text of an unmatched document is not for records staff; whose it is, is what there is to do here.
        rows.iter_mut().for_each(|row| row.href.push_str("/match"));
    }
    let may_upload = me.is_any(&[Role::Transcriptionist, Role::QaEditor]);
    let upload = may_upload.then(|| Link { label: "Upload documents".to_owned(), href: "/upload".to_owned() });
    let action = may_upload.then_some(("Upload documents", "/upload"));
    let empty = match kind {
        ListKind::Documents => empty("No documents yet", "Everything you may see will be listed here.", action),
        ListKind::Queue => empty("The queue is empty", "Documents that are being typed or edited appear here.", action),
        ListKind::Unmatched => empty(
            "Nothing is unmatched",
            "Documents whose patient could not be named with certainty wait here for a person.",
            None,
        ),
        ListKind::Held => empty("Nothing is held", "Documents that somebody kept back wait here.", None),
        ListKind::ToPrint | ListKind::Status => {
            empty("Nothing to print", "Delivered documents that nobody has picked up yet appear here.", None)
        }
    };
    page(&DocumentListPage {
        pager: pager(path, &which, &found, rows.len()),
        kind,
        tabs: Vec::new(),
        rows,
        empty,
        primary: upload,
        chrome,
    })
}

async fn documents(desk: Desk<act::DocumentList>, Query(which): Query<Which>) -> Answer {
    list(desk, which, (ListKind::Documents, "/documents", DocumentView::All)).await
}

async fn queue(desk: Desk<act::DocumentList>, Query(which): Query<Which>) -> Answer {
    list(desk, which, (ListKind::Queue, "/queue", DocumentView::InWork)).await
}

async fn unmatched(desk: Desk<act::DocumentList>, Query(which): Query<Which>) -> Answer {
    list(desk, which, (ListKind::Unmatched, "/unmatched", DocumentView::Unmatched)).await
}

async fn held(desk: Desk<act::DocumentList>, Query(which): Query<Which>) -> Answer {
    list(desk, which, (ListKind::Held, "/held", DocumentView::Held)).await
}

async fn to_print(desk: Desk<act::DocumentList>, Query(which): Query<Which>) -> Answer {
    list(desk, which, (ListKind::ToPrint, "/to-print", DocumentView::ToPrint)).await
}

/// Where jobs stand, for those who steer the work and see no record: a job is named by the end of its id.
async fn status(desk: Desk<act::DocumentStatus>, Query(which): Query<Which>) -> Answer {
    let (mut chrome, _) = frame(&desk, "/status").await?;
    let custody = desk.house();
    let (lines, next, witnessed) = desk.document_status(which.before).await?;
    chrome.witness = witnessed.map(|witnessed| witness(custody, "opened this list", witnessed));
    let rows: Vec<DocumentRow> = lines
        .iter()
        .map(|line| {
            let id = line.id.to_string();
            DocumentRow {
                href: String::new(),
                patient: format!("Job {}", &id[id.len() - 8..]),
                identifier: String::new(),
                record_number: String::new(),
                kind: line.kind,
                visit_date: String::new(),
                author: line.author_name.clone(),
                state: line.state,
                tag: super::show::tag(&line.customer_name),
                unread: false,
                picked_up: None,
                arrived: super::frame::moment(custody, line.delivered_at.unwrap_or(line.uploaded_at)),
                note: String::new(),
                note_tone: crate::pages::parts::Tone::Plain,
                broken_glass: false,
            }
        })
        .collect();
    let pager = (next.is_some() || which.before.is_some()).then(|| Pager {
        text: format!("{} shown, newest first", rows.len()),
        previous: which.before.map(|_| "/status".to_owned()),
        next: next.map(|next| format!("/status?before={next}")),
        again: Vec::new(),
    });
    let empty = empty("No jobs yet", "Jobs of the customers you are assigned to appear here, without names.", None);
    page(&DocumentListPage { pager, kind: ListKind::Status, tabs: Vec::new(), rows, empty, primary: None, chrome })
}
