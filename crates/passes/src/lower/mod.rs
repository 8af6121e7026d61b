//! `stackswitch-lower`: intrinsics become calls of the runtime.
//!
//! If the runtime has a function of the same type, only the callee changes. Debug location, attributes,
//! metadata, operand bundles and tail kind stay. Other integers of up to 64 bits travel in the next wider
//! typed form. Every other value travels through memory. The type alone decides which way it takes, so both
//! sides of a switch agree.

mod control_state;
mod runtime;
mod thunk;

use std::collections::HashMap;

use runtime::Runtime;
use thunk::Thunks;
pub(crate) use thunk::{call_as_declared, start as start_function};

use crate::carrier::Carrier;
use crate::verify::{self, Finding, Site};
use stackswitch_abi::intrinsics::{INTRINSIC_PREFIX, Intrinsic, ParamKind, Returns, Typed};
use stackswitch_ir::{AttributePlace, Builder, Call, Function, Module, Tail, Type, Value};

/// The alignment in bytes of the memory for a value.
const BUFFER_ALIGNMENT: u32 = 16;

/// Lowers every intrinsic of a module and returns whether anything changed. A module with a wrong call is
/// left as it is, and the mistakes are the error.
pub(crate) fn lower(module: Module<'_>) -> Result<bool, Vec<Finding<'_>>> {
    let analysis = verify::analyse(module);
    if !analysis.findings.is_empty() {
        return Err(analysis.findings);
    }
    let mut lowering = Lowering {
        module,
        thunks: Thunks::new(module),
        buffers: HashMap::new(),
        states: HashMap::new(),
        changed: false,
    };
    if !analysis.sites.is_empty() {
        lowering.changed |= module.set_flag(verify::LOWERED_FLAG);
    }
    for site in analysis.sites {
        lowering.lower_site(&site);
    }
    for declaration in module.functions_with_prefix(INTRINSIC_PREFIX) {
        if declaration.is_unused() {
            declaration.erase();
            lowering.changed = true;
        }
    }
    Ok(lowering.changed)
}

/// The state for one module.
struct Lowering<'m> {
    module: Module<'m>,
    thunks: Thunks<'m>,
    /// The memory for values of each caller, by size.
    buffers: HashMap<(Function<'m>, u64), Value<'m>>,
    /// The memory for the floating-point control state of each caller that has one of its own.
    states: HashMap<Function<'m>, Value<'m>>,
    changed: bool,
}

impl<'m> Lowering<'m> {
    /// Lowers one call.
    fn lower_site(&mut self, site: &Site<'m>) {
        let runtime = Runtime::declare(self.module, site.intrinsic, site.form());
        self.changed |= runtime.changed;
        let carrier = site.value_type.map(Carrier::of);
        match carrier {
            Some(Carrier::Wide(ty)) => self.pass_through_memory(site, ty, runtime),
            Some(Carrier::Widened(narrow, typed)) if has_values(site.intrinsic) => {
                self.widen(site, narrow, typed, runtime);
            }
            _ => self.change_callee(site, carrier, runtime),
        }
    }

    /// Lowers a call whose type is the runtime function's: only the callee changes, and perhaps the
    /// function operand.
    fn change_callee(
        &mut self,
        site: &Site<'m>,
        carrier: Option<Carrier<'m>>,
        runtime: Runtime<'m>,
    ) {
        if let (Some(carrier), Some(index)) = (carrier, site.intrinsic.function_position()) {
            let function = site.call.args()[index];
            let entry = self.entry(site, carrier, function);
            if entry != function {
                site.call.set_arg(index as u32, entry);
                self.changed = true;
            }
        }
        if site.call.callee() != runtime.function.value() {
            site.call.set_callee(runtime.function.value());
            self.changed = true;
        }
        if runtime::is_small(site.form()) && site.intrinsic.returns == Returns::Value {
            for name in runtime::EXTENSIONS {
                self.changed |= site.call.remove_attribute(AttributePlace::Result, name);
            }
        }
        if site.intrinsic.properties.captures {
            // On the call too: LLVM ignores the callee's attributes if the call has another type.
            self.changed |= site.call.add_attribute(self.module, "returns_twice");
        }
        self.keep_control_state(site, site.call);
    }

    /// Keeps the floating-point control state around a lowered call, if the function is `strictfp`.
    fn keep_control_state(&mut self, site: &Site<'m>, call: Call<'m>) {
        let (module, caller) = (self.module, call.caller());
        let states = &mut self.states;
        self.changed |= control_state::keep(module, call, site.intrinsic, |bytes| {
            *states.entry(caller).or_insert_with(|| {
                let memory = Type::byte(module).array(bytes);
                Builder::at_entry(module, caller).alloca(
                    memory,
                    BUFFER_ALIGNMENT,
                    c"stackswitch.state",
                )
            })
        });
    }

    /// Lowers a call with an integer that has no typed form: it is converted on the way in and out.
    fn widen(&mut self, site: &Site<'m>, narrow: Type<'m>, typed: Typed, runtime: Runtime<'m>) {
        let Some(wide) = verify::typed_value(self.module, typed) else { return };
        let mut args = site.call.args();
        if let Some(index) = site.intrinsic.function_position() {
            args[index] = self.entry(site, Carrier::Widened(narrow, typed), args[index]);
        }
        let builder = Builder::before(self.module, site.call);
        for (param, arg) in site.intrinsic.params.iter().zip(&mut args) {
            if param.kind == ParamKind::Value {
                *arg = builder.widen(*arg, wide);
            }
        }
        let call = builder.call(runtime.ty, runtime.function.value(), &args, Some(site.call));
        call.inherit(site.call, Tail::Allowed);
        site.call.replace_and_name(Some(builder.narrow(call.value(), narrow)));
        self.keep_control_state(site, call);
        self.changed = true;
    }

    /// Lowers a call whose value travels through memory in the caller's frame.
    fn pass_through_memory(&mut self, site: &Site<'m>, ty: Type<'m>, runtime: Runtime<'m>) {
        let operands = site.call.args();
        let entry = site
            .intrinsic
            .function_position()
            .map(|i| self.entry(site, Carrier::Wide(ty), operands[i]));
        let buffer = has_values(site.intrinsic).then(|| self.buffer(site, ty));
        let builder = Builder::before(self.module, site.call);
        let mut args = Vec::new();
        for (param, &arg) in site.intrinsic.params.iter().zip(&operands) {
            match (param.kind, buffer) {
                (ParamKind::Value, Some(buffer)) => {
                    builder.store(arg, buffer, BUFFER_ALIGNMENT);
                    args.push(buffer);
                    args.push(builder.size(ty.alloc_size(self.module)));
                }
                _ => args.push(arg),
            }
        }
        args.extend(entry);
        let call = builder.call(runtime.ty, runtime.function.value(), &args, Some(site.call));
        // The callee gets the address of a local variable, so the frame must outlive the call.
        call.inherit(site.call, if buffer.is_some() { Tail::Forbidden } else { Tail::Allowed });
        let result = match (site.intrinsic.returns, buffer) {
            (Returns::Value, Some(buffer)) => Some(builder.load(ty, buffer, BUFFER_ALIGNMENT)),
            (Returns::Void, _) => None,
            _ => Some(call.value()),
        };
        site.call.replace_and_name(result);
        self.keep_control_state(site, call);
        self.changed = true;
    }

    /// The function operand as the runtime calls it.
    fn entry(&mut self, site: &Site<'m>, carrier: Carrier<'m>, function: Value<'m>) -> Value<'m> {
        match site.intrinsic.entry() {
            Some(entry) => self.thunks.entry(entry, carrier, function, site.call.caller()),
            None => function,
        }
    }

    /// Memory for a value of type `ty` in the frame of a call's function. Calls share it, because each needs
    /// it only from its store to its load.
    fn buffer(&mut self, site: &Site<'m>, ty: Type<'m>) -> Value<'m> {
        let unit = u64::from(BUFFER_ALIGNMENT);
        let size = ty.alloc_size(self.module).max(1).next_multiple_of(unit);
        let (module, caller) = (self.module, site.call.caller());
        *self.buffers.entry((caller, size)).or_insert_with(|| {
            Builder::at_entry(module, caller).alloca(
                Type::byte(module).array(size),
                BUFFER_ALIGNMENT,
                c"stackswitch.value",
            )
        })
    }
}

/// Whether values of type `T` are passed or returned, rather than only named by the suffix.
fn has_values(intrinsic: &Intrinsic) -> bool {
    intrinsic.position(ParamKind::Value).is_some()
}
