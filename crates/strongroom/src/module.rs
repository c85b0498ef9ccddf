//! The cryptographic module below everything (AWS-LC), and whether it is the validated one.
//!
//! What must always hold: a program that was built with the feature `fips` does nothing while its module does not say that it
//! is in FIPS mode, and takes no passphrase, because what makes a key of one is no approved algorithm.

use crate::outcome::WrongUse;

/// The module is not what this program was built for.
#[derive(Debug, thiserror::Error)]
#[error("this program was built for the validated module, and the module does not say that it is in FIPS mode")]
pub(crate) struct NotValidated;

/// Does the module say that it is in FIPS mode: its own tests have passed, and it is the build that is validated.
pub(crate) fn is_fips() -> bool {
    aws_lc_rs::try_fips_mode().is_ok()
}

/// Before anything else is done.
pub(crate) fn check() -> Result<(), NotValidated> {
    if cfg!(feature = "fips") && !is_fips() { Err(NotValidated) } else { Ok(()) }
}

/// Before a passphrase is asked for.
pub(crate) fn passphrase_check() -> anyhow::Result<()> {
    if cfg!(feature = "fips") {
        let say = "this is a fips build, and a passphrase goes through Argon2id, which is not approved: \
                   give --root-key FILE, or [root_key] in the configuration";
        return Err(WrongUse(say.to_owned()).into());
    }
    Ok(())
}

/// Which module it is, in words.
pub(crate) fn words() -> String {
    let version = aws_lc_rs::awslc_version();
    if is_fips() {
        format!("AWS-LC {version}, the FIPS module, in FIPS mode")
    } else {
        format!("AWS-LC {version}, not the FIPS module")
    }
}

#[cfg(test)]
mod tests {
    use super::{check, is_fips, passphrase_check, words};

    #[test]
    fn a_fips_build_is_in_fips_mode_and_takes_no_passphrase_and_another_says_that_it_is_none() {
        assert!(check().is_ok());
        assert_eq!(is_fips(), cfg!(feature = "fips"));
        assert_eq!(passphrase_check().is_err(), cfg!(feature = "fips"));
        assert_eq!(words().contains("in FIPS mode"), cfg!(feature = "fips"));
    }

    #[test]
    fn tls_of_a_fips_build_is_what_the_module_approves() {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        assert_eq!(provider.fips(), cfg!(feature = "fips"));
    }
}
