//! Whole programs: compiled, linked and run in every way that there is.
//!
//! Each module is a suite and makes a list of tests, most of them from a matrix. A test's name is
//! `SUITE::NAME`. Most tests use what `make` has built for both LLVM versions; they are ignored if
//! cargo runs this program by itself. `make programs TEST=ir_programs::generator` runs some of them.

mod ahead;
mod c;
mod c_interop;
mod cases;
mod cmake;
mod debuggers;
mod docs;
mod examples;
mod exceptions;
mod generators;
mod header;
mod in_place;
mod ir_programs;
mod language;
mod random;
mod random_programs;
mod slices;
mod suite;
mod table;
mod ucontext;
mod watched;

use std::process::ExitCode;

use libtest_mimic::Arguments;
use suite::{Suite, Tests, Versions};

const SUITES: [Suite; 18] = [
    Suite { name: "ahead", versions: Versions::Each, tests: ahead::tests },
    Suite { name: "c_interop", versions: Versions::Once, tests: c_interop::tests },
    Suite { name: "cases", versions: Versions::Once, tests: cases::tests },
    Suite { name: "cmake", versions: Versions::Once, tests: cmake::tests },
    Suite { name: "debuggers", versions: Versions::Once, tests: debuggers::tests },
    Suite { name: "docs", versions: Versions::Once, tests: docs::tests },
    Suite { name: "examples", versions: Versions::Each, tests: examples::tests },
    Suite { name: "exceptions", versions: Versions::Once, tests: exceptions::tests },
    Suite { name: "generators", versions: Versions::Once, tests: generators::tests },
    Suite { name: "header", versions: Versions::Once, tests: header::tests },
    Suite { name: "in_place", versions: Versions::Once, tests: in_place::tests },
    Suite { name: "ir_programs", versions: Versions::Once, tests: ir_programs::tests },
    Suite { name: "language", versions: Versions::Each, tests: language::tests },
    Suite { name: "random_programs", versions: Versions::Each, tests: random_programs::tests },
    Suite { name: "slices", versions: Versions::Once, tests: slices::tests },
    Suite { name: "table", versions: Versions::Each, tests: table::tests },
    Suite { name: "ucontext", versions: Versions::Once, tests: ucontext::tests },
    Suite { name: "watched", versions: Versions::Once, tests: watched::tests },
];

fn main() -> ExitCode {
    // Some tests run this program again, as another program.
    if let Some(code) =
        language::as_language().or_else(random_programs::as_search).or_else(table::as_programs)
    {
        return code;
    }
    let arguments = Arguments::from_args();
    let tests = Tests::of_suites(&SUITES);
    libtest_mimic::run(&arguments, tests).exit_code()
}
