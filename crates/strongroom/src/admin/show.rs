//! What came of an order, in lines for people. With `--json` the object itself is printed instead.

use super::Order;
use serde_json::Value;

fn text(value: &Value, name: &str) -> String {
    match &value[name] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn each<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value[name].as_array().into_iter().flatten()
}

/// The lines.
pub(crate) fn lines(order: &Order, out: &Value) -> Vec<String> {
    let t = |name: &str| text(out, name);
    match order {
        Order::CustomerList {} => {
            each(out, "customers").map(|one| format!("{}  {}", text(one, "customer_id"), text(one, "name"))).collect()
        }
        Order::CustomerAdd { .. } => {
            vec![format!("{} is there. Record the agreement in the portal.", t("customer_id"))]
        }
        Order::CustomerShow { .. } => {
            let mut all =
                vec![format!("{}  {}  {}  {} people", t("customer_id"), t("name"), t("telephone"), t("people"))];
            all.extend(each(out, "agreements").map(|one| {
                format!(
                    "  {}  {} to {}  {}",
                    text(one, "agreement_id"),
                    text(one, "from"),
                    text(one, "to"),
                    text(one, "standing")
                )
            }));
            all
        }
        Order::PersonList { .. } => people(out),
        Order::PersonInvite { .. } => invited(out),
        Order::PersonEnd { .. } => vec!["Ended. It holds from the next request on.".to_owned()],
        Order::PersonSignOut { .. } => vec!["Every session of theirs has ended.".to_owned()],
        Order::ImportPatients { .. } => vec![format!(
            "{}{} new, {} corrected, {} pairs to look at, {} came before, {} older, {} about something else, {} rejected.",
            would(out),
            t("new"),
            t("changed"),
            t("proposed"),
            t("passed"),
            t("older"),
            t("other"),
            each(out, "rejected").count()
        )],
        Order::ImportPeople { .. } => imported(out),
        Order::ProgramList { .. } => programs(out),
        Order::ProgramAdd { .. } => vec![format!("{} is let in. Its client id is this id.", t("client_id"))],
        Order::ProgramKeyAdd { .. } | Order::ProgramKeyRotate { .. } | Order::ProgramKeyEnd { .. } => {
            vec!["Its keys are changed.".to_owned()]
        }
        Order::ProgramRights { .. } | Order::ProgramExpire { .. } => {
            vec!["Changed. It holds from the next request on.".to_owned()]
        }
        Order::ProgramRevoke { .. } => vec!["Stopped. None of its tokens is worth anything any more.".to_owned()],
        Order::ImportShare { .. } => super::share::lines(out),
        Order::LeaveExport { .. } => super::leaving::exported(out),
        Order::LeaveShow { .. } => super::leaving::shown(out),
        Order::JoinPrepare { .. } => vec!["Prepared. The managers of both practices decide in the portal.".to_owned()],
        Order::SplitPrepare { .. } => super::splitting::prepared(out),
        Order::SplitRun { .. } => super::splitting::moved(out),
        Order::SplitEnd { .. } => {
            vec!["Ended. Who has moved stays there; the manager's page lists whoever stays.".to_owned()]
        }
        Order::JoinShow { .. } => super::joining::shown(out),
        Order::JoinRun { .. } => super::joining::moved(out),
        Order::JoinWithdraw { .. } => vec!["Taken back. Nothing moves.".to_owned()],
        Order::ImportPractice { .. } => super::leaving::taken_in(out),
        order => lines_of_the_house(order, out),
    }
}

/// Keys, backups, the gate and the ledger.
fn lines_of_the_house(order: &Order, out: &Value) -> Vec<String> {
    let t = |name: &str| text(out, name);
    match order {
        Order::KeyRotate { .. } => vec![format!(
            "Key version {}: keys of {} versions and {} columns moved, {} damaged.",
            t("version"),
            t("versions"),
            t("columns"),
            t("damaged")
        )],
        Order::KeyRekey { .. } => vec![format!("Epoch {}: {} keys wrapped anew.", t("epoch"), t("keys"))],
        Order::KeyShredAsk { .. } => vec!["Asked. Another officer decides: strongroom key shred approve.".to_owned()],
        Order::KeyShredWithdraw { .. } => vec!["Taken back. Nothing was destroyed.".to_owned()],
        Order::KeyShredApprove { .. } if out["needs_root_key"] == true => {
            vec!["Decided. The root key is needed: stop the server and run strongroom key shred finish.".to_owned()]
        }
        Order::KeyShredApprove { .. } => vec![t("certificate")],
        Order::KeyShredShow { .. } => shred(out),
        Order::Backup { .. } => vec![
            format!(
                "Set {}: {} entries, {} objects, {} of them new ({} bytes).",
                t("set"),
                t("entries"),
                t("objects"),
                t("objects_copied"),
                t("bytes_copied")
            ),
            format!("Keep the backup's public key outside: {}", t("key")),
        ],
        Order::GateReopen {} => vec![match out["reopened"].as_str() {
            Some("now") => "Open again.".to_owned(),
            _ => "The next start opens the gate, once the outside probe has passed.".to_owned(),
        }],
        Order::LedgerTail { .. } => each(out, "entries")
            .map(|one| {
                let t = |name| text(one, name);
                format!(
                    "{:>8}  {}  {}  {} {} {}",
                    t("index"),
                    t("at"),
                    t("principal"),
                    t("action"),
                    t("outcome"),
                    t("why")
                )
            })
            .collect(),
        Order::LedgerFeed { .. } => {
            vec![format!("{} lines in {}. The next ones: --since {}", t("lines"), t("out"), t("next"))]
        }
        Order::LedgerProve { .. } => vec![t("proof")],
        _ => Vec::new(),
    }
}

