//! Group commit under rivals, faults and death.

use crate::memory::{Dice, DiskSaidNo, Fault, MemoryLog, block_on, draft, interleave, leaves, signer};
use record::{Outcome, SeededEntropy};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use strongroom_ledger::tree::leaf_hash;
use strongroom_ledger::{
    CommitError, Committed, Draft, DurableLog, Edge, Head, LeafError, SignedCheckpoint, Signer, commit, proof,
    sign_head,
};

type Sequencer<'a> = Pin<Box<dyn Future<Output = Vec<(u64, Outcomes)>> + Send + 'a>>;
type Outcomes = Result<Committed, CommitError<DiskSaidNo>>;

fn run(numbers: std::ops::Range<u64>, log: &MemoryLog, signer: &Signer) -> Outcomes {
    let entropy = SeededEntropy::new(numbers.start + 1000);
    block_on(commit(numbers.map(draft).collect(), log, signer, &entropy))
}

/// Every two signed heads, held against each other by a proof from the log's tiles; says which contradict.
fn contradiction(heads: &[Head], log: &MemoryLog) -> Option<(Head, Head)> {
    let mut heads = heads.to_vec();
    heads.sort_by_key(|head| head.size);
    let tiles = log.tile_set();
    let broken = heads.windows(2).find(|pair| {
        let proof = proof::consistency(pair[0].size, pair[1].size, &tiles);
        !proof.is_ok_and(|proof| proof::consistency_holds(&pair[0], &pair[1], &proof))
    });
    broken.map(|pair| (pair[0], pair[1]))
}

fn assert_send<F: Future + Send>(future: F) -> F {
    future
}

