//! What debuggers need to find contexts in a process or in a core file: a table of names and
//! numbers, made from the structures themselves.
//!
//! `debuggers/stackswitch_gdb.py` reads it, so it works with every build of the runtime of this
//! version. A name says where a field lies (`context.sp`), what a constant is (`state.ready`), or
//! where a register is in what a suspended context leaves (`record.rbp`).

use core::mem::offset_of;

#[cfg(target_arch = "x86_64")]
use crate::arch::described::{POSITION, RECORD};
use crate::check::CHECKED;
use crate::context::{Base, Context, Marks, Origin, Region, State};
use crate::heap::Heap;
use crate::pages::Pages;
use crate::posix;
use crate::saved;
use crate::store;
use crate::thread::{Thread, Tls};

/// Registers that other CPUs leave are not described yet.
#[cfg(not(target_arch = "x86_64"))]
const RECORD: [(&str, usize); 0] = [];
#[cfg(not(target_arch = "x86_64"))]
const POSITION: [(&str, usize); 0] = [];

/// Bytes of a name, with the zeros at its end.
const NAME: usize = 24;

/// One name and its number.
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
    /// Where a context goes on whose switch was a call, where one goes on that has exceptions in
    /// flight, and where a capture of the POSIX layer goes on that was a call.
    points: [unsafe extern "C" fn(); 3],
    entries: [Entry; COUNT],
}

unsafe extern "C" {
    fn stackswitch_point_return();
    fn stackswitch_point_exceptions();
    fn stackswitch_point_position();
}

/// The table, by a name that counts its layouts.
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

const COUNT: usize = FIELDS.len() + RECORD.len() + POSITION.len();

/// The entry at a place of the table: the fields, then the registers.
const fn entry(at: usize) -> Entry {
    let (prefix, (name, value)) = if at < FIELDS.len() {
        ("", FIELDS[at])
    } else if at - FIELDS.len() < RECORD.len() {
        ("record.", RECORD[at - FIELDS.len()])
    } else {
        ("position.", POSITION[at - FIELDS.len() - RECORD.len()])
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

const FIELDS: [(&str, usize); 48] = [
    ("checked", CHECKED as usize),
    ("words.current", offset_of!(Tls, current)),
    ("words.thread", offset_of!(Tls, thread)),
    ("words.side_top", offset_of!(Tls, side_top)),
    ("thread.number", offset_of!(Thread, number)),
    ("thread.main", offset_of!(Thread, main)),
    (
        "thread.headers",
        offset_of!(Thread, heap) + offset_of!(Heap, store) + store::described::ALL_HEADERS,
    ),
    ("chunk.headers", store::described::CHUNK_HEADERS),
    ("chunk.fresh", store::described::CHUNK_FRESH),
    ("chunk.first", store::described::FIRST_BLOCK),
    ("header.bytes", store::described::HEADER),
    ("context.sp", offset_of!(Context, sp)),
    ("context.tag", offset_of!(Context, tag)),
    ("context.marks", offset_of!(Context, marks)),
    ("mark.hidden", Marks::HIDDEN.0 as usize),
    ("context.saved", offset_of!(Context, saved)),
    ("context.slice", offset_of!(Context, slice)),
    ("context.link", offset_of!(Context, link)),
    ("context.base", offset_of!(Context, base)),
    ("context.away", offset_of!(Context, away)),
    // What a new context will run, in fields that it does not use yet: `Context::set_entry`.
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
    ("origin.given", Origin::Given as usize),
    ("state.new", State::New as usize),
    ("state.ready", State::Ready as usize),
    ("state.parked", State::Parked as usize),
    ("state.running", State::Running as usize),
    ("state.finished", State::Finished as usize),
    ("state.base", State::Base as usize),
    ("state.posix", State::Posix as usize),
    ("slice.shared", saved::described::SHARED),
    ("slice.pages", saved::described::PAGES),
    ("shared.slice", saved::described::SHARED_SLICE),
    ("pages.address", offset_of!(Pages, address)),
    ("posix.point", posix::described::POINT),
    ("posix.position", posix::described::POSITION),
    ("posix.slice", posix::described::SLICE),
    ("posix.length", posix::described::LENGTH),
    ("posix.home", posix::described::HOME),
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
