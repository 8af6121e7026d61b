//! What a user allows the passes to do, besides the level. It reaches the passes as module flags.

use inkwell::module::{FlagBehavior, Module};

use crate::pointer_mode::{self, Pointers};
use crate::{inline, opt, slices};

/// What the passes may do, besides the level.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Calls of switches may become in-place switches.
    pub in_place: bool,
    /// Contexts may become stackless.
    pub stackless: bool,
    /// Variables of at least so many bytes that are live across a switch go to the heap; 0 for none.
    pub heap_threshold: u32,
    /// The code will run in this process. So it uses no registers that this CPU lacks.
    pub runs_here: bool,
    /// Where variables are that other code may access while their context is suspended.
    pub pointers: Pointers,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            in_place: true,
            stackless: true,
            heap_threshold: 0,
            runs_here: false,
            pointers: Pointers::default(),
        }
    }
}

impl Settings {
    /// Sets the module's flags that differ from the default. A flag that the module has already stays.
    pub fn apply(self, module: &Module<'_>) {
        let asked = [
            (inline::FLAG, 0, !self.in_place),
            (opt::STACKLESS_FLAG, 0, !self.stackless),
            (inline::RUNS_HERE, 1, self.runs_here),
            (slices::HEAP_FLAG, self.heap_threshold, self.heap_threshold != 0),
            (pointer_mode::NAME, self.pointers.number(), self.pointers != Pointers::default()),
        ];
        for (flag, value, _) in asked.into_iter().filter(|&(.., set)| set) {
            if module.get_flag(flag).is_none() {
                let value = module.get_context().i32_type().const_int(value.into(), false);
                module.add_basic_value_flag(flag, FlagBehavior::Override, value);
            }
        }
    }
}
