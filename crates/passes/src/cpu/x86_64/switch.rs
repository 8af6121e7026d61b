//! The switch in place on x86-64 with the System V ABI.
//!
//! The assembly does what `stackswitch_exchange` of the runtime does, at the place of the call. It
//! declares every register clobbered but rbp, which inline assembly cannot, and rbx where the
//! compiler may use it as a base pointer. So the compiler saves what is live at the switch and
//! nothing else, and the assembly saves rbp and, if need be, rbx.
//!
//! A context that switches away leaves the switch record below its stack pointer:
//!
//! ```text
//!              | the function's frame               |
//!     rsp -->  +------------------------------------+  <-- the record's address + 64
//!              | (return address; not used in place)|  +56
//!              | rbp                                |  +48
//!              | rbx, where it is a base pointer    |  +40
//!              | ...                                |
//!              | resume address                     |  +0
//!              +------------------------------------+  <-- header.sp
//! ```
//!
//! The stack pointer does not move, so the call frame information of the function stays true. The
//! record is in the red zone, which signal handlers leave alone. In a function without a red zone
//! the stack pointer first moves below the record.
//!
//! A context lands with the stack and frame pointers of the one that switched to it. Until it has
//! loaded its own, the call frame information says that the return address is unknown, so that a
//! profiler's unwinder stops there. The same holds while the stack pointer is below the record.
//!
//! Registers, as [`register`] assigns them to the operands:
//!
//! | register | `swap`, `resume`, `suspend` | `swapcontext` |
//! | --- | --- | --- |
//! | rax | the result | the result |
//! | rdi | the target context | the object to capture into |
//! | rsi | the value | the object that control came by |
//! | rdx | the target's record, at its resume address | the object to resume |
//! | rcx | the distance of the thread words from fs | the thread's mark |
//! | r8 | the running context | |
//! | r11 | the runtime's function | the runtime's function |

use std::fmt;

use stackswitch_abi::cpu::x86_64::{object, record, ucontext};
use stackswitch_abi::layout::{ONTOP_MARK, header, words};
use stackswitch_ir::Assembly;

use crate::cpu::switch::{Conditions, ObjectPlace, Operand, Operands, Operation, Registers};

/// Numbered registers that a switch clobbers: prefix, first and last number. LLVM skips those that a
/// target lacks.
fn numbered(registers: Registers) -> Vec<(&'static str, u32, u32)> {
    let mut list = vec![("r", 12, 15), ("xmm", 0, 15)];
    if registers.more_general {
        list.push(("r", 16, 31));
    }
    if registers.more_vectors {
        list.extend([("xmm", 16, 31), ("k", 0, 7)]);
    }
    if registers.rare {
        list.extend([("mm", 0, 7), ("tmm", 0, 7)]);
    }
    list
}

/// What else every switch clobbers.
const OTHERS: &str = "~{r8},~{r9},~{r10},~{st},~{st(1)},~{st(2)},~{st(3)},~{st(4)},\
    ~{st(5)},~{st(6)},~{st(7)},~{dirflag},~{fpsr},~{flags},~{memory}";

/// `jmpq *(%rdx)` reads the resume address of a record and of an object alike.
const _: () = assert!(record::RESUME_ADDRESS == 0 && object::RESUME_ADDRESS == 0);

/// The assembly of an operation.
pub(super) fn assembly(operation: Operation, conditions: Conditions) -> Assembly {
    let mut code = Code::default();
    if let Operation::SwapContext(objects) = operation {
        code.capture_and_resume(objects, conditions);
        code.call_runtime(operation);
        code.land_on_object(conditions);
        code.label(Label::End);
    } else {
        code.find_target(operation);
        code.check_target(operation);
        if operation == Operation::Resume {
            code.line(format!("movq %r8, {}(%rdi)", header::LINK));
        }
        code.exchange(conditions);
        if conditions.slow_call {
            code.leave_to_slow_call(operation);
            code.land_to_run_function(conditions);
            code.land_on_record(conditions);
            code.line("xorl %r11d, %r11d"); // no call follows
        } else {
            code.call_runtime(operation);
            code.land_on_record(conditions);
        }
        code.label(Label::End);
    }
    let constraints = constraints(operation, conditions);
    Assembly { text: code.0, constraints, has_effects: true, throws: !conditions.slow_call }
}

