//! A customer that joins another: how far it is, and who works where afterwards. The rows themselves: `arriving.rs`.
//!
//! What must always hold: each step counts only from the one before it; the two words are two people's, and the table
//! refuses anything else; who works where changes in one transaction, over tables that hold no PHI.

use crate::arriving::{LEFT, number};
use crate::binds::{Row, binds};
use crate::{Membership, Store, StoreError, Tx};
use record::{CustomerId, MembershipId, PersonId, Timestamp};
use std::str::FromStr;

/// How far a joining is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoiningState {
    /// An officer has prepared it.
    Prepared,
    /// The manager of the one that joins has said yes.
    Given,
    /// The other one's manager, too.
    Agreed,
    /// It is being carried out, or was stopped in the middle of it.
    Moving,
    /// All of it is there.
    Joined,
}

impl JoiningState {
    /// All of them, in their order.
    pub const ALL: &'static [Self] = &[Self::Prepared, Self::Given, Self::Agreed, Self::Moving, Self::Joined];

    /// As it stands in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Given => "given",
            Self::Agreed => "agreed",
            Self::Moving => "moving",
            Self::Joined => "joined",
        }
    }
}

impl FromStr for JoiningState {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|one| one.as_str() == text).ok_or(())
    }
}

/// A joining as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joining {
    /// Who joins.
    pub customer: CustomerId,
    /// Whom.
    pub into: CustomerId,
    /// What record numbers get that both have.
    pub prefix: String,
    /// How far it is.
    pub state: JoiningState,
    /// The officer who prepared it.
    pub prepared_by: PersonId,
    /// When.
    pub prepared_at: Timestamp,
    /// The manager of the one that joins who said yes.
    pub given_by: Option<PersonId>,
    /// When.
    pub given_at: Option<Timestamp>,
    /// The other one's manager who said yes.
    pub agreed_by: Option<PersonId>,
    /// When.
    pub agreed_at: Option<Timestamp>,
    /// Memberships that are taken over.
    pub people: Vec<MembershipId>,
    /// When it began to be carried out.
    pub moving_at: Option<Timestamp>,
    /// When all of it was there.
    pub joined_at: Option<Timestamp>,
    /// When some patients move and not all: the SHA-256 of the list of them (`splitting.rs`).
    pub chosen: Option<Vec<u8>>,
    /// Who wrote about those who move, when they were chosen by that; nobody otherwise.
    pub authors: Vec<PersonId>,
    /// When some move: how much the manager of the one was shown who said yes.
    pub given_seen: Option<SplitMuch>,
    /// And the other one's.
    pub agreed_seen: Option<SplitMuch>,
    /// How much has moved so far with some patients.
    pub gone: SplitMuch,
    /// Which run of it was begun last.
    pub run: u64,
}

/// How much goes with some patients, or has gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SplitMuch {
    /// Documents, in whatever state.
    pub documents: u64,
    /// Plaintext bytes of all versions.
    pub bytes: u64,
}

const JOINING: &str = "customer_id, into_id, prefix, state, prepared_by, prepared_at, given_by, given_at, agreed_by, agreed_at, \
    people, moving_at, joined_at, chosen, authors, given_documents, given_bytes, agreed_documents, agreed_bytes, gone_documents, \
    gone_bytes, run";

/// Ids as they stand in one column, space between.
pub(crate) fn ids_of<T: FromStr>(text: &str, column: &'static str) -> Result<Vec<T>, StoreError> {
    text.split_whitespace().map(|id| id.parse().map_err(|_| StoreError::Column { column })).collect()
}

fn seen(row: &Row, documents: &'static str, bytes: &'static str) -> Result<Option<SplitMuch>, StoreError> {
    if row.maybe_int(documents)?.is_none() {
        return Ok(None);
    }
    Ok(Some(SplitMuch { documents: row.count(documents)?, bytes: row.count(bytes)? }))
}

