//! From addresses of code to functions and lines, for what the JIT has compiled.

use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, PoisonError},
};

use addr2line::{Context, demangle_auto};
use gimli::{EndianArcSlice, RunTimeEndian};
use object::{
    Endianness, Object as _, ObjectSection, ObjectSymbol, RelocationKind, RelocationTarget,
    elf::FileHeader64, read::elf::ElfFile,
};

use super::objects::{self, Object};
use stackswitch_passes::diagnostics::Location;

/// A function that is being executed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// Its name in the IR; where that is a mangled one of C++ or Rust, as the source has it.
    pub function: String,
    /// Where in it, if the module has debug information.
    pub location: Option<Location>,
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.location {
            Some(location) => write!(f, "{} ({location})", self.function),
            None => f.write_str(&self.function),
        }
    }
}

/// The functions that the instruction at an address belongs to, if a [`Jit`](super::Jit) of this
/// process has compiled it: the function itself last, and before it those that were inlined there,
/// innermost first. None for other addresses.
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
    let mut frames = inlined(object, address).unwrap_or_default();
    let Some(function) = object.function(address) else { return frames };
    let name = demangled(&function.name, None);
    match frames.last_mut() {
        // The outermost is the function, whatever the debug information calls it.
        Some(last) => last.function = name,
        None => frames.push(Frame { function: name, location: None }),
    }
    frames
}

/// What the debug information says of an address. None if it says nothing.
fn inlined(object: &Object, address: u64) -> Option<Vec<Frame>> {
    let mut lines = object.lines.lock().unwrap_or_else(PoisonError::into_inner);
    let lines = lines.get_or_insert_with(|| Lines::of(&object.bytes)).0.as_ref()?;
    let mut found = lines.find_frames(address).skip_all_loads().ok()?;
    let mut frames = Vec::new();
    while let Ok(Some(frame)) = found.next() {
        let function = frame
            .function
            .and_then(|name| Some(demangled(&name.raw_name().ok()?, name.language)))
            .unwrap_or_default();
        let location = frame.location.and_then(|place| {
            // Line 0 is for code that no line has asked for.
            let line = place.line.filter(|line| *line != 0)?;
            let column = place.column.unwrap_or(0);
            Some(Location { file: place.file?.to_owned(), line, column })
        });
        frames.push(Frame { function, location });
    }
    (!frames.is_empty()).then_some(frames)
}

/// A name as the source has it.
fn demangled(name: &str, language: Option<gimli::DwLang>) -> String {
    demangle_auto(Cow::Borrowed(name), language).into_owned()
}

type Bytes = EndianArcSlice<RunTimeEndian>;

/// What the debug information of an object says of its lines, if it has any.
pub(super) struct Lines(Option<Context<Bytes>>);

impl Lines {
    /// Reads it from an object file whose sections have their addresses.
    fn of(file: &[u8]) -> Self {
        Self(Self::read(file))
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
}

/// The bytes of a section of debug information, with the addresses that its relocations ask for.
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
        let place = usize::try_from(offset).ok().and_then(|at| bytes.get_mut(at..at + width));
        if let (RelocationKind::Absolute, Some(place)) = (relocation.kind(), place) {
            match file.endian() {
                Endianness::Little => place.copy_from_slice(&value.to_le_bytes()[..width]),
                Endianness::Big => place.copy_from_slice(&value.to_be_bytes()[8 - width..]),
            }
        }
    }
    Some(bytes)
}