#[test]
fn a_batch_gives_one_checkpoint_and_a_receipt_for_each_draft_in_order() {
    let (log, signer) = (MemoryLog::default(), signer());
    let first = run(0..3, &log, &signer).unwrap();
    let second = run(3..300, &log, &signer).unwrap();
    assert_eq!(first.receipts.iter().map(|receipt| receipt.index()).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!((second.receipts[0].index(), second.receipts[0].tree_size()), (3, 300));
    for (receipt, number) in first.receipts.iter().chain(&second.receipts).zip(0..) {
        let entry = draft(number).entry;
        assert_eq!(receipt.intent_digest(), &entry.intent_digest);
        assert_eq!((receipt.intent(), receipt.outcome()), (entry.intent, Outcome::Permitted));
        assert_eq!(receipt.leaf_hash(), &leaf_hash(&log.leaves()[usize::try_from(number).unwrap()]));
    }
    assert_eq!(second.checkpoint.head(), &log.current());
    let reopened = SignedCheckpoint::open(&second.checkpoint.to_string(), &signer.verifier()).unwrap();
    assert_eq!(reopened, second.checkpoint);
    assert_eq!(log.state.lock().unwrap().checkpoints.len(), 2);
}

#[test]
fn the_same_draft_twice_makes_two_leaves_that_nobody_can_relate() {
    let (log, signer) = (MemoryLog::default(), signer());
    block_on(commit(vec![draft(1), draft(1)], &log, &signer, &SeededEntropy::new(4))).unwrap();
    let leaves = log.leaves();
    assert_ne!(leaf_hash(&leaves[0]), leaf_hash(&leaves[1]));
}

#[test]
fn the_future_can_move_between_threads() {
    let (log, signer, entropy) = (MemoryLog::default(), signer(), SeededEntropy::new(1));
    assert!(block_on(assert_send(commit(vec![draft(1)], &log, &signer, &entropy))).is_ok());
    assert!(block_on(assert_send(sign_head(&log, &signer))).is_ok());
}

#[test]
fn a_draft_that_is_too_large_or_out_of_order_refuses_the_batch_and_writes_nothing() {
    let (log, signer, entropy) = (MemoryLog::default(), signer(), SeededEntropy::new(1));
    let large = Draft { sealed_body: vec![0; 65_535], ..draft(1) };
    assert_eq!(large.check(), Err(LeafError::TooLarge));
    let refused = block_on(commit(vec![draft(0), large], &log, &signer, &entropy));
    assert!(matches!(refused, Err(CommitError::Draft { position: 1, source: LeafError::TooLarge })));
    assert!(matches!(block_on(commit(vec![], &log, &signer, &entropy)), Err(CommitError::Nothing)));
    assert_eq!(log.current(), Head::empty());
}

#[test]
fn a_failed_append_gives_no_receipt_and_is_not_tried_again() {
    let (log, signer) = (MemoryLog::default(), signer());
    log.faults.lock().unwrap().push_back(Fault::FailsBefore);
    assert!(matches!(run(0..2, &log, &signer), Err(CommitError::Append(DiskSaidNo))));
    assert_eq!((log.current(), signer.largest()), (Head::empty(), None));
}

#[test]
fn a_lost_reply_is_read_back_and_the_batch_is_there_once() {
    for fault in [Fault::LosesReply, Fault::RepeatsInside] {
        let (log, signer) = (MemoryLog::default(), signer());
        run(0..5, &log, &signer).unwrap();
        log.faults.lock().unwrap().push_back(fault);
        let committed = run(5..7, &log, &signer).unwrap();
        assert_eq!((committed.receipts[0].index(), log.leaves().len()), (5, 7), "{fault:?}");
    }
}

#[test]
fn rivals_that_keep_moving_the_head_are_waited_for_and_each_time_as_another_attempt() {
    let (log, signer) = (MemoryLog::default(), signer());
    run(0..5, &log, &signer).unwrap();
    assert_eq!(*log.pauses.lock().unwrap(), [], "without rivals nobody waits");
    let rival = |log: &MemoryLog, from: u64, times: u64| {
        log.faults.lock().unwrap().extend((from..from + times).map(Fault::RivalFirst));
    };
    rival(&log, 100, 1);
    assert_eq!(run(5..7, &log, &signer).unwrap().receipts[0].index(), 6);
    assert_eq!(*log.pauses.lock().unwrap(), [], "what was signed was merely old");
    rival(&log, 200, 5);
    assert_eq!(run(7..8, &log, &signer).unwrap().receipts[0].index(), 13);
    let first = std::mem::take(&mut *log.pauses.lock().unwrap());
    assert_eq!(first.iter().map(|(attempt, _)| *attempt).collect::<Vec<_>>(), [1, 2, 3, 4]);
    rival(&log, 300, 2);
    run(8..9, &log, &signer).unwrap();
    assert_ne!(first[0].1, log.pauses.lock().unwrap()[0].1, "no two batches draw alike");
    rival(&log, 400, 40);
    assert!(matches!(run(9..10, &log, &signer), Err(CommitError::Contended)));
}

#[test]
fn a_commit_goes_by_what_was_signed_and_reads_the_head_once() {
    let (log, signer) = (MemoryLog::default(), signer());
    run(0..300, &log, &signer).unwrap();
    let before = log.head_reads.load(Ordering::Relaxed);
    run(300..310, &log, &signer).unwrap();
    assert_eq!(log.head_reads.load(Ordering::Relaxed) - before, 1, "after the append, before the signature");
    assert_eq!(signer.largest(), Some(log.current()));
}

#[test]
fn a_lost_reply_that_cannot_be_read_back_gives_no_receipt() {
    let (log, signer) = (MemoryLog::default(), signer());
    run(0..5, &log, &signer).unwrap();
    let doubtful = async {
        log.faults.lock().unwrap().push_back(Fault::LosesReply);
        let (drafts, entropy) = (vec![draft(5)], SeededEntropy::new(1));
        let mut commit = Box::pin(commit(drafts, &log, &signer, &entropy));
        std::future::poll_fn(|context| {
            // From the moment the batch is there, nothing can be read.
            if log.current().size == 6 {
                *log.reads_fail.lock().unwrap() = 1000;
            }
            commit.as_mut().poll(context)
        })
        .await
    };
    assert!(matches!(block_on(doubtful), Err(CommitError::Append(DiskSaidNo))));
    assert_eq!(log.current().size, 6, "the batch is there, and nobody has a receipt for it");
    assert_eq!(signer.largest().unwrap().size, 5);
    // The next process reads it, and its checkpoint covers it.
    *log.reads_fail.lock().unwrap() = 0;
    assert_eq!(block_on(sign_head(&log, &signer)).unwrap().head().size, 6);
}

#[test]
fn a_ledger_that_was_rolled_back_or_forked_is_never_extended_by_the_process_that_signed_it() {
    let (log, signer) = (MemoryLog::default(), signer());
    run(0..300, &log, &signer).unwrap();
    let older = MemoryLog::of(&log.leaves()[..290]);
    assert!(matches!(run(300..301, &older, &signer), Err(CommitError::RolledBack(head)) if head.size == 300));
    let other = MemoryLog::of(&leaves(400));
    assert!(matches!(run(300..301, &other, &signer), Err(CommitError::RolledBack(_))));
    assert_eq!((older.current().size, other.current().size), (290, 400), "nothing was written");
    // A fresh process that was told of the newest checkpoint refuses as well.
    let fresh = crate::memory::signer();
    fresh.resume(log.state.lock().unwrap().checkpoints.last().unwrap()).unwrap();
    assert!(matches!(run(300..301, &older, &fresh), Err(CommitError::RolledBack(_))));
    assert!(matches!(block_on(sign_head(&other, &fresh)), Err(CommitError::RolledBack(_))));
}

#[test]
fn a_ledger_whose_tiles_do_not_make_its_head_is_never_extended() {
    let log = MemoryLog::of(&leaves(300));
    log.state.lock().unwrap().head = Some(Head { size: 300, root: record::Sha256::of(b"elsewhere") });
    assert!(matches!(run(300..301, &log, &signer()), Err(CommitError::Corrupt(_))));
    let log = MemoryLog::of(&leaves(300));
    log.state.lock().unwrap().tiles.clear();
    assert!(matches!(run(300..301, &log, &signer()), Err(CommitError::Corrupt(_))));
    assert_eq!(log.current().size, 300);
}

/// Three sequencers over one log, each committing four batches, stopped and continued wherever the seed says.
fn rivals(seed: u64, signers: &[Signer], log: &MemoryLog, kill_in: Option<u64>) -> Vec<(u64, Outcomes)> {
    let dice = Dice::new(seed);
    let entropy = SeededEntropy::new(seed);
    {
        let mut faults = log.faults.lock().unwrap();
        let kinds =
            [Fault::None, Fault::None, Fault::None, Fault::LosesReply, Fault::RepeatsInside, Fault::FailsBefore];
        (0..30).for_each(|_| faults.push_back(if log.careless { Fault::None } else { *dice.pick(&kinds) }));
    }
    let sequencer = |place: usize| -> Sequencer<'_> {
        let (signer, entropy) = (&signers[place % signers.len()], &entropy);
        let sizes: Vec<u64> = (0..4).map(|_| 1 + dice.number() % 130).collect();
        Box::pin(async move {
            let mut outcomes = Vec::new();
            for (batch, size) in (0_u64..).zip(sizes) {
                let first = place as u64 * 10_000 + batch * 1000;
                let drafts = (first..first + size).map(draft).collect();
                outcomes.push((first, commit(drafts, log, signer, entropy).await));
            }
            outcomes
        })
    };
    interleave((0..3).map(sequencer).collect(), &dice, kill_in).into_iter().flatten().collect()
}

