//! scratch
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_house_lets_its_people_in() {
    let house = strongroom_tests::House::start().await.expect("a house");
    let ana = house.person("ana.reyes").id;
    let visitor = house.sign_in(ana).await.expect("ana signs in");
    let answer = visitor.get("/inbox").await.expect("an answer");
    assert_eq!(answer.status, 200);
    for row in &house.table {
        eprintln!("{} {} {:?} {:?}", row.method, row.path, row.action, row.kind);
    }
    house.stop().await;
}
