//! Compiles the functions in C++ against the LLVM that `stackswitch-ir` has found.

/// The files in C++.
const CPP: [&str; 4] = [
    "opt/stackless/stackless_body.cc",
    "opt/stackless/stackless_body.h",
    "opt/stackless/split.cc",
    "pipeline/shim.cc",
];

fn main() {
    for file in CPP {
        println!("cargo:rerun-if-changed=src/{file}");
    }
    let headers = std::env::var("DEP_STACKSWITCH_IR_INCLUDEDIR").expect("stackswitch-ir tells");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .warnings(true)
        .files(CPP.iter().filter(|file| file.ends_with(".cc")).map(|file| format!("src/{file}")))
        // LLVM's own headers are not ours to warn about.
        .flag("-isystem")
        .flag(headers)
        .flag("-fno-rtti")
        .flag("-fno-exceptions")
        .compile("stackswitch_passes");
}
