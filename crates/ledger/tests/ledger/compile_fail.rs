//! What must not compile does not: a receipt is minted by `commit` and by nothing else.

#[test]
fn receipts_are_neither_forged_nor_copied_nor_read_from_text() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
