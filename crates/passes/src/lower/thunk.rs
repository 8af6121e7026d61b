//! Adapter functions between the runtime and a body.
//!
//! The runtime calls a body as C calls a function of the typed form. A body may need its value in another
//! way: through another calling convention, extended, in fewer bits, or through memory. The runtime then
//! calls an internal function that converts and calls the body.

use std::collections::HashMap;

use crate::carrier::Carrier;
use crate::verify;
use stackswitch_abi::intrinsics::Entry;
use stackswitch_ir::{AttributePlace, Builder, Function, Linkage, Module, Type, Value, mangle};

/// Attributes with which a parameter is not passed as a plain value of its type.
const PARAM_ABI: [&str; 9] = [
    "signext",
    "zeroext",
    "inreg",
    "byval",
    "byref",
    "nest",
    "swiftself",
    "swiftasync",
    "alignstack",
];

/// The attributes that an adapter copies from its callee, or else from the function that needs it. They
/// decide in which registers a value is passed, and how the stack is walked.
const TAKEN_OVER: [&str; 12] = [
    "target-cpu",
    "target-features",
    "tune-cpu",
    "min-legal-vector-width",
    "frame-pointer",
    "probe-stack",
    "stack-probe-size",
    "no-stack-arg-probe",
    "uwtable",
    "nonlazybind",
    "noredzone",
    "nocf_check",
];

/// The adapters of one module.
#[derive(Debug)]
pub(super) struct Thunks<'m> {
    module: Module<'m>,
    made: HashMap<Key<'m>, Function<'m>>,
}

/// The properties that an adapter depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key<'m> {
    on_top: bool,
    value: Type<'m>,
    /// The called function, if it is known and makes a difference.
    function: Option<Function<'m>>,
    /// Otherwise the CPU features that decide how the value is passed.
    features: Option<String>,
}

impl<'m> Thunks<'m> {
    pub(super) fn new(module: Module<'m>) -> Self {
        Thunks { module, made: HashMap::new() }
    }

