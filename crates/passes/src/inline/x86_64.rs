//! The resident switch on x86-64 with System V's conventions.
//!
//! The assembly does what `stackswitch_exchange` of the runtime does, at the call's place. The
//! compiler is told that every register changes, so it saves what is live there and nothing else.
//! It may find its frame by rbp, and in frames that are both dynamic and aligned by rbx, so these
//! are saved here. What such a switch costs is mostly its stores.
//!
//! The record that a context leaves has the runtime's layout. It is written below the stack
//! pointer, which does not move: the function's own call frame information stays true, and the
//! record lies in the red zone, which signal handlers leave alone. Where there is no red zone the
//! stack pointer goes below the record first.

use stackswitch_abi::cpu::x86_64::{object, record, ucontext};
use stackswitch_abi::layout::{ONTOP_MARK, RUNNING_AFTER_READY, header, words};

use super::target::{Conditions, Objects, Operation, Target};
use stackswitch_ir::{Assembly, Builder, Module, Value};

/// The target.
pub(super) const TARGET: Target =
    Target { fits, at_thread, in_ucontext: ucontext::OBJECT as u64, assembly };

/// The address space that begins at the thread pointer.
const THREAD: u32 = 257;

/// Registers with numbers of which every one changes: prefix, first and last number. Those that a
/// target lacks are skipped by LLVM.
const NUMBERED: [(&str, u32, u32); 5] =
    [("r", 12, 31), ("xmm", 0, 31), ("k", 0, 7), ("mm", 0, 7), ("tmm", 0, 7)];

/// What else changes.
const OTHERS: &str = "~{r8},~{r9},~{r10},~{st},~{st(1)},~{st(2)},~{st(3)},~{st(4)},\
    ~{st(5)},~{st(6)},~{st(7)},~{dirflag},~{fpsr},~{flags},~{memory}";

/// Whether switches can be in place in a module: a target of 64 bits with ELF's thread-local
/// storage.
fn fits(module: Module<'_>) -> bool {
    let triple = module.triple();
    let mut parts = triple.split('-');
    parts.next() == Some("x86_64")
        && !triple.ends_with("x32")
        && !["windows", "darwin", "macos", "ios", "uefi", "cygwin"]
            .iter()
            .any(|system| parts.clone().any(|part| part.starts_with(system)))
        && module.pointer_size() == 8
}

fn at_thread<'m>(builder: &Builder<'m>, offset: Value<'m>) -> Value<'m> {
    builder.pointer_to(offset, THREAD)
}

/// The assembly of a switch: the result in rax, the target in rdi, the value in rsi, in rcx where
/// the thread's words are from the thread pointer on, the runtime's function in r11. Objects of
/// the POSIX layer are in rdi and rdx, in rcx is the thread's mark of those, and in rsi the one that
/// control came by.
fn assembly(operation: Operation, conditions: Conditions) -> Assembly {
    let mut code = Code::default();
    if let Operation::SwapContext(objects) = operation {
        code.capture(objects, conditions);
        code.refuse(operation);
        code.go_back(conditions);
        return code.assembly(operation, conditions);
    }
    code.find_target(operation);
    code.check_target();
    if operation == Operation::Resume {
        code.line(format!("movq %r8, {}(%rdi)", header::LINK));
    }
    code.leave(conditions);
    if conditions.slow_call {
        code.ask_for_call(operation);
        code.arrive_for_call(conditions);
        code.arrive(conditions);
        code.ask_for_nothing();
    } else {
        code.refuse(operation);
        code.arrive(conditions);
        code.end();
    }
    code.assembly(operation, conditions)
}

/// Instructions, one a line. Labels: 1 where a context goes on, 2 the end, 3 the slow way, 4 where a
/// context goes on by running a function first.
#[derive(Debug, Default)]
struct Code(String);

impl Code {
    fn line(&mut self, instruction: impl AsRef<str>) {
        // `$` is special in LLVM's templates; no instruction here has an immediate.
        self.0.push_str(instruction.as_ref());
        self.0.push('\n');
    }

    fn assembly(self, operation: Operation, conditions: Conditions) -> Assembly {
        let constraints = constraints(operation, conditions);
        Assembly { text: self.0, constraints, has_effects: true, throws: !conditions.slow_call }
    }

