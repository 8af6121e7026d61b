//! Operations on a stackless context that has finished.
//!
//! Such an operation is an error. The runtime reports it with the context's handle, and an error handler
//! may ask about that handle. So the code creates a real, finished context and performs the operation on
//! it.

use std::collections::HashMap;

use crate::lower;
use crate::verify::Site;
use stackswitch_abi::intrinsics::RUNTIME_PREFIX;
use stackswitch_ir::{AttributePlace, Builder, Function, Linkage, Module, Type, Value};

/// The functions that report such errors, made when they are needed.
#[derive(Debug, Default)]
pub(super) struct FinishedContexts<'m> {
    finished: HashMap<(Value<'m>, Value<'m>), Function<'m>>,
}

impl<'m> FinishedContexts<'m> {
    /// `ptr ()`: makes a finished context, for values of the type that both operations carry.
    pub(super) fn finished(
        &mut self,
        module: Module<'m>,
        spawn: &Site<'m>,
        resume: &Site<'m>,
    ) -> Function<'m> {
        let key = (spawn.call.callee(), resume.call.callee());
        *self.finished.entry(key).or_insert_with(|| {
            let (spawning, resuming) = (spawn.call.function_type(), resume.call.function_type());
            let (value, like) = (resuming.result(), resume.call.caller());
            let pointer = Type::pointer(module, 0);

            let ty = Type::function(value, &[pointer, value]);
            let end = lower::start_function(module, "stackswitch.stackless.end", ty, like);
            Builder::in_new_body(module, end).ret(Some(end.params()[1]));

            let ty = Type::function(pointer, &[]);
            let name = "stackswitch.stackless.finished";
            let function = lower::start_function(module, name, ty, like);
            // Its context must stay a real one.
            for attribute in ["cold", "noinline", "optnone"] {
                function.add_attribute(module, AttributePlace::Function, attribute, 0);
            }
            let builder = Builder::in_new_body(module, function);
            let null = Value::null(pointer);
            let context = builder.call(spawning, key.0, &[null, end.value(), null], None).value();
            builder.call(resuming, key.1, &[context, Value::null(value)], None);
            builder.ret(Some(context));
            function
        })
    }

    /// The runtime's function that frees a context.
    pub(super) fn destroy(&self, module: Module<'m>) -> Function<'m> {
        let name = format!("{RUNTIME_PREFIX}destroy");
        module.function(&name).unwrap_or_else(|| {
            let ty = Type::function(Type::void(module), &[Type::pointer(module, 0)]);
            Function::add(module, &name, ty, Linkage::External)
        })
    }
}
