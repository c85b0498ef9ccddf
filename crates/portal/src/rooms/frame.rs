//! The frame around every page: who I am, the menu, what was witnessed.

use crate::door::{Answer, Problem, Reply, SafePath};
use crate::pages::parts::{Moment, Tone};
use crate::pages::{Banner, Chrome, CustomerChoice, Flash, NavItem, WhoAmI, Witness};
use askama::Template;
use custody::{Desk, DocumentView, HouseView, IDLE_MINUTES, SignedIn, Witnessed};
use record::{Act, CustomerId, Role, Timestamp};

/// At a computer that several people use the page locks sooner than the session ends.
const SHARED_IDLE_SECS: u32 = 300;

/// What the person at the desk is, for menus and first pages. Policy alone says what they may do.
pub(super) struct Me {
    pub(super) who: custody::WhoAmI,
    pub(super) signed_in: SignedIn,
}

impl Me {
    pub(super) async fn at<A: Act>(desk: &Desk<A>) -> Result<Self, Problem> {
        let signed_in = desk.signed_in().ok_or(Problem::WhoAreYou)?.clone();
        let who = desk.house().who(&signed_in).await?;
        Ok(Self { who, signed_in })
    }

    pub(super) fn is(&self, role: Role) -> bool {
        self.who.places.iter().any(|place| place.role == role)
    }

    pub(super) fn is_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.is(*role))
    }

    /// Practices of one's own, by id and name, each once.
    pub(super) fn customers(&self) -> Vec<(CustomerId, String)> {
        let mut all: Vec<(CustomerId, String)> =
            self.who.places.iter().filter_map(|place| place.customer.clone()).collect();
        all.sort_by(|one, other| one.1.cmp(&other.1));
        all.dedup();
        all
    }

    /// Where this person's day begins.
    pub(super) fn first_page(&self) -> &'static str {
        if self.who.needs_second_passkey {
            return "/me/passkeys";
        }
        // The first role in this list that the person has says which room it is.
        const FIRST: &[(Role, &str)] = &[
            (Role::Clinician, "/inbox"),
            (Role::RecordsStaff, "/to-print"),
            (Role::Transcriptionist, "/queue"),
            (Role::QaEditor, "/queue"),
            (Role::Coordinator, "/status"),
            (Role::PracticeManager, "/people"),
            (Role::PrivacyOfficer, "/alerts"),
            (Role::SecurityOfficer, "/alerts"),
            (Role::Administrator, "/health"),
            (Role::Auditor, "/ledger"),
        ];
        FIRST.iter().find(|(role, _)| self.is(*role)).map_or("/me/accesses", |(_, page)| page)
    }
}

/// One room of the menu: label, address, who works there, which group it begins.
struct Room {
    label: &'static str,
    href: &'static str,
    roles: &'static [Role],
    starts_group: bool,
    counts: Option<DocumentView>,
}

const fn room(label: &'static str, href: &'static str, roles: &'static [Role]) -> Room {
    Room { label, href, roles, starts_group: false, counts: None }
}

const MENU: &[Room] = &[
    Room { counts: Some(DocumentView::Unread), ..room("Inbox", "/inbox", &[Role::Clinician]) },
    Room { counts: Some(DocumentView::ToPrint), ..room("To print", "/to-print", &[Role::RecordsStaff]) },
    room("Queue", "/queue", &[Role::Transcriptionist, Role::QaEditor]),
    room("Status", "/status", &[Role::Coordinator]),
    room("Documents", "/documents", &[Role::Clinician, Role::RecordsStaff, Role::QaEditor]),
    Room {
        counts: Some(DocumentView::Unmatched),
        ..room("Unmatched", "/unmatched", &[Role::RecordsStaff, Role::QaEditor])
    },
    room("Held", "/held", &[Role::QaEditor]),
    room("Patients", "/patients", &[Role::Clinician, Role::RecordsStaff, Role::QaEditor]),
    room("Dictate", "/dictate", &[Role::Clinician]),
    room("Upload", "/upload", &[Role::Transcriptionist, Role::QaEditor]),
    Room { starts_group: true, ..room("People", "/people", &[Role::PracticeManager]) },
    room("Accesses", "/accesses", &[Role::PracticeManager, Role::PrivacyOfficer]),
    room("Requests", "/requests", &[Role::PrivacyOfficer]),
    room("Broken glass", "/break-glass", &[Role::PracticeManager, Role::PrivacyOfficer]),
    Room {
        starts_group: true,
        ..room(
            "Customers",
            "/customers",
            &[Role::PrivacyOfficer, Role::SecurityOfficer, Role::Administrator, Role::Analyst],
        )
    },
    room("First day", "/first-day", &[Role::PrivacyOfficer]),
    room("Staff", "/staff", &[Role::PrivacyOfficer, Role::SecurityOfficer, Role::Administrator]),
    room("Alerts", "/alerts", &[Role::PrivacyOfficer, Role::SecurityOfficer, Role::Auditor]),
    room("Ledger", "/ledger", &[Role::PrivacyOfficer, Role::SecurityOfficer, Role::Auditor]),
    room("Gate", "/gate", &[Role::PrivacyOfficer, Role::SecurityOfficer]),
    room("Health", "/health", &[Role::SecurityOfficer, Role::Administrator]),
];

