//! Compiles the subjects that are written in C and C++, and links the installed static runtime library.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=subjects");
    println!("cargo::rerun-if-changed=../runtime/include");
    println!("cargo::rerun-if-env-changed=STACKSWITCH_BENCH_RUNTIME");
    println!("cargo::rerun-if-env-changed=STACKSWITCH_CLANG");
    println!("cargo::rerun-if-env-changed=STACKSWITCH_BENCH_PLUGIN");
    if env::var_os("CARGO_FEATURE_SUBJECTS").is_none() {
        return;
    }
    let Ok(runtime) = env::var("STACKSWITCH_BENCH_RUNTIME") else {
        // Lints and documentation need no subjects; a program does.
        println!("cargo::warning=no runtime library, no program: use `make bench`");
        return;
    };
    println!("cargo::rerun-if-changed={runtime}");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));

    // Without a red zone: the floor's inline assembly pushes.
    c().file("subjects/inline_asm.c").flag("-mno-red-zone").compile("subjects_floor");
    c().files(["stackswitch", "memcpy_pair", "swapcontext"].map(|s| format!("subjects/{s}.c")))
        .compile("subjects_c");
    c().cpp(true)
        .compiler("g++")
        .std("c++17")
        .files(["boost_fcontext", "boost_fiber"].map(|s| format!("subjects/{s}.cc")))
        .compile("subjects_boost");
    let clang = env::var("STACKSWITCH_CLANG").unwrap_or_else(|_| "clang++".into());
    c().cpp(true).compiler(&clang).std("c++20").file("subjects/cxx20.cc").compile("subjects_cxx20");

    let plugin = env::var("STACKSWITCH_BENCH_PLUGIN").expect("`make bench` names the plugin");
    println!("cargo::rerun-if-changed={plugin}");
    c().compiler(&clang)
        .flag("-xc")
        .flag(format!("-fpass-plugin={plugin}"))
        .files(["stackswitch_in_place", "generator"].map(|s| format!("subjects/{s}.c")))
        .compile("subjects_in_place");
    // The program for glibc, unchanged, by the compiler's flags.
    c().compiler(&clang)
        .flag("-xc")
        .flag(format!("-fplugin={plugin}"))
        .flag(format!("-fpass-plugin={plugin}"))
        .flag("-mllvm")
        .flag("-stackswitch-from-ucontext")
        .define("swapcontext_resident", "from_ucontext_resident")
        .define("swapcontext_lifecycle", "from_ucontext_lifecycle")
        .file("subjects/swapcontext.c")
        .compile("subjects_from_ucontext");

    let boost = output("g++", &["-print-file-name=libboost_context.a"]);
    let folder = Path::new(boost.trim()).parent().expect("a path has a folder");
    println!("cargo::rustc-link-search=native={}", folder.display());
    println!("cargo::rustc-link-lib=static=boost_context");

    link_runtime(&runtime, &out);
}

/// What all subjects are compiled with.
fn c() -> cc::Build {
    let mut build = cc::Build::new();
    build.include("subjects").include("../runtime/include").opt_level(2).debug(false);
    build.flag_if_supported("-Wno-return-type");
    build.compiler("gcc");
    build
}

/// Links the library. It is made for programs without Rust, so it defines the language's
/// personality routine, as this program's standard library does: all but the C ABI is made
/// local in one object first.
fn link_runtime(runtime: &str, out: &Path) {
    let object = out.join("runtime.o");
    let path = object.to_str().expect("a path that is text");
    output(
        "ld",
        &["-r", "--force-group-allocation", "-u", "stackswitch_swap", "-o", path, runtime],
    );
    output("objcopy", &["--wildcard", "--keep-global-symbol=stackswitch_*", path]);
    cc::Build::new().object(&object).compile("runtime_as_installed");
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}
