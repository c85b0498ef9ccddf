//! Every route of the door × nobody, each role, the same role elsewhere, expired, revoked, locked, garbage × own,
//! foreign and absent things, over a real socket.
//!
//! The door's own table is what is walked: a route without a row in `routes/rows.rs` fails. Each row is first proven by
//! somebody who may; then the same ids are tried by everybody who may not, and "not yours" has to be "not there" to the
//! byte; then it is proven again, so that no refusal has changed anything.

#[path = "routes/call.rs"]
mod call;
#[path = "routes/own.rs"]
mod own;
#[path = "routes/rows.rs"]
mod rows;
#[path = "routes/world.rs"]
mod world;

use call::{Manner, Tried, say};
use portal::door::{DEMO_ROUTES, OPEN_ROUTES, OPEN_ROUTES_MAX};
use record::Outcome;
use rows::{Row, rows, rows_here};
use std::collections::{BTreeMap, BTreeSet};
use strongroom_tests::{Ask, Visitor};
use world::{EVERYBODY, Made, SURNAMES, WORDS, World, is_allowed_elsewhere, knows};

/// Routes that may show or do their part without an entry in the ledger, each with its reason.
const UNWITNESSED: &str = include_str!("../unwitnessed.txt");
/// Routes that answer strangers, each with its reason.
const UNGUARDED: &str = include_str!("../unguarded.txt");

/// `METHOD path  reason`, without comments.
fn listed(text: &'static str) -> BTreeMap<(&'static str, &'static str), &'static str> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (method, rest) = line.split_once(' ').expect("a method");
            let (path, reason) = rest.trim_start().split_once("  ").expect("two spaces before the reason");
            ((method, path), reason.trim())
        })
        .collect()
}

#[test]
fn the_list_of_open_routes_is_the_doors_own_and_at_most_sixteen_long() {
    let written = listed(UNGUARDED);
    let known: BTreeMap<_, _> =
        OPEN_ROUTES.iter().chain(DEMO_ROUTES).map(|one| ((one.method, one.path), one.reason)).collect();
    say(&format!("{} open routes:", OPEN_ROUTES.len()));
    for ((method, path), reason) in &known {
        say(&format!("  {method:<5} {path:<24} {reason}"));
    }
    assert_eq!(written, known, "unguarded.txt is the list that people read: keep it in step");
    assert!(OPEN_ROUTES.len() <= OPEN_ROUTES_MAX, "an open route more needs another decision");
}

/// What everybody was found to be wrong with; all of it is told at once.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn check(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            let what = what();
            say(&format!("FOUND {what}"));
            self.0.push(what);
        }
    }
    fn done(self) {
        assert!(self.0.is_empty(), "{} findings:\n{}", self.0.len(), self.0.join("\n"));
    }
}

/// One row on its way through all tries.
struct Trial<'w> {
    world: &'w World,
    row: &'w Row,
    unwitnessed: bool,
    visitors: &'w BTreeMap<&'static str, Visitor>,
    findings: &'w mut Findings,
}

fn has_phi(tried: &Tried, sides: &[usize]) -> bool {
    sides.iter().any(|side| tried.holds(SURNAMES[*side]) || tried.holds(WORDS[*side]))
}

