//! Doing what was ordered: one use case of custody each, at a desk of whoever orders it.

use super::Order;
use super::wire::News;
use crate::outcome::{Refused, WrongUse};
use custody::{Approved, Custody, Desk, DirectoryBody, EscrowChange, Invited, People, RootKey, TerminalSession};
use portal::door::Gate;
use record::civil::Day;
use record::{Act, CustomerId, Role, act};
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

/// Entries of the ledger that are shown at once, at most.
const TAIL_MAX: u32 = 1000;

/// In whose name.
pub(super) enum Who {
    /// Of a person who confirmed it in the portal.
    Person(TerminalSession),
    /// Of the system's own job, with the root key in hand and no server running.
    Job(RootKey),
}

/// Who orders, and what there is beside custody.
pub(super) struct Caller {
    pub(super) custody: Custody,
    pub(super) who: Who,
    /// The running server's gate; none without a server.
    pub(super) gate: Option<Gate>,
    /// Is told how far it is.
    pub(super) told: UnboundedSender<News>,
    /// Says when the running server is to stop; none without a server.
    pub(super) stopped: Option<watch::Receiver<bool>>,
}

fn day_read(text: &str) -> Result<Day, WrongUse> {
    Day::read(text).map_err(|_| WrongUse("write the day as YYYY-MM-DD".to_owned()))
}

impl Caller {
    /// A desk, with the person's session looked up anew: who has signed out meanwhile does nothing more.
    pub(super) async fn desk<A: Act>(&self) -> anyhow::Result<Desk<A>> {
        match &self.who {
            Who::Job(root) => Ok(Desk::of_root(self.custody.clone(), root)),
            Who::Person(confirmed) => match self.custody.terminal_person(confirmed).await? {
                Some(signed_in) => Ok(Desk::at(self.custody.clone(), Some(signed_in))),
                None => Err(Refused("whoever confirmed this has signed out meanwhile".to_owned()).into()),
            },
        }
    }

    pub(super) fn tell(&self, text: String) {
        // Whoever watched may have gone; the work goes on.
        drop(self.told.send(News::Text(text)));
    }

    /// Does it, and gives what is to be reported.
    pub(super) async fn perform(&self, order: Order, file: &[u8]) -> anyhow::Result<Value> {
        match order {
            Order::CustomerList {} => self.customers().await,
            Order::CustomerAdd { name, telephone } => {
                let id = self.desk::<act::CustomerCreate>().await?.customer_create(&name, &telephone).await?;
                Ok(json!({"customer_id": id}))
            }
            Order::CustomerShow { customer } => self.customer(customer).await,
            Order::PersonList { customer } => self.people(customer).await,
            Order::PersonInvite { customer, role, name, email, telephone } => {
                let body = DirectoryBody { name, email, telephone };
                let invited = self.invite(customer, role, &body).await?;
                Ok(self.invited(&invited))
            }
            Order::PersonEnd { customer: Some(customer), membership } => {
                self.desk::<act::MembershipEnd>().await?.membership_end(customer, membership).await?;
                Ok(json!({"ended": membership}))
            }
            Order::PersonEnd { customer: None, membership } => {
                self.desk::<act::StaffEnd>().await?.staff_end(membership).await?;
                Ok(json!({"ended": membership}))
            }
            Order::PersonSignOut { customer, person } => {
                self.desk::<act::SessionRevoke>().await?.session_revoke(customer, person).await?;
                Ok(json!({"signed_out": person}))
            }
            Order::ImportPatients { customer, authority, dry_run } => {
                self.patients(customer, (authority, dry_run), file).await
            }
            Order::ImportPeople { customer, dry_run } => self.invite_all(customer, dry_run, file).await,
            order @ (Order::ProgramList { .. }
            | Order::ProgramAdd { .. }
            | Order::ProgramKeyAdd { .. }
            | Order::ProgramKeyRotate { .. }
            | Order::ProgramKeyEnd { .. }
            | Order::ProgramRights { .. }
            | Order::ProgramExpire { .. }
            | Order::ProgramRevoke { .. }) => super::programs::perform(self, order).await,
            Order::ImportShare { customer, name, share, rejects, dry_run } => {
                let said = super::share::Said { customer, name, share, rejects, dry_run };
                self.share(said, file).await
            }
            Order::LeaveExport { customer, out } => self.leave_export(customer, out).await,
            Order::LeaveShow { customer } => self.leave_show(customer).await,
            Order::ImportPractice { customer, name, export, expect, key } => {
                self.take_in(super::leaving::Said { customer, name, export, expect, key }, file).await
            }
            Order::JoinPrepare { customer, into, prefix } => self.join_prepare(customer, into, prefix).await,
            Order::SplitPrepare { customer, into, prefix, authors } => {
                let order = (customer, into, prefix);
                self.split_prepare(order, authors, file).await
            }
            Order::SplitRun { customer } => self.split_run(customer).await,
            Order::SplitEnd { customer } => self.split_end(customer).await,
            Order::JoinShow { customer } => self.join_show(customer).await,
            Order::JoinRun { customer } => self.join_run(customer).await,
            Order::JoinWithdraw { customer } => {
                self.desk::<act::CustomerJoinPrepare>().await?.join_unprepare(customer).await?;
                Ok(json!({"withdrawn": customer}))
            }
            order => self.perform_for_the_house(order).await,
        }
    }

