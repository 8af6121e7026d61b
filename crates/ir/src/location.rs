//! Places in the source, from debug information.

use std::fmt;
use std::path::{Path, PathBuf};

use inkwell::llvm_sys::debuginfo::*;
use inkwell::llvm_sys::prelude::LLVMMetadataRef;

use crate::text::copy_text;
use crate::wrappers::{Call, Function, Instruction};

/// A place in the source that a module was made from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    /// The file as the debug information names it.
    pub file: String,
    /// The directory that `file` starts from if it is relative; empty if that is not known. The
    /// compiler chooses it: it need not be the one in which the compiler was run.
    pub directory: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1; 0 where it is not known.
    pub column: u32,
}

impl Location {
    /// Where the file is, for those who read it.
    pub fn path(&self) -> PathBuf {
        Path::new(&self.directory).join(&self.file)
    }
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
            place(subprogram, line, 0)
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
            place(LLVMDILocationGetScope(location), line, column)
        }
    }
}

impl Call<'_> {
    /// Where the source has the call. `None` without debug information.
    pub fn location(self) -> Option<Location> {
        self.instruction().location()
    }
}

/// A place in the file that a scope is in. `None` if the scope names no file.
///
/// # Safety
/// `scope` must be a scope of a live module's debug information.
unsafe fn place(scope: LLVMMetadataRef, line: u32, column: u32) -> Option<Location> {
    // SAFETY: the caller vouches for the scope; LLVM keeps both names, which have these lengths.
    unsafe {
        let file = LLVMDIScopeGetFile(scope);
        if file.is_null() {
            return None;
        }
        let mut length = 0;
        let name = LLVMDIFileGetFilename(file, &mut length);
        let name = copy_text(name, length as usize);
        let directory = LLVMDIFileGetDirectory(file, &mut length);
        let directory = copy_text(directory, length as usize);
        Some(Location { file: name, directory, line, column })
    }
}
