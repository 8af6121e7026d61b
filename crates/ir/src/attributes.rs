//! Attributes of functions and of calls.
//!
//! An *enum attribute* is one that LLVM has a number for (`nounwind`, `memory`); some have an
//! integer as their value. A *string attribute* has any text for its name (`"target-cpu"`).

use std::marker::PhantomData;

use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::prelude::*;
use inkwell::llvm_sys::{LLVMAttributeFunctionIndex, LLVMAttributeReturnIndex};

use crate::text::copy_text;
use crate::wrappers::{Call, Function, Module, Type};

/// An attribute of a function or a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'m> {
    raw: LLVMAttributeRef,
    borrow: PhantomData<&'m ()>,
}

impl Attribute<'_> {
    /// Wraps an attribute of a live function or call; null is none.
    fn new(raw: LLVMAttributeRef) -> Option<Self> {
        (!raw.is_null()).then_some(Attribute { raw, borrow: PhantomData })
    }

    /// The value of an enum attribute; 0 for those without a value.
    fn value(self) -> u64 {
        // SAFETY: the attribute is one of a live function or call.
        unsafe { LLVMGetEnumAttributeValue(self.raw) }
    }
}

/// What an attribute is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributePlace {
    /// The function, or the call, itself.
    Function,
    /// The result.
    Result,
    /// A parameter or an argument, counted from 0.
    Param(u32),
}

impl AttributePlace {
    /// LLVM's number for it.
    fn index(self) -> u32 {
        match self {
            AttributePlace::Function => LLVMAttributeFunctionIndex,
            AttributePlace::Result => LLVMAttributeReturnIndex,
            AttributePlace::Param(i) => i + 1,
        }
    }
}

/// LLVM's number for an enum attribute; 0 if it has none of that name.
fn attribute_kind(name: &str) -> u32 {
    // SAFETY: the name's length is right.
    unsafe { LLVMGetEnumAttributeKindForName(name.as_ptr().cast(), name.len()) }
}

impl<'m> Function<'m> {
    /// Gives it an enum attribute. `value` is 0 for attributes without a value. Returns whether
    /// that changed anything.
    pub fn add_attribute(
        self,
        module: Module<'m>,
        place: AttributePlace,
        name: &str,
        value: u64,
    ) -> bool {
        if self.attribute(place, name).is_some_and(|old| old.value() == value) {
            return false;
        }
        // SAFETY: the function and its context are live; the kind is one that LLVM named.
        unsafe {
            let attribute = LLVMCreateEnumAttribute(module.context(), attribute_kind(name), value);
            LLVMAddAttributeAtIndex(self.value().raw(), place.index(), attribute);
        }
        true
    }

    /// Removes an enum attribute. Returns whether it was there.
    pub fn remove_attribute(self, place: AttributePlace, name: &str) -> bool {
        let found = self.attribute(place, name).is_some();
        if found {
            let kind = attribute_kind(name);
            // SAFETY: the function is live; the kind is one that LLVM named.
            unsafe { LLVMRemoveEnumAttributeAtIndex(self.value().raw(), place.index(), kind) }
        }
        found
    }

