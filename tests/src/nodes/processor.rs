//! Processor time of the processes of a house, from what the kernel counts (`proc(5)`), in seconds. It counts in hundredths.

use super::NodesHouse;
use std::path::Path;

/// Whose time it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    /// All nodes.
    pub nodes: f64,
    /// The database server, all of its processes, also those that have ended.
    pub database: f64,
    /// This process: the load, the bucket and the ways.
    pub here: f64,
    /// Everything on this machine, whoever's it is.
    pub machine: f64,
}

/// Fields of a process after its name, which may hold anything: state, parent, ….
fn fields(stat: &str) -> Vec<&str> {
    stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().collect()).unwrap_or_default()
}

fn hundredths(fields: &[&str], places: std::ops::Range<usize>) -> f64 {
    let ticks = fields.get(places).unwrap_or_default().iter().filter_map(|text| text.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// User and system time; of a process with children also theirs who have ended.
fn of(pid: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    hundredths(&fields(&stat), 11..15)
}

fn of_tree(parent: &str) -> f64 {
    let mut sum = of(parent);
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        if fields(&stat).get(1) == Some(&parent) {
            sum += hundredths(&fields(&stat), 11..13);
        }
    }
    sum
}

impl Spent {
    /// Until now.
    #[must_use]
    pub fn now(house: &NodesHouse) -> Self {
        let lock = std::fs::read_to_string(Path::new(&house.place).join(".s.PGSQL.5432.lock")).unwrap_or_default();
        let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let all: Vec<&str> = stat.lines().next().unwrap_or_default().split_whitespace().skip(1).collect();
        Self {
            nodes: house.nodes.iter().map(|node| of(&node.pid().to_string())).sum(),
            database: of_tree(lock.lines().next().unwrap_or_default().trim()),
            here: of("self"),
            // Without idle and waiting for the disk.
            machine: hundredths(&all, 0..3) + hundredths(&all, 5..8),
        }
    }

    /// Since an earlier moment.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            nodes: self.nodes - before.nodes,
            database: self.database - before.database,
            here: self.here - before.here,
            machine: self.machine - before.machine,
        }
    }

    /// The share of the machine that others had, of so many seconds on all cores.
    #[must_use]
    pub fn others(self, seconds: f64) -> f64 {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as f64;
        ((self.machine - self.nodes - self.database - self.here) / (seconds * cores)).max(0.0)
    }
}
