//! What of FHIR is done here: the statement of capabilities, and where tokens are asked for.

use super::search::Param;
use super::{audit, base, documents, patients};
use crate::door::{Answer, Kind, Locked, Reply};
use axum::http::Method;
use custody::Desk;
use custody::fhir::FHIR_VERSION;
use record::act;
use serde_json::{Value, json};

/// When the statement was last changed.
const CHANGED: &str = "2026-11-22";

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .open(
            Method::GET,
            "/fhir/R4/metadata",
            "says what of FHIR is done here, which clients read before they have a token; the same for everybody, no data",
            Kind::Page,
            metadata,
        )
        .open(
            Method::GET,
            "/fhir/R4/.well-known/smart-configuration",
            "where programs ask for tokens (SMART), below the address at which FHIR clients look for it; constant words",
            Kind::Page,
            smart_configuration,
        )
}

async fn smart_configuration(desk: Desk<act::SessionStart>) -> Answer {
    crate::rooms::token::smart_configuration(&desk)
}

async fn metadata(desk: Desk<act::SessionStart>) -> Answer {
    Ok(Reply::fhir(&statement(&base(&desk), &desk.house().token_address())))
}

fn resource(kind: &str, searches: &[&[Param]], words: &str) -> Value {
    let params: Vec<Value> = searches
        .iter()
        .flat_map(|known| known.iter())
        .map(|one| json!({"name": one.name, "type": one.kind.as_str(), "documentation": one.words}))
        .collect();
    let mut interactions = vec![json!({"code": "read"})];
    if !params.is_empty() {
        interactions.push(json!({"code": "search-type"}));
    }
    json!({
        "type": kind, "documentation": words, "interaction": interactions, "versioning": "no-version",
        "readHistory": false, "updateCreate": false, "referencePolicy": ["literal", "local"], "searchParam": params,
    })
}

fn statement(base: &str, token_address: &str) -> Value {
    let document = "What was delivered to the practice or signed there, and what the program brought in itself. \
                    The earliest first. Bytes are at Binary, by the address in content.attachment.url.";
    let patient = "The practice's patients. By GET they are searched by _id alone; by POST to _search by everything else, so \
                   that no name stands in an address.";
    let event = "Entries of the ledger that concern the practice, the newest first, coded as IHE BALP codes them. The proof \
                 of each is at /api/v1/ledger/entries/ with the same number.";
    custody::fhir::finished(json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": CHANGED,
        "kind": "instance",
        "software": {"name": "Strongroom", "version": env!("CARGO_PKG_VERSION")},
        "implementation": {"description": "Strongroom's records, for programs of a practice", "url": base},
        "fhirVersion": FHIR_VERSION,
        "format": ["application/fhir+json", "json"],
        "rest": [{
            "mode": "server",
            "documentation": "A parameter that is not listed is refused (400), not passed over. There is no _include, no \
                              chaining, no modifier and no sorting.",
            "security": {
                "extension": [{
                    "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
                    "extension": [{"url": "token", "valueUri": token_address}],
                }],
                "cors": false,
                "service": [{"coding": [{
                    "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                    "code": "SMART-on-FHIR", "display": "SMART-on-FHIR",
                }]}],
                "description": "SMART backend services: a token for five minutes against a signed assertion (RS384, ES384).",
            },
            "resource": [
                resource("AuditEvent", &[audit::PARAMS], event),
                resource("Binary", &[], "A version's bytes, as they are or inside a resource."),
                resource("DocumentReference", &[documents::PARAMS], document),
                resource("Patient", &[patients::BY_ID, patients::PARAMS], patient),
            ],
        }],
    }))
}
