//! The table as the documentation shows it.

use core::fmt;

use super::{Intrinsic, Layer, ParamKind, Returns, TABLE};

/// The type of an intrinsic. Its `Display` is what the documentation writes, such as
/// `T (ptr to, T value)`.
#[derive(Clone, Copy, Debug)]
pub struct Prototype(&'static Intrinsic);

impl Intrinsic {
    /// The type as the documentation writes it.
    pub fn prototype(&'static self) -> Prototype {
        Prototype(self)
    }
}

impl fmt::Display for Prototype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.returns {
            Returns::Void => "void",
            Returns::Int => "i32",
            Returns::Size => "iPTR",
            Returns::Pointer => "ptr",
            Returns::Value => "T",
        })?;
        f.write_str(" (")?;
        for (i, param) in self.0.params.iter().enumerate() {
            let ty = match param.kind {
                ParamKind::StackSize | ParamKind::Size => "iPTR",
                ParamKind::Value => "T",
                ParamKind::Context
                | ParamKind::OptionalContext
                | ParamKind::Link
                | ParamKind::Capture
                | ParamKind::Base
                | ParamKind::OptionalBase
                | ParamKind::Stack
                | ParamKind::Function(_)
                | ParamKind::Argument => "ptr",
            };
            write!(f, "{}{ty} {}", if i == 0 { "" } else { ", " }, param.name)?;
        }
        f.write_str(")")
    }
}

/// The intrinsics of one layer. Its `Display` is a Markdown table.
#[derive(Clone, Copy, Debug)]
pub struct Markdown(Layer);

/// The intrinsics of one layer as a Markdown table.
pub fn markdown(layer: Layer) -> Markdown {
    Markdown(layer)
}

impl fmt::Display for Markdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("| intrinsic | type | meaning |\n| --- | --- | --- |\n")?;
        for i in TABLE.iter().filter(|i| i.layer == self.0) {
            let suffix = if i.overloaded { "[.T]" } else { "" };
            let (name, prototype, doc) = (i.full_name(), i.prototype(), i.doc);
            writeln!(f, "| `{name}{suffix}` | `{prototype}` | {doc} |")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::format;
    use std::string::ToString;

    use super::*;

    #[test]
    fn every_intrinsic_is_in_one_table_once() {
        let text = markdown(Layer::Posix).to_string() + &markdown(Layer::Coroutine).to_string();
        for i in TABLE {
            let end = if i.overloaded { "[.T]`" } else { "`" };
            assert_eq!(text.matches(&format!("`{}{end}", i.full_name())).count(), 1, "{}", i.name);
        }
    }

    #[test]
    fn a_prototype_names_types_and_parameters() {
        let shown = |name| crate::intrinsics::named(name).prototype().to_string();
        assert_eq!(shown("swap.ontop"), "T (ptr to, ptr fn, T value)");
        assert_eq!(shown("base.create"), "ptr (iPTR reserve)");
        assert_eq!(shown("prefetch"), "void (ptr ctx)");
    }
}