    /// Keys, backups, the gate and the ledger.
    async fn perform_for_the_house(&self, order: Order) -> anyhow::Result<Value> {
        match order {
            Order::KeyRotate { customer } => self.rotate(customer).await,
            Order::KeyRekey { new_root_key, epoch_escrow, epoch_escrow_lost } => {
                let lost_until = epoch_escrow_lost.as_deref().map(day_read).transpose()?;
                let escrow = EscrowChange { to: epoch_escrow.as_deref(), lost_until };
                self.rekey(new_root_key.as_deref(), &escrow).await
            }
            Order::KeyShredAsk { customer, name, reason, copies_expire_on } => {
                let copies_expire_on = copies_expire_on.as_deref().map(day_read).transpose()?;
                let order = custody::ShredOrder { customer, name, reason, copies_expire_on };
                self.desk::<act::KeyShredAsk>().await?.key_shred_ask(&order).await?;
                Ok(json!({"asked": customer}))
            }
            Order::KeyShredWithdraw { customer } => {
                self.desk::<act::KeyShredAsk>().await?.key_shred_withdraw(customer).await?;
                Ok(json!({"withdrawn": customer}))
            }
            Order::KeyShredApprove { customer, name } => {
                let decided = custody::ShredDecided { customer, what: custody::ShredSeen::Name(name) };
                match self.desk::<act::KeyShred>().await?.key_shred_approve(&decided, None).await? {
                    Approved::Shredded(done) => {
                        Ok(json!({"destroyed": customer, "certificate": done.text, "entry": done.entry}))
                    }
                    Approved::NeedsRootKey => Ok(json!({"decided": customer, "needs_root_key": true})),
                }
            }
            Order::KeyShredShow { customer } => self.shred(customer).await,
            Order::Backup { to, epoch_escrow } => self.backup(custody::BackupSettings { to, epoch_escrow }).await,
            Order::GateReopen {} => self.reopen().await,
            Order::LedgerFeed { format, since, out } => self.feed(&format, since, out).await,
            Order::LedgerTail { count } => self.tail(count).await,
            Order::LedgerProve { index } => {
                let proof = self.desk::<act::LedgerProve>().await?.ledger_prove(index).await?;
                Ok(json!({"index": index, "proof": proof.text, "key": proof.key}))
            }
            _ => Err(WrongUse("this is done elsewhere".to_owned()).into()),
        }
    }

    async fn customers(&self) -> anyhow::Result<Value> {
        let found = self.desk::<act::CustomerList>().await?.customer_list().await?;
        let lines =
            found.lines.iter().map(|one| json!({"customer_id": one.id, "name": one.name, "people": one.people}));
        Ok(json!({"customers": lines.collect::<Vec<_>>()}))
    }

    async fn customer(&self, id: CustomerId) -> anyhow::Result<Value> {
        let found = self.desk::<act::CustomerShow>().await?.customer_show(id).await?;
        let agreements = found.agreements.iter().map(|one| {
            json!({"agreement_id": one.id, "from": one.from_day, "to": one.to_day, "standing": format!("{:?}", one.standing)})
        });
        Ok(json!({
            "customer_id": found.id, "name": found.name, "telephone": found.telephone,
            "agreements": agreements.collect::<Vec<_>>(), "people": found.people.len(),
        }))
    }

