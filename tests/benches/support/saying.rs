//! Numbers as `cargo xtask bench` reads them.

/// One measured number.
#[expect(clippy::print_stdout, reason = "a benchmark says what it measured")]
pub(crate) fn say(row: &str, unit: &str, value: f64) {
    println!("{}", serde_json::json!({"row": row, "side": "we", "who": "", "unit": unit, "value": value}));
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
