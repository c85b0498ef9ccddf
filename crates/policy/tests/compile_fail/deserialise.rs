//! A permit cannot be read from bytes.
use record::act;
use strongroom_policy::Permit;

fn read(text: &str) -> Permit<act::DocumentRead> {
    serde_json::from_str(text).unwrap()
}

fn main() {}