    async fn people(&self, customer: Option<CustomerId>) -> anyhow::Result<Value> {
        let found: People = match customer {
            Some(customer) => self.desk::<act::PersonList>().await?.person_list(customer).await?,
            None => self.desk::<act::StaffList>().await?.staff_list().await?,
        };
        let people = found.people.iter().map(|one| {
            let roles = one.roles.iter().map(|role| json!({"membership_id": role.membership, "role": role.role}));
            json!({
                "person_id": one.person, "name": one.entry.name, "email": one.entry.email,
                "roles": roles.collect::<Vec<_>>(), "suspended": one.suspended,
            })
        });
        let invitations = found.invitations.iter().map(|one| {
            json!({
                "invitation_id": one.invitation, "name": one.entry.name, "role": one.role,
                "waits_for_second": one.waits_for_second, "may_confirm": one.may_confirm,
            })
        });
        Ok(json!({"people": people.collect::<Vec<_>>(), "invitations": invitations.collect::<Vec<_>>()}))
    }

    async fn invite(&self, customer: Option<CustomerId>, role: Role, body: &DirectoryBody) -> anyhow::Result<Invited> {
        let Some(customer) = customer else {
            return Ok(self.desk::<act::StaffInvite>().await?.staff_invite(role, body, None).await?);
        };
        // A practice's own manager lets people in. For the first manager there is an officer's act.
        let desk = self.desk::<act::PersonInvite>().await?;
        if role == Role::PracticeManager && !desk.could(Some(customer)).await? {
            return Ok(self.desk::<act::ManagerInvite>().await?.manager_invite(customer, body).await?);
        }
        Ok(desk.person_invite(customer, role, body).await?)
    }

    /// What is told of an invitation: once, to whoever ordered it.
    fn invited(&self, invited: &Invited) -> Value {
        let home = self.custody.settings().public_url.as_str().trim_end_matches('/').to_owned();
        json!({
            "person_id": invited.person, "invitation_id": invited.invitation,
            "enrolment_url": invited.link_secret.as_ref().map(|secret| format!("{home}/invitation/{secret}")),
            "spoken": invited.spoken, "waits_for_second": invited.waits_for_second,
        })
    }

    async fn patients(
        &self,
        customer: CustomerId,
        (authority, dry_run): (Option<String>, bool),
        file: &[u8],
    ) -> anyhow::Result<Value> {
        self.tell(format!("reading {} bytes", file.len()));
        let desk = self.desk::<act::PatientImport>().await?;
        let done = desk.patient_import_of(customer, file, (authority.as_deref(), dry_run)).await?;
        let rejected = done.rejected.iter().map(|(line, say)| json!({"line": line, "say": say}));
        Ok(json!({
            "dry_run": dry_run, "new": done.new, "changed": done.changed, "proposed": done.proposed,
            "passed": done.passed, "older": done.older, "other": done.other, "rejected": rejected.collect::<Vec<_>>(),
        }))
    }

    async fn invite_all(&self, customer: Option<CustomerId>, dry_run: bool, file: &[u8]) -> anyhow::Result<Value> {
        // Who may not see the people there learns nothing from a table either; and a dry run is an act too.
        self.people(customer).await?;
        let (good, rejected) = custody::people_read(file, customer)?;
        let mut rejected: Vec<Value> = rejected.iter().map(|(line, say)| json!({"line": line, "say": say})).collect();
        let mut invited = Vec::new();
        for one in &good {
            if dry_run {
                invited.push(json!({"line": one.line, "role": one.role}));
                continue;
            }
            match self.invite(customer, one.role, &one.body).await {
                Ok(done) => {
                    let mut line = self.invited(&done);
                    line["line"] = json!(one.line);
                    invited.push(line);
                }
                // One line's mistake stops no other; what was invited so far must reach whoever ordered it.
                Err(error) => {
                    let (_, say) = crate::outcome::told(&error);
                    rejected.push(json!({"line": one.line, "say": say}));
                }
            }
            self.tell(format!("{} of {} lines", invited.len() + rejected.len(), good.len() + rejected.len()));
        }
        Ok(json!({"dry_run": dry_run, "invited": invited, "rejected": rejected}))
    }

    async fn rotate(&self, customer: CustomerId) -> anyhow::Result<Value> {
        let desk = self.desk::<act::KeyRotate>().await?;
        let mut told = |so_far: &custody::KeyRotated| {
            self.tell(format!("{} versions and {} columns moved", so_far.versions, so_far.columns));
            ControlFlow::Continue(())
        };
        let done = desk.key_rotate(customer, &mut told).await?;
        Ok(json!({
            "version": done.version, "versions": done.versions, "columns": done.columns,
            "damaged": done.damaged, "finished": done.finished,
        }))
    }

