//! What a house of a test stands on: its own database and its folder, or, where the environment names them, a PostgreSQL
//! (`STRONGROOM_TEST_POSTGRES`) and a bucket (`STRONGROOM_TEST_S3`). A test that has to know what is there asks here.

use crate::binary::sql;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use store::Store;

/// The bucket that bin/test makes, and a key that its server takes.
pub const BUCKET_OF_TESTS: (&str, &str, &str) = (fake_bucket::BUCKET, fake_bucket::KEY_ID, fake_bucket::SECRET);

/// What the house in a data folder stands on.
#[derive(Debug, Clone)]
pub struct Ground {
    dir: PathBuf,
    /// What nobody else's is called: the prefix of its objects, and with other signs its database.
    name: String,
    /// The socket folder of the server with its rows.
    server: Option<String>,
    /// The server with its objects.
    bucket: Option<String>,
}

fn last(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("a test's folder has a plain name")
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime").block_on(work)
}

impl Ground {
    /// As the environment says.
    ///
    /// # Panics
    /// When the folder has no name, or lies in none that has one.
    #[must_use]
    pub fn of(dir: &Path) -> Self {
        let server = store::trial::server_place();
        Self { server, bucket: custody::trial_bucket_server(), ..Self::embedded(dir) }
    }

    /// Its own database, and the folder, whatever the environment says.
    ///
    /// # Panics
    /// As [`Self::of`].
    #[must_use]
    pub fn embedded(dir: &Path) -> Self {
        let own = last(dir);
        // A house in this process has a folder with a name of its own; one of the binary lies in such a folder.
        let name = match dir.parent() {
            Some(parent) if !own.starts_with("strongroom-") => format!("{}-{own}", last(parent)),
            _ => own.to_owned(),
        };
        Self { dir: dir.to_path_buf(), name: name.to_lowercase(), server: None, bucket: None }
    }

    /// Do the rows lie on a server.
    #[must_use]
    pub const fn is_on_a_server(&self) -> bool {
        self.server.is_some()
    }

