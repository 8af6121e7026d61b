//! Every intrinsic of the table has a test that it is lowered and a test that wrong use is refused.

use std::path::Path;

use stackswitch::intrinsics::{self, TABLE};

/// Whether a test in `lit/<folder>` uses the intrinsic, with or without a type suffix, and checks
/// for `expected`.
fn covered(folder: &str, name: &str, expected: &str) -> bool {
    let path = Path::new(crate::ROOT).join("lit").join(folder);
    let entries = std::fs::read_dir(&path).expect("the folder of lit tests");
    entries.flatten().any(|entry| {
        let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
        let uses = text.lines().filter(|l| !l.starts_with(';')).any(|line| {
            line.split('@').skip(1).filter_map(|after| after.split('(').next()).any(|used| {
                intrinsics::parse_name(used).is_ok_and(|(i, _)| i.name == name)
                    && used.starts_with(intrinsics::INTRINSIC_PREFIX)
            })
        });
        uses && text.lines().any(|l| l.contains("CHECK") && l.contains(expected))
    })
}

#[test]
fn every_intrinsic_has_a_lowering_test() {
    for intrinsic in TABLE {
        let symbol = format!("stackswitch_{}(", intrinsic.name.replace('.', "_"));
        assert!(covered("lower", intrinsic.name, &symbol), "{}", intrinsic.name);
    }
}

#[test]
fn every_intrinsic_has_a_rejection_test() {
    for intrinsic in TABLE {
        // The message names the intrinsic, or a whole instruction that does.
        let name = intrinsic.full_name().to_string();
        assert!(covered("verify", intrinsic.name, &name), "{}", intrinsic.name);
    }
}
