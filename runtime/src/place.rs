//! Where control can go on in the POSIX layer, as the assembly and compiled code know it.

use crate::arch::{Position, points};
use crate::context::{Base, Context, Marks, Origin, Region, State, Tag};

/// The head of an object of the POSIX layer.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Place {
    /// The address to go on at, with the address of this in a register. It may be that of code
    /// which needs no more of the position than it has put there itself.
    pub point: usize,
    /// Owner, [`State::Posix`] once captured. At the offset of [`Context::tag`].
    pub tag: Tag,
    /// [`PLAIN`], or what else there is to do.
    pub kind: u32,
    /// Stack pointer and registers.
    pub position: Position,
}

/// A capture without a slice by a thread that keeps no track of stacks: all it takes is to go
/// there. With a tag it makes no address that a processor would jump to.
pub(crate) const PLAIN: u32 = 1 << 31;
/// The signal mask is set as well.
pub(crate) const MASKED: u32 = 1;

/// The tag and the kind of a thread's plain captures, in one word.
pub(crate) const fn plain(thread: u32) -> u64 {
    Tag::new(thread, State::Posix).0 as u64 | (PLAIN as u64) << 32
}

impl Place {
    /// None.
    pub(crate) const NOWHERE: Self =
        Self { point: 0, tag: Tag(0), kind: 0, position: Position::NOWHERE };

    /// One that the runtime has captured.
    pub(crate) fn at(position: Position, tag: Tag, kind: u32) -> Self {
        Self { point: points::position(), tag, kind, position }
    }
}

/// What lies at the top of a stack that was given to `makecontext`: the stack as a region with one
/// base and one context.
#[repr(C)]
pub(crate) struct Stack {
    pub context: Context,
    base: Base,
    region: Region,
    /// [`Self::mark`] if the memory belongs to another stack and what runs here has not ended.
    nested: usize,
}

impl Stack {
    /// The one at the top of the memory before `end`.
    pub(crate) fn before(end: usize) -> *mut Self {
        ((end - size_of::<Self>()) & !63) as *mut Self
    }

    /// The one that has a hidden context.
    pub(crate) fn of(context: *mut Context) -> *mut Self {
        const { assert!(core::mem::offset_of!(Self, context) == 0) };
        context.cast()
    }

    /// Writes one at the top of `size` bytes from `low` on. What is left of them begins at `low`
    /// and ends at its address.
    ///
    /// # Safety
    /// The memory is free, and of at least [`MIN_STACK`] bytes.
    pub(crate) unsafe fn write(low: usize, size: usize, thread: u32) -> *mut Self {
        let at = Self::before(low + size);
        let top = at.addr();
        // SAFETY: the caller vouches for the place; the parts point to one another there.
        unsafe {
            let mut context = Context::empty();
            context.marks = Marks::HIDDEN;
            context.sp = top;
            context.base = &raw mut (*at).base;
            context.tag = Tag::new(thread, State::Parked);
            at.write(Self {
                context,
                base: Base::new(top, Tag(0), &raw mut (*at).region),
                region: Region::new(Origin::Given, low, size, 0),
                nested: 0,
            });
        }
        at
    }

    /// Nobody has that word on his stack by accident.
    fn mark(stack: *mut Self, thread: u32) -> usize {
        (0x7374_6163_6B73_7769_u64 as usize ^ stack.addr()).wrapping_add(thread as usize)
    }

    /// Marks it as within another stack of a thread.
    ///
    /// # Safety
    /// It has been written.
    pub(crate) unsafe fn nest(stack: *mut Self, thread: u32) {
        // SAFETY: as the caller's.
        unsafe { (*stack).nested = Self::mark(stack, thread) }
    }

    /// Takes that mark away. Whether there was one.
    ///
    /// # Safety
    /// Its memory is a stack's, whatever it holds.
    pub(crate) unsafe fn unnest(stack: *mut Self, thread: u32) -> bool {
        // SAFETY: as the caller's; any bytes are a word.
        unsafe {
            let marked = (&raw const (*stack).nested).read_volatile() == Self::mark(stack, thread);
            (*stack).nested = 0;
            marked
        }
    }
}

/// The least bytes that `makecontext` takes for a stack.
pub const MIN_STACK: usize = 2048;

const _: () = assert!(
    size_of::<Stack>() <= MIN_STACK / 2,
    "what lies at a stack's top leaves room for the stack"
);
