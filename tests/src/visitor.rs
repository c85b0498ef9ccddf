//! Somebody with a browser: cookies, the token of the pages, and the headers that a browser sends by itself.

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

/// The cookie that carries a session.
const COOKIE: &str = "__Host-strongroom";

/// Where a house is served.
#[derive(Debug, Clone)]
pub struct Place {
    /// The socket.
    pub socket: SocketAddr,
    /// What browsers call it, `localhost:8080`.
    pub host: String,
    /// What pages come from, `http://localhost:8080`.
    pub origin: String,
}

impl Place {
    /// A house on this machine, spoken to as `localhost`.
    #[must_use]
    pub fn at(socket: SocketAddr) -> Self {
        let host = format!("localhost:{}", socket.port());
        let origin = format!("http://{host}");
        Self { socket, host, origin }
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// All headers but the date, sorted by name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// A header's first value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as text; bytes that are none are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Where it leads.
    #[must_use]
    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_default()
    }

    /// Was what was asked for done or shown: no error, and not sent to a door, a lock or a touch instead.
    #[must_use]
    pub fn is_given(&self) -> bool {
        let turned = ["/sign-in", "/locked", "/step-up", "/go"].iter().any(|way| self.location().starts_with(way));
        (200..400).contains(&self.status) && !turned
    }
}

/// A request in the making.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Headers beside those of every browser; a later one of the same name replaces an earlier one, an empty value
    /// takes it away.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Ask {
    /// A person goes to a page.
    #[must_use]
    pub fn get(path: &str) -> Self {
        let mut ask = Self { method: Method::GET, path: path.to_owned(), headers: Vec::new(), body: Bytes::new() };
        for (name, value) in [
            ("accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
            ("sec-fetch-site", "same-origin"),
        ] {
            ask = ask.with(name, value);
        }
        ask
    }

    /// The same, asking for the head only.
    #[must_use]
    pub fn head(path: &str) -> Self {
        Self { method: Method::HEAD, ..Self::get(path) }
    }

    /// A form is sent from one of our pages. The visitor adds origin and token.
    #[must_use]
    pub fn form(path: &str, fields: &[(String, String)]) -> Self {
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self::post(path, "application/x-www-form-urlencoded", body.into())
    }

    /// A script of ours sends bytes or JSON.
    #[must_use]
    pub fn post(path: &str, kind: &str, body: Bytes) -> Self {
        Self { method: Method::POST, body, ..Self::get(path) }.with("content-type", kind)
    }

    /// With this header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(key, _)| key != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// Somebody with a browser.
pub struct Visitor {
    place: Place,
    /// The secret of the session, if there is one.
    pub secret: Option<String>,
    /// The token that this session's forms carry.
    pub token: String,
    line: Mutex<Option<SendRequest<Full<Bytes>>>>,
}

impl Visitor {
    /// A browser without a session.
    #[must_use]
    pub fn nobody(place: &Place) -> Self {
        Self { place: place.clone(), secret: None, token: String::new(), line: Mutex::new(None) }
    }

    /// A browser with this cookie.
    #[must_use]
    pub fn with_secret(place: &Place, secret: &str) -> Self {
        Self { secret: Some(secret.to_owned()), ..Self::nobody(place) }
    }

    /// Keeps the session that an answer gave.
    ///
    /// # Errors
    /// When it gave none.
    pub fn take_cookie(&mut self, answer: &Answer) -> anyhow::Result<()> {
        let set = answer.header("set-cookie").context("a session comes as a cookie")?;
        let value = set.strip_prefix(COOKIE).and_then(|rest| rest.strip_prefix('=')).context("the cookie's name")?;
        self.secret = value.split(';').next().map(ToOwned::to_owned);
        Ok(())
    }

    /// Reads the token of this session from a page, as its forms carry it.
    ///
    /// # Errors
    /// When no page of a signed-in person comes.
    pub async fn learn_token(&mut self) -> anyhow::Result<()> {
        let page = self.get("/help").await?;
        anyhow::ensure!(page.status == 200, "the help page comes; {} came", page.status);
        self.token = token_in(&page.text()).context("a page holds its session's token")?;
        Ok(())
    }

    /// Goes to a page.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.send(Ask::get(path)).await
    }

    /// Sends a form with this session's token.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let mut all: Vec<(String, String)> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        all.push(("csrf".to_owned(), self.token.clone()));
        self.send(Ask::form(path, &all).with("origin", &self.place.origin)).await
    }

    /// A script of ours sends JSON with this session's token.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn json(&self, path: &str, value: &serde_json::Value) -> anyhow::Result<Answer> {
        let ask = Ask::post(path, "application/json", value.to_string().into());
        self.send(ask.with("origin", &self.place.origin).with("accept", "application/json").with("x-csrf", &self.token))
            .await
    }

    /// Sends a request as it is, with host, cookie and an address of its own.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn send(&self, ask: Ask) -> anyhow::Result<Answer> {
        static FROM: AtomicU32 = AtomicU32::new(1);
        let from = FROM.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut request = Request::builder().method(ask.method).uri(&ask.path).header("host", &self.place.host);
        request = request.header("x-forwarded-for", format!("10.{}.{}.{}", from[1], from[2], from[3]));
        if let Some(secret) = &self.secret {
            request = request.header("cookie", format!("{COOKIE}={secret}"));
        }
        for (name, value) in ask.headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(ask.body))?;
        let mut line = self.line.lock().await;
        let mut sender = match line.take() {
            // A connection that the house has closed meanwhile is not an answer.
            Some(mut kept) => {
                if kept.ready().await.is_ok() {
                    kept
                } else {
                    self.connect().await?
                }
            }
            None => self.connect().await?,
        };
        let response = sender.send_request(request).await.context("sending a request")?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.context("reading an answer")?.to_bytes();
        *line = Some(sender);
        let mut headers: Vec<(String, String)> = parts
            .headers
            .iter()
            .filter(|(name, _)| name.as_str() != "date")
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        headers.sort();
        Ok(Answer { status: parts.status.as_u16(), headers, body })
    }

    async fn connect(&self) -> anyhow::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(self.place.socket).await.context("connecting")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }
}

/// The value of the hidden field, or of the attribute that scripts read.
fn token_in(page: &str) -> Option<String> {
    let after = ["name=\"csrf\" value=\"", "data-csrf=\""]
        .iter()
        .find_map(|mark| page.split_once(mark).map(|(_, rest)| rest))?;
    after.split('"').next().filter(|token| !token.is_empty()).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::token_in;

    #[test]
    fn a_token_is_read_from_a_field_or_an_attribute_and_never_made_up() {
        assert_eq!(token_in("<input type=\"hidden\" name=\"csrf\" value=\"abc\">").as_deref(), Some("abc"));
        assert_eq!(token_in("<body data-csrf=\"xyz\">").as_deref(), Some("xyz"));
        assert_eq!((token_in("<body data-csrf=\"\">"), token_in("")), (None, None));
    }
}
