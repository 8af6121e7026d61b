//! Places in the source, from debug information.

use std::fmt;

use inkwell::llvm_sys::debuginfo::*;
use inkwell::llvm_sys::prelude::LLVMMetadataRef;

use crate::text::copy_text;
use crate::wrappers::{Call, Function, Instruction};

/// A place in the source that a module was made from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    /// The file as the debug information names it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1; 0 where it is not known.
    pub column: u32,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl Function<'_> {
    /// Where the source has the function. `None` without debug information.
    pub fn location(self) -> Option<Location> {
        // SAFETY: the function is live; a subprogram is a scope and has a line.
        unsafe {
            let subprogram = LLVMGetSubprogram(self.value().raw());
            if subprogram.is_null() {
                return None;
            }
            let line = LLVMDISubprogramGetLine(subprogram);
            Some(Location { file: file_of(subprogram)?, line, column: 0 })
        }
    }
}

impl Instruction<'_> {
    /// Where the source has the instruction. `None` without debug information.
    pub fn location(self) -> Option<Location> {
        // SAFETY: the instruction is live; a location has a scope, a line and a column.
        unsafe {
            let location = LLVMInstructionGetDebugLoc(self.value().raw());
            if location.is_null() {
                return None;
            }
            let (line, column) =
                (LLVMDILocationGetLine(location), LLVMDILocationGetColumn(location));
            Some(Location { file: file_of(LLVMDILocationGetScope(location))?, line, column })
        }
    }
}

impl Call<'_> {
    /// Where the source has the call. `None` without debug information.
    pub fn location(self) -> Option<Location> {
        self.instruction().location()
    }
}

/// The name of the file that a scope is in.
///
/// # Safety
/// `scope` must be a scope of a live module's debug information.
unsafe fn file_of(scope: LLVMMetadataRef) -> Option<String> {
    // SAFETY: the caller vouches for the scope; LLVM keeps the name, which has this length.
    unsafe {
        let file = LLVMDIScopeGetFile(scope);
        if file.is_null() {
            return None;
        }
        let mut length = 0;
        let name = LLVMDIFileGetFilename(file, &mut length);
        Some(copy_text(name, length as usize))
    }
}
