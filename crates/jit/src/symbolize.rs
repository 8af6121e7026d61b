//! From addresses of compiled code to function names and source lines.

use std::sync::PoisonError;

use crate::{
    line_table::{LineTable, demangled},
    objects::{self, Object},
    stack_frame::Frame,
};

/// The functions that the instruction at an address belongs to, if a [`Jit`](crate::Jit) of this
/// process has compiled it: the function itself last, and before it the functions that were
/// inlined there, innermost first. Empty for other addresses.
///
/// ```
/// use stackswitch::jit::{self, Jit};
///
/// let jit = Jit::builder().build()?;
/// jit.add_ir("seven.ll", "define i64 @seven() { ret i64 7 }")?;
/// let frames = jit::symbolize(jit.address("seven")?.addr());
/// assert_eq!(frames[0].function, "seven");
/// assert!(jit::symbolize(0).is_empty());
/// # Ok::<(), stackswitch::jit::Error>(())
/// ```
#[must_use]
pub fn symbolize(address: usize) -> Vec<Frame> {
    objects::find(address).map(|object| frames(&object, address as u64)).unwrap_or_default()
}

/// The frames of an address in the code of an object.
fn frames(object: &Object, address: u64) -> Vec<Frame> {
    let mut lines = object.lines.lock().unwrap_or_else(PoisonError::into_inner);
    let lines = lines.get_or_insert_with(|| LineTable::new(&object.bytes));
    let mut frames = lines.frames(address).unwrap_or_default();
    let Some(function) = object.function(address) else { return frames };
    let name = demangled(&function.name, None);
    match frames.last_mut() {
        // The outermost frame is the function itself. Its symbol has the name that the IR gives it.
        Some(last) => last.function = name,
        None => frames.push(Frame::new(name, None)),
    }
    frames
}
