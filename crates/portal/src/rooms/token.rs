//! Where programs ask for tokens (RFC 6749, 7523) and what they can read of it beforehand (SMART App Launch 2.2).

use crate::door::take::Fields;
use crate::door::{Answer, Problem, Reply};
use axum::http::StatusCode;
use custody::{Desk, TokenAsked, TokenRefused};
use record::{Right, act};
use serde::Serialize;

#[derive(Serialize)]
struct Given<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: i64,
    scope: &'a str,
}

#[derive(Serialize)]
struct Refused {
    error: &'static str,
}

/// A field that is said once. Twice is said wrongly, and a form in which anything is said twice is malformed (RFC 6749, 3.2).
fn once(fields: &Fields, name: &str) -> Result<Option<String>, TokenRefused> {
    let mut all = fields.all(name);
    match (all.next(), all.next()) {
        (one, None) => Ok(one.map(ToOwned::to_owned)),
        (_, Some(_)) => Err(TokenRefused::InvalidRequest),
    }
}

fn asked(fields: &Fields) -> Result<TokenAsked, TokenRefused> {
    Ok(TokenAsked {
        grant_type: once(fields, "grant_type")?,
        assertion_type: once(fields, "client_assertion_type")?,
        assertion: once(fields, "client_assertion")?,
        scope: once(fields, "scope")?,
        client_id: once(fields, "client_id")?,
    })
}

/// A token for whoever proves who it is; for everybody else one of OAuth's words.
pub(super) async fn token(desk: Desk<act::SessionStart>, fields: Fields) -> Answer {
    // Said twice, nothing of it is taken: custody is asked all the same, and writes the refusal down.
    let asked = asked(&fields).unwrap_or_default();
    match desk.token_ask(&asked).await? {
        Ok(given) => Reply::json(&Given {
            access_token: &given.secret,
            token_type: "Bearer",
            expires_in: given.expires_in_secs,
            scope: &given.scope,
        }),
        Err(refused) => {
            let status = match refused {
                TokenRefused::InvalidClient => StatusCode::UNAUTHORIZED,
                TokenRefused::InvalidRequest | TokenRefused::UnsupportedGrantType | TokenRefused::InvalidScope => {
                    StatusCode::BAD_REQUEST
                }
            };
            Ok(Reply::json(&Refused { error: refused.as_str() })?.status(status))
        }
    }
}

#[derive(Serialize)]
struct SmartConfiguration<'a> {
    token_endpoint: &'a str,
    grant_types_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [&'static str; 1],
    token_endpoint_auth_signing_alg_values_supported: [&'static str; 2],
    scopes_supported: Vec<&'static str>,
    capabilities: [&'static str; 2],
}

/// What a program has to know to ask.
pub(super) fn smart_configuration(desk: &Desk<act::SessionStart>) -> Result<Reply, Problem> {
    Reply::json(&SmartConfiguration {
        token_endpoint: &desk.house().token_address(),
        grant_types_supported: ["client_credentials"],
        token_endpoint_auth_methods_supported: ["private_key_jwt"],
        token_endpoint_auth_signing_alg_values_supported: ["RS384", "ES384"],
        scopes_supported: Right::ALL.iter().map(|right| right.as_str()).collect(),
        capabilities: ["client-confidential-asymmetric", "permission-v2"],
    })
}
