//! Where control continues in the POSIX layer.

use stackswitch_abi::{cpu, layout};

use crate::arch::{Position, resume_points};
use crate::context::{State, Tag};

/// The head of an object of the POSIX layer.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Destination {
    /// The resume address. The code there finds the address of this structure in a register. An
    /// in-place capture has a resume address of its own, and stores only the registers that the
    /// code at this address reads.
    pub resume_address: usize,
    /// Owner, [`State::Posix`] once captured. At the offset of [`Context::tag`].
    ///
    /// [`Context::tag`]: crate::context::Context::tag
    pub tag: Tag,
    /// [`PLAIN`], [`MASKED`] or 0.
    pub kind: u32,
    /// Stack pointer and registers.
    pub position: Position,
}

/// The kind of a capture without a slice by a thread that does not track stacks: to resume it, only
/// registers are loaded. Together with a tag it makes no address that a processor would jump to.
pub(crate) const PLAIN: u32 = 1 << 31;
/// The kind of a capture that sets the signal mask when resumed.
pub(crate) const MASKED: u32 = 1;

/// The tag and the kind of a thread's plain captures, in one word.
pub(crate) const fn plain_mark(thread: u32) -> u64 {
    Tag::new(thread, State::Posix).0 as u64 | (PLAIN as u64) << 32
}

impl Destination {
    /// No destination.
    pub(crate) const NOWHERE: Self =
        Self { resume_address: 0, tag: Tag(0), kind: 0, position: Position::NOWHERE };

    /// A destination that the runtime has captured.
    pub(crate) fn at(position: Position, tag: Tag, kind: u32) -> Self {
        Self { resume_address: resume_points::position(), tag, kind, position }
    }
}

const _: () = {
    use core::mem::offset_of;
    assert!(offset_of!(Destination, resume_address) == layout::object::RESUME_ADDRESS);
    assert!(offset_of!(Destination, tag) == layout::object::TAG);
    assert!(offset_of!(Destination, kind) == layout::object::TAG + 4);
    assert!(offset_of!(Destination, position) == layout::object::POSITION);
    assert!(offset_of!(Destination, position) + offset_of!(Position, sp) == cpu::object::SP);
};
