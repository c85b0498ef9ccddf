//! Nobody adds an act of their own to be permitted.
use record::{Act, Action};

struct ReadEverything;

impl Act for ReadEverything {
    const ACTION: Action = Action::HealthShow;
}

fn main() {}
