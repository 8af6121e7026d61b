//! The functions of a linked object file: their names and addresses.

use object::{
    Endianness, Object as _, ObjectSection, ObjectSymbol, SymbolKind, elf::FileHeader64,
    read::elf::ElfFile,
};

/// A function of an object file.
#[derive(Debug)]
pub(crate) struct Function {
    /// The address of its first instruction.
    pub(crate) start: u64,
    /// The size of its code in bytes.
    pub(crate) size: u64,
    /// Its name in the module.
    pub(crate) name: String,
}

/// The functions of an object file, sorted by address. The section headers of the file hold the
/// addresses at which the sections were loaded.
///
/// # Errors
/// If the bytes are not a valid ELF file.
pub(crate) fn functions(file: &[u8]) -> object::Result<Vec<Function>> {
    let file = ElfFile::<FileHeader64<Endianness>>::parse(file)?;
    let mut functions = Vec::new();
    for symbol in file.symbols() {
        if symbol.kind() != SymbolKind::Text || !symbol.is_definition() {
            continue;
        }
        let Some(section) = symbol.section_index() else { continue };
        let start = file.section_by_index(section)?.address();
        if start != 0 {
            let (start, size) = (start.wrapping_add(symbol.address()), symbol.size());
            let name = String::from_utf8_lossy(symbol.name_bytes()?).into_owned();
            functions.push(Function { start, size, name });
        }
    }
    functions.sort_by_key(|function| function.start);
    Ok(functions)
}
