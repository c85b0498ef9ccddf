//! An authority that speaks ACME on this machine (Debian's package pebble), the names that it looks up, and a visitor who comes
//! by TLS.
//!
//! What must always hold: everything has a port of its own, and ends with its handle.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme, StreamOwned,
};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use strongroom_tests::binary::until;

/// A running authority.
pub(crate) struct Pebble {
    child: Child,
    management: u16,
    /// Vouches for its directory's certificate.
    pub(crate) ca_file: PathBuf,
    /// Its directory.
    pub(crate) directory: String,
    log: PathBuf,
}

impl Drop for Pebble {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    strongroom_tests::house::free_port().expect("there is a free port").port()
}

/// Says of every name that it is this machine (RFC 1035). Ends with the process.
fn names_lead_here() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let address = socket.local_addr().expect("it has an address");
    std::thread::spawn(move || {
        let mut asked = [0_u8; 512];
        while let Ok((len, from)) = socket.recv_from(&mut asked) {
            let Some(labels) = asked[12..len].iter().position(|byte| *byte == 0) else { continue };
            let question = &asked[12..12 + labels + 5];
            let wants_v4 = question[labels + 1..labels + 3] == [0, 1];
            let mut answer = asked[..2].to_vec();
            answer.extend([0x81, 0x80, 0, 1, 0, u8::from(wants_v4), 0, 0, 0, 0]);
            answer.extend(question);
            if wants_v4 {
                // The name of the question, A, IN, one second, four bytes.
                answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
            }
            drop(socket.send_to(&answer, from));
        }
    });
    address
}

impl Pebble {
    /// Starts one that looks for answers at `tls_port` of every name, and whose certificates live for so many seconds.
    pub(crate) fn start(all: &Path, tls_port: u16, lives_secs: u32) -> Self {
        let folder = all.join("pebble");
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let (ca_file, key_file) = (folder.join("ca.pem"), folder.join("key.pem"));
        std::fs::write(&ca_file, made.cert.pem()).expect("a file of this test");
        std::fs::write(&key_file, made.signing_key.serialize_pem()).expect("a file of this test");
        let (listen, management) = (free_port(), free_port());
        let config = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{listen}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": ca_file,
            "privateKey": key_file,
            "httpPort": 1,
            "tlsPort": tls_port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
            "certificateValidityPeriod": lives_secs,
        }});
        let config_file = folder.join("config.json");
        std::fs::write(&config_file, config.to_string()).expect("a file of this test");
        let log = folder.join("log");
        let said = File::create(&log).expect("a file of this test");
        let mut command = Command::new("pebble");
        command.args(["-strict", "-dnsserver", &names_lead_here().to_string(), "-config"]).arg(&config_file);
        // It waits for seconds and refuses good nonces now and then, to try out its clients; the second may stay.
        command.env("PEBBLE_VA_NOSLEEP", "1");
        command.stdin(Stdio::null()).stdout(said.try_clone().expect("a file")).stderr(said);
        let child = command.spawn().expect("the program pebble is installed (package pebble)");
        let directory = format!("https://localhost:{listen}/dir");
        let pebble = Self { child, management, ca_file, directory, log };
        until("the authority listens", || TcpStream::connect((Ipv4Addr::LOCALHOST, listen)).ok());
        until("it listens for its manager", || TcpStream::connect((Ipv4Addr::LOCALHOST, management)).ok());
        pebble
    }

    /// Who vouches for what it signs.
    pub(crate) fn roots(&self) -> RootCertStore {
        let own = CertificateDer::from_pem_file(&self.ca_file).expect("a certificate");
        let mut believed = RootCertStore::empty();
        believed.add(own).expect("a certificate");
        let visitor = Visitor { port: self.management, name: "localhost", believes: Some(believed) };
        let (answer, _) = visitor.get("/roots/0").expect("it answers its manager");
        let at = answer.find("-----BEGIN").expect("a certificate");
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&answer.as_bytes()[at..]).expect("PEM")).expect("an authority's");
        roots
    }

    /// What it has said.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// Somebody who comes by TLS to a port of this machine, and asks for a name.
pub(crate) struct Visitor {
    /// Where.
    pub(crate) port: u16,
    /// For whom.
    pub(crate) name: &'static str,
    /// Who vouches; nobody has to when none is named.
    pub(crate) believes: Option<RootCertStore>,
}

impl Visitor {
    /// The whole answer, and the certificate that was shown.
    pub(crate) fn get(&self, path: &str) -> Result<(String, CertificateDer<'static>), String> {
        self.get_of(self.port, path)
    }

    /// The same, of a house that is known to be at another port.
    pub(crate) fn get_of(&self, known_at: u16, path: &str) -> Result<(String, CertificateDer<'static>), String> {
        let failed = |error: &dyn std::fmt::Display| error.to_string();
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("both versions");
        let config = match self.believes.clone() {
            Some(roots) => builder.with_root_certificates(roots).with_no_client_auth(),
            None => builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody)).with_no_client_auth(),
        };
        let name = ServerName::try_from(self.name).expect("a name");
        let connection = ClientConnection::new(Arc::new(config), name).expect("a good configuration");
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).map_err(|error| failed(&error))?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time");
        let mut stream = StreamOwned::new(connection, stream);
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}:{known_at}\r\nConnection: close\r\n\r\n", self.name);
        stream.write_all(head.as_bytes()).map_err(|error| failed(&error))?;
        let mut answer = Vec::new();
        // Whoever closes without a word of farewell has answered all the same.
        let read = stream.read_to_end(&mut answer);
        if answer.is_empty() {
            return Err(read.map_or_else(|error| failed(&error), |_| "no answer".to_owned()));
        }
        let shown = stream.conn.peer_certificates().and_then(|all| all.first()).expect("a server shows one");
        Ok((String::from_utf8_lossy(&answer).into_owned(), shown.clone().into_owned()))
    }
}

/// Believes anybody: for certificates whose time is over.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
