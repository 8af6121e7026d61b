//! Where local variables are that other code may access while their context is suspended: what the user
//! asked for, by an option, a module flag or a function attribute.

use stackswitch_ir::{Function, Module};

/// The module flag, the function attribute and the option of this pass.
pub(crate) const NAME: &str = "stackswitch-pointers";

/// Where variables are that other code may access while their context is suspended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pointers {
    /// In the frame. Pointers to them are valid only while the context is resident. Contexts can be
    /// cloned.
    #[default]
    Sliced,
    /// In memory that never moves. Pointers to them stay valid.
    Stable,
}

impl Pointers {
    /// The value of the module flag.
    pub(crate) fn number(self) -> u32 {
        u32::from(self == Pointers::Stable)
    }

    /// The value of the function attribute.
    fn text(self) -> &'static str {
        match self {
            Pointers::Sliced => "sliced",
            Pointers::Stable => "stable",
        }
    }

    /// What a value of the module flag means.
    pub(crate) fn from_number(number: u64) -> Self {
        if number == 0 { Pointers::Sliced } else { Pointers::Stable }
    }

    /// The mode of one function: its own attribute, or that of its module.
    pub(crate) fn of(function: Function<'_>, module: Self) -> Self {
        match function.string_attribute(NAME).as_deref() {
            Some("stable") => Pointers::Stable,
            Some("sliced") => Pointers::Sliced,
            _ => module,
        }
    }
}

/// The mode of functions without the attribute; `option` is that of modules without the flag.
pub(crate) fn mode_of(module: Module<'_>, option: Pointers) -> Pointers {
    module.flag(NAME).map_or(option, Pointers::from_number)
}

/// Gives each function without the attribute the mode of its module, and removes the module flag. So a
/// function keeps its mode when its module is linked with others. Functions without the attribute
/// have the default mode. Returns whether that changed anything.
pub(crate) fn record_mode(module: Module<'_>, option: Pointers) -> bool {
    let mode = mode_of(module, option);
    let has_flag = module.flag(NAME).is_some();
    if !has_flag && mode == Pointers::default() {
        return false;
    }
    let functions = module.functions().into_iter().filter(|f| !f.is_declaration());
    let changed = functions
        .fold(false, |changed, f| f.add_string_attribute(module, NAME, mode.text()) | changed);
    if has_flag {
        module.remove_flag(NAME);
    }
    changed | has_flag
}
