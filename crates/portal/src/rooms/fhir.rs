//! FHIR R4 for programs: documents, their bytes, patients, and what was done with them. Parse → one call of custody → a
//! resource.
//!
//! What must always hold: as in the rest of the programs' part; and a search never finds more than its words ask for: a
//! parameter that is not known here is refused, not passed over; what is chained, included or turned round is not known; a
//! name or a record number is searched by POST, so that it stands in no address.

mod audit;
mod binary;
mod capability;
mod documents;
mod patients;
mod search;

use super::api::customer;
use crate::door::{Locked, Problem};
use custody::Desk;
use custody::fhir::Place;
use record::Act;
use serde_json::{Value, json};

/// Where it is, below the portal's address.
const BASE: &str = "/fhir/R4";

/// FHIR's rooms.
pub(super) fn routes(locked: Locked) -> Locked {
    let locked = documents::routes(locked);
    let locked = binary::routes(locked);
    let locked = patients::routes(locked);
    let locked = audit::routes(locked);
    capability::routes(locked)
}

/// The address of the endpoint.
fn base<A: Act>(desk: &Desk<A>) -> String {
    format!("{}{BASE}", desk.house().settings().public_url.as_str().trim_end_matches('/'))
}

/// Whose resources these are.
async fn place<A: Act>(desk: &Desk<A>) -> Result<Place, Problem> {
    let name = desk.house().customer_name(customer(desk)?).await?;
    Ok(Place { base: base(desk), operator: desk.house().settings().operator.clone(), customer: name })
}

/// What a search found.
#[derive(Default)]
struct Found {
    resources: Vec<Value>,
    /// The address of the rest, when there is more.
    next: Option<String>,
    /// There is more, and no address of it.
    cut: Option<&'static str>,
}

/// What a search found, as FHIR says it.
fn bundle(base: &str, own: &str, found: Found) -> Value {
    let mut links = vec![json!({"relation": "self", "url": own})];
    links.extend(found.next.map(|url| json!({"relation": "next", "url": url})));
    let mut entries: Vec<Value> = found
        .resources
        .into_iter()
        .map(|resource| {
            let text = |name: &str| resource[name].as_str().unwrap_or_default().to_owned();
            let url = format!("{base}/{}/{}", text("resourceType"), text("id"));
            json!({"fullUrl": url, "resource": resource, "search": {"mode": "match"}})
        })
        .collect();
    entries.extend(found.cut.map(|says| {
        let issue = json!({"severity": "warning", "code": "incomplete", "diagnostics": says});
        json!({"resource": {"resourceType": "OperationOutcome", "issue": [issue]}, "search": {"mode": "outcome"}})
    }));
    custody::fhir::finished(json!({"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}))
}