    /// rdi: the target, r8: the running context, which `check_target` loads otherwise.
    fn find_target(&mut self, operation: Operation) {
        // No thread has been set up.
        self.line("testq %rcx, %rcx");
        self.line("je 3f");
        if operation == Operation::Suspend {
            self.line(format!("movq %fs:{}(%rcx), %r8", words::CURRENT));
            self.line("testq %r8, %r8");
            self.line("je 3f");
            self.line(format!("movq {}(%r8), %rdi", header::LINK));
        }
        self.line("testq %rdi, %rdi");
        self.line("je 3f");
    }

    /// Whether the target can be gone to at once, with no C++ exceptions in flight.
    fn check_target(&mut self) {
        self.line(format!("movl %fs:{}(%rcx), %eax", words::READY));
        self.line(format!("cmpl %eax, {}(%rdi)", header::TAG));
        self.line("jne 3f");
        self.line(format!("movq %fs:{}(%rcx), %r9", words::EXCEPTIONS));
        self.line("movq (%r9), %r10");
        self.line("orq 8(%r9), %r10");
        self.line("jne 3f");
        self.line(format!("movq %fs:{}(%rcx), %r8", words::CURRENT));
    }

    /// Leaves the record, exchanges the contexts, goes on where the target says.
    fn leave(&mut self, conditions: Conditions) {
        let below = if conditions.red_zone {
            record::BYTES as isize
        } else {
            self.line(format!("leaq -{}(%rsp), %rsp", record::BYTES));
            0
        };
        let at = |offset: usize| offset as isize - below;
        self.line(format!("movq %rbp, {}(%rsp)", at(record::RBP)));
        if conditions.base_pointer {
            self.line(format!("movq %rbx, {}(%rsp)", at(record::RBX)));
        }
        self.line("leaq 1f(%rip), %r10");
        self.line(format!("movq %r10, {}(%rsp)", at(record::RESUME_ADDRESS)));
        self.line(format!("leaq {}(%rsp), %r10", at(0)));
        self.line(format!("movq %r10, {}(%r8)", header::SP));
        self.line(format!("movl %eax, {}(%r8)", header::TAG));
        self.line(format!("leal {RUNNING_AFTER_READY}(%rax), %eax"));
        self.line(format!("movl %eax, {}(%rdi)", header::TAG));
        self.line(format!("movq %rdi, %fs:{}(%rcx)", words::CURRENT));
        self.line(format!("incq %fs:{}(%rcx)", words::SWITCHES));
        self.line(format!("movq {}(%rdi), %rdx", header::SP));
        self.line("movq %rsi, %rax");
        self.line("jmpq *(%rdx)");
    }

    /// The slow way: a call of the runtime, with the arguments where C has them.
    fn refuse(&mut self, operation: Operation) {
        self.line("3:");
        match operation {
            Operation::Swap | Operation::Resume => {}
            Operation::Suspend => self.line("movq %rsi, %rdi"),
            Operation::SwapContext(Objects::Own) => {
                self.line("movq %rdx, %rsi");
                self.line("xorl %edx, %edx"); // no base
            }
            Operation::SwapContext(Objects::InUcontext) => {
                self.line(format!("leaq -{}(%rdi), %rdi", ucontext::OBJECT));
                self.line(format!("leaq -{}(%rdx), %rsi", ucontext::OBJECT));
            }
        }
        self.line("callq *%r11");
        if let Operation::SwapContext(_) = operation {
            self.line("xorl %edx, %edx"); // by which object is not known
        }
        self.line("jmp 2f");
    }

    /// The slow way where it is outside: r11 is still the runtime's function.
    fn ask_for_call(&mut self, operation: Operation) {
        self.line("3:");
        if operation == Operation::Suspend {
            self.line("movq %rsi, %rdi");
        }
        self.line("jmp 2f");
    }

    /// Where the runtime has a context go on that shall run a function on top of itself. That is in
    /// r11, and in rdi and rsi are its arguments; rdx is the record. How the runtime finds the
    /// place lies behind it, before the point.
    fn arrive_for_call(&mut self, conditions: Conditions) {
        self.line("4:");
        self.restore(conditions);
        self.line("jmp 2f");
        self.line(format!(".long {}", ONTOP_MARK));
        self.line(".long 4b-1f");
    }

