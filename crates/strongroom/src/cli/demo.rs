//! What the demo can be told.

use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A made-up house.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where it is kept; a folder that goes away with the demo, if not given.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// The address and port.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
    /// The same seed gives the same names and texts.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// How many patients a fourth practice has: families with their charts and documents, as `strongroom standin` makes them.
    /// 0: there is none.
    #[arg(long, default_value_t = 40, value_name = "N", value_parser = clap::value_parser!(u32).range(..=5_000))]
    pub(crate) stand_ins: u32,
    /// A database on a server that was made for it and holds nothing but the schema, without a password:
    /// postgres://role@host/name. The rows stay there.
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// The bucket for the sealed objects: s3://name/prefix. They stay there.
    #[arg(long, value_name = "URL")]
    pub(crate) objects: Option<String>,
    /// The server of the bucket; AWS where none is named. Its credentials are said by the environment.
    #[arg(long, value_name = "URL", requires = "objects")]
    pub(crate) objects_endpoint: Option<String>,
    /// The first line on standard output is one object with the address and everybody's one-time link.
    #[arg(long)]
    pub(crate) json: bool,
}
