use axum::http::Method;
use custody::Desk;
use strongroom_portal::door::{Answer, Locked, Opts, Reply, Setup};

async fn read(_desk: Desk<()>) -> Answer {
    Ok(Reply::html(String::new()))
}

fn main() {
    let _ = Locked::new(Setup::Serve).route(Method::GET, "/documents", Opts::page("Documents"), read);
}
