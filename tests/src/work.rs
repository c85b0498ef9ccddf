//! A house for work, full of the demo's people and transcripts: the demo makes it, and then the same commands run over
//! it as over any other house (`serve`, `key`, `backup`, …), by the real binary.

use crate::binary::{Answer, Browser, Demo, strongroom, until};
use crate::ground::Ground;
use crate::house::free_port;
use crate::passkey::SoftKey;
use crate::visitor::Place;
use serde_json::{Value, json};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The house, not running.
#[derive(Debug)]
pub struct WorkHouse {
    /// The data folder, as its processes see it.
    pub dir: PathBuf,
    /// The configuration, outside of the data folder.
    pub config: PathBuf,
    /// Where it is served.
    pub place: Place,
    /// Its standard error.
    pub log: PathBuf,
    /// What it stands on.
    pub ground: Ground,
    /// What every command begins with: nothing, or the way into another mount namespace.
    prefix: Vec<String>,
}

/// The house, served.
pub struct Served {
    child: Child,
    place: Place,
    ground: Ground,
}

impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Served({})", self.place.host)
    }
}

fn run_command(mut command: Command) -> Output {
    command.stdin(Stdio::null()).output().expect("the command starts")
}

impl WorkHouse {
    /// Makes it in `dir` below `all`; `prefix` leads every command; `more` ends the configuration. `meanwhile` is done
    /// while the demo runs: who signs in there is signed in later, because sessions outlast a restart.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn make<T>(
        all: &Path,
        (dir, prefix): (&Path, &[String]),
        more: &str,
        meanwhile: impl FnOnce(&Demo) -> T,
    ) -> (Self, T) {
        Self::make_on(Ground::of(dir), all, (dir, prefix), more, meanwhile)
    }

    /// The same with a database of its own and its objects in the folder, to be carried elsewhere.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn make_embedded<T>(all: &Path, dir: &Path, more: &str, meanwhile: impl FnOnce(&Demo) -> T) -> (Self, T) {
        Self::make_on(Ground::embedded(dir), all, (dir, &[]), more, meanwhile)
    }

    fn make_on<T>(
        ground: Ground,
        all: &Path,
        (dir, prefix): (&Path, &[String]),
        more: &str,
        meanwhile: impl FnOnce(&Demo) -> T,
    ) -> (Self, T) {
        let listen = free_port().expect("there is a free port");
        let (config, log) = (all.join("strongroom.toml"), all.join("stderr.log"));
        let (dir, prefix, place) = (dir.to_path_buf(), prefix.to_vec(), Place::at(listen));
        let house = Self { dir, config, place, log, ground: ground.clone(), prefix };
        let demo = Demo::start_at(house.command(), (&house.dir, ground.clone()), &house.log, listen);
        let found = meanwhile(&demo);
        demo.stop();
        // The only difference between a demo's house and another one is this word.
        let other = "UPDATE meta SET value = 'work' WHERE name = 'made_for'";
        if ground.is_on_a_server() {
            ground.change(other);
        } else {
            let mut sqlite = house.program("sqlite3");
            sqlite.arg(house.dir.join("strongroom.db")).arg(other);
            assert!(run_command(sqlite).status.success(), "the program sqlite3 is installed (package sqlite3)");
        }
        let text = format!(
            "{}dir = {:?}\noperator = \"Prairie Transcription\"\npublic_url = {:?}\nlisten = \"{listen}\"\n\
             telephone = \"+1 608 555 0100\"\nroot_key_file = {:?}\n{more}",
            ground.configuration(),
            house.dir,
            house.place.origin,
            house.dir.join("demo-root.key"),
        );
        std::fs::write(&house.config, text).expect("the configuration can be written");
        (house, found)
    }

    /// A program where the house is.
    pub fn program(&self, program: &str) -> Command {
        let Some((first, rest)) = self.prefix.split_first() else { return Command::new(program) };
        let mut command = Command::new(first);
        command.args(rest).arg(program);
        command
    }

    /// The binary where the house is.
    pub fn command(&self) -> Command {
        let mut command = self.program(strongroom().to_str().expect("a path in UTF-8"));
        self.ground.credentials(&mut command);
        command
    }

    /// One command of the house, to its end; `arguments` before `--config`.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.command();
        command.args(arguments).arg("--config").arg(&self.config);
        run_command(command)
    }

    /// Serves it, and returns once the gate is open.
    ///
    /// # Panics
    /// When the gate does not open.
    pub fn serve(&self) -> Served {
        self.serve_by(self.command())
    }

    /// The same by a command that becomes the binary.
    ///
    /// # Panics
    /// When the gate does not open.
    pub fn serve_by(&self, mut command: Command) -> Served {
        let stderr = File::options().create(true).append(true).open(&self.log).expect("the log can be opened");
        command.args(["--log", "debug", "serve", "--config"]).arg(&self.config);
        let started = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).spawn();
        let (place, ground) = (self.place.clone(), self.ground.clone());
        let mut served = Served { child: started.expect("the binary starts"), place, ground };
        let stranger = served.stranger();
        until("the gate is open", || {
            assert!(served.is_alive(), "it ended: {}", self.said());
            stranger.get("/readyz").ok().filter(|answer| answer.status == 200)
        });
        served
    }

    /// What its processes have said on standard error.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// An officer's invitation, made with the root key: its path and its second secret.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn invite_officer(&self) -> (String, String) {
        let made =
            self.run(&["person", "recover-officer", "--email", "key@example.org", "--name", "Kim Key", "--json"]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let told: Value = serde_json::from_slice(&made.stdout).expect("one object");
        let link = told["enrolment_url"].as_str().expect("a link");
        let secret = link.rsplit('/').next().expect("a link ends with its secret").to_owned();
        (secret, told["spoken"].as_str().expect("a second secret").to_owned())
    }
}