impl Trial<'_> {
    fn find(&mut self, holds: bool, what: impl FnOnce() -> String) {
        let title = self.row.title();
        self.findings.check(holds, || format!("{title}: {}", what()));
    }

    async fn call(&self, name: &'static str, made: &Made, manner: Manner) -> Tried {
        call::call(self.world, (name, &self.visitors[name]), self.row, made, manner).await
    }

    /// Somebody who may is given it, with the mark in it and an entry that names it.
    async fn is_given(&mut self, name: &'static str, made: &Made) {
        let tried = self.call(name, made, Manner::Plain).await;
        if self.row.conflict {
            self.find(tried.answer.status == 409, || {
                format!("{name} is told of no conflict but {}", tried.answer.status)
            });
            return;
        }
        self.find(tried.answer.is_given(), || format!("{name} may, and gets {}", tried.short()));
        if let Some(mark) = self.row.mark {
            self.find(tried.holds(mark), || format!("{name} may, and is not shown {mark:?}: {}", tried.short()));
        }
        self.find(!has_phi(&tried, &[1]), || format!("{name} is shown another practice's names"));
        let permitted = tried.acts.iter().filter(|entry| entry.outcome == Outcome::Permitted);
        let witnessed = permitted.clone().count();
        let phi = has_phi(&tried, &[0]);
        self.find(witnessed > 0 || (self.unwitnessed && !phi), || format!("{name} was given it without a witness"));
        if phi {
            let named = made.named.iter().all(|id| permitted.clone().any(|entry| entry.names(id)));
            self.find(named, || format!("what {name} was shown is named by no entry"));
        }
        if self.row.method == "GET" {
            let head = self.call(name, made, Manner::Head).await;
            self.find(head.answer.status == tried.answer.status && head.answer.body.is_empty(), || {
                format!("HEAD by {name} is answered otherwise than GET: {}", head.short())
            });
            let acts = head.acts.iter().filter(|entry| entry.outcome == Outcome::Permitted).count();
            self.find(acts > 0 || self.unwitnessed, || format!("HEAD by {name} has no witness"));
        }
    }

    /// Somebody who may not: own, absent and foreign things are answered alike, and nothing of anybody is in it.
    async fn is_refused(&mut self, name: &'static str, things: &Things) {
        let manners: &[Manner] =
            if self.row.method == "GET" { &[Manner::Plain, Manner::Head, Manner::Range] } else { &[Manner::Plain] };
        for manner in manners {
            let own = self.call(name, &things.own, *manner).await;
            let absent = self.call(name, &things.absent, *manner).await;
            // Whoever has a place at a practice knows that there is such a practice.
            if !(self.row.list && knows(name, 0)) {
                self.find(own.alike(&absent), || {
                    format!("{name} can tell what is there ({manner:?}): {}", own.differs(&absent))
                });
                self.refusals_alike((name, *manner), (&own, &absent));
            }
            if !(is_allowed_elsewhere(&self.row.by, name) || self.row.list && knows(name, 1)) {
                let foreign = self.call(name, &things.foreign, *manner).await;
                self.find(foreign.alike(&absent), || {
                    format!("{name} can tell what is elsewhere ({manner:?}): {}", foreign.differs(&absent))
                });
                self.refusals_alike((name, *manner), (&foreign, &absent));
                self.nothing_shown(name, &foreign, &[0, 1]);
            }
            self.nothing_shown(name, &own, if is_allowed_elsewhere(&self.row.by, name) { &[0] } else { &[0, 1] });
            let turned_away = !own.answer.is_given() || own.answer.location().ends_with("/break-glass");
            self.find(turned_away || self.row.for_all || self.row.list, || {
                format!("{name} may not, and gets {}", own.short())
            });
        }
    }

    fn nothing_shown(&mut self, name: &str, tried: &Tried, sides: &[usize]) {
        self.find(!has_phi(tried, sides), || format!("{name} may not, and is shown names: {}", tried.short()));
        if let Some(mark) = self.row.mark.filter(|_| sides.contains(&0)) {
            self.find(!tried.holds(mark), || format!("{name} may not, and is shown {mark:?}"));
        }
    }

    /// Both cost the same: as many refusals were written down for the one as for the other.
    fn refusals_alike(&mut self, (name, manner): (&str, Manner), (one, other): (&Tried, &Tried)) {
        let (one, other) = (one.refusals(), other.refusals());
        self.find(one == other, || {
            format!("{name} ({manner:?}): {one} refusals for what is there, {other} for what is not")
        });
        let expected = usize::from(!self.unwitnessed);
        if !self.row.for_all && !self.row.list {
            self.find(one == expected, || format!("{name} ({manner:?}): {one} refusals written down, not {expected}"));
        }
    }

    /// Somebody who may here: what is elsewhere is what is not there, also where only one of several ids is.
    async fn is_kept_at_home(&mut self, name: &'static str, things: &Things) {
        if is_allowed_elsewhere(&self.row.by, name) {
            return;
        }
        let mut tries = vec![(things.foreign.clone(), things.absent.clone())];
        let names = self.row.names();
        for one in names.iter().filter(|_| names.len() > 1 && !self.row.together) {
            let with = |from: &Made| {
                let mut mixed = things.own.clone();
                for (key, value) in &mut mixed.values {
                    if *key == one.as_str() {
                        from.values[key].clone_into(value);
                    }
                }
                mixed
            };
            if one == "version" {
                // A version that this document has not is as absent as a document that is not there.
                let mut later = things.own.clone();
                later.values.insert("version", "7".to_owned());
                tries.push((later, things.absent.clone()));
            } else {
                tries.push((with(&things.foreign), with(&things.absent)));
            }
        }
        for (foreign, absent) in tries {
            let foreign = self.call(name, &foreign, Manner::Plain).await;
            let absent = self.call(name, &absent, Manner::Plain).await;
            self.find(foreign.alike(&absent), || {
                format!("{name} can tell what is elsewhere: {}", foreign.differs(&absent))
            });
            // A version that is missing is nothing that anybody was refused.
            let here = foreign.acts.iter().any(|entry| things.own.named.iter().any(|id| entry.names(id)));
            self.find(here || foreign.refusals() == absent.refusals(), || {
                format!(
                    "{name}: {} refusals for what is elsewhere, {} for what is not there",
                    foreign.refusals(),
                    absent.refusals()
                )
            });
            self.find(!has_phi(&foreign, &[1]), || format!("{name} is shown another practice's names"));
        }
    }

    /// Who has no live session is a stranger, and a stranger learns nothing: not even which rooms there are.
    async fn strangers(&mut self, things: &Things, dead: &BTreeMap<&'static str, Vec<(&'static str, String)>>) {
        let place = &self.world.house.place;
        let mut visitors = vec![("nobody", self.world.house.stranger())];
        visitors.push(("garbage", Visitor::with_secret(place, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")));
        for (how, secret) in &dead[self.row.by.first().copied().unwrap_or("ana.reyes")] {
            visitors.push((how, Visitor::with_secret(place, secret)));
        }
        let manners: &[Manner] = if self.row.method == "GET" {
            &[Manner::Plain, Manner::Script, Manner::Head, Manner::Range]
        } else {
            &[Manner::Plain, Manner::Script]
        };
        for manner in manners {
            let mut first: Option<Tried> = None;
            for (how, visitor) in &visitors {
                for made in [&things.own, &things.absent, &things.foreign] {
                    let tried = call::call(self.world, (how, visitor), self.row, made, *manner).await;
                    self.find(!tried.answer.is_given(), || format!("{how} gets {}", tried.short()));
                    self.find(!has_phi(&tried, &[0, 1]), || format!("{how} is shown names"));
                    self.find(tried.entries == 0, || format!("{how} made {} entries in the ledger", tried.entries));
                    match &first {
                        None => first = Some(tried),
                        Some(first) => {
                            self.find(tried.alike(first), || {
                                format!("{how} is told apart ({manner:?}): {}", tried.differs(first))
                            });
                        }
                    }
                }
            }
            let mut nowhere = Ask::get("/no-such-room");
            if *manner == Manner::Script {
                nowhere = nowhere.with("accept", "application/json").with("sec-fetch-mode", "cors");
                let nowhere = visitors[0].1.send(nowhere).await.expect("an answer");
                let first = first.as_ref().expect("somebody came");
                self.find(first.answer == nowhere, || {
                    format!("a stranger can tell this room from none: {}", first.short())
                });
            }
        }
    }

    /// A session under its lock reaches nothing, and cannot tell what is there either.
    async fn locked(&mut self, things: &Things) {
        let name = self.row.by.first().copied().unwrap_or("ana.reyes");
        let visitor = self.world.visitor(name).await;
        assert_eq!(visitor.form("/lock", &[]).await.expect("locking answers").status, 303);
        for manner in [Manner::Plain, Manner::Script] {
            let own = call::call(self.world, (name, &visitor), self.row, &things.own, manner).await;
            let absent = call::call(self.world, (name, &visitor), self.row, &things.absent, manner).await;
            self.find(own.alike(&absent), || {
                format!("under the lock it can be told what is there: {}", own.differs(&absent))
            });
            self.find(!own.answer.is_given() && !has_phi(&own, &[0, 1]), || {
                format!("a locked session gets {}", own.short())
            });
            self.find(own.acts.is_empty(), || "a locked session did something".to_owned());
        }
    }

    /// The same request from another site, or without this session's token, does nothing.
    async fn forged(&mut self, made: &Made) {
        let Some(name) = self.row.by.first().copied() else { return };
        for manner in Manner::FORGED.iter().filter(|manner| self.row.method != "GET" || **manner == Manner::ForeignSite)
        {
            let tried = self.call(name, made, *manner).await;
            self.find(tried.answer.status == 403 && tried.acts.is_empty(), || {
                format!("{manner:?} as {name} gets {}", tried.short())
            });
            self.find(!has_phi(&tried, &[0, 1]), || format!("{manner:?} is shown names"));
        }
    }

    async fn run(&mut self, things: &Things, dead: &BTreeMap<&'static str, Vec<(&'static str, String)>>) {
        let changes = self.row.method != "GET";
        for name in self.row.by.clone() {
            let made = if changes { self.world.make(0, self.row.thing).await } else { things.own.clone() };
            self.is_given(name, &made).await;
        }
        for name in EVERYBODY {
            if self.row.by.contains(name) {
                self.is_kept_at_home(name, things).await;
            } else if !self.row.but.contains(name) {
                self.is_refused(name, things).await;
            }
        }
        self.strangers(things, dead).await;
        self.locked(things).await;
        self.forged(&things.own).await;
        // All those tries have changed nothing: the very same request is still done for whoever may.
        if let Some(name) = self.row.by.first().copied() {
            self.is_given(name, &things.own).await;
        }
    }
}

/// The same thing here, elsewhere and nowhere.
struct Things {
    own: Made,
    foreign: Made,
    absent: Made,
}

impl Things {
    async fn make(world: &World, row: &Row) -> Self {
        let (own, foreign) = (world.make(0, row.thing).await, world.make(1, row.thing).await);
        let absent = world.absent(&own);
        Self { own, foreign, absent }
    }
}

async fn sign_everybody_in(world: &World) -> BTreeMap<&'static str, Visitor> {
    let mut visitors = BTreeMap::new();
    for name in EVERYBODY {
        visitors.insert(*name, world.visitor(name).await);
    }
    visitors
}