fn hold_what_must_hold(seed: u64, outcomes: &[(u64, Outcomes)], log: &MemoryLog) -> usize {
    let leaves = log.leaves();
    let mut edge = Edge::default();
    leaves.iter().for_each(|leaf| edge.push(leaf_hash(leaf), |_| {}));
    assert_eq!(edge.head(), log.current(), "seed {seed}: the log is one tree");
    let mut ids: Vec<_> =
        leaves.iter().map(|leaf| strongroom_ledger::leaf::decode(leaf).unwrap().entry.intent).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), leaves.len(), "seed {seed}: nothing is in the ledger twice");
    let mut receipts = 0;
    for (first, outcome) in outcomes {
        let Ok(committed) = outcome else { continue };
        for (receipt, number) in committed.receipts.iter().zip(*first..) {
            let leaf = &leaves[usize::try_from(receipt.index()).unwrap()];
            assert_eq!(receipt.leaf_hash(), &leaf_hash(leaf), "seed {seed}");
            assert_eq!(receipt.intent_digest(), &draft(number).entry.intent_digest, "seed {seed}");
            assert!(receipt.tree_size() > receipt.index());
            receipts += 1;
        }
    }
    receipts
}

fn signed_heads(log: &MemoryLog) -> Vec<Head> {
    log.state.lock().unwrap().checkpoints.iter().map(|checkpoint| *checkpoint.head()).collect()
}

