//! What a certificate says of itself: from when to when it is good, and for which names.

use custody::CertificateSpan;
use record::Timestamp;
use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validity {
    /// From when to when it is good.
    pub span: CertificateSpan,
    /// For which host names.
    pub names: Vec<String>,
}

impl Validity {
    /// Reads a certificate; none when it is none.
    #[must_use]
    pub fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (rest, read) = x509_parser::parse_x509_certificate(certificate).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let at =
            |time: x509_parser::time::ASN1Time| time.timestamp().checked_mul(1000).map(Timestamp::from_unix_millis);
        let span = CertificateSpan { from: at(read.validity().not_before)?, until: at(read.validity().not_after)? };
        let others = read.subject_alternative_name().ok()?;
        let names = others.iter().flat_map(|others| &others.value.general_names).filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        });
        Some(Self { span, names: names.collect() })
    }

    /// Is it for each of these names.
    #[must_use]
    pub fn covers(&self, names: &[String]) -> bool {
        names.iter().all(|wanted| self.names.iter().any(|name| name.eq_ignore_ascii_case(wanted)))
    }
}
