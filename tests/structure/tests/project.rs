//! The arrangement of this project's sources, and the declared order of the modules.

use std::fs;
use std::path::{Path, PathBuf};

use stackswitch_structure::{Crate, layers, sizes};

/// The most lines of a source file.
const MAX_FILE: usize = 700;
/// The most lines of a function.
const MAX_FUNCTION: usize = 70;

/// A crate: its root file and its modules from the lowest to the highest.
struct Declared {
    package: &'static str,
    root: &'static str,
    order: &'static [&'static str],
}

/// The crates from the lowest to the highest. A crate may depend on those before it.
const CRATES: [Declared; 11] = [
    Declared {
        package: "stackswitch-abi",
        root: "crates/abi/src/lib.rs",
        order: &["error", "limits", "layout", "cpu", "intrinsics"],
    },
    Declared {
        package: "stackswitch-rt",
        root: "runtime/src/lib.rs",
        order: &[
            "arch",
            "stats",
            "traps",
            "unwind",
            "check",
            "inlined",
            "instrumentation",
            "sys",
            "weak_symbols",
            "context",
            "cxx",
            "error",
            "memory",
            "destination",
            "hooks",
            "sanitizers",
            "store",
            "slice_mappings",
            "user_stacks",
            "heap",
            "frame_blocks",
            "large_slices",
            "saved",
            "thread",
            "frame_memory",
            "settings",
            "slice",
            "stack_tracking",
            "cleanup_handlers",
            "value",
            "visit",
            "switch",
            "depth",
            "escape",
            "faults",
            "posix",
            "bases",
            "debug_table",
            "entry_points",
            "handle",
            "cancel",
            "host",
            "abi",
        ],
    },
    Declared {
        package: "stackswitch-coroutine",
        root: "crates/coroutine/src/lib.rs",
        order: &["unwind", "slot", "suspender", "stack", "raw", "coroutine", "scoped"],
    },
    Declared {
        package: "stackswitch-ir",
        root: "crates/ir/src/lib.rs",
        order: &[
            "wrappers",
            "text",
            "location",
            "types",
            "mangle",
            "module",
            "attributes",
            "function",
            "call",
            "value",
            "instruction",
            "uses",
            "control_flow",
            "copies",
            "escape",
            "accesses",
            "metadata",
            "assembly",
            "invoke_edge",
            "builder",
            "phi",
            "replacement",
            "variables",
            "frame",
            "exposure",
        ],
    },
    Declared { package: "stackswitch-link", root: "crates/link/src/lib.rs", order: &[] },
    Declared {
        package: "stackswitch-passes",
        root: "crates/passes/src/lib.rs",
        order: &[
            "level",
            "reader",
            "diagnostics",
            "remark",
            "pointer_mode",
            "carrier",
            "cpu",
            "verify",
            "lower",
            "opt",
            "slices",
            "pointers",
            "inline",
            "from_ucontext",
            "check",
            "settings",
            "pipeline",
            "compile",
            "explain",
        ],
    },
    Declared {
        package: "stackswitch-emit",
        root: "crates/emit/src/lib.rs",
        order: &["error", "value"],
    },
    Declared {
        package: "stackswitch-jit",
        root: "crates/jit/src/lib.rs",
        order: &[
            "abort",
            "cpu",
            "debugger",
            "functions",
            "held_regions",
            "module_id",
            "observe",
            "reports",
            "stack_frame",
            "structors",
            "ucontext",
            "value",
            "bodies",
            "catch",
            "error",
            "line_table",
            "owned_module",
            "perf_map",
            "program_end",
            "signature",
            "thread_locals",
            "objects",
            "symbols",
            "modules",
            "object_file",
            "session",
            "symbolize",
            "backtrace",
            "jit",
            "builder",
            "fault_record",
            "lookup",
            "add",
            "guest_run",
            "faults",
            "host_fn",
            "protected_call",
            "coroutine",
            "run",
            "owned_coroutine",
            "task",
        ],
    },
    Declared { package: "stackswitch", root: "src/lib.rs", order: &[] },
    Declared {
        package: "stackswitch-cli",
        root: "crates/command/src/lib.rs",
        order: &[
            "colour",
            "demangle",
            "programs",
            "stats",
            "excerpt",
            "failure",
            "inputs",
            "libraries",
            "llvm",
            "output",
            "bench",
            "doctor",
            "manual",
            "opt",
            "trace",
            "run",
            "explain",
        ],
    },
    Declared { package: "stackswitch-plugin", root: "plugin/src/lib.rs", order: &[] },
];

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the project is there")
}

/// Fails with all that was found wrong, one line each.
fn expect_none(found: Vec<String>, what: &str) {
    assert!(found.is_empty(), "{} {what}:\n{}", found.len(), found.join("\n"));
}

#[test]
fn imports_run_downward_and_form_no_circle() {
    let mut found = Vec::new();
    for declared in &CRATES {
        let krate = Crate::read(&project().join(declared.root));
        let violations = layers::violations(&krate, declared.order);
        found.extend(violations.into_iter().map(|text| format!("{}: {text}", declared.package)));
    }
    expect_none(found, "violations of the order of modules");
}

#[test]
fn crates_depend_on_lower_crates_only() {
    let mut found = Vec::new();
    for (place, declared) in CRATES.iter().enumerate() {
        let source = project().join(declared.root);
        let folder = source.ancestors().nth(2).expect("a root file is in a package's src");
        let manifest =
            fs::read_to_string(folder.join("Cargo.toml")).expect("a package has a manifest");
        let dependencies = manifest
            .lines()
            .skip_while(|line| *line != "[dependencies]")
            .skip(1)
            .take_while(|line| !line.starts_with('['))
            .filter_map(|line| line.split([' ', '.', '=']).next());
        for name in dependencies.filter(|name| name.starts_with("stackswitch")) {
            if !CRATES[..place].iter().any(|lower| lower.package == name) {
                found.push(format!("{} depends on {name}", declared.package));
            }
        }
    }
    expect_none(found, "dependencies run upward");
}

#[test]
fn every_crate_is_declared() {
    let members = fs::read_dir(project().join("crates")).expect("there are crates");
    let roots: Vec<&str> = CRATES.iter().map(|declared| declared.root).collect();
    for member in members {
        let name = member.expect("a folder can be read").file_name();
        let prefix = format!("crates/{}/", name.to_string_lossy());
        assert!(roots.iter().any(|root| root.starts_with(&prefix)), "{prefix} is not declared");
    }
}

#[test]
fn no_file_is_too_long() {
    let long = sizes::source_files(&project()).into_iter().filter_map(|path| {
        let lines = sizes::lines(&path);
        (lines > MAX_FILE).then(|| format!("{}: {lines} lines", path.display()))
    });
    expect_none(long.collect(), "files are too long");
}

#[test]
fn no_function_is_too_long() {
    let mut found = Vec::new();
    for path in sizes::source_files(&project()) {
        let long = sizes::functions(&path).into_iter().filter(|f| f.lines > MAX_FUNCTION);
        found.extend(
            long.map(|f| {
                format!("{}:{}: {} has {} lines", path.display(), f.line, f.name, f.lines)
            }),
        );
    }
    expect_none(found, "functions are too long");
}