/// The frame of a page in the room at `here`.
pub(super) async fn frame<A: Act>(desk: &Desk<A>, here: &str) -> Result<(Chrome, Me), Problem> {
    let me = Me::at(desk).await?;
    let custody = desk.house();
    let mut nav = Vec::new();
    for room in MENU.iter().filter(|room| me.is_any(room.roles)) {
        let count = match room.counts {
            Some(view) => Some(u32::try_from(custody.view_count(me.signed_in.person, view).await?).unwrap_or(u32::MAX)),
            None => None,
        };
        nav.push(NavItem {
            label: room.label.to_owned(),
            href: room.href.to_owned(),
            count: count.filter(|count| *count > 0),
            current: here == room.href,
            starts_group: room.starts_group && !nav.is_empty(),
        });
    }
    let settings = custody.settings();
    let mut banners = banners(custody).await?;
    if settings.demo {
        banners.push(demo_banner());
    }
    let roles: Vec<String> = me
        .who
        .places
        .iter()
        .map(|place| match &place.customer {
            Some((_, name)) => format!("{}, {name}", place.role.label()),
            None => place.role.label().to_owned(),
        })
        .collect();
    let chrome = Chrome {
        lang: "en".to_owned(),
        operator: settings.operator.clone(),
        help_phone: settings.telephone.clone(),
        signed_in: Some(WhoAmI {
            person: me.who.person.to_string(),
            name: me.who.name.clone(),
            role: roles.first().cloned().unwrap_or_default(),
            last_sign_in: me.who.last_sign_in.map(|at| moment(custody, at)),
            idle_secs: if me.signed_in.shared {
                SHARED_IDLE_SECS
            } else {
                u32::try_from(IDLE_MINUTES * 60).unwrap_or(900)
            },
            alive_href: Some("/alive".to_owned()),
            may_search: me.is_any(&[Role::Clinician, Role::RecordsStaff, Role::QaEditor]),
            may_upload: me.is_any(&[Role::Transcriptionist, Role::QaEditor]),
        }),
        customers: Vec::new(),
        nav,
        csrf: me.signed_in.csrf.clone(),
        witness: None,
        banners,
        flash: None,
    };
    Ok((chrome, me))
}

/// The frame of a page before the door: nobody's name, no rooms.
pub(super) async fn porch(custody: &HouseView) -> Result<Chrome, Problem> {
    let settings = custody.settings();
    let mut chrome = Chrome::for_strangers(&settings.operator, &settings.telephone);
    chrome.banners = banners(custody).await?;
    if settings.demo {
        chrome.banners.push(demo_banner());
    }
    Ok(chrome)
}

fn demo_banner() -> Banner {
    Banner { tone: Tone::Plain, text: "Demo: every person and every record here is made up.".to_owned(), link: None }
}

/// What everybody must see.
async fn banners(custody: &HouseView) -> Result<Vec<Banner>, Problem> {
    let recovered = custody.officer_recovery_shown().await?;
    Ok(recovered
        .map(|at| Banner {
            tone: Tone::Due,
            text: format!(
                "An officer's access was recovered with the root key on {}. If you did not expect this, call {}.",
                custody.settings().time_of(at),
                custody.settings().telephone
            ),
            link: None,
        })
        .into_iter()
        .collect())
}

/// The customer filter over a list, where there is more than one customer.
pub(super) fn customer_filter(
    chrome: &mut Chrome,
    customers: &[(CustomerId, String)],
    only: Option<CustomerId>,
    path: &str,
) {
    if customers.len() < 2 {
        return;
    }
    let choice = |label: &str, href: String, current: bool| CustomerChoice {
        label: label.to_owned(),
        href,
        count: None,
        current,
    };
    chrome.customers.push(choice("All customers", path.to_owned(), only.is_none()));
    for (id, name) in customers {
        chrome.customers.push(choice(name, format!("{path}?customer={id}"), only == Some(*id)));
    }
}

/// A moment as people of this house read it.
pub(super) fn moment(custody: &HouseView, at: Timestamp) -> Moment {
    Moment { iso: at.to_string(), text: custody.settings().time_of(at) }
}

/// The line at the foot.
pub(super) fn witness(custody: &HouseView, verb: &str, witnessed: Witnessed) -> Witness {
    let time = custody.settings().time_of(witnessed.at);
    Witness {
        text: format!("You {verb} at {time}"),
        entry: thousands(witnessed.index),
        href: format!("/ledger/entries/{}", witnessed.index),
    }
}

