//! x86-64.

mod switch;

use std::sync::OnceLock;

use inkwell::targets::TargetMachine;
use stackswitch_abi::cpu::x86_64::ucontext;
use stackswitch_ir::{Assembly, Builder, Module, Value};

use super::description::{ControlState, Cpu, FrameCosts, InPlace, JumpReturn};
use super::switch::Registers;

/// The description of this CPU.
pub(super) const CPU: Cpu =
    Cpu { is_named_by, frame_costs, control_state, knows_ucontext, in_place };

/// No calling convention of C has something in r11 when a function returns.
///
/// ```text
///     rsp -->  | return address | +0, and then the caller's frame
/// ```
const JUMP_RETURN: JumpReturn = JumpReturn {
    attribute: "fn_ret_thunk_extern",
    assembly: "\
        .ifndef __x86_return_thunk\n\
        .pushsection .text.__x86_return_thunk,\"ax\",@progbits\n\
        .p2align 4\n\
        .type __x86_return_thunk,@function\n\
        __x86_return_thunk:\n\
        .cfi_startproc\n\
        popq %r11\n\
        .cfi_adjust_cfa_offset -8\n\
        .cfi_register %rip, %r11\n\
        jmpq *%r11\n\
        .cfi_endproc\n\
        .size __x86_return_thunk, .-__x86_return_thunk\n\
        .popsection\n\
        .endif\n",
};

/// The address space whose addresses count from the thread pointer, `fs`.
const THREAD_SPACE: u32 = 257;

fn is_named_by(triple: &str) -> bool {
    triple.starts_with("x86_64-")
}

/// Systems that use neither the System V ABI nor ELF's thread-local storage.
const OTHER_SYSTEMS: [&str; 6] = ["windows", "darwin", "macos", "ios", "uefi", "cygwin"];

/// Whether a module is for the System V ABI with 64-bit pointers and ELF's thread-local storage.
fn is_system_v(module: Module<'_>) -> bool {
    let triple = module.triple();
    let has_part = |system: &&str| triple.split('-').any(|part| part.starts_with(*system));
    !triple.ends_with("x32") && !OTHER_SYSTEMS.iter().any(has_part) && module.pointer_size() == 8
}

fn frame_costs(module: Module<'_>) -> Option<FrameCosts> {
    /// rbx, rbp and r12 to r15 are the caller's.
    const SAVED_REGISTERS: u64 = 6;
    /// Bytes that the code generator adds: constants, copies, a base pointer, alignment.
    const OTHER: u64 = 74;
    let fixed = 8 + SAVED_REGISTERS * 8 + OTHER;
    let argument_registers = 8 * stackswitch_abi::cpu::x86_64::ARGUMENT_REGISTERS as u64;
    is_system_v(module).then_some(FrameCosts { fixed, argument_registers })
}

/// mxcsr and the x87 control word. The low six bits of mxcsr are the flags of exceptions that were
/// raised.
fn control_state() -> ControlState {
    let assembly = |text: &str| Assembly {
        text: text.to_owned(),
        constraints: "{di},~{ax},~{cx},~{memory},~{dirflag},~{fpsr},~{flags}".to_owned(),
        has_effects: true,
        throws: false,
    };
    ControlState {
        // mxcsr, the x87 control word, and room to build the new mxcsr.
        bytes: 12,
        save: assembly("stmxcsr (%rdi)\nfnstcw 4(%rdi)"),
        restore: assembly(
            "fldcw 4(%rdi)\n\
             stmxcsr 8(%rdi)\n\
             movl 8(%rdi), %eax\n\
             andl $$0x3f, %eax\n\
             movl (%rdi), %ecx\n\
             andl $$0xffffffc0, %ecx\n\
             orl %ecx, %eax\n\
             movl %eax, 8(%rdi)\n\
             ldmxcsr 8(%rdi)",
        ),
    }
}

fn knows_ucontext(module: Module<'_>) -> bool {
    let triple = module.triple();
    triple.contains("linux") && !triple.ends_with("x32")
}

fn in_place(module: Module<'_>) -> Option<InPlace> {
    is_system_v(module).then_some(InPlace {
        thread_address,
        assembly: switch::assembly,
        registers_here,
        object_in_ucontext: ucontext::OBJECT as u64,
        jump_return: JUMP_RETURN,
    })
}

/// By the extensions that LLVM finds: APX has r16 to r31, AVX-512 xmm16 to xmm31 and the masks, AMX the
/// tiles. If this process is on another CPU, all are taken to be there.
fn registers_here() -> Registers {
    static HERE: OnceLock<Registers> = OnceLock::new();
    *HERE.get_or_init(|| {
        if cfg!(not(target_arch = "x86_64")) {
            return Registers::ALL;
        }
        let features = TargetMachine::get_host_cpu_features();
        let features = features.to_string_lossy();
        let lacks = |name: &str| features.split(',').any(|f| f.strip_prefix('-') == Some(name));
        Registers { more_general: !lacks("egpr"), more_vectors: !lacks("avx512f"), rare: true }
    })
}

fn thread_address<'m>(builder: &Builder<'m>, distance: Value<'m>) -> Value<'m> {
    builder.pointer_to(distance, THREAD_SPACE)
}
