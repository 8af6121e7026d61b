//! A remark: what a pass decided about an instruction, and why.

use stackswitch_ir::Instruction;

/// A decision about an instruction. It is reported while the instruction is still there.
#[derive(Clone, Debug)]
pub(crate) struct Remark<'m> {
    /// The instruction.
    pub(crate) at: Instruction<'m>,
    /// Whether the pass did what the remark is about.
    pub(crate) taken: bool,
    /// The name of the remark, for machines.
    pub(crate) name: &'static str,
    /// The decision with its reason, for people.
    pub(crate) text: String,
}
