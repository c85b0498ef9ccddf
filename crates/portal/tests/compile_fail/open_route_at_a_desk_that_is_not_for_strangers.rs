use axum::http::Method;
use custody::Desk;
use record::act;
use strongroom_portal::door::{Answer, Kind, Locked, Reply, Setup};

async fn read(_desk: Desk<act::DocumentRead>) -> Answer {
    Ok(Reply::html(String::new()))
}

fn main() {
    let _ = Locked::new(Setup::Serve).open(Method::GET, "/sign-in", "where people sign in", Kind::Page, read);
}
