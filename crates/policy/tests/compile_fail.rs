//! What must not compile does not.

#[test]
fn a_permit_cannot_be_forged_copied_or_read() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
