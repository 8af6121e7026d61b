//! What the passes may do to a module, as its flags say it.

use inkwell::module::{FlagBehavior, Module};

use crate::{inline, opt, slices};

/// What is asked for besides the level.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Switches may be put in place.
    pub in_place: bool,
    /// Contexts may lose their stacks.
    pub stackless: bool,
    /// From how many bytes on variables that a switch needs go to the heap; 0 for none.
    pub heap_threshold: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { in_place: true, stackless: true, heap_threshold: 0 }
    }
}

impl Settings {
    /// Tells the passes through the module's flags. What a module says itself goes before it.
    pub fn apply(self, module: &Module<'_>) {
        let asked = [
            (inline::FLAG, 0, !self.in_place),
            (opt::STACKLESS_FLAG, 0, !self.stackless),
            (slices::HEAP_FLAG, self.heap_threshold, self.heap_threshold != 0),
        ];
        for (flag, value, _) in asked.into_iter().filter(|&(.., set)| set) {
            if module.get_flag(flag).is_none() {
                let value = module.get_context().i32_type().const_int(value.into(), false);
                module.add_basic_value_flag(flag, FlagBehavior::Override, value);
            }
        }
    }
}