fn programs(out: &Value) -> Vec<String> {
    let mut all = Vec::new();
    for one in each(out, "programs") {
        let t = |name| text(one, name);
        all.push(format!("{}  {}  {}", t("client_id"), t("name"), t("standing")));
        all.push(format!("  {}", t("rights")));
        let keys: Vec<String> = each(one, "kids").map(|kid| kid.as_str().unwrap_or_default().to_owned()).collect();
        let keys = one["jwks_url"].as_str().map_or_else(|| keys.join(", "), ToOwned::to_owned);
        all.push(format!("  keys: {keys}; last used: {}; ends: {}", t("last_used_at"), t("ends_at")));
    }
    all
}

fn would(out: &Value) -> &'static str {
    if out["dry_run"] == true { "Nothing was changed. It would be: " } else { "" }
}

fn people(out: &Value) -> Vec<String> {
    let mut all = Vec::new();
    for one in each(out, "people") {
        all.push(format!("{}  {}  {}", text(one, "person_id"), text(one, "name"), text(one, "email")));
        all.extend(each(one, "roles").map(|role| format!("  {}  {}", text(role, "membership_id"), text(role, "role"))));
    }
    for one in each(out, "invitations") {
        let waits = if one["waits_for_second"] == true { ", waits for a second officer" } else { "" };
        all.push(format!(
            "{}  {}  invited as {}{waits}",
            text(one, "invitation_id"),
            text(one, "name"),
            text(one, "role")
        ));
    }
    all
}

fn invited(out: &Value) -> Vec<String> {
    let mut all = Vec::new();
    match out["enrolment_url"].as_str() {
        Some(link) => all.push(format!("Invited. Send this link: {link}")),
        None => all.push("The role holds from now on: they have a passkey here.".to_owned()),
    }
    if let Some(spoken) = out["spoken"].as_str() {
        all.push(format!("Tell them by telephone: {spoken}"));
    }
    if out["waits_for_second"] == true {
        all.push(format!("A second officer has to confirm {}.", text(out, "invitation_id")));
    }
    all
}

fn imported(out: &Value) -> Vec<String> {
    let mut all = vec![format!(
        "{}{} invited, {} rejected.",
        would(out),
        each(out, "invited").count(),
        each(out, "rejected").count()
    )];
    for one in each(out, "invited") {
        if let Some(link) = one["enrolment_url"].as_str() {
            all.push(format!("line {}: {link}  {}", text(one, "line"), text(one, "spoken")));
        }
    }
    all
}

fn shred(out: &Value) -> Vec<String> {
    let t = |name: &str| text(out, name);
    let mut all = vec![match out["standing"].as_str() {
        Some(standing) => format!("{}: {standing}. {}", t("name"), t("reason")),
        None => format!("{}: nobody has asked. {}", t("name"), t("hindered")),
    }];
    all.extend(out["certificate"].as_str().map(ToOwned::to_owned));
    all
}

/// What makes the command end with 1: lines that were rejected, objects that are damaged.
pub(super) fn finding(order: &Order, out: &Value) -> Option<String> {
    let list = match order {
        Order::ImportShare { rejects, .. } => return super::share::finding(out, rejects),
        Order::ImportPractice { .. } => return super::leaving::outside(out),
        Order::JoinRun { .. } => return super::joining::damaged(out),
        Order::SplitRun { .. } => return super::splitting::damaged(out),
        Order::ImportPatients { .. } | Order::ImportPeople { .. } | Order::SplitPrepare { .. } => "rejected",
        _ => return None,
    };
    let lines: Vec<String> =
        each(out, list).map(|one| format!("line {}: {}", text(one, "line"), text(one, "say"))).collect();
    (!lines.is_empty()).then(|| format!("{} lines were not taken:\n{}", lines.len(), lines.join("\n")))
}