    /// Which uploads are not done with: open ones. In a folder what was given up is gone at once, too; in a bucket its row stays, so that
    /// the sweeper looks again for what was on its way (custody's upload.rs).
    #[must_use]
    pub const fn uploads_left(&self) -> &'static str {
        match self.bucket {
            Some(_) => "state = 'open'",
            None => "state <> 'committed'",
        }
    }

    fn database(&self) -> String {
        self.name.replace('-', "_")
    }

    /// Where the house in this process would lie, by whose last part trials are named.
    fn named(&self) -> PathBuf {
        self.dir.with_file_name(&self.name)
    }

    /// The database as a node reaches it.
    fn address(&self) -> Option<String> {
        let server = self.server.as_ref()?;
        Some(format!("postgres:///{}?host={server}&user=strongroom_node", self.database()))
    }

    fn objects_url(&self) -> String {
        format!("s3://{}/{}", BUCKET_OF_TESTS.0, self.name)
    }

    /// What is said to `demo`. The database is made, if it is not there.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn demo_arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        if let (Some(server), Some(address)) = (&self.server, self.address()) {
            drop(block_on(store::trial::database(server, Path::new(&self.database()))));
            arguments.extend(["--database".to_owned(), address]);
        }
        if let Some(endpoint) = &self.bucket {
            arguments.extend([
                "--objects".to_owned(),
                self.objects_url(),
                "--objects-endpoint".to_owned(),
                endpoint.clone(),
            ]);
        }
        arguments
    }

    /// The lines that say the same in a configuration.
    #[must_use]
    pub fn configuration(&self) -> String {
        let database = self.address().map(|address| format!("database = {address:?}\n")).unwrap_or_default();
        let objects = self
            .bucket
            .as_ref()
            .map(|endpoint| format!("objects = {:?}\nobjects_endpoint = {endpoint:?}\n", self.objects_url()));
        database + &objects.unwrap_or_default()
    }

    /// What a process of the house gets its bucket's credentials from.
    pub fn credentials(&self, command: &mut Command) {
        if self.bucket.is_some() {
            command.env("AWS_ACCESS_KEY_ID", BUCKET_OF_TESTS.1).env("AWS_SECRET_ACCESS_KEY", BUCKET_OF_TESTS.2);
        }
    }

    /// Somebody mighty looks into the database: rows of one statement, columns divided by `|`.
    ///
    /// # Panics
    /// When the statement fails.
    #[must_use]
    pub fn rows(&self, statement: &str) -> Vec<String> {
        let Some(server) = &self.server else { return sql(&self.dir.join("strongroom.db"), statement) };
        let said = crate::nodes::psql(server, &self.database(), statement);
        said.lines().map(ToOwned::to_owned).collect()
    }

    /// Somebody mighty changes rows.
    ///
    /// # Panics
    /// When the statement fails.
    pub fn change(&self, statement: &str) {
        drop(self.rows(statement));
    }

    /// The names of all objects that are there, and of what else lies in their folder.
    ///
    /// # Panics
    /// When the bucket does not answer.
    #[must_use]
    pub fn objects(&self) -> Vec<String> {
        let Some(place) = self.place() else {
            let files = crate::binary::files_below(&self.dir.join("objects"));
            return files.iter().map(|file| last(file).to_owned()).collect();
        };
        let objects = store::Objects::bucket(&place).expect("credentials");
        let listed = block_on(objects.list()).expect("the bucket answers");
        listed.iter().map(ToString::to_string).collect()
    }

    fn place(&self) -> Option<custody::BucketPlace> {
        let endpoint = self.bucket.clone()?;
        Some(custody::trial_bucket(endpoint, &self.named(), BUCKET_OF_TESTS))
    }

    /// The store of a house that is not running.
    ///
    /// # Errors
    /// When it does not open.
    pub async fn store(&self) -> Result<Store, custody::CustodyError> {
        let store = if self.is_on_a_server() {
            store::trial::open_beside(Path::new(&self.database()), &self.dir).await
        } else {
            custody::open_store(&self.dir, false).await?
        };
        match self.place() {
            Some(place) => Ok(store.with_bucket(&place)?),
            None => Ok(store),
        }
    }

    /// Holds that the ledger of a house that is not running verifies.
    ///
    /// # Panics
    /// When it does not.
    pub fn assert_verifies(&self) {
        if !self.is_on_a_server() {
            let dir = self.dir.to_str().expect("a path in UTF-8");
            let verified = crate::binary::run(&["ledger", "verify", "--dir", dir]);
            assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
            return;
        }
        let report = block_on(async {
            let store = self.store().await.expect("it opens");
            let key = custody::ledger_key_of(&store).await.expect("it answers").expect("a key");
            let report = custody::verify_dir(&store, &key, &[]).await.expect("it answers");
            store.close().await;
            report
        });
        assert!(report.is_sound(), "{report}");
    }

    /// As if the leases of processes that were killed had ended: whoever starts goes by those that it finds.
    pub fn leases_end(&self) {
        if self.is_on_a_server() {
            self.change("UPDATE node SET seen_until = 0");
        }
    }

    /// Takes what the ledger needs for its next entry, and holds it: as a careless administrator's open shell would.
    ///
    /// # Panics
    /// When it cannot be had.
    #[must_use]
    pub fn lock(&self) -> WriteLock {
        match &self.server {
            None => {
                let mut sqlite = Command::new("sqlite3");
                sqlite.args(["-batch", "-cmd", ".timeout 20000"]).arg(self.dir.join("strongroom.db"));
                WriteLock::held(sqlite, "BEGIN IMMEDIATE;\nSELECT 'held';\n")
            }
            Some(server) => {
                let mut psql = Command::new("psql");
                psql.args(["-h", server, "-U", "postgres", "-d", &self.database(), "-Atq"]);
                WriteLock::held(psql, "BEGIN;\nLOCK TABLE ledger_head IN EXCLUSIVE MODE;\nSELECT 'held';\n")
            }
        }
    }
}

/// Holds the embedded database's only write lock, or the ledger's head on a server.
pub struct WriteLock(Child);

impl std::fmt::Debug for WriteLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WriteLock")
    }
}

impl WriteLock {
    /// Waits for the writer that has it now.
    fn held(mut shell: Command, words: &str) -> Self {
        let mut child =
            shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the shell of the database is installed");
        let input = child.stdin.as_mut().expect("it was piped");
        input.write_all(words.as_bytes()).expect("it reads");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("it was piped"));
        output.read_line(&mut line).expect("it answers");
        assert_eq!(line.trim(), "held");
        Self(child)
    }
}

impl Drop for WriteLock {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
