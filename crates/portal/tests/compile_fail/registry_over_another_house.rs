use axum::http::Method;
use custody::{CustodyError, Desk, ProgramIn, SignedIn, Visit};
use record::act;
use strongroom_portal::door::service::House;
use strongroom_portal::door::{Answer, Locked, Opts, Reply, Setup};

#[derive(Clone)]
struct Everybody;

impl House for Everybody {
    fn visit(&self) -> Option<Visit> {
        Some(Visit::alone())
    }

    async fn session_resolve(&self, _secret: &str) -> Result<Option<SignedIn>, CustodyError> {
        Ok(None)
    }

    async fn token_resolve(&self, _secret: &str) -> Result<Option<ProgramIn>, CustodyError> {
        Ok(None)
    }
}

async fn list(_desk: Desk<act::DocumentList>) -> Answer {
    Ok(Reply::html(String::new()))
}

fn main() {
    let _ = Locked::<Everybody>::new(Setup::Serve).route(Method::GET, "/", Opts::page("Inbox"), list);
}
