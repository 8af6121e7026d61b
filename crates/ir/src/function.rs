//! Functions and their attributes.

use std::collections::HashSet;
use std::ffi::CString;

use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::debuginfo::*;
use inkwell::llvm_sys::prelude::*;
use inkwell::llvm_sys::{LLVMAttributeFunctionIndex, LLVMAttributeReturnIndex, LLVMLinkage};

use super::{Call, Module, Type, Value, copy_text};
use crate::Location;

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Function<'m>(pub(super) Value<'m>);

// SAFETY: this is the function of `shim.cc`, with the type that it has there.
unsafe extern "C" {
    fn stackswitch_ir_describe(made: LLVMValueRef, like: LLVMValueRef);
}

/// How a function is seen from other modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linkage {
    /// Under its name.
    External,
    /// Not at all.
    Local,
}

impl<'m> Function<'m> {
    /// Declares or starts a function. LLVM changes the name if it is taken.
    pub fn add(module: Module<'m>, name: &str, ty: Type<'m>, linkage: Linkage) -> Self {
        let name: Vec<u8> = name.bytes().filter(|&b| b != 0).collect();
        // A name without zero bytes always makes a C string.
        let name = CString::new(name).unwrap_or_default();
        // SAFETY: the module is live and the type is a function type of its context.
        unsafe {
            let raw = LLVMAddFunction(module.raw(), name.as_ptr(), ty.raw());
            if linkage == Linkage::Local {
                LLVMSetLinkage(raw, LLVMLinkage::LLVMInternalLinkage);
            }
            Function(Value::new(raw))
        }
    }