/// 48213 as people read it: 48,213.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A size as people read it.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..=999 => format!("{bytes} bytes"),
        1_000..=999_999 => format!("{} kB", bytes / 1_000),
        1_000_000..=999_999_999 => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes % 1_000_000_000 / 100_000_000),
    }
}

/// A whole page.
pub(super) fn page(template: &impl Template) -> Answer {
    template.render().map(Reply::html).map_err(|_| Problem::Broken)
}

/// On to another page of this site.
pub(super) fn go(path: &str) -> Answer {
    SafePath::new(path).map(|path| Reply::see_other(&path)).ok_or(Problem::Broken)
}

/// What the last act did, told by a fixed word in the address: no free text comes in that way.
pub(super) fn flash_of(word: Option<&str>) -> Option<Flash> {
    let (tone, text) = match word? {
        "delivered" => (Tone::Good, "Delivered. It can be taken back within ten minutes while nobody has read it."),
        "undone" => (Tone::Good, "The delivery was taken back."),
        "advanced" => (Tone::Good, "Moved forward."),
        "picked-up" => (Tone::Good, "Marked as picked up."),
        "signed" => (Tone::Good, "Signed."),
        "held" => (Tone::Good, "Held. Nobody at the practice sees it."),
        "released" => (Tone::Good, "Let go. It is in work again."),
        "withdrawn" => (Tone::Good, "Withdrawn. It is out of every inbox."),
        "entered-in-error" => (Tone::Good, "Marked as entered in error."),
        "matched" => (Tone::Good, "Matched."),
        "moved" => (Tone::Good, "Moved. Both charts show it."),
        "saved" => (Tone::Good, "Saved."),
        "glass" => (Tone::Due, "The glass is broken. Everything you open is witnessed and will be reviewed."),
        "reviewed" => (Tone::Good, "The review is closed."),
        "linked" => (Tone::Good, "Linked."),
        "merged" => (Tone::Good, "Merged. It can be taken back here."),
        "merge-refused" => (Tone::Good, "Left apart."),
        "merge-undone" => (Tone::Good, "The merge was taken back."),
        "ended" => (Tone::Good, "Ended. It holds from the next request on."),
        "confirmed" => (Tone::Good, "Confirmed."),
        "request-closed" => (Tone::Good, "The request is closed. Nothing more is shown under it."),
        "closed" => (Tone::Good, "Closed."),
        "passkey-added" => (Tone::Good, "The passkey is yours from now on."),
        "passkey-removed" => (Tone::Good, "The passkey opens nothing any more."),
        "assigned" => (Tone::Good, "Assigned. It holds from the next request on."),
        "signed-out" => (Tone::Good, "Every session of theirs has ended."),
        "shred-asked" => (Tone::Due, "Asked. A second officer decides, and an alert tells them."),
        "shred-withdrawn" => (Tone::Good, "Taken back. Nothing was destroyed."),
        "destroyed" => (Tone::Due, "The keys are destroyed. The certificate is below."),
        "leaves" => {
            (Tone::Good, "Decided. Nothing changes for you until the records are exported and you have confirmed them.")
        }
        "leaving-confirmed" => (Tone::Good, "Confirmed. The hold runs, and you can still take it back."),
        "restricted" => (Tone::Good, "Saved. That holds from now on."),
        "stays" => (Tone::Good, "Taken back. Nothing is destroyed."),
        "joining-yes" => (Tone::Good, "Your yes is written down. Nothing moves before both have said it."),
        "joining-back" => (Tone::Good, "Taken back. Nothing moves."),
        "joining-ended" => (Tone::Good, "Ended. Who has moved stays there, and nobody else moves."),
        "walking" => (Tone::Good, "The walk has begun. What it found stands here in a minute."),
        "reopened" => (Tone::Good, "Open again."),
        "program-in" => (Tone::Good, "The program is let in. Give its vendor the client id."),
        "program-stopped" => (Tone::Good, "Stopped. It does nothing more."),
        _ => return None,
    };
    Some(Flash { tone, text: text.to_owned(), undo: None })
}

/// Where one is led on to tells what was done, if it is one of the known words.
pub(super) fn with_done(path: &str, word: Option<&str>) -> String {
    match word.filter(|word| flash_of(Some(word)).is_some()) {
        Some(word) => format!("{path}?done={word}"),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{flash_of, size, thousands, with_done};

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(
            (thousands(0), thousands(48_213), thousands(1_000_000)),
            ("0".into(), "48,213".into(), "1,000,000".into())
        );
        assert_eq!(
            (size(999), size(4_200_000), size(4_294_967_296)),
            ("999 bytes".into(), "4.2 MB".into(), "4.2 GB".into())
        );
    }

    #[test]
    fn an_address_can_make_no_words_of_its_own_appear() {
        assert!(flash_of(Some("<b>Call this number</b>")).is_none());
        assert_eq!(with_done("/inbox", Some("&next=//evil")), "/inbox");
        assert_eq!(with_done("/inbox", Some("withdrawn")), "/inbox?done=withdrawn");
    }
}