/// The labels of the assembly. A switch has either [`Label::RunFunction`] or the two for the check
/// of an object.
#[derive(Clone, Copy, Debug)]
enum Label {
    /// The resume address.
    Resume,
    /// The end of the assembly.
    End,
    /// The slow path.
    Slow,
    /// The second resume address, for a function that runs on top of the context.
    RunFunction,
    /// The object to capture into is not the one that control came by: its mark is checked.
    CheckCaptured,
    /// The object to capture into has the thread's mark.
    CapturedIsPlain,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Label::Resume => "1",
            Label::End => "2",
            Label::Slow => "3",
            Label::RunFunction | Label::CheckCaptured => "4",
            Label::CapturedIsPlain => "5",
        })
    }
}

/// Instructions, one a line. `$` is special in LLVM's templates; none of them has an immediate.
#[derive(Debug, Default)]
struct Code(String);

impl Code {
    fn line(&mut self, instruction: impl AsRef<str>) {
        self.0.push_str(instruction.as_ref());
        self.0.push('\n');
    }

    fn label(&mut self, label: Label) {
        self.line(format!("{label}:"));
    }

    /// A jump to a label further down.
    fn jump(&mut self, jump: &str, label: Label) {
        self.line(format!("{jump} {label}f"));
    }

    /// Finds the target: rdi. `suspend` also finds the running context: r8. Takes the slow path if
    /// the thread is not set up or if there is no target.
    fn find_target(&mut self, operation: Operation) {
        self.line("testq %rcx, %rcx");
        self.jump("je", Label::Slow);
        if operation == Operation::Suspend {
            self.line(format!("movq %fs:{}(%rcx), %r8", words::CURRENT));
            self.line("testq %r8, %r8");
            self.jump("je", Label::Slow);
            self.line(format!("movq {}(%r8), %rdi", header::LINK));
        }
        self.line("testq %rdi, %rdi");
        self.jump("je", Label::Slow);
    }

    /// Takes the slow path if the target's tag is not the ready one, if the target is the running context,
    /// which has that tag too, or if C++ exceptions are in flight. Loads the running context: r8.
    fn check_target(&mut self, operation: Operation) {
        self.line(format!("movl %fs:{}(%rcx), %eax", words::READY));
        self.line(format!("cmpl %eax, {}(%rdi)", header::TAG));
        self.jump("jne", Label::Slow);
        if operation != Operation::Suspend {
            self.line(format!("movq %fs:{}(%rcx), %r8", words::CURRENT));
        }
        self.line("cmpq %r8, %rdi");
        self.jump("je", Label::Slow);
        self.line(format!("movq %fs:{}(%rcx), %r9", words::EXCEPTIONS));
        self.line("movq (%r9), %r10");
        self.line("orq 8(%r9), %r10");
        self.jump("jne", Label::Slow);
    }

