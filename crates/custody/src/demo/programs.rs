//! The demo's programs: one for each made-up practice, with every right, and the private half of its key, which in a house
//! for work nobody here ever has.

use crate::{Custody, CustodyError, NewProgram, PROGRAM_DAYS_MAX, ProgramKeys};
use aws_lc_rs::encoding::AsBigEndian as _;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use data_encoding::BASE64URL_NOPAD;
use record::{ProgramId, Right, Role, act};
use serde_json::json;

/// Bytes of a coordinate of P-384.
const COORDINATE_BYTES: usize = 48;

/// One of the demo's programs.
pub struct DemoProgram {
    /// Its client id.
    pub id: ProgramId,
    /// For whom it works.
    pub customer: String,
    /// Its whole key as a JSON web key, the private half in it.
    pub private_jwk: String,
}

impl Custody {
    /// Lets a program work for each made-up practice, in the name of its made-up manager.
    ///
    /// # Errors
    /// When this is no demo, or the store cannot.
    pub async fn demo_programs(&self) -> Result<Vec<DemoProgram>, CustodyError> {
        if !self.settings().demo {
            return Err(CustodyError::State("a house for work lets no made-up programs in"));
        }
        let mut made = Vec::new();
        for customer in self.store().customer_list().await? {
            let here = self.store().membership_list_at(Some(customer.id)).await?;
            let Some(manager) = here.iter().find(|one| one.role == Role::PracticeManager) else { continue };
            let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).map_err(CustodyError::seal)?;
            let (x, y) = pair.public_key().as_ref()[1..].split_at(COORDINATE_BYTES);
            let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
            let mut jwk = json!({
                "kty": "EC", "crv": "P-384", "alg": "ES384", "use": "sig", "kid": "demo", "x": text(x), "y": text(y),
            });
            let new = NewProgram {
                customer: customer.id,
                name: format!("{} EMR", customer.name),
                rights: Right::ALL.iter().copied().collect(),
                keys: ProgramKeys::Pasted(jwk.to_string()),
                days: PROGRAM_DAYS_MAX,
            };
            let desk = self.demo_desk::<act::ProgramRegister>(manager.person);
            let (id, _) = desk.program_register(&new).await?;
            let private = pair.private_key().as_be_bytes().map_err(CustodyError::seal)?;
            jwk["d"] = text(private.as_ref()).into();
            made.push(DemoProgram { id, customer: customer.name, private_jwk: jwk.to_string() });
        }
        Ok(made)
    }
}
