use axum::http::Method;
use record::DocumentId;
use strongroom_portal::door::take::Path;
use strongroom_portal::door::{Answer, Locked, Opts, Reply, Setup};

async fn read(_id: Path<DocumentId>) -> Answer {
    Ok(Reply::html(String::new()))
}

fn main() {
    let _ = Locked::new(Setup::Serve).route(Method::GET, "/documents/{doc}", Opts::page("Document"), read);
}
