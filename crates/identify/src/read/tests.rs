//! Readers of every format, on what is small enough to be read here.