impl Served {
    /// Somebody who has not signed in.
    pub fn stranger(&self) -> Browser {
        Browser::at(&self.place.host)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Is it still there.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// SIGKILL.
    ///
    /// # Panics
    /// When it had ended before.
    pub fn kill(mut self) {
        self.child.kill().expect("a child can be killed");
        drop(self.child.wait());
        self.ground.leases_end();
    }

    /// SIGTERM, and waits for its clean end.
    ///
    /// # Panics
    /// When it does not end well.
    pub fn stop(mut self) {
        let told = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status().expect("kill runs");
        assert!(told.success());
        let status = until("it has ended", || self.child.try_wait().ok().flatten());
        assert!(status.success(), "it did not end well: {status}");
    }

    /// Enrols with a passkey in software; it is signed in afterwards, and its key is returned.
    ///
    /// # Panics
    /// When the invitation does not lead there.
    pub fn enrol(&self, (token, words): &(String, String)) -> SoftKey {
        let browser = self.stranger();
        let asked =
            browser.json("/sign-in/enrol/start", &json!({ "token": token, "words": words })).expect("it answers");
        assert_eq!(asked.status, 200, "{}", asked.text());
        let (key, credential) =
            SoftKey::create(&self.place, &asked.json()["publicKey"]).expect("a question for a passkey");
        let finish = json!({ "ceremony": asked.json()["ceremony"], "credential": credential, "label": "soft" });
        let enrolled = browser.json("/sign-in/enrol/finish", &finish).expect("it answers");
        assert_eq!(enrolled.status, 200, "{}", enrolled.text());
        key
    }

    /// Signs in with a passkey; the answer of the last step, and a browser with its session when there is one.
    ///
    /// # Panics
    /// When the connection breaks.
    pub fn sign_in(&self, key: &SoftKey) -> (Answer, Browser) {
        let mut browser = self.stranger();
        let asked = browser.json("/sign-in/start", &json!({})).expect("it answers");
        if asked.status != 200 {
            return (asked, browser);
        }
        let credential = key.touch(&asked.json()["publicKey"]).expect("it signs");
        let finish = json!({ "ceremony": asked.json()["ceremony"], "credential": credential });
        let answer = browser.json("/sign-in/finish", &finish).expect("it answers");
        browser.take_session(&answer);
        (answer, browser)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A mount namespace with a small disk of its own at `disk`, which nobody else sees; it is there as long as this is.
#[derive(Debug)]
pub struct SmallDisk(Child);

impl SmallDisk {
    /// Mounts it. `None` where the machine does not allow it.
    pub fn mount(disk: &Path, mebibytes: u32) -> Option<Self> {
        use std::io::Read as _;
        let script = format!(
            "mount -t tmpfs -o size={mebibytes}m,mode=0700 none '{}' && echo up && exec sleep infinity",
            disk.display()
        );
        let mut child = Command::new("unshare")
            .args(["--mount", "sh", "-c", &script])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut told = [0; 3];
        let up = child.stdout.as_mut().expect("it was piped").read_exact(&mut told).is_ok();
        let disk = Self(child);
        up.then_some(disk)
    }

    /// What leads a command into it.
    pub fn prefix(&self) -> Vec<String> {
        ["nsenter", "--mount", "--target", &self.0.id().to_string()].map(ToOwned::to_owned).to_vec()
    }

    /// A path in it, as it is seen from here.
    ///
    /// # Panics
    /// When it is not absolute.
    pub fn seen_from_here(&self, path: &Path) -> PathBuf {
        let inside = path.strip_prefix("/").expect("an absolute path");
        Path::new(&format!("/proc/{}/root", self.0.id())).join(inside)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
