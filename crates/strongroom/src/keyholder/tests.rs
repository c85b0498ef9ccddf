//! A keyholder in this process that does as OpenBao's transit does, and what becomes of a house when it does not.

use super::{HeldAt, is_plain};
use custody::RootKey;
use data_encoding::BASE64;
use record::SeededEntropy;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const TOKEN: &str = "s.7yJt1nOSuchToken";

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("strongroom-keyholder-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("token"), format!("{TOKEN}\n")).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn at(&self, address: &str, more: &str) -> HeldAt {
        let (held, token) = (self.file("held"), self.file("token"));
        toml::from_str(&format!(
            "keyholder = \"transit\"\nkey = \"strongroom\"\naddress = \"{address}\"\nheld_file = {held:?}\ncredentials_file = {token:?}\n{more}"
        ))
        .unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// What transit answers: its ciphertext here is the plaintext, backwards, behind the associated data.
fn transit(head: &str, body: &Value) -> (u16, Value) {
    let bound = BASE64.encode(b"strongroom root key");
    if !head.to_lowercase().contains(&format!("x-vault-token: {}\r\n", TOKEN.to_lowercase())) {
        return (403, json!({"errors": ["permission denied"]}));
    }
    let back = |text: &str| text.chars().rev().collect::<String>();
    if head.starts_with("POST /v1/transit/encrypt/strongroom ") {
        let plain = body["plaintext"].as_str().unwrap();
        let data = body["associated_data"].as_str().unwrap();
        return (200, json!({"data": {"ciphertext": format!("vault:v1:{data}.{}", back(plain)), "key_version": 1}}));
    }
    let held = body["ciphertext"].as_str().unwrap_or_default();
    let opens = body["associated_data"] == bound.as_str();
    match held.strip_prefix(&format!("vault:v1:{bound}.")) {
        Some(hidden) if opens && head.starts_with("POST /v1/transit/decrypt/strongroom ") => {
            (200, json!({"data": {"plaintext": back(hidden)}}))
        }
        _ => (400, json!({"errors": ["cipher: message authentication failed"]})),
    }
}

async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut all = Vec::new();
    let mut piece = [0_u8; 4096];
    loop {
        let Ok(read @ 1..) = stream.read(&mut piece).await else { return };
        all.extend_from_slice(&piece[..read]);
        let said = String::from_utf8_lossy(&all).into_owned();
        let Some((head, body)) = said.split_once("\r\n\r\n") else { continue };
        let low = head.to_lowercase();
        let Some(length) = low.lines().find_map(|line| line.strip_prefix("content-length: ")) else { return };
        if body.len() < length.trim().parse().unwrap() {
            continue;
        }
        let (status, answer) = transit(&format!("{head}\r\n"), &serde_json::from_str(body).unwrap());
        let answer = answer.to_string();
        let reply = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
        drop(stream.write_all(reply.as_bytes()).await);
        return;
    }
}

async fn serve(tls: Option<TlsAcceptor>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            match &tls {
                None => converse(stream).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        converse(stream).await;
                    }
                }
            }
        }
    });
    address
}

fn root() -> RootKey {
    RootKey::generate(&SeededEntropy::new(5))
}

/// The whole of what is said, as the command line says it.
fn said<T>(result: anyhow::Result<T>) -> String {
    crate::outcome::told(&result.err().expect("it fails")).1
}

#[tokio::test]
async fn what_the_keyholder_wrapped_it_gives_back_and_the_file_holds_no_key() {
    let (folder, address) = (Folder::new(), serve(None).await);
    let at = folder.at(&format!("http://{address}"), "");
    at.hold(&root()).await.unwrap();
    assert_eq!(at.root_key().await.unwrap().name(), root().name());
    let held = std::fs::read_to_string(folder.file("held")).unwrap();
    assert!(held.starts_with("strongroom-held-1 transit vault:v1:"));
    assert!(!held.contains(root().to_file_line().trim()));
    assert!(at.hold(&root()).await.is_err(), "a file that is there is not overwritten");
}

#[tokio::test]
async fn whatever_is_wrong_at_the_keyholder_gives_no_key_and_one_sentence_without_a_secret() {
    let (folder, address) = (Folder::new(), serve(None).await);
    let at = folder.at(&format!("http://{address}"), "");
    at.hold(&root()).await.unwrap();
    let held = std::fs::read_to_string(folder.file("held")).unwrap();
    let mut told = Vec::new();
    for changed in
        [held.replace(".", ".A"), held.replace("transit", "aws-kms"), held.replace("-1 ", "-2 "), String::new()]
    {
        std::fs::write(folder.file("held"), changed).unwrap();
        told.push(said(at.root_key().await));
    }
    std::fs::write(folder.file("held"), &held).unwrap();
    std::fs::write(folder.file("token"), "another\n").unwrap();
    told.push(said(at.root_key().await));
    std::fs::write(folder.file("token"), "a\nx-evil: 1").unwrap();
    told.push(said(at.root_key().await));
    std::fs::write(folder.file("token"), TOKEN).unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    told.push(said(folder.at(&format!("http://{gone}"), "").root_key().await));
    told.push(said(folder.at(&format!("https://{address}"), "").root_key().await));
    for one in &told {
        assert!(!one.contains(TOKEN) && !one.contains("vault:v1") && !one.contains('\n'), "{one}");
    }
    assert!(told[4].contains("refuses: it answered 403"), "{}", told[4]);
    assert!(told[6].contains("does not answer"), "{}", told[6]);
    assert_eq!(at.root_key().await.unwrap().name(), root().name(), "and all was put back");
}

#[tokio::test]
async fn a_keyholder_whose_certificate_nobody_vouches_for_is_told_nothing() {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let address = serve(Some(TlsAcceptor::from(Arc::new(config)))).await;
    let folder = Folder::new();
    let said = said(folder.at(&format!("https://{address}"), "").hold(&root()).await);
    assert!(said.contains("its certificate is not believed"), "{said}");
    assert!(!Path::exists(&folder.file("held")));
    std::fs::write(folder.file("ca"), made.cert.pem()).unwrap();
    let at = folder.at(&format!("https://{address}"), &format!("ca_file = {:?}", folder.file("ca")));
    at.hold(&root()).await.unwrap();
    assert_eq!(at.root_key().await.unwrap().name(), root().name());
}

#[test]
fn a_keyholder_is_reached_by_tls_or_on_this_machine_and_by_plain_names() {
    let folder = Folder::new();
    for (address, good) in [
        ("https://vault.example.org:8200", true),
        ("http://127.0.0.1:8200", true),
        ("http://vault.example.org:8200", false),
        ("http://localhost:8200", false),
        ("http://192.0.2.1:8200", false),
        ("https://user:word@vault.example.org", false),
        ("https://vault.example.org/v1/other", false),
        ("vault.example.org:8200", false),
    ] {
        assert_eq!(folder.at(address, "").check().is_ok(), good, "{address}");
    }
    for mount in ["../sys", "a//b", "a b", "", "a/../b", "a?b"] {
        let at = folder.at("http://127.0.0.1:8200", &format!("mount = {mount:?}"));
        assert!(at.check().is_err(), "{mount}");
    }
    assert!(is_plain("alias/strongroom") && is_plain("arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab"));
}
