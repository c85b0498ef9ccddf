//! Receipts that a customer keeps.

use crate::memory::{MemoryLog, block_on, draft, signer, stranger};
use record::SeededEntropy;
use strongroom_ledger::{KeptReceipt, commit, prove_inclusion};

fn kept(index: u64) -> String {
    let (log, signer, entropy) = (MemoryLog::default(), signer(), SeededEntropy::new(3));
    let committed = block_on(commit((0..700).map(draft).collect(), &log, &signer, &entropy)).unwrap();
    let proof = block_on(prove_inclusion(&log, index, committed.checkpoint.head())).unwrap();
    let leaf = log.leaves()[usize::try_from(index).unwrap()].clone();
    KeptReceipt::new(index, leaf, proof, committed.checkpoint).unwrap().to_string()
}

#[test]
fn a_kept_receipt_is_verified_with_the_public_key_alone() {
    for index in [0, 255, 256, 699] {
        let text = kept(index);
        assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra "));
        let receipt = KeptReceipt::verify(&text, &signer().verifier()).unwrap();
        assert_eq!((receipt.index(), receipt.checkpoint().head().size), (index, 700));
        assert_eq!(receipt.leaf().unwrap().entry, draft(index).entry);
        assert_eq!(receipt.to_string(), text);
    }
}

#[test]
fn a_kept_receipt_with_anything_changed_proves_nothing() {
    let text = kept(256);
    assert!(KeptReceipt::verify(&text, &stranger().verifier()).is_err());
    let lines: Vec<&str> = text.lines().collect();
    for dropped in 0..lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(dropped);
        assert!(KeptReceipt::verify(&(fewer.join("\n") + "\n"), &signer().verifier()).is_err(), "line {dropped}");
    }
    for swapped in 3..lines.len() - 6 {
        let mut other = lines.clone();
        other.swap(swapped, swapped + 1);
        assert!(KeptReceipt::verify(&(other.join("\n") + "\n"), &signer().verifier()).is_err(), "line {swapped}");
    }
    let renumbered = text.replacen("index 256", "index 257", 1);
    assert!(KeptReceipt::verify(&renumbered, &signer().verifier()).is_err());
    let bytes = text.as_bytes();
    for place in (0..bytes.len()).filter(|place| bytes[*place].is_ascii_alphanumeric()) {
        let mut changed = bytes.to_vec();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(KeptReceipt::verify(&changed, &signer().verifier()).is_err(), "byte {place}");
    }
}
