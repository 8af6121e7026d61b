//! Links the LLVM that `stackswitch-ir` has found.

fn main() {
    let found = |name: &str| {
        let variable = format!("DEP_STACKSWITCH_IR_{name}");
        std::env::var(variable).expect("the build script of stackswitch-ir sets it")
    };
    println!("cargo:rustc-link-search=native={}", found("LIBDIR"));
    println!("cargo:rustc-link-lib=dylib={}", found("LIBRARY"));
}
