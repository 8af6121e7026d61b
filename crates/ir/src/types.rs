//! Types: how they are made, what they consist of, and how large they are.

use std::collections::HashSet;
use std::ffi::{CStr, CString};

use inkwell::llvm_sys::LLVMTypeKind;
use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::prelude::*;
use inkwell::llvm_sys::target::{
    LLVMABIAlignmentOfType, LLVMABISizeOfType, LLVMGetModuleDataLayout, LLVMIntPtrTypeInContext,
};

use crate::text::{copy_text, take_message};
use crate::wrappers::{Module, Type};

/// What a type consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeKind<'m> {
    /// `void`
    Void,
    /// An integer of this many bits.
    Integer(u32),
    /// A floating-point type, by the name that LLVM mangles it to (`f64`).
    Float(&'static str),
    /// A pointer into this address space.
    Pointer(u32),
    /// An array of this many elements.
    Array(u64, Type<'m>),
    /// A vector of a fixed number of elements.
    Vector(u32, Type<'m>),
    /// A structure without a name, by its fields.
    Literal(Vec<Type<'m>>),
    /// A structure with a name, by name and fields. The name is empty if it never had one.
    Named(String, Vec<Type<'m>>),
    /// A type whose size is not known at compile time, or that has no place in memory.
    Other,
}

impl<'m> Type<'m> {
    /// `void`
    pub fn void(module: Module<'m>) -> Self {
        // SAFETY: the context of a live module is live.
        Type::new(unsafe { LLVMVoidTypeInContext(module.context()) })
    }

    /// An integer of `bits` bits. `None` for 0 and for more than 2^23, which LLVM lacks.
    pub fn integer(module: Module<'m>, bits: u32) -> Option<Self> {
        // SAFETY: the context is live and the width is one that LLVM takes.
        (1..=1 << 23)
            .contains(&bits)
            .then(|| Type::new(unsafe { LLVMIntTypeInContext(module.context(), bits) }))
    }

    /// `i8`
    pub fn byte(module: Module<'m>) -> Self {
        // SAFETY: the context of a live module is live.
        Type::new(unsafe { LLVMInt8TypeInContext(module.context()) })
    }

    /// `i32`
    pub fn int32(module: Module<'m>) -> Self {
        // SAFETY: the context of a live module is live.
        Type::new(unsafe { LLVMInt32TypeInContext(module.context()) })
    }

    /// The target's pointer-sized integer.
    pub fn size(module: Module<'m>) -> Self {
        // SAFETY: the module is live, owns its data layout and its context.
        Type::new(unsafe {
            LLVMIntPtrTypeInContext(module.context(), LLVMGetModuleDataLayout(module.raw()))
        })
    }

    /// A pointer into an address space.
    pub fn pointer(module: Module<'m>, space: u32) -> Self {
        // SAFETY: the context of a live module is live.
        Type::new(unsafe { LLVMPointerTypeInContext(module.context(), space) })
    }

    /// The floating-point type that LLVM mangles to `mangled`. `None` if there is none.
    pub fn float(module: Module<'m>, mangled: &str) -> Option<Self> {
        let context = module.context();
        // SAFETY: the context of a live module is live.
        let raw = unsafe {
            match mangled {
                "f16" => LLVMHalfTypeInContext(context),
                "bf16" => LLVMBFloatTypeInContext(context),
                "f32" => LLVMFloatTypeInContext(context),
                "f64" => LLVMDoubleTypeInContext(context),
                "f80" => LLVMX86FP80TypeInContext(context),
                "f128" => LLVMFP128TypeInContext(context),
                "ppcf128" => LLVMPPCFP128TypeInContext(context),
                _ => return None,
            }
        };
        Some(Type::new(raw))
    }

    /// An array of `length` elements of this type.
    pub fn array(self, length: u64) -> Self {
        // SAFETY: the element type is live.
        Type::new(unsafe { LLVMArrayType2(self.raw(), length) })
    }

    /// A vector of `length` elements of this type. `None` if vectors have no such elements, or if
    /// `length` is 0.
    pub fn vector(self, length: u32) -> Option<Self> {
        let element =
            matches!(self.kind(), TypeKind::Integer(_) | TypeKind::Float(_) | TypeKind::Pointer(_));
        // SAFETY: the element type is live and one that vectors take; the length is not zero.
        (element && length > 0).then(|| Type::new(unsafe { LLVMVectorType(self.raw(), length) }))
    }

    /// A structure without a name.
    pub fn literal(module: Module<'m>, fields: &[Type<'m>]) -> Self {
        let mut raw: Vec<LLVMTypeRef> = fields.iter().map(|f| f.raw()).collect();
        // SAFETY: the context and the fields are live; the length is that of the list.
        Type::new(unsafe {
            LLVMStructTypeInContext(module.context(), raw.as_mut_ptr(), raw.len() as u32, 0)
        })
    }

    /// The structure called `name`, if the LLVM context has one.
    pub fn named(module: Module<'m>, name: &str) -> Option<Self> {
        let name = CString::new(name).ok()?;
        // SAFETY: the context is live, the name ends with a zero.
        let raw = unsafe { LLVMGetTypeByName2(module.context(), name.as_ptr()) };
        (!raw.is_null()).then(|| Type::new(raw))
    }

    /// The type of a function without variable arguments.
    pub fn function(result: Type<'m>, params: &[Type<'m>]) -> Self {
        let mut raw: Vec<LLVMTypeRef> = params.iter().map(|p| p.raw()).collect();
        // SAFETY: all types are live; the length is that of the list.
        Type::new(unsafe { LLVMFunctionType(result.raw(), raw.as_mut_ptr(), raw.len() as u32, 0) })
    }

    /// The type of a function with these parameters and variable arguments.
    pub fn variadic(result: Type<'m>, params: &[Type<'m>]) -> Self {
        let mut raw: Vec<LLVMTypeRef> = params.iter().map(|p| p.raw()).collect();
        // SAFETY: all types are live; the length is that of the list.
        Type::new(unsafe { LLVMFunctionType(result.raw(), raw.as_mut_ptr(), raw.len() as u32, 1) })
    }

    /// What it consists of.
    pub fn kind(self) -> TypeKind<'m> {
        // SAFETY: the type is live, and each accessor is used on its own kind of type.
        unsafe {
            match LLVMGetTypeKind(self.raw()) {
                LLVMTypeKind::LLVMVoidTypeKind => TypeKind::Void,
                LLVMTypeKind::LLVMIntegerTypeKind => {
                    TypeKind::Integer(LLVMGetIntTypeWidth(self.raw()))
                }
                LLVMTypeKind::LLVMHalfTypeKind => TypeKind::Float("f16"),
                LLVMTypeKind::LLVMBFloatTypeKind => TypeKind::Float("bf16"),
                LLVMTypeKind::LLVMFloatTypeKind => TypeKind::Float("f32"),
                LLVMTypeKind::LLVMDoubleTypeKind => TypeKind::Float("f64"),
                LLVMTypeKind::LLVMX86_FP80TypeKind => TypeKind::Float("f80"),
                LLVMTypeKind::LLVMFP128TypeKind => TypeKind::Float("f128"),
                LLVMTypeKind::LLVMPPC_FP128TypeKind => TypeKind::Float("ppcf128"),
                LLVMTypeKind::LLVMPointerTypeKind => {
                    TypeKind::Pointer(LLVMGetPointerAddressSpace(self.raw()))
                }
                LLVMTypeKind::LLVMArrayTypeKind => {
                    TypeKind::Array(LLVMGetArrayLength2(self.raw()), self.element())
                }
                LLVMTypeKind::LLVMVectorTypeKind => {
                    TypeKind::Vector(LLVMGetVectorSize(self.raw()), self.element())
                }
                LLVMTypeKind::LLVMStructTypeKind if LLVMIsOpaqueStruct(self.raw()) != 0 => {
                    TypeKind::Other
                }
                LLVMTypeKind::LLVMStructTypeKind => {
                    let fields = self.fields();
                    if LLVMIsLiteralStruct(self.raw()) != 0 {
                        TypeKind::Literal(fields)
                    } else {
                        let name = LLVMGetStructName(self.raw());
                        let length =
                            if name.is_null() { 0 } else { CStr::from_ptr(name).count_bytes() };
                        TypeKind::Named(copy_text(name, length), fields)
                    }
                }
                _ => TypeKind::Other,
            }
        }
    }

    /// The element type of an array or a vector.
    fn element(self) -> Type<'m> {
        // SAFETY: only asked of arrays and vectors.
        Type::new(unsafe { LLVMGetElementType(self.raw()) })
    }

    /// The fields of a structure.
    fn fields(self) -> Vec<Type<'m>> {
        // SAFETY: only asked of structures with a body; indices are below the count.
        unsafe {
            (0..LLVMCountStructElementTypes(self.raw()))
                .map(|i| Type::new(LLVMStructGetTypeAtIndex(self.raw(), i)))
                .collect()
        }
    }

    /// The result of a function type.
    pub fn result(self) -> Type<'m> {
        // SAFETY: only asked of function types.
        Type::new(unsafe { LLVMGetReturnType(self.raw()) })
    }

    /// The parameters of a function type.
    pub fn params(self) -> Vec<Type<'m>> {
        // SAFETY: only asked of function types; the list is as long as LLVM asks.
        unsafe {
            let mut raw = vec![std::ptr::null_mut(); LLVMCountParamTypes(self.raw()) as usize];
            LLVMGetParamTypes(self.raw(), raw.as_mut_ptr());
            raw.into_iter().map(Type::new).collect()
        }
    }

    /// Whether a function type takes variable arguments.
    pub fn is_variadic(self) -> bool {
        // SAFETY: only asked of function types.
        unsafe { LLVMIsFunctionVarArg(self.raw()) != 0 }
    }

    /// Whether values of the type have a place in memory and a size known at compile time.
    pub fn is_storable(self) -> bool {
        let (mut seen, mut open) = (HashSet::new(), vec![self]);
        while let Some(ty) = open.pop() {
            // Types share parts. Each is looked at once, so the walk is linear.
            if !seen.insert(ty) {
                continue;
            }
            match ty.kind() {
                TypeKind::Void | TypeKind::Other => return false,
                TypeKind::Integer(_) | TypeKind::Float(_) | TypeKind::Pointer(_) => {}
                TypeKind::Array(_, part) | TypeKind::Vector(_, part) => open.push(part),
                TypeKind::Literal(fields) | TypeKind::Named(_, fields) => open.extend(fields),
            }
        }
        true
    }

    /// Bytes from one element of an array of this type to the next. Only for storable types.
    pub fn alloc_size(self, module: Module<'m>) -> u64 {
        // SAFETY: the module owns its data layout; the type has a size.
        unsafe { LLVMABISizeOfType(LLVMGetModuleDataLayout(module.raw()), self.raw()) }
    }

    /// An upper bound of the bytes that a value of this type takes in memory; 0 for types without
    /// a place in memory.
    pub fn memory_size(self, module: Module<'m>) -> u64 {
        // SAFETY: the module owns its data layout; the size is asked of types that have one.
        unsafe {
            match LLVMGetTypeKind(self.raw()) {
                LLVMTypeKind::LLVMVoidTypeKind
                | LLVMTypeKind::LLVMLabelTypeKind
                | LLVMTypeKind::LLVMTokenTypeKind
                | LLVMTypeKind::LLVMMetadataTypeKind
                | LLVMTypeKind::LLVMFunctionTypeKind => 0,
                // The largest vectors that a CPU of LLVM's has.
                LLVMTypeKind::LLVMScalableVectorTypeKind => 256,
                _ if LLVMTypeIsSized(self.raw()) == 0 => 0,
                _ => LLVMABISizeOfType(LLVMGetModuleDataLayout(module.raw()), self.raw()),
            }
        }
    }

    /// The alignment that the target's ABI gives the type. Only for storable types.
    pub fn alignment(self, module: Module<'m>) -> u32 {
        // SAFETY: the module owns its data layout; the type has a size.
        unsafe { LLVMABIAlignmentOfType(LLVMGetModuleDataLayout(module.raw()), self.raw()) }
    }
}

impl std::fmt::Display for Type<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // SAFETY: the type is live; the text is ours to free.
        let text = unsafe { take_message(LLVMPrintTypeToString(self.raw())) };
        // A named structure prints with its body, which a message does not need.
        f.write_str(text.split(" = type ").next().unwrap_or_default())
    }
}
