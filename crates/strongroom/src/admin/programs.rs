//! Orders about a customer's programs.

use super::Order;
use super::perform::Caller;
use crate::outcome::WrongUse;
use custody::{KeyChange, NewProgram, ProgramKeys, ProgramStanding};
use record::{CustomerId, ProgramId, Right, act, rights_read, rights_written};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn rights(text: &str) -> anyhow::Result<BTreeSet<Right>> {
    Ok(rights_read(text).map_err(|_| WrongUse("a right is a scope such as system/Patient.rs".to_owned()))?)
}

/// Of which change a program is now: the order was stated in words a moment ago, and there is no form to have seen.
async fn revision(caller: &Caller, customer: CustomerId, program: ProgramId) -> anyhow::Result<u64> {
    let found = caller.desk::<act::ProgramList>().await?.program_list(customer).await?;
    let line = found.lines.into_iter().find(|line| line.id == program);
    Ok(line.map(|line| line.revision).ok_or_else(|| WrongUse("this customer has no such program".to_owned()))?)
}

/// Does it.
pub(super) async fn perform(caller: &Caller, order: Order) -> anyhow::Result<Value> {
    match order {
        Order::ProgramList { customer } => list(caller, customer).await,
        Order::ProgramAdd { customer, name, rights: text, key, jwks_url, days } => {
            let keys = match (key, jwks_url) {
                (Some(key), None) => ProgramKeys::Pasted(key),
                (None, Some(url)) => ProgramKeys::At(url),
                _ => return Err(WrongUse("give one key, or the address of its keys".to_owned()).into()),
            };
            let new = NewProgram { customer, name, rights: rights(&text)?, keys, days };
            let (id, seen) = caller.desk::<act::ProgramRegister>().await?.program_register(&new).await?;
            Ok(json!({"client_id": id, "customer_id": customer, "entry": seen.index}))
        }
        Order::ProgramRights { customer, program, rights: text } => {
            let (rights, revision) = (rights(&text)?, revision(caller, customer, program).await?);
            let desk = caller.desk::<act::ProgramChange>().await?;
            let seen = desk.program_rights_set(customer, program, (&rights, revision)).await?;
            Ok(json!({"client_id": program, "rights": rights_written(&rights), "entry": seen.index}))
        }
        Order::ProgramExpire { customer, program, days } => {
            let revision = revision(caller, customer, program).await?;
            let desk = caller.desk::<act::ProgramChange>().await?;
            let seen = desk.program_end_set(customer, program, (days, revision)).await?;
            Ok(json!({"client_id": program, "days": days, "entry": seen.index}))
        }
        Order::ProgramRevoke { customer, program } => {
            let seen = caller.desk::<act::ProgramRevoke>().await?.program_revoke(customer, program).await?;
            Ok(json!({"client_id": program, "entry": seen.index}))
        }
        Order::ProgramKeyAdd { customer, program, key } => {
            change(caller, (customer, program), KeyChange::Add(key)).await
        }
        Order::ProgramKeyRotate { customer, program, key, overlap_hours } => {
            change(caller, (customer, program), KeyChange::Rotate(key, overlap_hours)).await
        }
        Order::ProgramKeyEnd { customer, program, kid } => {
            change(caller, (customer, program), KeyChange::End(kid)).await
        }
        _ => Err(WrongUse("this is no order about programs".to_owned()).into()),
    }
}

async fn change(
    caller: &Caller,
    (customer, program): (CustomerId, ProgramId),
    change: KeyChange,
) -> anyhow::Result<Value> {
    let desk = caller.desk::<act::ProgramChange>().await?;
    let seen = desk.program_key_change(customer, program, &change).await?;
    Ok(json!({"client_id": program, "entry": seen.index}))
}

async fn list(caller: &Caller, customer: CustomerId) -> anyhow::Result<Value> {
    let found = caller.desk::<act::ProgramList>().await?.program_list(customer).await?;
    let line = |one: custody::ProgramLine| {
        let standing = match one.standing {
            ProgramStanding::InForce => "in_force",
            ProgramStanding::Ended => "ended",
            ProgramStanding::Revoked => "revoked",
        };
        json!({
            "client_id": one.id, "name": one.name, "standing": standing, "rights": rights_written(&one.rights),
            "kids": one.kids, "jwks_url": one.jwks_url, "created_at": one.created.0.to_string(), "created_by": one.created.1,
            "ends_at": one.ends_at.to_string(), "revoked_at": one.revoked.map(|(at, _)| at.to_string()),
            "last_used_at": one.last_used_at.map(|at| at.to_string()),
        })
    };
    Ok(json!({"programs": found.lines.into_iter().map(line).collect::<Vec<_>>()}))
}
