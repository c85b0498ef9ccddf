//! What only takes up room in a house on a server: sessions that are over, tokens, alerts that are closed, glasses broken long
//! ago. Nobody looks at any of it, so nothing of it is sealed; it is there so that a table is as long as in a house that has
//! been at work for years, and the server goes about it as it would there.

use super::{mighty, sink};
use sqlx::{Connection as _, Executor as _};
use std::path::Path;

/// One text for each table. The made-up people are those whose membership began a day before [`super::city::NOW`].
const TEXTS: &[&str] = &[
    "INSERT INTO person SELECT 'per_9' || lpad(n::text, 25, '0'), '\\x00', decode(md5('e' || n), 'hex'), decode(md5('o' || n), 'hex'), \
     'suspended', n FROM generate_series(1, 20000) AS n",
    "INSERT INTO session SELECT 'ses_' || lpad(n::text, 26, '0'), decode(md5('s' || n), 'hex'), person_id, 'x', n, n, n, n, NULL, 0, NULL \
     FROM (SELECT person_id, row_number() OVER () AS n FROM person) AS one",
    "INSERT INTO credential SELECT 'key_' || lpad(n::text, 26, '0'), person_id, decode(md5('c' || n), 'hex'), '{}', 'x', n, n, NULL \
     FROM (SELECT person_id, row_number() OVER () AS n FROM membership, generate_series(1, 4) WHERE from_at = 1789913600000) AS one",
    "INSERT INTO recovery_code SELECT person_id, decode(md5('r' || n), 'hex'), n FROM person, generate_series(1, 2) AS n",
    "INSERT INTO invitation SELECT 'inv_' || lpad(n::text, 26, '0'), person_id, 'enrol', decode(md5('i' || n), 'hex'), '\\x00', 'x', 0, \
     NULL, n, n, n, 0 FROM (SELECT person_id, row_number() OVER () AS n FROM person) AS one",
    "INSERT INTO assignment SELECT customer_id, person_id, n, n, 'x' FROM membership, generate_series(1, 4) AS n WHERE customer_id IS NOT NULL ON CONFLICT DO NOTHING",
    "INSERT INTO ceremony SELECT decode(md5('y' || n), 'hex'), 'sign_in', NULL, '{}', n FROM generate_series(1, 5000) AS n",
    "INSERT INTO limit_window SELECT 'opens/x' || n, 9000000000000, 1 FROM generate_series(1, 20000) AS n",
    "INSERT INTO alert SELECT 'alr_' || lpad(n::text, 26, '0'), n, 'x', 'x', n, 'x', 'x' FROM generate_series(1, 20000) AS n",
    "INSERT INTO house_check SELECT n, 'probe', 1, 'x' FROM generate_series(1, 20000) AS n",
    "INSERT INTO witness_run SELECT n, n, 1, 'x' FROM generate_series(1, 20000) AS n",
    "INSERT INTO ledger_tile SELECT 60, n, '\\x00' FROM generate_series(1, 5000) AS n",
    "INSERT INTO ledger_checkpoint SELECT n, note, n FROM (SELECT note FROM ledger_checkpoint LIMIT 1) AS one, generate_series(1, 5000) AS n \
     ON CONFLICT DO NOTHING",
    "INSERT INTO upload SELECT 'upl_' || lpad(n::text, 26, '0'), customer_id, 'x', 'x', 'committed', n, n \
     FROM (SELECT customer_id, row_number() OVER () AS n FROM document) AS one",
    "INSERT INTO break_glass SELECT 'brk_' || lpad(n::text, 26, '0'), customer_id, person_id, patient_id, '\\x00', n, n, n, 'x', 'justified', NULL \
     FROM (SELECT care.customer_id, care.person_id, care.patient_id, row_number() OVER () AS n FROM care JOIN customer USING (customer_id) \
           WHERE name LIKE 'Customer %') AS one",
    "INSERT INTO request SELECT 'req_' || lpad(n::text, 26, '0'), customer_id, person_id, '\\x00', n, n, n \
     FROM (SELECT customer_id, person_id, row_number() OVER () AS n FROM membership JOIN customer USING (customer_id), generate_series(1, 10) \
           WHERE name LIKE 'Customer %') AS one",
    "INSERT INTO related_person SELECT 'rel_' || lpad(n::text, 26, '0'), customer_id, patient_id, 'guardian', '\\x00', n, n, 0 \
     FROM (SELECT customer_id, patient_id, row_number() OVER () AS n FROM patient JOIN customer USING (customer_id) WHERE name LIKE 'Customer %') AS one",
    "INSERT INTO document_token SELECT customer_id, field, decode(md5(field || (hashtext(document_id) % 700)), 'hex'), document_id \
     FROM document, unnest(ARRAY['visit_day', 'visit_month']) AS field ON CONFLICT DO NOTHING",
    "INSERT INTO original_token SELECT customer_id, decode(md5(document_id), 'hex'), document_id, 1 FROM document ON CONFLICT DO NOTHING",
    "INSERT INTO imported_file SELECT customer_id, decode(md5(document_id), 'hex'), document_id FROM document ON CONFLICT DO NOTHING",
    "INSERT INTO gone_token SELECT customer_id, 'original', decode(md5('g' || document_id), 'hex') FROM document ON CONFLICT DO NOTHING",
    "INSERT INTO program SELECT 'prg_' || lpad(n::text, 26, '0'), customer_id, 'x', 'x', NULL, n, 'x', n, n, 'x', n, 0 \
     FROM (SELECT customer_id, row_number() OVER () AS n FROM customer, generate_series(1, 40) WHERE name LIKE 'Customer %') AS one",
    "INSERT INTO program_key SELECT program_id, 'x', '{}', 1, 1 FROM program WHERE program_id LIKE 'prg_0000%'",
    "INSERT INTO program_token SELECT decode(md5('t' || n), 'hex'), 'ses_9' || lpad(n::text, 25, '0'), program_id, 'x', 1, 9000000000000 \
     FROM (SELECT program_id, row_number() OVER () AS n FROM program, generate_series(1, 10) WHERE program_id LIKE 'prg_0000%') AS one",
    "INSERT INTO program_assertion SELECT program_id, decode(md5('j' || n), 'hex'), 9000000000000 FROM program, generate_series(1, 10) AS n \
     WHERE program_id LIKE 'prg_0000%'",
    "INSERT INTO patient_merge SELECT 'mrg_' || lpad(n::text, 26, '0'), customer_id, patient_id, later, 'person', 'refused', n, 'x', n, 'x', NULL, NULL \
     FROM (SELECT customer_id, patient_id, lead(patient_id) OVER (PARTITION BY customer_id ORDER BY patient_id) AS later, \
           row_number() OVER () AS n FROM patient JOIN customer USING (customer_id) WHERE name LIKE 'Customer %') AS one WHERE later IS NOT NULL",
    "INSERT INTO merge_moved SELECT customer_id, merge_id, 'doc_' || lpad(n::text, 26, '0') FROM patient_merge, generate_series(1, 2) AS n",
    "INSERT INTO adt_message SELECT customer_id, decode(md5(patient_id), 'hex'), decode(md5(patient_id), 'hex') FROM patient",
    "INSERT INTO taken_in SELECT customer_id, decode(md5(document_id), 'hex'), document_id FROM document",
    "INSERT INTO adt_patient SELECT customer_id, patient_id, 1 FROM patient",
    "INSERT INTO program_answer SELECT customer_id, program_id, decode(md5('a' || n), 'hex'), NULL, NULL, 1 \
     FROM program, generate_series(1, 10) AS n WHERE program_id LIKE 'prg_0000%'",
];

/// Fills a database on a server in which [`super::city::grow`] has been, and lets the server look at what it has.
///
/// # Panics
/// When it cannot: this is for tests.
pub async fn fill(dir: &Path) {
    let mut sink = sink(dir).await;
    for sql in TEXTS {
        sink.say(sql).await;
    }
    sink.done().await;
}

/// How many rows each table has, by the server's own count.
///
/// # Panics
/// When it cannot be asked: this is for tests.
pub async fn rows(dir: &Path) -> std::collections::BTreeMap<String, i64> {
    use sqlx::Row as _;
    let mut connection = mighty(dir).await;
    let sql = "SELECT relname::text AS name, reltuples::bigint AS many FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
               WHERE nspname = 'public' AND relkind IN ('r', 'p')";
    let rows = connection.fetch_all(sql).await.expect("tables can be listed");
    let found = rows.iter().map(|row| (row.get("name"), row.get("many"))).collect();
    connection.close().await.expect("the connection closes");
    found
}
