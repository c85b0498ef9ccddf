//! What is no route does not compile: a handler without a desk, a desk of nothing, an open route without a reason.

#[test]
fn a_route_without_its_lock_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
}