    async fn rekey(&self, new_root_key: Option<&Path>, escrow: &EscrowChange<'_>) -> anyhow::Result<Value> {
        let read = |file: &Path| -> anyhow::Result<RootKey> {
            let bytes = std::fs::read(file)
                .map_err(|error| WrongUse(format!("cannot read the new root key's file: {}", error.kind())))?;
            Ok(RootKey::from_file_bytes(&bytes)?)
        };
        let new_root = new_root_key.map(read).transpose()?;
        let desk = self.desk::<act::KeyRekey>().await?;
        let done = match &self.who {
            Who::Job(current) => desk.key_rekey(current, new_root.as_ref(), escrow).await?,
            Who::Person(_) => desk.key_rekey_here(new_root.as_ref(), escrow).await?,
        };
        Ok(json!({"epoch": done.epoch, "keys": done.keys}))
    }

    async fn shred(&self, customer: CustomerId) -> anyhow::Result<Value> {
        let view = self.desk::<act::KeyShredShow>().await?.key_shred_show(customer).await?;
        Ok(json!({
            "customer_id": customer, "name": view.name, "standing": view.standing.map(custody::ShredStanding::as_str),
            "reason": view.reason, "hindered": view.hindered, "certificate": view.certificate,
            "asked_by": view.asked.map(|(person, ..)| person), "approved_by": view.approved.map(|(person, ..)| person),
            "last_copy_expires_at": view.copies_expire_at.map(|at| at.to_string()),
        }))
    }

    async fn backup(&self, settings: custody::BackupSettings) -> anyhow::Result<Value> {
        self.tell("copying".to_owned());
        let done = self.desk::<act::BackupCreate>().await?.backup_create(&settings).await?;
        Ok(json!({
            "set": done.set, "entries": done.entries, "objects": done.objects, "objects_copied": done.objects_copied,
            "bytes_copied": done.bytes_copied, "key": done.key, "damaged": done.damaged,
        }))
    }

    async fn reopen(&self) -> anyhow::Result<Value> {
        let Some(gate) = &self.gate else {
            self.custody.gate_reopen_offline().await?;
            return Ok(json!({"reopened": "at the next start"}));
        };
        // Looked at before the act, so that the ledger holds no reopening of what stays shut.
        let closed = gate.closings();
        if !closed.iter().any(|one| one.passed_since) {
            let say = if closed.is_empty() { "nothing is shut" } else { "no walk of the probe has passed since" };
            return Err(WrongUse(say.to_owned()).into());
        }
        self.desk::<act::GateReopen>().await?.gate_reopen().await?;
        gate.reopen().map_err(|_| WrongUse("no walk of the probe has passed since".to_owned()))?;
        Ok(json!({"reopened": "now"}))
    }

    async fn feed(&self, format: &str, since: u64, out: PathBuf) -> anyhow::Result<Value> {
        let format = format.parse().map_err(|_| WrongUse("a feed is ocsf, syslog or json".to_owned()))?;
        if out.try_exists()? {
            return Err(WrongUse(format!("{} is there already", out.display())).into());
        }
        let wanted = custody::FeedWanted { format, since, out };
        let done = self.desk::<act::LedgerExport>().await?.ledger_feed(&wanted).await?;
        Ok(json!({"out": wanted.out, "lines": done.lines, "next": done.next, "entry": done.witnessed.index}))
    }

    async fn tail(&self, count: u32) -> anyhow::Result<Value> {
        if count == 0 || count > TAIL_MAX {
            return Err(WrongUse(format!("--count takes a number from 1 to {TAIL_MAX}")).into());
        }
        let mut lines = Vec::new();
        let mut before = None;
        while lines.len() < count as usize {
            let page =
                self.desk::<act::LedgerList>().await?.ledger_list(&custody::LedgerFilter::default(), before).await?;
            for one in page.lines {
                lines.push(json!({
                    "index": one.index, "at": one.at.to_string(), "principal": one.principal.to_string(),
                    "action": one.action, "outcome": one.outcome, "why": one.why, "customer_id": one.customer,
                    "resources": one.resources.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    "resources_count": one.resources_count, "bytes_out": one.bytes_out,
                }));
            }
            before = page.before;
            if before.is_none() {
                break;
            }
        }
        lines.truncate(count as usize);
        lines.reverse();
        Ok(json!({"entries": lines}))
    }
}