    /// The function that the runtime calls to start `function`. If the value travels through memory, it is an
    /// adapter that loads and stores the value. Otherwise it is `function` itself, or an adapter that converts.
    pub(super) fn entry(
        &mut self,
        entry: Entry,
        carrier: Carrier<'m>,
        function: Value<'m>,
        caller: Function<'m>,
    ) -> Value<'m> {
        let on_top = match entry {
            // Nothing is converted: it takes a pointer and returns nothing.
            Entry::Posix => return function,
            Entry::Body => false,
            Entry::OnTop => true,
        };
        let known = function.as_function();
        let special = known.filter(|f| is_special(*f));
        match carrier {
            Carrier::Wide(ty) => {
                // A handwritten declaration may lack the CPU features; then the caller's count.
                let like = known.filter(|f| f.string_attribute("target-features").is_some());
                self.wide(on_top, ty, special, like.unwrap_or(caller)).value()
            }
            Carrier::Direct(typed) => match (special, verify::typed_value(self.module, typed)) {
                (Some(special), Some(ty)) => self.typed(on_top, ty, ty, special).value(),
                _ => function,
            },
            // If the function is not known, its value is in the low bits of the register.
            Carrier::Widened(narrow, typed) => {
                match (known, verify::typed_value(self.module, typed)) {
                    (Some(known), Some(wide)) => self.typed(on_top, narrow, wide, known).value(),
                    _ => function,
                }
            }
        }
    }

    /// `wide thunk([ptr arg,] wide value)`, which calls `function` with the narrow type.
    fn typed(
        &mut self,
        on_top: bool,
        narrow: Type<'m>,
        wide: Type<'m>,
        function: Function<'m>,
    ) -> Function<'m> {
        let module = self.module;
        let key = Key { on_top, value: narrow, function: Some(function), features: None };
        *self.made.entry(key).or_insert_with(|| {
            let pointer = Type::pointer(module, 0);
            let params = if on_top { vec![wide] } else { vec![pointer, wide] };
            let name = format!("{}.stackswitch.thunk", function.name());
            let ty = Type::function(wide, &params);
            let thunk = start(module, &name, ty, function);
            let builder = body_of(module, thunk, Some(function));
            let mut args = thunk.params();
            if let Some(value) = args.last_mut()
                && narrow != wide
            {
                *value = builder.narrow(*value, narrow);
            }
            let result = call_as_declared(&builder, function, &args);
            builder.ret(Some(if narrow == wide { result } else { builder.widen(result, wide) }));
            thunk
        })
    }

    /// `void thunk(ptr fn, [ptr arg,] ptr slot)`, which loads the value from `slot` and stores the result
    /// there. It calls `fn`, or the known function if that needs a special call. It has the CPU features
    /// of `like`.
    fn wide(
        &mut self,
        on_top: bool,
        ty: Type<'m>,
        special: Option<Function<'m>>,
        like: Function<'m>,
    ) -> Function<'m> {
        let module = self.module;
        let features = special.is_none().then(|| {
            let cpu = like.string_attribute("target-cpu").unwrap_or_default();
            let features = like.string_attribute("target-features").unwrap_or_default();
            format!("{cpu} {features}")
        });
        let key = Key { on_top, value: ty, function: special, features };
        *self.made.entry(key).or_insert_with(|| {
            let pointer = Type::pointer(module, 0);
            let params = vec![pointer; if on_top { 2 } else { 3 }];
            let kind = if on_top { "ontop" } else { "entry" };
            let name = match special {
                Some(function) => format!("{}.stackswitch.{kind}", function.name()),
                None => {
                    format!("stackswitch.{kind}.{}", mangle::mangle(ty).unwrap_or_default())
                }
            };
            let thunk = start(module, &name, Type::function(Type::void(module), &params), like);
            let builder = body_of(module, thunk, special);
            let params = thunk.params();
            let (function, slot) = (params[0], params[params.len() - 1]);
            // A slot is only aligned as a pointer.
            let alignment = ty.alignment(module).min(module.pointer_size());
            let value = builder.load(ty, slot, alignment);
            let args = if on_top { vec![value] } else { vec![params[1], value] };
            let result = match special {
                Some(function) => call_as_declared(&builder, function, &args),
                None => {
                    let types: Vec<Type<'m>> = args.iter().map(|a| a.ty()).collect();
                    builder.call(Type::function(ty, &types), function, &args, None).value()
                }
            };
            builder.store(result, slot, alignment);
            builder.ret(None);
            thunk
        })
    }
}

/// Makes an internal function with the CPU features of `like`.
pub(crate) fn start<'m>(
    module: Module<'m>,
    name: &str,
    ty: Type<'m>,
    like: Function<'m>,
) -> Function<'m> {
    let thunk = Function::add(module, name, ty, Linkage::Local);
    for attribute in TAKEN_OVER {
        thunk.copy_attribute(like, attribute);
    }
    thunk
}

/// Starts the body of an adapter that calls `known`. LLVM may inline `known` into it. So the adapter gets
/// debug information as `known` has, or debuggers would no longer find the inlined function.
fn body_of<'m>(
    module: Module<'m>,
    thunk: Function<'m>,
    known: Option<Function<'m>>,
) -> Builder<'m> {
    if let Some(function) = known {
        thunk.describe_like(function);
    }
    let builder = Builder::in_new_body(module, thunk);
    builder.set_line_of(thunk);
    builder
}

/// Whether a function is not called like a plain C function of its type.
fn is_special(function: Function<'_>) -> bool {
    function.calling_convention() != 0
        || function.attribute(AttributePlace::Result, "inreg").is_some()
        || (0..function.params().len() as u32).any(|i| {
            PARAM_ABI
                .iter()
                .any(|name| function.attribute(AttributePlace::Param(i), name).is_some())
        })
}

/// Calls a function with its own calling convention and attributes.
pub(crate) fn call_as_declared<'m>(
    builder: &Builder<'m>,
    function: Function<'m>,
    args: &[Value<'m>],
) -> Value<'m> {
    let call = builder.call(function.ty(), function.value(), args, None);
    call.set_calling_convention(function.calling_convention());
    for place in [AttributePlace::Result]
        .into_iter()
        .chain((0..args.len() as u32).map(AttributePlace::Param))
    {
        for name in PARAM_ABI {
            if let Some(attribute) = function.attribute(place, name) {
                call.set_attribute(place, attribute);
            }
        }
    }
    call.value()
}
