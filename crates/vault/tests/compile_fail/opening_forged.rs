//! Nobody makes an opening by hand.
use record::{Intent, act};
use std::marker::PhantomData;
use strongroom_vault::Opening;

fn attack(intent: Intent) -> Opening<act::DocumentRead> {
    Opening { intent, keys: todo!(), act: PhantomData }
}

fn main() {}