fn joining(row: &Row) -> Result<Joining, StoreError> {
    Ok(Joining {
        customer: row.word("customer_id")?,
        into: row.word("into_id")?,
        prefix: row.text("prefix")?,
        state: row.text("state")?.parse().map_err(|()| StoreError::Column { column: "state" })?,
        prepared_by: row.word("prepared_by")?,
        prepared_at: row.at("prepared_at")?,
        given_by: row.maybe_word("given_by")?,
        given_at: row.maybe_at("given_at")?,
        agreed_by: row.maybe_word("agreed_by")?,
        agreed_at: row.maybe_at("agreed_at")?,
        people: ids_of(&row.maybe_text("people")?.unwrap_or_default(), "people")?,
        moving_at: row.maybe_at("moving_at")?,
        joined_at: row.maybe_at("joined_at")?,
        chosen: row.maybe_bytes("chosen")?,
        authors: ids_of(&row.maybe_text("authors")?.unwrap_or_default(), "authors")?,
        given_seen: seen(row, "given_documents", "given_bytes")?,
        agreed_seen: seen(row, "agreed_documents", "agreed_bytes")?,
        gone: SplitMuch { documents: row.count("gone_documents")?, bytes: row.count("gone_bytes")? },
        run: row.count("run")?,
    })
}

/// How much is somebody's, in rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JoiningCounts {
    /// Documents, in whatever state.
    pub documents: u64,
    /// Patients, those that went into others too.
    pub patients: u64,
    /// Plaintext bytes of all versions.
    pub bytes: u64,
}

impl Store {
    /// The joining of this customer with another, if there ever was one.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn joining_fetch(&self, customer: CustomerId) -> Result<Option<Joining>, StoreError> {
        let sql = format!("SELECT {JOINING} FROM customer_joining WHERE customer_id = $1");
        self.row("fetch a joining", sql, binds![customer]).await?.as_ref().map(joining).transpose()
    }

    /// Those with whom others join or have joined this customer, the newest first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn joining_list_into(&self, customer: CustomerId) -> Result<Vec<Joining>, StoreError> {
        let sql =
            format!("SELECT {JOINING} FROM customer_joining WHERE into_id = $1 ORDER BY prepared_at DESC, customer_id");
        self.rows("list who joins a customer", sql, binds![customer]).await?.iter().map(joining).collect()
    }

    /// Those that are being carried out, or were stopped in the middle of it.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn joining_list_moving(&self) -> Result<Vec<Joining>, StoreError> {
        let sql = format!("SELECT {JOINING} FROM customer_joining WHERE state = 'moving' ORDER BY customer_id");
        self.rows("list joinings that are carried out", sql, binds![]).await?.iter().map(joining).collect()
    }

    /// How much is this customer's.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn joining_counts(&self, customer: CustomerId) -> Result<JoiningCounts, StoreError> {
        let sql = "SELECT (SELECT COUNT(*) FROM document WHERE customer_id = $1) AS documents, \
                   (SELECT COUNT(*) FROM patient WHERE customer_id = $1) AS patients, held_bytes AS bytes \
                   FROM customer WHERE customer_id = $1";
        let row = self.row("count what is a customer's", sql, binds![customer]).await?;
        row.map_or(Ok(JoiningCounts::default()), |row| {
            Ok(JoiningCounts {
                documents: row.count("documents")?,
                patients: row.count("patients")?,
                bytes: row.count("bytes")?,
            })
        })
    }
}

