//! The table by which debuggers find contexts in a process or in a core file: names and numbers, made
//! from the structures themselves, so it fits every build of the runtime.
//!
//! `debuggers/stackswitch_gdb.py` reads it. A name is the offset of a field (`context.sp`), a constant
//! (`state.ready`), or the offset of a register in a switch record (`record.rbp`) or in a captured
//! position (`position.rbp`).

use core::mem::offset_of;

use crate::arch::{POSITION_REGISTERS, RECORD_REGISTERS};
use crate::check::CHECKED;
use crate::context::{Base, Context, Flags, Origin, Region, State};
use crate::heap::Heap;
use crate::large_slices::Pages;
use crate::posix;
use crate::saved;
use crate::store;
use crate::thread::{Thread, ThreadWords};

/// Bytes of a name, with the zeros at its end.
const NAME: usize = 24;

/// A name and its number.
#[derive(Clone, Copy)]
#[repr(C)]
struct Entry {
    name: [u8; NAME],
    value: u64,
}

/// The table.
#[repr(C)]
pub struct Description {
    /// Bytes of an entry.
    entry: u32,
    /// How many entries there are.
    count: u32,
    /// Resume addresses: of a context that called a switch, of a context with exceptions in flight,
    /// and of a position that a call captured.
    points: [unsafe extern "C" fn(); 3],
    entries: [Entry; COUNT],
}

unsafe extern "C" {
    fn stackswitch_point_return();
    fn stackswitch_point_exceptions();
    fn stackswitch_point_position();
}

/// The table. The number in its name counts layouts.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)]
pub static stackswitch_debug_v2: Description = Description {
    entry: size_of::<Entry>() as u32,
    count: COUNT as u32,
    points: [stackswitch_point_return, stackswitch_point_exceptions, stackswitch_point_position],
    entries: {
        let mut entries = [Entry { name: [0; NAME], value: 0 }; COUNT];
        let mut at = 0;
        while at < COUNT {
            entries[at] = entry(at);
            at += 1;
        }
        entries
    },
};

const COUNT: usize = FIELDS.len() + RECORD_REGISTERS.len() + POSITION_REGISTERS.len();

/// The entry at an index: the fields, then the registers.
const fn entry(at: usize) -> Entry {
    let (prefix, (name, value)) = if at < FIELDS.len() {
        ("", FIELDS[at])
    } else if at - FIELDS.len() < RECORD_REGISTERS.len() {
        ("record.", RECORD_REGISTERS[at - FIELDS.len()])
    } else {
        ("position.", POSITION_REGISTERS[at - FIELDS.len() - RECORD_REGISTERS.len()])
    };
    let mut bytes = [0; NAME];
    let (prefix, name) = (prefix.as_bytes(), name.as_bytes());
    assert!(prefix.len() + name.len() < NAME, "a name ends with a zero");
    let mut to = 0;
    while to < prefix.len() + name.len() {
        bytes[to] = if to < prefix.len() { prefix[to] } else { name[to - prefix.len()] };
        to += 1;
    }
    Entry { name: bytes, value: value as u64 }
}

const FIELDS: [(&str, usize); 47] = [
    ("checked", CHECKED as usize),
    ("words.current", offset_of!(ThreadWords, current)),
    ("words.thread", offset_of!(ThreadWords, thread)),
    ("words.side_top", offset_of!(ThreadWords, side_top)),
    ("thread.number", offset_of!(Thread, number)),
    ("thread.main", offset_of!(Thread, main)),
    (
        "thread.headers",
        offset_of!(Thread, heap) + offset_of!(Heap, store) + store::debug_offsets::ALL_HEADERS,
    ),
    ("chunk.headers", store::debug_offsets::CHUNK_HEADERS),
    ("chunk.fresh", store::debug_offsets::CHUNK_FRESH),
    ("chunk.first", store::debug_offsets::FIRST_BLOCK),
    ("header.bytes", store::debug_offsets::HEADER),
    ("context.sp", offset_of!(Context, sp)),
    ("context.tag", offset_of!(Context, tag)),
    ("context.marks", offset_of!(Context, flags)),
    ("mark.hidden", Flags::HIDDEN.0 as usize),
    ("context.saved", offset_of!(Context, saved)),
    ("context.slice", offset_of!(Context, slice)),
    ("context.link", offset_of!(Context, link)),
    ("context.base", offset_of!(Context, base)),
    ("context.counterpart", offset_of!(Context, counterpart)),
    // What a new context will run: `Context::set_entry`.
    ("new.argument", offset_of!(Context, sp)),
    ("new.body", offset_of!(Context, slice)),
    ("base.top", offset_of!(Base, top)),
    ("base.contexts", offset_of!(Base, contexts)),
    ("base.region", offset_of!(Base, region)),
    ("region.low", offset_of!(Region, low)),
    ("region.length", offset_of!(Region, length)),
    ("region.guard", offset_of!(Region, guard)),
    ("region.origin", offset_of!(Region, origin)),
    ("origin.native", Origin::Native as usize),
    ("origin.mapped", Origin::Mapped as usize),
    ("origin.given", Origin::User as usize),
    ("state.new", State::New as usize),
    ("state.ready", State::Ready as usize),
    ("state.parked", State::Parked as usize),
    ("state.finished", State::Finished as usize),
    ("state.base", State::Base as usize),
    ("state.posix", State::Posix as usize),
    ("slice.shared", saved::debug_offsets::SHARED),
    ("slice.pages", saved::debug_offsets::PAGES),
    ("shared.slice", saved::debug_offsets::SHARED_SLICE),
    ("pages.address", offset_of!(Pages, address)),
    ("posix.point", posix::debug_offsets::RESUME_ADDRESS),
    ("posix.position", posix::debug_offsets::POSITION),
    ("posix.slice", posix::debug_offsets::SLICE),
    ("posix.length", posix::debug_offsets::LENGTH),
    ("posix.home", posix::debug_offsets::HOME),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::vec::Vec;

    #[test]
    fn names_are_unique_and_readable() {
        let names: Vec<&str> = stackswitch_debug_v2
            .entries
            .iter()
            .map(|entry| core::str::from_utf8(&entry.name).unwrap().trim_end_matches('\0'))
            .collect();
        assert!(names.iter().all(|name| !name.is_empty() && !name.contains('\0')), "{names:?}");
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "{names:?}");
        assert!(names.contains(&"context.sp") && names.contains(&"state.ready"), "{names:?}");
    }
}
