use axum::http::Method;
use custody::Desk;
use record::{DocumentId, act};
use strongroom_portal::door::take::Path;
use strongroom_portal::door::{Answer, Locked, Opts, Reply, Setup};

async fn read(_id: Path<DocumentId>, _desk: Desk<act::DocumentRead>) -> Answer {
    Ok(Reply::html(String::new()))
}

fn main() {
    let _ = Locked::new(Setup::Serve).route(Method::GET, "/documents/{doc}", Opts::page("Document"), read);
}