    /// Leaves the switch record, makes the target the running context, and jumps to its resume
    /// address with its record in rdx and the value in rax.
    fn exchange(&mut self, conditions: Conditions) {
        let below = if conditions.red_zone {
            record::BYTES as isize
        } else {
            self.begin_unknown_frame(conditions);
            self.line(format!("leaq -{}(%rsp), %rsp", record::BYTES));
            0
        };
        let at = |offset: usize| offset as isize - below;
        self.line(format!("movq %rbp, {}(%rsp)", at(record::RBP)));
        if conditions.base_pointer {
            self.line(format!("movq %rbx, {}(%rsp)", at(record::RBX)));
        }
        self.line(format!("leaq {}f(%rip), %r10", Label::Resume));
        self.line(format!("movq %r10, {}(%rsp)", at(record::RESUME_ADDRESS)));
        self.line(format!("leaq {}(%rsp), %r10", at(0)));
        self.line(format!("movq %r10, {}(%r8)", header::SP));
        self.line(format!("movq %rdi, %fs:{}(%rcx)", words::CURRENT));
        self.line(format!("incq %fs:{}(%rcx)", words::SWITCHES));
        self.line(format!("movq {}(%rdi), %rdx", header::SP));
        self.line("movq %rsi, %rax");
        self.line("jmpq *(%rdx)");
        if !conditions.red_zone {
            self.end_unknown_frame(conditions);
        }
    }

    /// Unwinders stop at the instructions from here to [`Code::end_unknown_frame`].
    fn begin_unknown_frame(&mut self, conditions: Conditions) {
        if conditions.unwind_tables {
            self.line(".cfi_remember_state");
            self.line(".cfi_undefined %rip");
        }
    }

    /// The call frame information of the function holds again.
    fn end_unknown_frame(&mut self, conditions: Conditions) {
        if conditions.unwind_tables {
            self.line(".cfi_restore_state");
        }
    }

    /// The slow path: calls the runtime with the arguments in C's registers, and jumps to the end.
    fn call_runtime(&mut self, operation: Operation) {
        self.label(Label::Slow);
        match operation {
            Operation::Swap | Operation::Resume => {}
            Operation::Suspend => self.line("movq %rsi, %rdi"),
            Operation::SwapContext(ObjectPlace::OwnMemory) => {
                self.line("movq %rdx, %rsi");
                self.line("xorl %edx, %edx"); // no base
            }
            Operation::SwapContext(ObjectPlace::Ucontext) => {
                self.line(format!("leaq -{}(%rdi), %rdi", ucontext::OBJECT));
                self.line(format!("leaq -{}(%rdx), %rsi", ucontext::OBJECT));
            }
        }
        self.line("callq *%r11");
        if let Operation::SwapContext(_) = operation {
            self.line("xorl %edx, %edx"); // the object that control came by is not known
        }
        self.jump("jmp", Label::End);
    }

    /// The slow path if the call of the runtime is after the assembly: r11 still has the function,
    /// and rdi and rsi become its arguments.
    fn leave_to_slow_call(&mut self, operation: Operation) {
        self.label(Label::Slow);
        if operation == Operation::Suspend {
            self.line("movq %rsi, %rdi");
        }
        self.jump("jmp", Label::End);
    }

    /// The second resume address: the runtime jumps here if a function is to run on top of this
    /// context. The function is in r11 and its arguments in rdi and rsi; rdx has the record. The
    /// call after the assembly makes the call. The runtime finds the address by the two words
    /// before the first resume address, which end this part.
    fn land_to_run_function(&mut self, conditions: Conditions) {
        self.label(Label::RunFunction);
        self.restore_frame(conditions);
        self.jump("jmp", Label::End);
        self.line(format!(".long {ONTOP_MARK}"));
        self.line(format!(".long {}b-{}f", Label::RunFunction, Label::Resume));
    }