    /// The end where a call may follow: none does.
    fn ask_for_nothing(&mut self) {
        self.line("xorl %r11d, %r11d");
        self.end();
    }

    fn end(&mut self) {
        self.line("2:");
    }

    /// What `stackswitch_go_plainly` of the runtime does. Nothing is loaded that a store could be
    /// waited for but the target's own position. Whoever is gone to finds the mark in rcx, which
    /// is his as well: it is the same thread.
    fn capture(&mut self, objects: Objects, conditions: Conditions) {
        if objects == Objects::Own {
            self.line("testq %rdi, %rdi");
            self.line("je 3f");
            self.line("testq %rdx, %rdx");
            self.line("je 3f");
        }
        self.line(format!("cmpq %rcx, {}(%rdx)", object::TAG));
        self.line("jne 3f");
        if conditions.landed {
            // Whoever came by it has looked at its mark.
            self.line("cmpq %rsi, %rdi");
            self.line("jne 4f");
            self.line("5:");
        } else {
            self.line(format!("cmpq %rcx, {}(%rdi)", object::TAG));
            self.line("jne 3f");
        }
        self.line("leaq 1f(%rip), %r10");
        self.line("movq %r10, (%rdi)");
        self.line(format!("movq %rsp, {}(%rdi)", object::SP));
        self.line(format!("movq %rbp, {}(%rdi)", object::RBP));
        if conditions.base_pointer {
            self.line(format!("movq %rbx, {}(%rdi)", object::RBX));
        }
        self.line("xorl %eax, %eax");
        self.line("jmpq *(%rdx)");
        if conditions.landed {
            self.line("4:");
            self.line(format!("cmpq %rcx, {}(%rdi)", object::TAG));
            self.line("je 5b");
        }
    }

    /// Goes on with a capture: rdx is the object, or what has its position.
    fn go_back(&mut self, conditions: Conditions) {
        self.line("1:");
        if conditions.marked_targets {
            self.line("endbr64");
        }
        if conditions.base_pointer {
            self.line(format!("movq {}(%rdx), %rbx", object::RBX));
        }
        self.line(format!("movq {}(%rdx), %rbp", object::RBP));
        self.line(format!("movq {}(%rdx), %rsp", object::SP));
        self.end();
    }

    /// Goes on: rdx is the record, rax the value.
    fn arrive(&mut self, conditions: Conditions) {
        self.line("1:");
        self.restore(conditions);
    }

    /// Makes the stack of the record at rdx the own one. The stack pointer comes last, so that it is
    /// always one that a signal handler can use.
    fn restore(&mut self, conditions: Conditions) {
        if conditions.marked_targets {
            self.line("endbr64");
        }
        if conditions.base_pointer {
            self.line(format!("movq {}(%rdx), %rbx", record::RBX));
        }
        self.line(format!("movq {}(%rdx), %rbp", record::RBP));
        self.line(format!("leaq {}(%rdx), %rsp", record::BYTES));
    }
}

/// The registers of outputs and inputs, and all others.
fn constraints(operation: Operation, conditions: Conditions) -> String {
    let mut all: Vec<String> = match operation {
        Operation::Suspend if conditions.slow_call => {
            vec!["={ax},={di},={si},={cx},={r11},2,3,4,~{rdx}".to_owned()]
        }
        Operation::Suspend => {
            vec!["={ax},={si},={cx},={r11},1,2,3,~{rdi},~{rdx}".to_owned()]
        }
        Operation::Swap | Operation::Resume => {
            vec!["={ax},={di},={si},={cx},={r11},1,2,3,4,~{rdx}".to_owned()]
        }
        Operation::SwapContext(_) => {
            vec!["={ax},={di},={dx},={cx},={si},={r11},1,2,3,4,5".to_owned()]
        }
    };
    if !conditions.base_pointer {
        all.push("~{rbx}".to_owned());
    }
    all.push(OTHERS.to_owned());
    for (prefix, first, last) in NUMBERED {
        all.extend((first..=last).map(|number| format!("~{{{prefix}{number}}}")));
    }
    all.join(",")
}
