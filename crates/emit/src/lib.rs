//! Emits the intrinsics into a module that is being built with inkwell.
//!
//! [`Emitter`] has a method for each intrinsic of the [table](stackswitch_abi::intrinsics::TABLE). The
//! method declares the intrinsic for the value's type if the module lacks it, checks the operands, and
//! builds the call. The language reference says what each operation means.
//!
//! A generator that counts from its argument, and a function that takes the first two numbers:
//!
//! ```
//! use inkwell::context::Context;
//! use stackswitch::emit::Emitter;
//!
//! let context = Context::create();
//! let module = context.create_module("counting");
//! let builder = context.create_builder();
//! let ss = Emitter::new(&module);
//! let (i64, ptr) = (context.i64_type(), context.ptr_type(Default::default()));
//!
//! // i64 count(ptr arg, i64 first)
//! let count = module.add_function("count", ss.body_type(i64)?, None);
//! let n = count.get_nth_param(1).unwrap().into_int_value();
//! let (entry, again) =
//!     (context.append_basic_block(count, "entry"), context.append_basic_block(count, "again"));
//! builder.position_at_end(entry);
//! builder.build_unconditional_branch(again)?;
//! builder.position_at_end(again);
//! let phi = builder.build_phi(i64, "n")?;
//! let now = phi.as_basic_value().into_int_value();
//! ss.suspend(&builder, now)?;
//! let next = builder.build_int_add(now, i64.const_int(1, false), "next")?;
//! builder.build_unconditional_branch(again)?;
//! phi.add_incoming(&[(&n, entry), (&next, again)]);
//!
//! // i64 second(i64 from)
//! let second = module.add_function("second", i64.fn_type(&[i64.into()], false), None);
//! let from = second.get_nth_param(0).unwrap().into_int_value();
//! builder.position_at_end(context.append_basic_block(second, "entry"));
//! let generator = ss.spawn(&builder, None, count, ptr.const_null())?;
//! ss.resume(&builder, generator, from)?;
//! let number = ss.resume(&builder, generator, i64.const_zero())?;
//! ss.destroy(&builder, generator)?;
//! builder.build_return(Some(&number))?;
//!
//! assert!(stackswitch::verify::verify(&module).is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(test)]
use stackswitch_link as _;

mod error;
mod value;

pub use error::Error;
pub use value::{Callee, Value};

use inkwell::{
    attributes::{Attribute, AttributeLoc},
    builder::Builder,
    module::Module,
    types::{AsTypeRef, BasicType, BasicTypeEnum, FunctionType, IntType},
    values::{
        AsValueRef, BasicMetadataValueEnum, BasicValueEnum, CallSiteValue, FunctionValue, IntValue,
        PointerValue,
    },
};

use stackswitch_abi::intrinsics::{Intrinsic, MAX_VALUE_SIZE, named};
use stackswitch_ir as ir;
use stackswitch_passes::{Carrier, verify};

/// Emits intrinsics into one module. Making one costs nothing.
///
/// The module's data layout decides the sizes of values and of pointer-sized integers. If it is not
/// the usual one, set it first.
///
/// A method that returns an error has changed nothing.
#[derive(Clone, Copy, Debug)]
pub struct Emitter<'m, 'ctx> {
    module: &'m Module<'ctx>,
}

