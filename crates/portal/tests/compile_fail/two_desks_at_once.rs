use axum::http::Method;
use custody::Desk;
use record::act;
use strongroom_portal::door::{Answer, Locked, Opts, Reply, Setup};

async fn read(_desk: Desk<act::DocumentList>, _other: Desk<act::DocumentRead>) -> Answer {
    Ok(Reply::html(String::new()))
}

fn main() {
    let _ = Locked::new(Setup::Serve).route(Method::GET, "/documents", Opts::page("Documents"), read);
}
