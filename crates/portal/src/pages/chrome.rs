//! What stands around every page: who runs this, who I am, where I can go, what was just witnessed.

use super::parts::{Link, Moment, PostLink, Tone};

/// The frame around a page. Every page struct carries one as its field `chrome`.
#[derive(Debug, Clone, Default)]
pub struct Chrome {
    /// Language of the page, BCP 47, such as `en`.
    pub lang: String,
    /// The firm that runs this Strongroom, by its own name.
    pub operator: String,
    /// The telephone number of help, as people dial it; empty when none is configured.
    pub help_phone: String,
    /// Who is signed in; `None` on the pages strangers may see.
    pub signed_in: Option<WhoAmI>,
    /// The customer filter; with fewer than two it is not shown.
    pub customers: Vec<CustomerChoice>,
    /// The rooms this person may enter, in order.
    pub nav: Vec<NavItem>,
    /// The token every form of this session sends back; empty for strangers.
    pub csrf: String,
    /// What the system has just witnessed about this page.
    pub witness: Option<Witness>,
    /// What everybody must see, such as an officer's recovery in the last 30 days.
    pub banners: Vec<Banner>,
    /// What the last act did.
    pub flash: Option<Flash>,
}

impl Chrome {
    /// The frame strangers see: no person, no rooms.
    #[must_use]
    pub fn for_strangers(operator: &str, help_phone: &str) -> Self {
        Self {
            lang: "en".to_owned(),
            operator: operator.to_owned(),
            help_phone: help_phone.to_owned(),
            ..Self::default()
        }
    }

    /// The customer that the filter stands on, if it stands on one.
    #[must_use]
    pub fn current_customer(&self) -> Option<&CustomerChoice> {
        self.customers.iter().find(|choice| choice.current)
    }

    /// The help number as a `tel:` link wants it: digits and a leading plus.
    #[must_use]
    pub fn help_dial(&self) -> String {
        self.help_phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
    }

    /// Does the page need the search box: only people who are signed in have one.
    #[must_use]
    pub fn can_search(&self) -> bool {
        self.signed_in.as_ref().is_some_and(|who| who.may_search)
    }
}

/// Who is signed in.
#[derive(Debug, Clone, Default)]
pub struct WhoAmI {
    /// The person's id, so that an unlocked page knows that the same person came back.
    pub person: String,
    /// Name as people write it.
    pub name: String,
    /// Role and place in words, such as "Clinician".
    pub role: String,
    /// The sign-in before this one.
    pub last_sign_in: Option<Moment>,
    /// Seconds without a touch after which the session locks (45 CFR 164.312(a)(2)(iii)).
    pub idle_secs: u32,
    /// Where the page may say "still working" by POST while the person types; `None` when there is no such route.
    pub alive_href: Option<String>,
    /// Shows the search box.
    pub may_search: bool,
    /// Shows the key `u` and the upload link.
    pub may_upload: bool,
}

/// One choice of the customer filter.
#[derive(Debug, Clone, Default)]
pub struct CustomerChoice {
    /// The customer's name, or "All customers".
    pub label: String,
    /// Where choosing it leads.
    pub href: String,
    /// Work waiting there.
    pub count: Option<u32>,
    /// It is chosen now.
    pub current: bool,
}

/// One room in the menu.
#[derive(Debug, Clone, Default)]
pub struct NavItem {
    /// Its name.
    pub label: String,
    /// Its address.
    pub href: String,
    /// What waits there.
    pub count: Option<u32>,
    /// This page is in it.
    pub current: bool,
    /// A hairline stands before it: another group of rooms begins.
    pub starts_group: bool,
}

/// The line at the foot: what the ledger has just written about this page.
#[derive(Debug, Clone, Default)]
pub struct Witness {
    /// In words, such as "You opened this at 14:03".
    pub text: String,
    /// The entry's index, as people read it, such as "48,213".
    pub entry: String,
    /// The proof.
    pub href: String,
}

/// A line across every page.
#[derive(Debug, Clone)]
pub struct Banner {
    /// How grave.
    pub tone: Tone,
    /// In words.
    pub text: String,
    /// Where to read more.
    pub link: Option<Link>,
}

/// What the last act did, once.
#[derive(Debug, Clone)]
pub struct Flash {
    /// How it went.
    pub tone: Tone,
    /// In words.
    pub text: String,
    /// How to take it back, while that is possible.
    pub undo: Option<PostLink>,
}
