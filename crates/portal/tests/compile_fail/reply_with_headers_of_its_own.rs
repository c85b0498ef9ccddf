use strongroom_portal::door::Reply;

fn main() {
    let mut reply = Reply::html(String::new());
    reply.0.headers_mut().clear();
}
