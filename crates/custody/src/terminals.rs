//! Commands at the machine that wait for a person: each is one act under that person's rights, after a touch.
//!
//! A command that reaches the running server is nobody. It is given a short code, prints it, and waits; a person who
//! is signed in to the portal types the code, is shown what would be done, and touches the passkey. From then on, for
//! this one command, whatever it asks is asked by that person in that session, of the same policy, into the same ledger.
//!
//! What must always hold: a code is used once, lives five minutes, and is typed and never a link; guesses are counted
//! by person; what is shown is what will be done; signing out ends the command's rights too.

use crate::ask::Question;
use crate::{Custody, CustodyError, Desk, SignedIn, Witnessed, secret};
use record::{Purpose, SessionId, Timestamp, act};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

/// How long a code lives, seconds.
const CODE_SECS: i64 = 5 * 60;
/// Commands that may wait at once.
const WAITING_MAX: usize = 16;
/// Groups of a code: 40 bits, against which a person has a handful of guesses.
const CODE_GROUPS: usize = 2;

struct Waiting {
    words: String,
    at: Timestamp,
    answer: oneshot::Sender<SessionId>,
}

/// The commands that wait, by code. In this process's memory and nowhere else.
#[derive(Default)]
pub(crate) struct Terminals(Mutex<HashMap<String, Waiting>>);

/// A command waits for a person. No `Debug`: it carries a secret.
#[must_use]
pub struct TerminalAsked {
    /// What the person types into the portal.
    pub code: String,
    /// Until when.
    pub expires_at: Timestamp,
    answer: oneshot::Receiver<SessionId>,
}

/// A command that a person let act in their name. Made by [`TerminalAsked::confirmed`] alone.
#[derive(Debug)]
pub struct TerminalSession(SessionId);

impl TerminalAsked {
    /// Waits until somebody has confirmed; `None` when the code was given up.
    pub async fn confirmed(self) -> Option<TerminalSession> {
        self.answer.await.ok().map(TerminalSession)
    }
}

/// A command that waits, for the person who typed its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalLine {
    /// What it would do, in words.
    pub words: String,
    /// Since when it waits.
    pub asked_at: Timestamp,
}

impl Custody {
    /// A command reached this process and waits for a person. `words` say what it would do, without PHI.
    ///
    /// # Errors
    /// [`CustodyError::TooOften`] when too many wait already.
    pub fn terminal_ask(&self, words: &str) -> Result<TerminalAsked, CustodyError> {
        let code = secret::spoken(self.entropy(), CODE_GROUPS);
        let (answer, waiting) = oneshot::channel();
        let at = self.now();
        let mut all = self.0.terminals.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever waits no longer, or too long, makes room.
        all.retain(|_, one| !one.answer.is_closed() && at.millis_since(one.at) < CODE_SECS * 1000);
        if all.len() >= WAITING_MAX {
            return Err(CustodyError::TooOften);
        }
        all.insert(secret::spoken_normal(&code), Waiting { words: words.to_owned(), at, answer });
        Ok(TerminalAsked { code, expires_at: at.plus_secs(CODE_SECS), answer: waiting })
    }

    /// Who acts through a confirmed command, as their session is now; `None` when it has ended or is locked.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn terminal_person(&self, confirmed: &TerminalSession) -> Result<Option<SignedIn>, CustodyError> {
        self.session_live(confirmed.0).await
    }

    fn terminal_find(&self, code: &str) -> Option<TerminalLine> {
        let now = self.now();
        let all = self.0.terminals.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = all.get(&secret::spoken_normal(code))?;
        let lives = !one.answer.is_closed() && now.millis_since(one.at) < CODE_SECS * 1000;
        lives.then(|| TerminalLine { words: one.words.clone(), asked_at: one.at })
    }

    fn terminal_take(&self, code: &str) -> Option<oneshot::Sender<SessionId>> {
        let mut all = self.0.terminals.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&secret::spoken_normal(code)).map(|one| one.answer)
    }
}

impl Desk<act::TerminalConfirm> {
    /// What the command with this code would do. Guesses are counted, and after a handful nothing is found any more.
    ///
    /// # Errors
    /// [`CustodyError::NotProven`] when no command waits with this code, or after too many guesses.
    pub async fn terminal_look(&self, code: &str) -> Result<TerminalLine, CustodyError> {
        let subject = [format!("terminal/{}", self.person()?)];
        let too_often = self.custody.is_failing(&subject).await?;
        match self.custody.terminal_find(code) {
            Some(line) if !too_often => Ok(line),
            Some(_) => Err(CustodyError::NotProven),
            None => {
                self.custody.failure_count(&subject).await?;
                Err(CustodyError::NotProven)
            }
        }
    }

    /// Lets the command act in this person's name. Needs a fresh touch.
    ///
    /// # Errors
    /// [`CustodyError::NotProven`] as with [`Self::terminal_look`]; [`CustodyError::Refused`].
    pub async fn terminal_confirm(&self, code: &str) -> Result<(TerminalLine, Witnessed), CustodyError> {
        let line = self.terminal_look(code).await?;
        let question = Question::house(Purpose::Administration).saying(&line.words);
        let witnessed = self.ask(question).await?.witnessed();
        let session = self.session()?;
        // Whoever was faster has used it, and a command that is gone does nothing: both look like a wrong code.
        let sent = self.custody.terminal_take(code).map(|answer| answer.send(session));
        if matches!(sent, Some(Ok(()))) { Ok((line, witnessed)) } else { Err(CustodyError::NotProven) }
    }
}

#[cfg(test)]
mod tests;
