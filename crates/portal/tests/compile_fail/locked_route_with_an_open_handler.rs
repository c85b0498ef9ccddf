use axum::http::Method;
use strongroom_portal::door::{Answer, Hall, Locked, Opts, Reply, Setup};

async fn page(_hall: Hall) -> Answer {
    Ok(Reply::html(String::new()))
}

fn main() {
    let _ = Locked::new(Setup::Serve).route(Method::GET, "/documents", Opts::page("Documents"), page);
}
