//! Compiles the C++ shim against the LLVM that `stackswitch-ir` has found.

fn main() {
    println!("cargo:rerun-if-changed=src/pipeline/shim.cc");
    let headers = std::env::var("DEP_STACKSWITCH_IR_INCLUDEDIR").expect("stackswitch-ir tells");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .warnings(true)
        .file("src/pipeline/shim.cc")
        // LLVM's own headers are not ours to warn about.
        .flag("-isystem")
        .flag(headers)
        .flag("-fno-rtti")
        .flag("-fno-exceptions")
        .compile("stackswitch_passes_shim");
}
