//! Source lines of compiled code, read from the debug information of its object file.

use std::{borrow::Cow, sync::Arc};

use addr2line::{Context, demangle_auto};
use gimli::{EndianArcSlice, RunTimeEndian};
use object::{
    Endianness, Object as _, ObjectSection, ObjectSymbol, RelocationKind, RelocationTarget,
    elf::FileHeader64, read::elf::ElfFile,
};
use stackswitch_passes::diagnostics::Location;

use crate::stack_frame::Frame;

type Bytes = EndianArcSlice<RunTimeEndian>;

/// The debug information of one object file, if it has any.
pub(crate) struct LineTable(Option<Context<Bytes>>);

impl LineTable {
    /// Reads it from an object file whose section headers hold the sections' addresses.
    pub(crate) fn new(file: &[u8]) -> Self {
        Self(read(file))
    }

    /// The functions at an address, the innermost inlined one first. `None` if the debug
    /// information does not cover the address.
    pub(crate) fn frames(&self, address: u64) -> Option<Vec<Frame>> {
        let mut found = self.0.as_ref()?.find_frames(address).skip_all_loads().ok()?;
        let mut frames = Vec::new();
        while let Ok(Some(frame)) = found.next() {
            let function = frame
                .function
                .and_then(|name| Some(demangled(&name.raw_name().ok()?, name.language)))
                .unwrap_or_default();
            let location = frame.location.and_then(|place| {
                // Line 0 marks code that belongs to no line of the source.
                let line = place.line.filter(|line| *line != 0)?;
                let column = place.column.unwrap_or(0);
                let file = place.file?.to_owned();
                // The reader of DWARF has put the directory before the file.
                Some(Location { file, directory: String::new(), line, column })
            });
            frames.push(Frame::new(function, location));
        }
        (!frames.is_empty()).then_some(frames)
    }
}

/// A mangled name as the source has it; other names as they are.
pub(crate) fn demangled(name: &str, language: Option<gimli::DwLang>) -> String {
    demangle_auto(Cow::Borrowed(name), language).into_owned()
}

fn read(file: &[u8]) -> Option<Context<Bytes>> {
    let file = ElfFile::<FileHeader64<Endianness>>::parse(file).ok()?;
    let endian = match file.endian() {
        Endianness::Little => RunTimeEndian::Little,
        Endianness::Big => RunTimeEndian::Big,
    };
    let section = |id: gimli::SectionId| {
        let bytes = relocated(&file, id.name()).unwrap_or_default();
        Ok::<_, gimli::Error>(EndianArcSlice::new(Arc::from(bytes), endian))
    };
    Context::from_dwarf(gimli::Dwarf::load(section).ok()?).ok()
}

/// The bytes of a section of debug information, with its relocations applied.
fn relocated(file: &ElfFile<'_, FileHeader64<Endianness>>, name: &str) -> Option<Vec<u8>> {
    let section = file.section_by_name(name)?;
    let mut bytes = section.uncompressed_data().ok()?.into_owned();
    for (offset, relocation) in section.relocations() {
        let RelocationTarget::Symbol(symbol) = relocation.target() else { continue };
        let Ok(symbol) = file.symbol_by_index(symbol) else { continue };
        let base = symbol
            .section_index()
            .and_then(|index| file.section_by_index(index).ok())
            .map_or(0, |section| section.address());
        let value = base.wrapping_add(symbol.address()).wrapping_add_signed(relocation.addend());
        let width = usize::from(relocation.size() / 8);
        let target = usize::try_from(offset).ok().and_then(|at| bytes.get_mut(at..at + width));
        if let (RelocationKind::Absolute, Some(target)) = (relocation.kind(), target) {
            match file.endian() {
                Endianness::Little => target.copy_from_slice(&value.to_le_bytes()[..width]),
                Endianness::Big => target.copy_from_slice(&value.to_be_bytes()[8 - width..]),
            }
        }
    }
    Some(bytes)
}
