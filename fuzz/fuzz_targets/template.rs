//! The first line a file-name template, the rest a name.
#![no_main]

use identify::{FileNameTemplate, safe_file_name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (template, name) = text.split_once('\n').unwrap_or((text, ""));
    if let Ok(template) = FileNameTemplate::parse(template) {
        let _ = template.fields(name);
    }
    let safe = safe_file_name(name);
    assert!(!safe.is_empty() && safe.len() <= 150);
    assert_eq!(safe_file_name(&safe), safe);
});
