//! A command at the machine, confirmed by somebody in the portal: a demo that runs, and what a person does with the code.

use crate::Folder;
use crate::Ground;
use crate::binary::{Browser, Demo, folder, strongroom};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A demo with a configuration that commands can be pointed at.
#[derive(Debug)]
pub struct House {
    /// What runs.
    pub demo: Demo,
    /// Where it lies: `house`, `log`, `strongroom.toml`.
    pub folder: Folder,
}

impl House {
    /// Starts it.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(name: &str) -> Self {
        Self::over(folder(name))
    }

    fn over(folder: Folder) -> Self {
        let (dir, log) = (folder.path().join("house"), folder.path().join("log"));
        let demo = Demo::start(&dir, &log);
        let config = format!(
            "{}dir = \"{}\"\noperator = \"Prairie Transcription (demo)\"\npublic_url = \"http://{}\"\n",
            demo.ground().configuration(),
            dir.display(),
            demo.host()
        );
        std::fs::write(folder.path().join("strongroom.toml"), config).expect("a configuration");
        Self { demo, folder }
    }

    /// What it stands on.
    #[must_use]
    pub fn ground(&self) -> Ground {
        self.demo.ground()
    }

    /// The configuration's path.
    #[must_use]
    pub fn config(&self) -> String {
        self.folder.path().join("strongroom.toml").display().to_string()
    }

    /// A connection to the socket for administration.
    ///
    /// # Panics
    /// When nobody listens.
    #[must_use]
    pub fn socket(&self) -> UnixStream {
        let stream = UnixStream::connect(self.folder.path().join("house/admin.sock")).expect("the socket is there");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
        stream
    }

    /// The id of the customer of this name, as somebody who may see all of them is told it.
    ///
    /// # Panics
    /// When there is none, or they may not.
    #[must_use]
    pub fn customer(&self, who: &Browser, name: &str) -> String {
        let waiting = self.command(&["customer", "list"]);
        assert_eq!(confirm(who, &waiting.code), 303);
        let (_, out, _) = waiting.end();
        let all = out["customers"].as_array().cloned().unwrap_or_default();
        let one = all.iter().find(|one| one["name"] == name).expect("it is there");
        one["customer_id"].as_str().expect("an id").to_owned()
    }

    /// Begins a command and reads its code.
    ///
    /// # Panics
    /// When the binary does not start.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Waiting {
        let mut command = Command::new(strongroom());
        self.ground().credentials(&mut command);
        let mut child = command
            .args(arguments)
            .args(["--config", &self.config(), "--json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut told = String::new();
        while stderr.read_line(&mut told).expect("text") > 0 && !told.contains("type this code") {}
        let mut code = String::new();
        stderr.read_line(&mut code).expect("text");
        Waiting { child, stderr, told, code: code.trim().to_owned() }
    }
}

/// A command that waits for somebody to confirm it.
#[derive(Debug)]
pub struct Waiting {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    told: String,
    /// What is to be typed into the portal.
    pub code: String,
}

impl Waiting {
    /// Exit code, what it reported, what it said beside.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub fn end(mut self) -> (Option<i32>, Value, String) {
        let mut said = self.told;
        self.stderr.read_to_string(&mut said).expect("text");
        let mut out = String::new();
        self.child.stdout.take().expect("it is piped").read_to_string(&mut out).expect("text");
        let status = self.child.wait().expect("it ends");
        (status.code(), serde_json::from_str(&out).unwrap_or(Value::Null), said)
    }

    /// SIGKILL.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a child can be waited for");
    }
}

/// Types the code and touches; the portal's status.
///
/// # Panics
/// When the portal does not answer.
#[must_use]
pub fn confirm(who: &Browser, code: &str) -> u16 {
    who.post("/terminal/confirm", &[("code", code)]).expect("the portal answers").status
}

impl House {
    /// Kills the server and starts it anew over the same folder.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn killed(self) -> Self {
        let Self { demo, folder } = self;
        demo.kill();
        Self::over(folder)
    }
}