/// Methods whose operands all have fixed types.
macro_rules! plain {
    ($($(#[$doc:meta])* $method:ident = $name:literal ($($arg:ident: $ty:ty),*) -> $result:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// [`Error::Operand`] if an operand has the wrong type, [`Error::OtherContext`] if its type
        /// belongs to another LLVM context, [`Error::OtherModule`] if the builder is in another
        /// module, [`Error::Taken`] if the module uses the name for something else.
        pub fn $method(
            &self,
            builder: &Builder<'ctx>
            $(, $arg: $ty)*
        ) -> Result<plain!(@type $result), Error> {
            const OPERATION: &Intrinsic = named($name);
            let args = [$(self.operand($arg.into())),*];
            let call = self.call(builder, OPERATION, None, &args)?;
            Ok(plain!(@value $result call))
        }
    )*};
    (@type void) => { () };
    (@type integer) => { IntValue<'ctx> };
    (@type pointer) => { PointerValue<'ctx> };
    (@value void $call:ident) => {{
        let _: CallSiteValue<'_> = $call;
    }};
    (@value integer $call:ident) => { result($call).into_int_value() };
    (@value pointer $call:ident) => { result($call).into_pointer_value() };
}

/// An operand of a method: `None` is null.
enum Operand<'ctx> {
    Value(BasicValueEnum<'ctx>),
    Null,
}

impl<'ctx> From<PointerValue<'ctx>> for Operand<'ctx> {
    fn from(value: PointerValue<'ctx>) -> Self {
        Operand::Value(value.into())
    }
}

impl<'ctx> From<IntValue<'ctx>> for Operand<'ctx> {
    fn from(value: IntValue<'ctx>) -> Self {
        Operand::Value(value.into())
    }
}

impl<'ctx> From<Option<PointerValue<'ctx>>> for Operand<'ctx> {
    fn from(value: Option<PointerValue<'ctx>>) -> Self {
        value.map_or(Operand::Null, Operand::from)
    }
}

/// Types and declarations.
impl<'m, 'ctx> Emitter<'m, 'ctx> {
    /// An emitter into `module`.
    pub fn new(module: &'m Module<'ctx>) -> Self {
        Emitter { module }
    }

    /// The target's pointer-sized integer, which the table calls `iPTR`.
    pub fn size_type(&self) -> IntType<'ctx> {
        // SAFETY: the type is an integer of the module's context.
        unsafe { IntType::new(ir::Type::size(self.ir()).raw()) }
    }

    /// The type of a context's function, `T (ptr, T)`: what `spawn` takes.
    ///
    /// # Errors
    /// [`Error::ValueType`] or [`Error::ValueSize`] if a switch cannot carry a `T`,
    /// [`Error::OtherContext`] if `T` belongs to another LLVM context.
    pub fn body_type(&self, value: impl BasicType<'ctx>) -> Result<FunctionType<'ctx>, Error> {
        let value = value.as_basic_type_enum();
        self.carriable(value)?;
        Ok(value.fn_type(&[self.pointer().into(), value.into()], false))
    }

    /// The type of a function that runs on top of a context, `T (T)`: what `swap.ontop` takes.
    ///
    /// # Errors
    /// As [`Emitter::body_type`].
    pub fn ontop_type(&self, value: impl BasicType<'ctx>) -> Result<FunctionType<'ctx>, Error> {
        let value = value.as_basic_type_enum();
        self.carriable(value)?;
        Ok(value.fn_type(&[value.into()], false))
    }

    /// The type of the function of a context of the POSIX layer, `void (ptr)`: what `makecontext`
    /// takes.
    pub fn entry_type(&self) -> FunctionType<'ctx> {
        self.module.get_context().void_type().fn_type(&[self.pointer().into()], false)
    }

    /// Declares an intrinsic, or finds its declaration. An overloaded intrinsic needs the type of the
    /// value that it carries.
    ///
    /// LLVM allows no `invoke` of an intrinsic: see [`Emitter::declare_runtime`].
    ///
    /// # Errors
    /// [`Error::Overload`], [`Error::ValueType`], [`Error::ValueSize`], [`Error::OtherContext`] for a
    /// type that does not fit, [`Error::Taken`] if the module uses the name for something else.
    pub fn declare(
        &self,
        operation: &'static Intrinsic,
        value: Option<BasicTypeEnum<'ctx>>,
    ) -> Result<FunctionValue<'ctx>, Error> {
        let (name, ty) = match self.overload(operation, value)? {
            None => (operation.full_name().to_string(), ir::Type::pointer(self.ir(), 0)),
            Some(ty) => {
                let suffix = ir::mangle::mangle(ty)
                    .ok_or_else(|| Error::ValueType { found: ty.to_string() })?;
                (format!("{}.{suffix}", operation.full_name()), ty)
            }
        };
        self.declaration(&name, operation, ty)
    }

    /// Declares the runtime's function for an intrinsic. The passes treat a call of it as the
    /// intrinsic, and it can be the callee of an `invoke`.
    ///
    /// # Errors
    /// As [`Emitter::declare`], and [`Error::NoRuntimeForm`] for types other than pointers, integers
    /// of 8, 16, 32 and 64 bits, `float` and `double`.
    pub fn declare_runtime(
        &self,
        operation: &'static Intrinsic,
        value: Option<BasicTypeEnum<'ctx>>,
    ) -> Result<FunctionValue<'ctx>, Error> {
        let ty =
            self.overload(operation, value)?.unwrap_or_else(|| ir::Type::pointer(self.ir(), 0));
        let carrier = Carrier::of(ty);
        let Carrier::Direct(_) = carrier else {
            let (operation, found) = (operation.full_name().to_string(), ty.to_string());
            return Err(Error::NoRuntimeForm { operation, found });
        };
        self.declaration(&operation.symbol(carrier.form()).to_string(), operation, ty)
    }
}

