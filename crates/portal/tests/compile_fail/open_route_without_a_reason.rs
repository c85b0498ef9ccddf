use axum::http::Method;
use strongroom_portal::door::{Answer, Hall, Kind, Locked, Reply, Setup};

async fn page(_hall: Hall) -> Answer {
    Ok(Reply::html(String::new()))
}

fn main() {
    let _ = Locked::new(Setup::Serve).open(Method::GET, "/sign-in", Kind::Page, page);
}