#[test]
fn rival_sequencers_never_sign_two_heads_that_contradict_each_other() {
    let mut receipts = 0;
    for seed in 0..60 {
        // Even seeds: three processes with the same key; odd ones: one process with three tasks.
        let signers: Vec<Signer> = (0..if seed % 2 == 0 { 3 } else { 1 }).map(|_| signer()).collect();
        let log = MemoryLog::default();
        let outcomes = rivals(seed, &signers, &log, None);
        receipts += hold_what_must_hold(seed, &outcomes, &log);
        assert_eq!(contradiction(&signed_heads(&log), &log), None, "seed {seed}");
        for (_, outcome) in outcomes {
            let fine = matches!(outcome, Ok(_) | Err(CommitError::Append(DiskSaidNo)));
            assert!(fine, "seed {seed}: {:?}", outcome.err());
        }
    }
    assert!(receipts > 10_000, "most batches went through: {receipts}");
}

#[test]
fn sequencers_that_die_anywhere_leave_one_tree_and_heads_that_agree() {
    for seed in 0..60 {
        let signers: Vec<Signer> = (0..3).map(|_| signer()).collect();
        let log = MemoryLog::default();
        let outcomes = rivals(seed, &signers, &log, Some(40));
        hold_what_must_hold(seed, &outcomes, &log);
        // Whoever starts next signs what is there, and goes on.
        let next = signer();
        log.faults.lock().unwrap().clear();
        assert_eq!(block_on(sign_head(&log, &next)).unwrap().head(), &log.current());
        run(90_000..90_010, &log, &next).unwrap();
        assert_eq!(contradiction(&signed_heads(&log), &log), None, "seed {seed}");
    }
}

#[test]
fn the_rivals_test_does_find_a_log_that_forgets_to_compare() {
    let found = (0..20).any(|seed| {
        let signers: Vec<Signer> = (0..3).map(|_| signer()).collect();
        let log = MemoryLog { careless: true, ..MemoryLog::default() };
        let _ = rivals(seed, &signers, &log, None);
        contradiction(&signed_heads(&log), &log).is_some()
    });
    assert!(found, "without compare-and-swap heads contradict each other, and the check sees it");
}

#[test]
fn proofs_for_a_witness_come_from_the_log() {
    let (log, signer) = (MemoryLog::default(), signer());
    let old = *run(0..100, &log, &signer).unwrap().checkpoint.head();
    let new = run(100..700, &log, &signer).unwrap().checkpoint;
    let proof = block_on(strongroom_ledger::prove_consistency(&log, &old, new.head())).unwrap();
    assert!(proof::consistency_holds(&old, new.head(), &proof));
    let request = strongroom_ledger::witness_request(old.size, &proof, &new);
    assert!(request.starts_with("old 100\n") && request.ends_with(&format!("\n\n{new}")));
    assert_eq!(request.lines().take_while(|line| !line.is_empty()).count(), 1 + proof.len());
    let elsewhere = Head { size: 100, root: record::Sha256::of(b"elsewhere") };
    assert!(block_on(strongroom_ledger::prove_consistency(&log, &elsewhere, new.head())).is_err());
    let _ = block_on(log.head());
}