/// The POSIX layer.
impl<'ctx> Emitter<'_, 'ctx> {
    plain! {
        /// `context.size`: the bytes of one context object, a pointer-sized integer.
        context_size = "context.size"() -> integer;
        /// `getcontext`: captures into `ctx`, with a slice if there is a base. Returns an `i32`, 0
        /// on capture and on every resume.
        getcontext = "getcontext"(ctx: PointerValue<'ctx>, base: Option<PointerValue<'ctx>>) -> integer;
        /// `setcontext`: resumes `ctx`. Returns an `i32`, only on error.
        setcontext = "setcontext"(ctx: PointerValue<'ctx>) -> integer;
        /// `swapcontext`: captures into `from` as `getcontext` does, then resumes `to`. Returns an
        /// `i32`.
        swapcontext = "swapcontext"(from: PointerValue<'ctx>, to: PointerValue<'ctx>, base: Option<PointerValue<'ctx>>) -> integer;
        /// `freecontext`: frees the heap block of a context that will not be resumed again.
        freecontext = "freecontext"(ctx: PointerValue<'ctx>) -> void;
        /// `stacktop`: the stack position at which a suspended context of either layer was captured.
        stacktop = "stacktop"(ctx: PointerValue<'ctx>) -> pointer;
    }

    /// `makecontext`: makes `ctx` run `function(arg)`, then `link`. `stack` is the lowest address of
    /// its stack and the size in bytes. With `None` the context is sliced from the base that `ctx` was
    /// captured with. Returns an `i32`.
    ///
    /// # Errors
    /// As the other methods, and [`Error::FunctionType`] if a known function has another type than
    /// [`Emitter::entry_type`].
    pub fn makecontext(
        &self,
        builder: &Builder<'ctx>,
        ctx: PointerValue<'ctx>,
        stack: Option<(PointerValue<'ctx>, IntValue<'ctx>)>,
        link: Option<PointerValue<'ctx>>,
        function: impl Into<Callee<'ctx>>,
        arg: PointerValue<'ctx>,
    ) -> Result<IntValue<'ctx>, Error> {
        const OPERATION: &Intrinsic = named("makecontext");
        let function = function.into();
        self.check_function(OPERATION, function, self.entry_type())?;
        let (stack, size) = stack.unzip();
        let args = [
            ctx.into(),
            self.operand(stack.into()),
            size.unwrap_or_else(|| self.size_type().const_zero()).into(),
            self.operand(link.into()),
            function.address().into(),
            arg.into(),
        ];
        Ok(result(self.call(builder, OPERATION, None, &args)?).into_int_value())
    }
}

/// The coroutine layer.
impl<'ctx> Emitter<'_, 'ctx> {
    plain! {
        /// `base.here`: a base at the current stack position.
        base_here = "base.here"() -> pointer;
        /// `base.create`: a base on a region of its own. `reserve` is its address space in bytes, a
        /// pointer-sized integer.
        base_create = "base.create"(reserve: IntValue<'ctx>) -> pointer;
        /// `base.destroy`: frees a base whose contexts have been destroyed.
        base_destroy = "base.destroy"(base: PointerValue<'ctx>) -> void;
        /// `current`: the running context.
        current = "current"() -> pointer;
        /// `depth`: the number of links from the running context to the end of the chain, an `i32`.
        depth = "depth"() -> integer;
        /// `link`: the context that is resumed when `ctx` ends or suspends.
        link = "link"(ctx: PointerValue<'ctx>) -> pointer;
        /// `setlink`: sets the link of `ctx`.
        setlink = "setlink"(ctx: PointerValue<'ctx>, link: Option<PointerValue<'ctx>>) -> void;
        /// `status`: an `i32`; 0 new, 1 suspended, 2 running, 3 finished.
        status = "status"(ctx: PointerValue<'ctx>) -> integer;
        /// `clone`: a second context that resumes from the same point.
        clone = "clone"(ctx: PointerValue<'ctx>) -> pointer;
        /// `cancel`: unwinds a suspended context so that its cleanups run, then finishes it.
        cancel = "cancel"(ctx: PointerValue<'ctx>) -> void;
        /// `destroy`: frees a context that is not running, without cleanups.
        destroy = "destroy"(ctx: PointerValue<'ctx>) -> void;
        /// `slice.size`: the bytes that `ctx` now holds on the heap, a pointer-sized integer.
        slice_size = "slice.size"(ctx: PointerValue<'ctx>) -> integer;
        /// `prefetch`: a hint to bring a context's header and slice into cache.
        prefetch = "prefetch"(ctx: Option<PointerValue<'ctx>>) -> void;
    }

    /// `spawn`: a new context that will run `body(arg, first)`. Without a base it uses a default region
    /// of the thread. The type `T` of its values is the result type of `body`.
    ///
    /// # Errors
    /// As the other methods; [`Error::FunctionType`] if the type of `body` is not `T (ptr, T)`;
    /// [`Error::ValueType`] or [`Error::ValueSize`] if a switch cannot carry a `T`.
    pub fn spawn(
        &self,
        builder: &Builder<'ctx>,
        base: Option<PointerValue<'ctx>>,
        body: FunctionValue<'ctx>,
        arg: PointerValue<'ctx>,
    ) -> Result<PointerValue<'ctx>, Error> {
        let Some(value) = body.get_type().get_return_type() else {
            return Err(function_type(SPAWN, body, "T (ptr, T)".to_owned()));
        };
        self.check_function(SPAWN, body.into(), self.body_type(value)?)?;
        self.spawn_indirect(builder, value, base, Callee::from(body).address(), arg)
    }

    /// `spawn` of a function that is only known when the program runs. It must be a plain C function of
    /// type `T (ptr, T)`, where `T` is the type of `value`.
    ///
    /// # Errors
    /// As [`Emitter::spawn`].
    pub fn spawn_indirect(
        &self,
        builder: &Builder<'ctx>,
        value: impl BasicType<'ctx>,
        base: Option<PointerValue<'ctx>>,
        body: PointerValue<'ctx>,
        arg: PointerValue<'ctx>,
    ) -> Result<PointerValue<'ctx>, Error> {
        let args = [self.operand(base.into()), body.into(), arg.into()];
        let value = Some(value.as_basic_type_enum());
        Ok(result(self.call(builder, SPAWN, value, &args)?).into_pointer_value())
    }

    /// `swap`: suspends the caller and resumes `to` with `value`. Returns the value of the next switch
    /// to the caller.
    ///
    /// # Errors
    /// As the other methods; [`Error::ValueType`] or [`Error::ValueSize`] if a switch cannot carry the
    /// value.
    pub fn swap<V: Value<'ctx>>(
        &self,
        builder: &Builder<'ctx>,
        to: PointerValue<'ctx>,
        value: V,
    ) -> Result<V, Error> {
        const OPERATION: &Intrinsic = named("swap");
        self.carry(builder, OPERATION, &[to.into()], value)
    }

    /// `resume`: sets the link of `ctx` to the caller, then swaps.
    ///
    /// # Errors
    /// As [`Emitter::swap`].
    pub fn resume<V: Value<'ctx>>(
        &self,
        builder: &Builder<'ctx>,
        ctx: PointerValue<'ctx>,
        value: V,
    ) -> Result<V, Error> {
        const OPERATION: &Intrinsic = named("resume");
        self.carry(builder, OPERATION, &[ctx.into()], value)
    }

    /// `suspend`: swaps to the caller's link.
    ///
    /// # Errors
    /// As [`Emitter::swap`].
    pub fn suspend<V: Value<'ctx>>(&self, builder: &Builder<'ctx>, value: V) -> Result<V, Error> {
        const OPERATION: &Intrinsic = named("suspend");
        self.carry(builder, OPERATION, &[], value)
    }

    /// `swap.ontop`: resumes `to` by running `function(value)` on top of its stack first.
    ///
    /// # Errors
    /// As [`Emitter::swap`], and [`Error::FunctionType`] if the type of a known function is not `T (T)`.
    pub fn swap_ontop<V: Value<'ctx>>(
        &self,
        builder: &Builder<'ctx>,
        to: PointerValue<'ctx>,
        function: impl Into<Callee<'ctx>>,
        value: V,
    ) -> Result<V, Error> {
        const OPERATION: &Intrinsic = named("swap.ontop");
        let function = function.into();
        let ty = self.ontop_type(value.into().get_type())?;
        self.check_function(OPERATION, function, ty)?;
        self.carry(builder, OPERATION, &[to.into(), function.address().into()], value)
    }
}

/// Helpers of the methods.
impl<'m, 'ctx> Emitter<'m, 'ctx> {
    fn ir(&self) -> ir::Module<'m> {
        // SAFETY: the module is borrowed for 'm; inkwell's modules are not shared between threads.
        unsafe { ir::Module::from_raw(self.module.as_mut_ptr()) }
    }

    fn pointer(&self) -> inkwell::types::PointerType<'ctx> {
        self.module.get_context().ptr_type(Default::default())
    }

    fn operand(&self, operand: Operand<'ctx>) -> BasicValueEnum<'ctx> {
        match operand {
            Operand::Value(value) => value,
            Operand::Null => self.pointer().const_null().into(),
        }
    }

    /// A type as the passes see it.
    fn ty(&self, ty: impl AsTypeRef) -> ir::Type<'m> {
        // SAFETY: the type's context is that of the module's values, which outlives the module.
        unsafe { ir::Type::from_raw(ty.as_type_ref()) }
    }

    /// A type as the passes see it. Refuses a type of another LLVM context: it prints like one of the
    /// module's, and is never equal to one.
    fn own_type(&self, ty: impl AsTypeRef) -> Result<ir::Type<'m>, Error> {
        let ty = self.ty(ty);
        if ty.context() == self.ir().context() {
            Ok(ty)
        } else {
            Err(Error::OtherContext { found: ty.to_string() })
        }
    }

    /// Refuses a type that a switch cannot carry.
    fn carriable(&self, value: BasicTypeEnum<'ctx>) -> Result<ir::Type<'m>, Error> {
        let ty = self.own_type(value)?;
        if !ty.is_storable() {
            return Err(Error::ValueType { found: ty.to_string() });
        }
        match ty.alloc_size(self.ir()) {
            size if size > MAX_VALUE_SIZE => Err(Error::ValueSize { found: ty.to_string(), size }),
            _ => Ok(ty),
        }
    }

    /// Checks the type of an overloaded intrinsic's value. `None` for an intrinsic that carries none.
    fn overload(
        &self,
        operation: &'static Intrinsic,
        value: Option<BasicTypeEnum<'ctx>>,
    ) -> Result<Option<ir::Type<'m>>, Error> {
        let overloaded = operation.overloaded;
        if overloaded != value.is_some() {
            return Err(Error::Overload {
                operation: operation.full_name().to_string(),
                overloaded,
            });
        }
        value.map(|value| self.carriable(value)).transpose()
    }

    /// The function of that name with the type that the table gives the operation.
    fn declaration(
        &self,
        name: &str,
        operation: &'static Intrinsic,
        value: ir::Type<'m>,
    ) -> Result<FunctionValue<'ctx>, Error> {
        let expected = verify::expected_type(self.ir(), operation, value);
        let taken = || Error::Taken { name: name.to_owned(), expected: expected.to_string() };
        if let Some(found) = self.module.get_function(name) {
            return if self.ty(found.get_type()) == expected { Ok(found) } else { Err(taken()) };
        }
        if self.ir().has_other_symbol(name) {
            return Err(taken());
        }
        // SAFETY: the type is a function type of the module's context.
        let ty = unsafe { FunctionType::new(expected.raw()) };
        let function = self.module.add_function(name, ty, None);
        if operation.properties.captures {
            let kind = Attribute::get_named_enum_kind_id("returns_twice");
            let attribute = self.module.get_context().create_enum_attribute(kind, 0);
            function.add_attribute(AttributeLoc::Function, attribute);
        }
        Ok(function)
    }

    /// Checks all operands, then builds the call.
    fn call(
        &self,
        builder: &Builder<'ctx>,
        operation: &'static Intrinsic,
        value: Option<BasicTypeEnum<'ctx>>,
        args: &[BasicValueEnum<'ctx>],
    ) -> Result<CallSiteValue<'ctx>, Error> {
        let block = builder
            .get_insert_block()
            .ok_or(Error::Builder(inkwell::builder::BuilderError::UnsetPosition))?;
        if let Some(function) = block.get_parent() {
            self.check_module(function)?;
        }
        let ty =
            self.overload(operation, value)?.unwrap_or_else(|| ir::Type::pointer(self.ir(), 0));
        let expected = verify::expected_type(self.ir(), operation, ty).params();
        for ((param, arg), expected) in operation.params.iter().zip(args).zip(expected) {
            let found = self.own_type(arg.get_type())?;
            if found != expected {
                return Err(Error::Operand {
                    operation: operation.full_name().to_string(),
                    parameter: param.name,
                    found: found.to_string(),
                    expected: expected.to_string(),
                });
            }
        }
        let function = self.declare(operation, value)?;
        let args: Vec<BasicMetadataValueEnum<'ctx>> = args.iter().map(|&arg| arg.into()).collect();
        Ok(builder.build_call(function, &args, "")?)
    }

    /// Builds a switch. Its operands are `before` and the value.
    fn carry<V: Value<'ctx>>(
        &self,
        builder: &Builder<'ctx>,
        operation: &'static Intrinsic,
        before: &[BasicValueEnum<'ctx>],
        value: V,
    ) -> Result<V, Error> {
        let value: BasicValueEnum<'ctx> = value.into();
        let args = [before, &[value]].concat();
        let call = self.call(builder, operation, Some(value.get_type()), &args)?;
        Ok(V::from_basic(result(call)))
    }

    /// Refuses a known function of another type or of another module.
    fn check_function(
        &self,
        operation: &'static Intrinsic,
        callee: Callee<'ctx>,
        expected: FunctionType<'ctx>,
    ) -> Result<(), Error> {
        let Callee::Function(function) = callee else { return Ok(()) };
        self.check_module(function)?;
        if function.get_type() == expected {
            return Ok(());
        }
        Err(function_type(operation, function, self.ty(expected).to_string()))
    }

    fn check_module(&self, function: FunctionValue<'ctx>) -> Result<(), Error> {
        // SAFETY: the function is alive as long as its wrapper.
        let parent =
            unsafe { inkwell::llvm_sys::core::LLVMGetGlobalParent(function.as_value_ref()) };
        if parent == self.module.as_mut_ptr() {
            return Ok(());
        }
        Err(Error::OtherModule(function.get_name().to_string_lossy().into_owned()))
    }
}

const SPAWN: &Intrinsic = named("spawn");

/// The result of a call whose function is not `void`.
fn result(call: CallSiteValue<'_>) -> BasicValueEnum<'_> {
    call.try_as_basic_value().expect_basic("the table says that it returns a value")
}

fn function_type(
    operation: &'static Intrinsic,
    function: FunctionValue<'_>,
    expected: String,
) -> Error {
    Error::FunctionType {
        operation: operation.full_name().to_string(),
        function: function.get_name().to_string_lossy().into_owned(),
        found: function.get_type().to_string().trim_matches('"').to_owned(),
        expected,
    }
}