    /// Captures into one object and resumes the other, as `stackswitch_go_plainly` of the runtime
    /// does. The target's position is the only load that can wait for a store. The code that is
    /// resumed finds the mark in rcx: it runs on the same thread.
    fn capture_and_resume(&mut self, objects: ObjectPlace, conditions: Conditions) {
        if objects == ObjectPlace::OwnMemory {
            self.line("testq %rdi, %rdi");
            self.jump("je", Label::Slow);
            self.line("testq %rdx, %rdx");
            self.jump("je", Label::Slow);
        }
        self.line(format!("cmpq %rcx, {}(%rdx)", object::TAG));
        self.jump("jne", Label::Slow);
        if conditions.knows_resumed {
            // The switch that resumed this object has compared its mark.
            self.line("cmpq %rsi, %rdi");
            self.jump("jne", Label::CheckCaptured);
            self.label(Label::CapturedIsPlain);
        } else {
            self.line(format!("cmpq %rcx, {}(%rdi)", object::TAG));
            self.jump("jne", Label::Slow);
        }
        self.line(format!("leaq {}f(%rip), %r10", Label::Resume));
        self.line("movq %r10, (%rdi)");
        self.line(format!("movq %rsp, {}(%rdi)", object::SP));
        self.line(format!("movq %rbp, {}(%rdi)", object::RBP));
        if conditions.base_pointer {
            self.line(format!("movq %rbx, {}(%rdi)", object::RBX));
        }
        self.line("xorl %eax, %eax");
        self.line("jmpq *(%rdx)");
        if conditions.knows_resumed {
            self.label(Label::CheckCaptured);
            self.line(format!("cmpq %rcx, {}(%rdi)", object::TAG));
            self.line(format!("je {}b", Label::CapturedIsPlain));
        }
    }

    /// The resume address of a capture. rdx has the object, or a copy of its registers.
    fn land_on_object(&mut self, conditions: Conditions) {
        self.begin_unknown_frame(conditions);
        self.label(Label::Resume);
        if conditions.marked_targets {
            self.line("endbr64");
        }
        if conditions.base_pointer {
            self.line(format!("movq {}(%rdx), %rbx", object::RBX));
        }
        self.line(format!("movq {}(%rdx), %rbp", object::RBP));
        self.line(format!("movq {}(%rdx), %rsp", object::SP));
        self.end_unknown_frame(conditions);
    }

    /// The resume address of a context. rdx has the switch record, rax the value.
    fn land_on_record(&mut self, conditions: Conditions) {
        self.label(Label::Resume);
        self.restore_frame(conditions);
    }

    /// Takes rbx, rbp and rsp from the record at rdx. rsp comes last: at each instruction it is one
    /// that a signal handler can use.
    fn restore_frame(&mut self, conditions: Conditions) {
        self.begin_unknown_frame(conditions);
        if conditions.marked_targets {
            self.line("endbr64");
        }
        if conditions.base_pointer {
            self.line(format!("movq {}(%rdx), %rbx", record::RBX));
        }
        self.line(format!("movq {}(%rdx), %rbp", record::RBP));
        self.line(format!("leaq {}(%rdx), %rsp", record::BYTES));
        self.end_unknown_frame(conditions);
    }
}

/// The register of an operand.
fn register(operation: Operation, operand: Operand) -> &'static str {
    let is_swapcontext = matches!(operation, Operation::SwapContext(_));
    match operand {
        Operand::Target if is_swapcontext => "dx",
        Operand::Target | Operand::Captured => "di",
        Operand::Value | Operand::Resumed => "si",
        Operand::ThreadWords | Operand::Mark => "cx",
        Operand::SlowPath => "r11",
    }
}