    /// The enum or type attribute called `name`, if it has it.
    pub fn attribute(self, place: AttributePlace, name: &str) -> Option<Attribute<'m>> {
        let kind = attribute_kind(name);
        if kind == 0 {
            return None;
        }
        let raw = self.value().raw();
        // SAFETY: the function is live; the kind is one that LLVM named.
        Attribute::new(unsafe { LLVMGetEnumAttributeAtIndex(raw, place.index(), kind) })
    }

    /// The size and the alignment of the copy that the parameter number `index` points to, if it is
    /// passed by value in memory (`byval`). The alignment is 1 if no attribute says it.
    pub fn copied_param(self, module: Module<'m>, index: u32) -> Option<(u64, u64)> {
        let place = AttributePlace::Param(index);
        let copied = self.attribute(place, "byval")?;
        // SAFETY: the attribute is one of a live function, and has a type.
        let ty = Type::new(unsafe { LLVMGetTypeAttributeValue(copied.raw) });
        let alignment = self.attribute(place, "align").map_or(1, Attribute::value);
        Some((ty.alloc_size(module), alignment))
    }

    /// Copies an enum or string attribute of the function itself from `other`, if that has it.
    pub fn copy_attribute(self, other: Function<'m>, name: &str) {
        let place = AttributePlace::Function.index();
        let kind = attribute_kind(name);
        let from = other.value().raw();
        // SAFETY: both functions are live and in one context; the name's length is right.
        unsafe {
            let found = if kind != 0 {
                LLVMGetEnumAttributeAtIndex(from, place, kind)
            } else {
                let length = name.len() as u32;
                LLVMGetStringAttributeAtIndex(from, place, name.as_ptr().cast(), length)
            };
            if !found.is_null() {
                LLVMAddAttributeAtIndex(self.value().raw(), place, found);
            }
        }
    }

    /// Whether it has `optnone`: nothing may optimise it.
    pub fn is_optnone(self) -> bool {
        self.attribute(AttributePlace::Function, "optnone").is_some()
    }

    /// Whether its attributes say that it writes no memory and throws nothing.
    pub fn only_reads(self) -> bool {
        /// `memory` has two bits for each kind of memory: 1 for reads, 2 for writes.
        const WRITES: u64 = 0xaaaa_aaaa_aaaa_aaaa;
        let place = AttributePlace::Function;
        let Some(memory) = self.attribute(place, "memory") else { return false };
        memory.value() & WRITES == 0 && self.attribute(place, "nounwind").is_some()
    }

    /// Gives it a string attribute, empty or with a value, unless it has one of that name. Returns whether
    /// that changed anything.
    pub fn add_string_attribute(self, module: Module<'m>, name: &str, value: &str) -> bool {
        if self.string_attribute(name).is_some() {
            return false;
        }
        let place = AttributePlace::Function.index();
        let attribute = string_attribute(module, name, value);
        // SAFETY: the function is live and in the attribute's context.
        unsafe { LLVMAddAttributeAtIndex(self.value().raw(), place, attribute) }
        true
    }

    /// The value of a string attribute of the function itself, if it has it.
    pub fn string_attribute(self, name: &str) -> Option<String> {
        // SAFETY: the function is live; the name's length is right; LLVM keeps the value's text.
        unsafe {
            let raw = LLVMGetStringAttributeAtIndex(
                self.value().raw(),
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

impl<'m> Call<'m> {
    /// Whether the call, or the function that it calls, has an enum attribute.
    pub fn has_attribute(self, place: AttributePlace, name: &str) -> bool {
        self.own_attribute(place, name).is_some()
            || self.callee().as_function().is_some_and(|f| f.attribute(place, name).is_some())
    }

    /// The value of an enum attribute of the call or of the function that it calls.
    pub(crate) fn attribute_value(self, place: AttributePlace, name: &str) -> Option<u64> {
        let found = match self.own_attribute(place, name) {
            Some(own) => own,
            None => self.callee().as_function()?.attribute(place, name)?,
        };
        Some(found.value())
    }

    /// The enum attribute that the call itself has.
    fn own_attribute(self, place: AttributePlace, name: &str) -> Option<Attribute<'m>> {
        let kind = attribute_kind(name);
        if kind == 0 {
            return None;
        }
        let raw = self.value().raw();
        // SAFETY: the call is live; the kind is one that LLVM named.
        Attribute::new(unsafe { LLVMGetCallSiteEnumAttribute(raw, place.index(), kind) })
    }

    /// Gives the call itself an enum attribute without a value. Returns whether that changed
    /// anything.
    pub fn add_attribute(self, module: Module<'m>, name: &str) -> bool {
        let place = AttributePlace::Function;
        if self.own_attribute(place, name).is_some() {
            return false;
        }
        // SAFETY: the call and its context are live; the kind is one that LLVM named.
        unsafe {
            let attribute = LLVMCreateEnumAttribute(module.context(), attribute_kind(name), 0);
            LLVMAddCallSiteAttribute(self.value().raw(), place.index(), attribute);
        }
        true
    }

    /// Gives the call itself a string attribute without a value. Returns whether that changed
    /// anything.
    pub fn add_string_attribute(self, module: Module<'m>, name: &str) -> bool {
        if self.has_string_attribute(name) {
            return false;
        }
        let (place, attribute) =
            (AttributePlace::Function.index(), string_attribute(module, name, ""));
        // SAFETY: the call is live and in the attribute's context.
        unsafe { LLVMAddCallSiteAttribute(self.value().raw(), place, attribute) }
        true
    }

    /// Whether the call itself has a string attribute.
    pub fn has_string_attribute(self, name: &str) -> bool {
        let place = AttributePlace::Function.index();
        let (text, length) = (name.as_ptr().cast(), name.len() as u32);
        // SAFETY: the call is live; the name's length is right.
        unsafe {
            !LLVMGetCallSiteStringAttribute(self.value().raw(), place, text, length).is_null()
        }
    }

    /// Removes an enum attribute from the call itself. Returns whether it was there.
    pub fn remove_attribute(self, place: AttributePlace, name: &str) -> bool {
        let found = self.own_attribute(place, name).is_some();
        if found {
            let kind = attribute_kind(name);
            // SAFETY: the call is live; the kind is one that LLVM named.
            unsafe { LLVMRemoveCallSiteEnumAttribute(self.value().raw(), place.index(), kind) }
        }
        found
    }

    /// Gives the call an attribute that a function of the same LLVM context has in that place.
    pub fn set_attribute(self, place: AttributePlace, attribute: Attribute<'m>) {
        // SAFETY: the call is live and in the attribute's context.
        unsafe { LLVMAddCallSiteAttribute(self.value().raw(), place.index(), attribute.raw) }
    }

    /// Copies the attributes of `other` itself, but not those of its result and its arguments.
    pub(crate) fn copy_own_attributes(self, other: Call<'m>) {
        let place = AttributePlace::Function.index();
        // SAFETY: both calls are live and in one context; the list is as long as LLVM says.
        unsafe {
            let from = other.value().raw();
            let count = LLVMGetCallSiteAttributeCount(from, place) as usize;
            let mut attributes = vec![std::ptr::null_mut(); count];
            LLVMGetCallSiteAttributes(from, place, attributes.as_mut_ptr());
            for attribute in attributes {
                LLVMAddCallSiteAttribute(self.value().raw(), place, attribute);
            }
        }
    }
}

/// A string attribute.
fn string_attribute(module: Module<'_>, name: &str, value: &str) -> LLVMAttributeRef {
    // SAFETY: the context is live; the lengths are those of the texts.
    unsafe {
        LLVMCreateStringAttribute(
            module.context(),
            name.as_ptr().cast(),
            name.len() as u32,
            value.as_ptr().cast(),
            value.len() as u32,
        )
    }
}
