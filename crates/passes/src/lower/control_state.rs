//! The floating-point control state of `strictfp` functions.
//!
//! It belongs to the thread, so other contexts may have changed it when a switch returns. A
//! function that is `strictfp` reads and sets it on purpose: such a function finds it as it was.
//! Exceptions that have been noted since (the sticky flags of mxcsr) stay noted.

use stackswitch_abi::intrinsics::{Intrinsic, Returns};
use stackswitch_ir::{
    Assembly, AttributePlace, Builder, Call, CallKind, Function, Module, Type, Value,
};

/// Says of a call that this has been done.
const DONE: &str = "stackswitch-keeps-control-state";

/// Instructions of a CPU. The address of the memory for the state is in a register of its own.
struct Cpu {
    /// Begins the target triples of this CPU.
    triple: &'static str,
    /// Bytes that the state needs.
    bytes: u64,
    save: Assembly,
    restore: Assembly,
}

/// What is known of a module's CPU. Others are left alone.
fn cpu(module: Module<'_>) -> Option<Cpu> {
    let constraints = "{di},~{ax},~{cx},~{memory},~{dirflag},~{fpsr},~{flags}".to_owned();
    let x86_64 = Cpu {
        triple: "x86_64-",
        // mxcsr, the x87 control word, room for what mxcsr is to become.
        bytes: 12,
        save: Assembly {
            text: "stmxcsr (%rdi)\nfnstcw 4(%rdi)".to_owned(),
            constraints: constraints.clone(),
            has_effects: true,
            throws: false,
        },
        restore: Assembly {
            text: "fldcw 4(%rdi)\n\
                   stmxcsr 8(%rdi)\n\
                   movl 8(%rdi), %eax\n\
                   andl $$0x3f, %eax\n\
                   movl (%rdi), %ecx\n\
                   andl $$0xffffffc0, %ecx\n\
                   orl %ecx, %eax\n\
                   movl %eax, 8(%rdi)\n\
                   ldmxcsr 8(%rdi)"
                .to_owned(),
            constraints,
            has_effects: true,
            throws: false,
        },
    };
    module.triple().starts_with(x86_64.triple).then_some(x86_64)
}

/// Whether other contexts run before the runtime's function returns.
fn switches(intrinsic: &Intrinsic) -> bool {
    intrinsic.returns == Returns::Value
        || intrinsic.effects.returns_twice
        || intrinsic.name == "cancel"
}

/// Lets the function that `call` is in have its control state back when the call returns, if it is
/// one that cares. `memory` gives it room in its frame. Returns whether anything changed.
pub(super) fn keep<'m>(
    module: Module<'m>,
    call: Call<'m>,
    intrinsic: &Intrinsic,
    memory: impl FnOnce(u64) -> Value<'m>,
) -> bool {
    if !switches(intrinsic) || !is_strict(call.caller()) {
        return false;
    }
    let Some(cpu) = cpu(module) else { return false };
    if !call.add_string_attribute(module, DONE) {
        return false;
    }
    let Some(after) = Builder::after(module, call) else { return true };
    if call.kind() == CallKind::Call {
        call.forbid_jump();
    }
    let slot = memory(cpu.bytes);
    run(module, &Builder::before(module, call), &cpu.save, slot);
    run(module, &after, &cpu.restore, slot);
    true
}

fn is_strict(function: Function<'_>) -> bool {
    function.attribute(AttributePlace::Function, "strictfp").is_some()
}

fn run<'m>(module: Module<'m>, builder: &Builder<'m>, assembly: &Assembly, slot: Value<'m>) {
    let ty = Type::function(Type::void(module), &[slot.ty()]);
    let call = builder.call(ty, assembly.value(ty), &[slot], None);
    for name in ["nounwind", "strictfp"] {
        call.add_attribute(module, name);
    }
}