impl Tx {
    /// An officer prepares that one customer joins another. 0 when it was prepared before.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn joining_prepare(&mut self, new: &Joining) -> Result<u64, StoreError> {
        let authors: Vec<String> = new.authors.iter().map(ToString::to_string).collect();
        // Its runs are counted from a number that no earlier joining of this customer had: a run of that one, which stood still
        // meanwhile, is no run of this one.
        self.run(
            "INSERT INTO customer_joining (customer_id, into_id, prefix, state, prepared_by, prepared_at, chosen, authors, run) \
             VALUES ($1, $2, $3, 'prepared', $4, $5, $6, $7, $5) ON CONFLICT (customer_id) DO NOTHING",
            binds![
                new.customer,
                new.into.to_string(),
                &new.prefix,
                new.prepared_by,
                new.prepared_at,
                new.chosen.clone(),
                (!authors.is_empty()).then(|| authors.join(" "))
            ],
        )
        .await
    }

    /// The manager of the one that joins says yes to what was prepared then. 0 when it stands otherwise by now.
    ///
    /// # Errors
    /// When the database cannot, or when it is the one who prepared it.
    pub async fn joining_give(
        &mut self,
        customer: CustomerId,
        prepared_at: Timestamp,
        (by, at): (PersonId, Timestamp),
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE customer_joining SET state = 'given', given_by = $3, given_at = $4 \
             WHERE customer_id = $1 AND prepared_at = $2 AND state = 'prepared'",
            binds![customer, prepared_at, by, at],
        )
        .await
    }

    /// The other one's manager says yes to what was given then, and whom they take over. 0 when it stands otherwise by now.
    ///
    /// # Errors
    /// When the database cannot, or when it is the same person.
    pub async fn joining_agree(
        &mut self,
        customer: CustomerId,
        given_at: Timestamp,
        (by, at): (PersonId, Timestamp),
        people: &[MembershipId],
    ) -> Result<u64, StoreError> {
        let people: Vec<String> = people.iter().map(ToString::to_string).collect();
        self.run(
            "UPDATE customer_joining SET state = 'agreed', agreed_by = $3, agreed_at = $4, people = $5 \
             WHERE customer_id = $1 AND given_at = $2 AND state = 'given'",
            binds![customer, given_at, by, at, people.join(" ")],
        )
        .await
    }

    /// It is taken back. 0 when it is being carried out, or was never prepared.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn joining_withdraw(&mut self, customer: CustomerId) -> Result<u64, StoreError> {
        let sql = "DELETE FROM customer_joining WHERE customer_id = $1 AND state IN ('prepared', 'given', 'agreed')";
        self.run(sql, binds![customer]).await
    }

    /// It begins to be carried out, as it was agreed then. 0 when it stands otherwise by now.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn joining_move(
        &mut self,
        customer: CustomerId,
        agreed_at: Timestamp,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE customer_joining SET state = 'moving', moving_at = $3 \
             WHERE customer_id = $1 AND agreed_at = $2 AND state = 'agreed'",
            binds![customer, agreed_at, at],
        )
        .await
    }

    /// Another run of it begins: whatever run still is about changes nothing from here on. The joining as it stands then; none
    /// when there is none to carry out.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn joining_run(&mut self, customer: CustomerId) -> Result<Option<Joining>, StoreError> {
        let sql = "UPDATE customer_joining SET run = run + 1 WHERE customer_id = $1 AND state IN ('agreed', 'moving')";
        if self.run(sql, binds![customer]).await? == 0 {
            return Ok(None);
        }
        let sql = format!("SELECT {JOINING} FROM customer_joining WHERE customer_id = $1");
        self.row(sql, binds![customer]).await?.as_ref().map(joining).transpose()
    }

    /// Is it being carried out, and by this run; nobody ends it, and no other run begins, before this transaction is over.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn joining_holds(&mut self, customer: CustomerId, run: u64) -> Result<bool, StoreError> {
        let sql = "UPDATE customer_joining SET run = $2 WHERE customer_id = $1 AND state = 'moving' AND run = $2";
        Ok(self.run(sql, binds![customer, number(run)]).await? == 1)
    }

    /// Is it being carried out, by whatever run; nobody ends it before this transaction.
    pub(crate) async fn joining_is_moving(&mut self, customer: CustomerId) -> Result<bool, StoreError> {
        let sql = "UPDATE customer_joining SET moving_at = moving_at WHERE customer_id = $1 AND state = 'moving'";
        Ok(self.run(sql, binds![customer]).await? == 1)
    }

    /// Ends everybody's place at a customer: people, the operator's staff, programs and their tokens, numbered requests, broken
    /// glasses; and gives every upload that is on its way to the sweeper.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn joining_close(&mut self, customer: CustomerId, at: Timestamp, by: &str) -> Result<(), StoreError> {
        for sql in [
            "UPDATE membership SET to_at = $2 WHERE customer_id = $1 AND (to_at IS NULL OR to_at > $2)",
            "UPDATE assignment SET to_at = $2 WHERE customer_id = $1 AND (to_at IS NULL OR to_at > $2)",
            "UPDATE request SET to_at = $2, closed_at = $2 WHERE customer_id = $1 AND to_at > $2 AND closed_at IS NULL",
            "UPDATE break_glass SET to_at = $2 WHERE customer_id = $1 AND to_at > $2",
            "UPDATE upload SET state = 'abandoned', moved_at = $2 WHERE customer_id = $1 AND state = 'open'",
        ] {
            self.run(sql, binds![customer, at]).await?;
        }
        self.run(
            "DELETE FROM program_token WHERE program_id IN (SELECT program_id FROM program WHERE customer_id = $1)",
            binds![customer],
        )
        .await?;
        let sql = "UPDATE program SET revoked_at = $2, revoked_by = $3, revision = revision + 1 \
                   WHERE customer_id = $1 AND revoked_at IS NULL";
        self.run(sql, binds![customer, at, by]).await.map(|_| ())
    }

    /// Places of people who are taken over; who has the same role there already is passed by.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn joining_take_over(&mut self, new: &[Membership]) -> Result<u64, StoreError> {
        let mut many = 0;
        for one in new {
            many += self
                .run(
                    "INSERT INTO membership (membership_id, person_id, customer_id, role, from_at, to_at, granted_by) \
                     SELECT $1, $2, customer.customer_id, $4, $5, $7, $6 FROM customer WHERE customer.customer_id = $3 \
                     AND NOT EXISTS (SELECT 1 FROM membership had WHERE had.customer_id = $3 AND had.person_id = $2 \
                     AND had.role = $4 AND (had.to_at IS NULL OR had.to_at > $5))",
                    binds![
                        one.id,
                        one.person,
                        one.customer,
                        one.role.as_str(),
                        one.from_at,
                        &one.granted_by,
                        one.to_at
                    ],
                )
                .await?;
        }
        Ok(many)
    }

    /// All of it is there: the one that joined is closed, its agreements end, and what it held is counted with the other.
    /// 0 when it was not being carried out, or when something has not left or still waits to come in.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn joining_end(
        &mut self,
        (customer, into): (CustomerId, CustomerId),
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let done = self
            .run(
                "UPDATE customer_joining SET state = 'joined', joined_at = $2 WHERE customer_id = $1 AND state = 'moving'",
                binds![customer, at],
            )
            .await?;
        let sql = "SELECT COUNT(*) AS many FROM arriving WHERE customer_id = $1";
        let waits = self.row(sql, binds![into]).await?.map_or(Ok(0), |row| row.count("many"))?;
        // What came in to the one by an act that was permitted before its door closed is not left behind a closed one.
        let left = self.row(LEFT, binds![customer]).await?.map_or(Ok(0), |row| row.count("many"))?;
        if done == 0 || waits > 0 || left > 0 {
            return Ok(0);
        }
        let row = self.row("SELECT held_bytes FROM customer WHERE customer_id = $1", binds![customer]).await?;
        let held = row.map_or(Ok(0), |row| row.int("held_bytes"))?;
        let sql = "UPDATE customer SET held_bytes = held_bytes + $2 WHERE customer_id = $1";
        self.run(sql, binds![into, held]).await?;
        let sql = "UPDATE customer SET held_bytes = 0, closed_at = $2 WHERE customer_id = $1";
        self.run(sql, binds![customer, at]).await?;
        let sql = "UPDATE agreement SET ended_at = $2 WHERE customer_id = $1 AND ended_at IS NULL";
        self.run(sql, binds![customer, at]).await?;
        Ok(done)
    }
}
