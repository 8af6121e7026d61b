//! The list of the passes, which `docs/passes.md` shows as a table.

/// One pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pass {
    /// Its name, as `opt -passes=` takes it.
    pub name: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Where the default pipelines run it.
    pub place: &'static str,
    /// Whether it runs at `-O0`, on `optnone` functions and under `-opt-bisect-limit` too.
    pub required: bool,
}

/// All passes, in the order in which the default pipelines run them.
pub const PASSES: [Pass; 10] = [
    Pass {
        name: "stackswitch-from-ucontext",
        summary: "replaces the functions of `<ucontext.h>` by those of the runtime",
        place: "at the start of the pipeline, if asked for",
        required: false,
    },
    Pass {
        name: "stackswitch-verify",
        summary: "reports wrong uses of the intrinsics as errors and doubtful ones as warnings",
        place: "at the start of the pipeline",
        required: true,
    },
    Pass {
        name: "stackswitch-opt",
        summary: "replaces contexts and switches by something cheaper",
        place: "after `stackswitch-verify` and at the start of full LTO, not at `-O0`",
        required: false,
    },
    Pass {
        name: "stackswitch-opt-again",
        summary: "repeats `stackswitch-opt` on code that has been inlined",
        place: "between simplification and optimisation, not at `-O0`",
        required: false,
    },
    Pass {
        name: "stackswitch-lower",
        summary: "turns the intrinsics into calls of the runtime",
        place: "after `stackswitch-opt` and before the simplification of a ThinLTO backend",
        required: true,
    },
    Pass {
        name: "stackswitch-pointers",
        summary: "moves variables that other code may access while their context is suspended",
        place: "at the end of the pipeline and of full LTO",
        required: true,
    },
    Pass {
        name: "stackswitch-slices",
        summary: "moves local variables so that fewer bytes are copied",
        place: "at the end of the pipeline and of full LTO, not at `-O0`",
        required: false,
    },
    Pass {
        name: "stackswitch-slice-size",
        summary: "measures how many bytes of each frame are copied",
        place: "after `stackswitch-slices`",
        required: false,
    },
    Pass {
        name: "stackswitch-inline",
        summary: "puts the fast path of switches in the place of calls",
        place: "after `stackswitch-slice-size`",
        required: false,
    },
    Pass {
        name: "stackswitch-check",
        summary: "reports intrinsics that were not lowered",
        place: "at the end of the pipeline and of full LTO, and with LLVM 22 before code generation",
        required: true,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_this_table() {
        let page = include_str!("../../../../docs/passes.md");
        let rows: Vec<&str> = page.lines().filter(|l| l.starts_with("| `stackswitch-")).collect();
        let expected: Vec<String> = PASSES
            .iter()
            .map(|pass| format!("| `{}` | {} | {} |", pass.name, pass.summary, pass.place))
            .collect();
        assert_eq!(rows, expected);
    }
}