/// Walks every `parts`-th row from `part` on, so that both halves of the table run beside each other.
async fn walk(part: usize, parts: usize) {
    let world = World::begin().await;
    let unwitnessed = listed(UNWITNESSED);
    let rows = rows_here();
    let mut dead = BTreeMap::new();
    for name in rows.iter().filter_map(|row| row.by.first().copied()).chain(["ana.reyes"]).collect::<BTreeSet<_>>() {
        let over = world.dead(name).await;
        dead.insert(name, vec![("revoked", over.revoked), ("idle", over.idle), ("over", over.over)]);
    }
    let mut findings = Findings::default();
    let mut visitors = BTreeMap::new();
    for (place, row) in rows.iter().enumerate().filter(|(place, _)| place % parts == part) {
        // A minute on, so that no refusal is only counted; new sessions, so that every touch is fresh.
        world.house.clock.forward_secs(61);
        if visitors.is_empty() || (place / parts).is_multiple_of(3) {
            visitors = sign_everybody_in(&world).await;
        }
        let things = Things::make(&world, row).await;
        let unwitnessed = unwitnessed.contains_key(&(row.method, row.path));
        let mut trial = Trial { world: &world, row, unwitnessed, visitors: &visitors, findings: &mut findings };
        trial.run(&things, &dead).await;
    }
    world.house.stop().await;
    findings.done();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_route_opens_to_anybody_who_may_not_and_none_tells_what_is_there_first_half() {
    walk(0, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_route_opens_to_anybody_who_may_not_and_none_tells_what_is_there_second_half() {
    walk(1, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_of_the_door_is_tried_and_every_try_is_of_a_route() {
    let house = strongroom_tests::House::start().await.expect("a house");
    let registered: BTreeSet<(String, String)> =
        house.table.iter().map(|row| (row.method.to_string(), row.path.to_owned())).collect();
    let rows = rows();
    let tried: BTreeSet<(String, String)> = rows
        .iter()
        .map(|row| (row.method, row.path))
        .chain(rows::OWN.iter().copied())
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect();
    let untried: Vec<_> = registered.difference(&tried).collect();
    assert!(
        untried.is_empty(),
        "nobody has tried these routes; say in routes/rows.rs how they are called: {untried:?}"
    );
    let gone: Vec<_> = tried.difference(&registered).collect();
    assert!(gone.is_empty(), "these are no routes any more: {gone:?}");
    for (method, path) in listed(UNWITNESSED).keys() {
        assert!(
            registered.contains(&((*method).to_owned(), (*path).to_owned())),
            "unwitnessed.txt names no route: {method} {path}"
        );
    }
    let open: BTreeSet<_> = house.open.iter().map(|row| (row.method.to_string(), row.path, row.reason)).collect();
    let known: BTreeSet<_> =
        OPEN_ROUTES.iter().chain(DEMO_ROUTES).map(|one| (one.method.to_owned(), one.path, one.reason)).collect();
    assert_eq!(open, known, "every listed open route is served, and none that is not listed");
    house.stop().await;
}