/// The registers of outputs and inputs, and the clobbers. Each input has the register of the output
/// that tells what becomes of it.
fn constraints(operation: Operation, conditions: Conditions) -> String {
    let operands = Operands::of(operation, conditions);
    let inputs = || operands.inputs().iter().map(|&input| register(operation, input));
    let mut outputs = vec!["ax"];
    if operands.has_extra_output() {
        outputs.push("di");
    }
    outputs.extend(inputs());
    let mut all: Vec<String> = outputs.iter().map(|name| format!("={{{name}}}")).collect();
    all.extend(operands.inputs().iter().map(|&input| operands.after(input).to_string()));
    let free = ["di", "dx"].into_iter().filter(|name| !outputs.contains(name));
    all.extend(free.map(|name| format!("~{{r{name}}}")));
    if !conditions.base_pointer {
        all.push("~{rbx}".to_owned());
    }
    all.push(OTHERS.to_owned());
    for (prefix, first, last) in numbered(conditions.registers) {
        all.extend((first..=last).map(|number| format!("~{{{prefix}{number}}}")));
    }
    all.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPERATIONS: [Operation; 5] = [
        Operation::Swap,
        Operation::Resume,
        Operation::Suspend,
        Operation::SwapContext(ObjectPlace::OwnMemory),
        Operation::SwapContext(ObjectPlace::Ucontext),
    ];

    /// All conditions that an operation can have.
    fn all_conditions(operation: Operation) -> impl Iterator<Item = Conditions> {
        let flag = |bits: u32, bit: u32| bits & 1 << bit != 0;
        (0..64u32)
            .map(move |bits| Conditions {
                red_zone: flag(bits, 0),
                marked_targets: flag(bits, 1),
                base_pointer: flag(bits, 2),
                slow_call: flag(bits, 3),
                knows_resumed: flag(bits, 4),
                unwind_tables: flag(bits, 5),
                registers: Registers::ALL,
            })
            .filter(move |c| match operation.returns_twice() {
                true => !c.slow_call,
                false => !c.knows_resumed,
            })
    }

    #[test]
    fn each_input_has_the_register_of_the_output_of_its_name() {
        for operation in OPERATIONS {
            for conditions in all_conditions(operation) {
                let constraints = constraints(operation, conditions);
                let parts: Vec<&str> = constraints.split(',').collect();
                let outputs = parts.iter().take_while(|part| part.starts_with('=')).count();
                let operands = Operands::of(operation, conditions);
                for (place, &input) in operands.inputs().iter().enumerate() {
                    let after = operands.after(input);
                    assert_eq!(parts[outputs + place], after.to_string(), "{constraints}");
                    let register = format!("={{{}}}", register(operation, input));
                    assert_eq!(parts[after as usize], register, "{constraints}");
                }
                let clobbers = &parts[outputs + operands.inputs().len()..];
                assert!(clobbers.iter().all(|part| part.starts_with('~')), "{constraints}");
            }
        }
    }

    #[test]
    fn all_groups_of_registers_are_clobbered_unless_said_otherwise() {
        let names = |registers| {
            let ranges = numbered(registers).into_iter();
            let all = ranges.flat_map(|(name, first, last)| (first..=last).map(move |n| (name, n)));
            all.collect::<Vec<_>>()
        };
        let all = names(Registers::ALL);
        let missing = |registers| {
            let left = names(registers);
            all.iter().filter(|name| !left.contains(name)).copied().collect::<Vec<_>>()
        };
        assert_eq!(all.len(), 20 + 32 + 8 + 8 + 8);
        let without_general = Registers { more_general: false, ..Registers::ALL };
        assert!(missing(without_general).into_iter().eq((16..=31).map(|n| ("r", n))));
        let without_vectors = Registers { more_vectors: false, ..Registers::ALL };
        assert_eq!(missing(without_vectors).len(), 16 + 8);
        let rare = missing(Registers::ALL.without_rare());
        assert!(rare.iter().all(|(name, _)| matches!(*name, "mm" | "tmm")) && rare.len() == 16);
    }

    #[test]
    fn each_jump_has_its_label() {
        for operation in OPERATIONS {
            for conditions in all_conditions(operation) {
                let text = assembly(operation, conditions).text;
                let mut labels = Vec::new();
                for line in text.lines() {
                    labels.extend(line.strip_suffix(':'));
                }
                for label in 1..=9 {
                    let count = labels.iter().filter(|l| **l == label.to_string()).count();
                    let words = || text.split([' ', '\n', '-', '(', ',']);
                    let is_used =
                        words().any(|w| w == format!("{label}f") || w == format!("{label}b"));
                    assert!(count <= 1, "{label} twice in {text}");
                    assert!(count == 1 || !is_used, "{label} is missing in {text}");
                }
            }
        }
    }
}
