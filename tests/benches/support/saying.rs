//! Numbers as `cargo xtask bench` reads them.

/// One measured number of a side (`limit`, `peer` or `we`) and who that is.
#[expect(clippy::print_stdout, reason = "a benchmark says what it measured")]
pub(crate) fn said(row: &str, (side, who): (&str, &str), unit: &str, value: f64) {
    println!("{}", serde_json::json!({"row": row, "side": side, "who": who, "unit": unit, "value": value}));
}

/// One measured number of ours.
pub(crate) fn say(row: &str, unit: &str, value: f64) {
    said(row, ("we", ""), unit, value);
}

/// How many rounds count.
pub(crate) fn rounds() -> u32 {
    std::env::var("STRONGROOM_BENCH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3)
}

/// The socket of the server that the benchmark may use.
pub(crate) fn server() -> String {
    let named = std::env::var("STRONGROOM_TEST_POSTGRES").ok().filter(|place| !place.is_empty());
    named.expect("STRONGROOM_TEST_POSTGRES names a server's socket folder; cargo xtask bench starts one")
}
