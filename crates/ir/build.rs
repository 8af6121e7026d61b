//! Compiles the functions in C++ against the chosen LLVM, and tells the build scripts of dependent crates where
//! LLVM's headers and its library are (`DEP_STACKSWITCH_IR_INCLUDEDIR`, `_LIBDIR`, `_LIBRARY`).

use std::{env, path::Path, process::Command};

/// The files of `cpp/`.
const CPP: [&str; 5] = ["debug_info", "linkage", "module_flags", "replacement", "variables"];

/// The LLVM versions that have a cargo feature.
const VERSIONS: [u32; 5] = [19, 20, 21, 22, 23];

fn main() {
    println!("cargo:rerun-if-changed=cpp");
    println!("cargo:rerun-if-env-changed=LLVM_CONFIG");
    let version = VERSIONS
        .into_iter()
        .find(|v| env::var_os(format!("CARGO_FEATURE_LLVM{v}")).is_some())
        .expect("enable one of the features llvm19 to llvm23");
    let config = env::var("LLVM_CONFIG").unwrap_or_else(|_| format!("llvm-config-{version}"));
    let found = ask(&config, "--version");
    assert!(
        found.split('.').next() == Some(&version.to_string()),
        "{config} is for LLVM {found}, the feature llvm{version} is not"
    );
    println!("cargo:rustc-env=STACKSWITCH_LLVM_VERSION={found}");
    let headers = ask(&config, "--includedir");
    println!("cargo:includedir={headers}");

    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .warnings(true)
        .files(CPP.map(|name| format!("cpp/{name}.cc")))
        // LLVM's own headers are not ours to warn about.
        .flag("-isystem")
        .flag(headers)
        .flag("-fno-rtti")
        .flag("-fno-exceptions")
        .compile("stackswitch_ir");

    let libdir = ask(&config, "--libdir");
    let versioned = Path::new(&libdir).join(format!("libLLVM-{version}.so")).exists();
    let library = if versioned { format!("LLVM-{version}") } else { "LLVM".to_owned() };
    println!("cargo:libdir={libdir}");
    println!("cargo:library={library}");
}

/// One answer of `llvm-config`.
fn ask(config: &str, what: &str) -> String {
    let output = Command::new(config)
        .arg(what)
        .output()
        .unwrap_or_else(|e| panic!("cannot run {config}: {e}; install LLVM's development package"));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