    /// As a value: its address.
    pub fn value(self) -> Value<'m> {
        self.0
    }

    /// Its name, as the bytes that it is.
    pub fn name_bytes(self) -> &'m [u8] {
        let mut length = 0;
        // SAFETY: the function is live; LLVM keeps the name as long as the function has it, and
        // the passes rename nothing.
        unsafe {
            let name = LLVMGetValueName2(self.0.raw(), &mut length);
            if length == 0 { &[] } else { std::slice::from_raw_parts(name.cast(), length) }
        }
    }

    /// Its name.
    pub fn name(self) -> String {
        String::from_utf8_lossy(self.name_bytes()).into_owned()
    }

    /// Where the source has it, if there is debug information.
    pub fn location(self) -> Option<Location> {
        // SAFETY: the function is live; the subprogram is asked for what it has, and LLVM keeps the
        // text.
        unsafe {
            let subprogram = LLVMGetSubprogram(self.0.raw());
            if subprogram.is_null() {
                return None;
            }
            let file = LLVMDIScopeGetFile(subprogram);
            if file.is_null() {
                return None;
            }
            let mut length = 0;
            let name = LLVMDIFileGetFilename(file, &mut length);
            Some(Location {
                file: copy_text(name, length as usize),
                line: LLVMDISubprogramGetLine(subprogram),
                column: 0,
            })
        }
    }

    /// Gives it a description for debuggers like that of `like`, if that has one: as a function
    /// that the compiler has made, at the same line.
    pub fn describe_like(self, like: Function<'m>) {
        // SAFETY: both are live functions of one module.
        unsafe { stackswitch_ir_describe(self.0.raw(), like.0.raw()) }
    }

    /// Its function type.
    pub fn ty(self) -> Type<'m> {
        // SAFETY: the function is live.
        Type::new(unsafe { LLVMGlobalGetValueType(self.0.raw()) })
    }

    /// Whether it has no body here.
    pub fn is_declaration(self) -> bool {
        // SAFETY: the function is live.
        unsafe { LLVMIsDeclaration(self.0.raw()) != 0 }
    }

    /// Whether other modules cannot see it.
    pub fn is_local(self) -> bool {
        // SAFETY: the function is live.
        let linkage = unsafe { LLVMGetLinkage(self.0.raw()) };
        matches!(linkage, LLVMLinkage::LLVMInternalLinkage | LLVMLinkage::LLVMPrivateLinkage)
    }

    /// Whether its body here is the one that will run: no other module may replace it.
    pub fn is_exact(self) -> bool {
        !self.is_declaration() && self.has_fixed_meaning()
    }

    /// Whether a copy of its body here may run in its stead: another module can only put the same
    /// function in its place.
    pub fn may_be_copied(self) -> bool {
        // SAFETY: the function is live.
        let linkage = unsafe { LLVMGetLinkage(self.0.raw()) };
        let same = matches!(
            linkage,
            LLVMLinkage::LLVMLinkOnceODRLinkage
                | LLVMLinkage::LLVMWeakODRLinkage
                | LLVMLinkage::LLVMAvailableExternallyLinkage
        );
        !self.is_declaration() && (same || self.has_fixed_meaning())
    }

    /// Whether no other module may put something else in its place.
    pub(super) fn has_fixed_meaning(self) -> bool {
        // SAFETY: the function, or what else has a linkage, is live.
        let linkage = unsafe { LLVMGetLinkage(self.0.raw()) };
        self.is_local() || linkage == LLVMLinkage::LLVMExternalLinkage
    }

    /// Its calling convention; 0 is C's.
    pub fn calling_convention(self) -> u32 {
        // SAFETY: the function is live.
        unsafe { LLVMGetFunctionCallConv(self.0.raw()) }
    }

    /// Its callers, and whether it is used in any other way.
    pub fn uses(self) -> (Vec<Call<'m>>, bool) {
        let (mut calls, mut other) = (Vec::new(), false);
        // A function that is callee and operand of one call has two uses.
        let mut seen = HashSet::new();
        // SAFETY: the function is live; the list of uses is not changed while it is walked.
        let mut next = unsafe { LLVMGetFirstUse(self.0.raw()) };
        while !next.is_null() {
            // SAFETY: `next` is a use of the live function.
            let user = unsafe { LLVMGetUser(next) };
            match Call::from_raw(user) {
                Some(call) if call.callee() == self.0 => {
                    other |= call.args().contains(&self.0);
                    if seen.insert(call) {
                        calls.push(call);
                    }
                }
                _ => other = true,
            }
            // SAFETY: as above.
            next = unsafe { LLVMGetNextUse(next) };
        }
        // LLVM lists the latest use first; people read from the top.
        calls.reverse();
        (calls, other)
    }

    /// Whether it names a function that handles exceptions.
    pub fn has_personality(self) -> bool {
        // SAFETY: the function is live.
        unsafe { LLVMHasPersonalityFn(self.0.raw()) != 0 }
    }

    /// Whether it names a garbage collector.
    pub fn has_collector(self) -> bool {
        // SAFETY: the function is live.
        unsafe { !LLVMGetGC(self.0.raw()).is_null() }
    }

    /// Whether nothing uses it.
    pub fn is_unused(self) -> bool {
        self.0.is_unused()
    }

    /// Puts another function in its place everywhere.
    pub fn replace(self, other: Function<'m>) {
        // SAFETY: both are live, of one module, and pointers to functions.
        unsafe { LLVMReplaceAllUsesWith(self.value().raw(), other.value().raw()) }
    }

    /// Removes it from its module. It must be unused and must not be used again.
    pub fn erase(self) {
        // SAFETY: the function is live and, as the caller sees to, unused.
        unsafe { LLVMDeleteFunction(self.0.raw()) }
    }

    /// Its parameters.
    pub fn params(self) -> Vec<Value<'m>> {
        // SAFETY: the function is live; indices are below the count.
        unsafe {
            (0..LLVMCountParams(self.0.raw()))
                .map(|i| Value::new(LLVMGetParam(self.0.raw(), i)))
                .collect()
        }
    }

    /// Gives it an enum attribute, with a value for those that have one, unless it is there.
    /// Returns whether anything changed.
    pub fn add_attribute(
        self,
        module: Module<'m>,
        place: AttributePlace,
        name: &str,
        value: u64,
    ) -> bool {
        let kind = attribute_kind(name);
        // SAFETY: the function and its context are live; the kind is one that LLVM named.
        unsafe {
            let old = LLVMGetEnumAttributeAtIndex(self.0.raw(), place.index(), kind);
            if !old.is_null() && LLVMGetEnumAttributeValue(old) == value {
                return false;
            }
            let attribute = LLVMCreateEnumAttribute(module.context(), kind, value);
            LLVMAddAttributeAtIndex(self.0.raw(), place.index(), attribute);
        }
        true
    }

    /// Takes an enum attribute away; returns whether it was there.
    pub fn remove_attribute(self, place: AttributePlace, name: &str) -> bool {
        let found = self.attribute(place, name).is_some();
        if found {
            // SAFETY: the function is live; the kind is one that LLVM named.
            unsafe {
                LLVMRemoveEnumAttributeAtIndex(self.0.raw(), place.index(), attribute_kind(name));
            }
        }
        found
    }

    /// The enum or type attribute of that name in that place.
    pub fn attribute(self, place: AttributePlace, name: &str) -> Option<LLVMAttributeRef> {
        let kind = attribute_kind(name);
        // SAFETY: the function is live; the kind is one that LLVM named.
        let raw = unsafe { LLVMGetEnumAttributeAtIndex(self.0.raw(), place.index(), kind) };
        (kind != 0 && !raw.is_null()).then_some(raw)
    }

    /// Takes over an attribute of `other`, by name; enum and string attributes alike.
    pub fn copy_attribute(self, other: Function<'m>, name: &str) {
        let place = AttributePlace::Function.index();
        let kind = attribute_kind(name);
        // SAFETY: both functions are live and in one context; the name's length is right.
        unsafe {
            let found = if kind != 0 {
                LLVMGetEnumAttributeAtIndex(other.0.raw(), place, kind)
            } else {
                LLVMGetStringAttributeAtIndex(
                    other.0.raw(),
                    place,
                    name.as_ptr().cast(),
                    name.len() as u32,
                )
            };
            if !found.is_null() {
                LLVMAddAttributeAtIndex(self.0.raw(), place, found);
            }
        }
    }

    /// Whether it must not be optimised.
    pub fn is_optnone(self) -> bool {
        self.attribute(AttributePlace::Function, "optnone").is_some()
    }

    /// Whether it is said to write no memory and to throw nothing.
    pub fn only_reads(self) -> bool {
        /// The bits that stand for writing, of two for each kind of memory.
        const WRITES: u64 = 0xaaaa_aaaa_aaaa_aaaa;
        let place = AttributePlace::Function;
        let Some(memory) = self.attribute(place, "memory") else { return false };
        // SAFETY: the attribute is one of a live function and has an integer as its value.
        let memory = unsafe { LLVMGetEnumAttributeValue(memory) };
        memory & WRITES == 0 && self.attribute(place, "nounwind").is_some()
    }

    /// Gives it a string attribute without a value, unless it is there. Returns whether anything
    /// changed.
    pub fn add_string_attribute(self, module: Module<'m>, name: &str) -> bool {
        if self.string_attribute(name).is_some() {
            return false;
        }
        // SAFETY: the function and its context are live; the lengths are right.
        unsafe {
            let attribute = LLVMCreateStringAttribute(
                module.context(),
                name.as_ptr().cast(),
                name.len() as u32,
                c"".as_ptr(),
                0,
            );
            LLVMAddAttributeAtIndex(self.0.raw(), AttributePlace::Function.index(), attribute);
        }
        true
    }

    /// The value of a string attribute of the function.
    pub fn string_attribute(self, name: &str) -> Option<String> {
        // SAFETY: the function is live; the name's length is right; LLVM keeps the value's text.
        unsafe {
            let raw = LLVMGetStringAttributeAtIndex(
                self.0.raw(),
                AttributePlace::Function.index(),
                name.as_ptr().cast(),
                name.len() as u32,
            );
            if raw.is_null() {
                return None;
            }
            let mut length = 0;
            let text = LLVMGetStringAttributeValue(raw, &mut length);
            Some(copy_text(text, length as usize))
        }
    }
}

/// What an attribute is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributePlace {
    /// The function itself.
    Function,
    /// Its result.
    Result,
    /// A parameter, from 0.
    Param(u32),
}

impl AttributePlace {
    /// LLVM's number for it.
    pub(super) fn index(self) -> u32 {
        match self {
            AttributePlace::Function => LLVMAttributeFunctionIndex,
            AttributePlace::Result => LLVMAttributeReturnIndex,
            AttributePlace::Param(i) => i + 1,
        }
    }
}

/// LLVM's number for an enum attribute, 0 if it has none of that name.
pub(super) fn attribute_kind(name: &str) -> u32 {
    // SAFETY: the name's length is right.
    unsafe { LLVMGetEnumAttributeKindForName(name.as_ptr().cast(), name.len()) }
}
