use strongroom_portal::door::Reply;

fn main() {
    let response = axum::http::Response::new(axum::body::Body::empty());
    let _ = Reply(response);
}
