//! A program for one intrinsic, made from its entry in the table alone.
//!
//! The program is a module with one function, `ptr @NAME()`. It runs the intrinsic in every
//! [scenario](SCENARIOS) and returns its log: the number of entries, then the entries, all `i64`.
//! Nothing in the program but its switches is hidden from LLVM, so that the passes find as much to
//! do as they can.

use std::{cell::Cell, fmt::Write as _};

use stackswitch::intrinsics::{Entry, Gives, Intrinsic, Layer, ParamKind, Returns, TABLE, named};

use super::scenarios::SCENARIOS;

/// What is logged at the end of a scenario is this number and the scenario's.
const MARK: i64 = 9000;

/// How many uses of the intrinsic a scenario may have. Each has operands of its own.
const SLOTS: usize = 4;

/// What every program has: the log, the error handler, and functions for contexts to run.
///
/// The handler notes the code. A context that ends without a link gets the first context for one.
const SUPPORT: &str = "
@log = internal global [4096 x i64] zeroinitializer
@caller = internal global ptr null
@first = internal global ptr null
@left = internal global i1 false
@others = internal global [4 x ptr] zeroinitializer
@bases = internal global [4 x ptr] zeroinitializer
@resumed = internal global [4 x i1] zeroinitializer
@objects = internal global [4 x [4096 x i8]] zeroinitializer, align 64
@captures = internal global [4 x [4096 x i8]] zeroinitializer, align 64
@stacks = internal global [4 x [65536 x i8]] zeroinitializer, align 64
declare ptr @stackswitch_set_error_handler(ptr)

define internal void @note(i64 %value) {
  %count = load i64, ptr @log
  %next = add i64 %count, 1
  %fits = icmp ult i64 %next, 4096
  br i1 %fits, label %store, label %end
store:
  store i64 %next, ptr @log
  %at = getelementptr i64, ptr @log, i64 %next
  store i64 %value, ptr %at
  br label %end
end:
  ret void
}

define internal void @note_pointer(ptr %pointer) {
  %first = load ptr, ptr @first
  %is_null = icmp eq ptr %pointer, null
  %is_first = icmp eq ptr %pointer, %first
  %other = select i1 %is_first, i64 1, i64 2
  %class = select i1 %is_null, i64 0, i64 %other
  call void @note(i64 %class)
  ret void
}

define internal void @handler(i32 %code, ptr %ctx, ptr %message) {
  %wide = sext i32 %code to i64
  call void @note(i64 %wide)
  %no_link = icmp eq i32 %code, -3
  br i1 %no_link, label %link, label %end
link:
  %current = call ptr @llvm.stackswitch.current()
  %first = load ptr, ptr @first
  call void @llvm.stackswitch.setlink(ptr %current, ptr %first)
  br label %end
end:
  ret void
}

define internal void @entry_posix(ptr %arg) {
  call void @note(i64 500)
  ret void
}

define internal i64 @entry_body(ptr %arg, i64 %first) {
  call void @note(i64 %first)
  ret i64 501
}

define internal i64 @entry_ontop(i64 %value) {
  call void @note(i64 %value)
  ret i64 502
}

define internal i64 @other(ptr %arg, i64 %first) {
  %a = add i64 %first, 100
  %b = call i64 @llvm.stackswitch.suspend.i64(i64 %a)
  %c = add i64 %b, 100
  %d = call i64 @llvm.stackswitch.suspend.i64(i64 %c)
  %e = add i64 %d, 100
  ret i64 %e
}

define internal i64 @plain(ptr %arg, i64 %first) {
  call void @note(i64 %first)
  %sum = add i64 %first, 1000
  ret i64 %sum
}

define internal i64 @pausing(ptr %arg, i64 %first) {
  call void @note(i64 %first)
  %sum = add i64 %first, 1000
  %next = call i64 @llvm.stackswitch.suspend.i64(i64 %sum)
  call void @note(i64 %next)
  %last = add i64 %next, 1000
  ret i64 %last
}

define internal i64 @counter(ptr %arg, i64 %first) {
  br label %loop
loop:
  %before = phi i64 [ 0, %0 ], [ %sum, %loop ]
  %value = phi i64 [ %first, %0 ], [ %next, %loop ]
  %sum = add i64 %before, %value
  %next = call i64 @llvm.stackswitch.suspend.i64(i64 %sum)
  br label %loop
}
";

/// The code of one function, line by line.
#[derive(Default)]
pub struct Code {
    text: String,
    names: usize,
}

impl Code {
    /// A name that the function does not have yet.
    fn name(&mut self) -> String {
        self.names += 1;
        format!("x{}", self.names)
    }

    /// Adds an instruction without a result.
    pub fn run(&mut self, instruction: &str) {
        let _ = writeln!(self.text, "  {instruction}");
    }

    /// Adds an instruction and gives its result.
    pub fn value(&mut self, instruction: &str) -> String {
        let name = format!("%{}", self.name());
        self.run(&format!("{name} = {instruction}"));
        name
    }

    /// Starts a block.
    pub fn block(&mut self, label: &str) {
        let _ = writeln!(self.text, "{label}:");
    }

    /// Calls an intrinsic of the table with operands that are written with their types.
    pub fn call(&mut self, name: &str, operands: &[&str]) -> Option<String> {
        let intrinsic = named(name);
        let (result, callee) = (result_type(intrinsic), callee(intrinsic));
        let call = format!("call {result} @{callee}({})", operands.join(", "));
        if intrinsic.returns == Returns::Void {
            self.run(&call);
            return None;
        }
        Some(self.value(&call))
    }

    /// As [`Code::call`], of an intrinsic with a result.
    pub fn result(&mut self, name: &str, operands: &[&str]) -> String {
        self.call(name, operands).expect("the table gives it a result")
    }

    /// Logs a number of the given type.
    pub fn note(&mut self, ty: &str, value: &str) {
        let wide = match ty {
            "i64" => value.to_owned(),
            _ => self.value(&format!("sext {ty} {value} to i64")),
        };
        self.run(&format!("call void @note(i64 {wide})"));
    }

    /// Makes a context with this body.
    pub fn spawn(&mut self, body: &str) -> String {
        let context = self.result("spawn", &["ptr null", &format!("ptr @{body}"), "ptr null"]);
        format!("ptr {context}")
    }

    /// Resumes a context and logs what comes back.
    pub fn resume(&mut self, context: &str, value: u64) {
        let back = self.result("resume", &[context, &format!("i64 {value}")]);
        self.note("i64", &back);
    }

    /// Suspends the context that runs this code and logs what it is resumed with.
    pub fn suspend(&mut self, value: u64) {
        let back = self.result("suspend", &[&format!("i64 {value}")]);
        self.note("i64", &back);
    }

    /// Logs the status of a context and destroys it.
    pub fn end(&mut self, context: &str) {
        let status = self.result("status", &[context]);
        self.note("i32", &status);
        self.call("destroy", &[context]);
    }
}

/// The LLVM type of a parameter, with `i64` for `T`.
fn param_type(kind: ParamKind) -> &'static str {
    match kind {
        ParamKind::Size | ParamKind::StackSize | ParamKind::Value => "i64",
        ParamKind::Context
        | ParamKind::OptionalContext
        | ParamKind::Link
        | ParamKind::Capture
        | ParamKind::Base
        | ParamKind::OptionalBase
        | ParamKind::Stack
        | ParamKind::Function(_)
        | ParamKind::Argument => "ptr",
    }
}

/// The LLVM type of a result, with `i64` for `T`.
fn result_type(intrinsic: &Intrinsic) -> &'static str {
    match intrinsic.returns {
        Returns::Void => "void",
        Returns::Int => "i32",
        Returns::Size | Returns::Value => "i64",
        Returns::Pointer => "ptr",
    }
}

/// The name of an intrinsic, for values of the type `i64`.
fn callee(intrinsic: &Intrinsic) -> String {
    format!("{}{}", intrinsic.full_name(), if intrinsic.overloaded { ".i64" } else { "" })
}

/// The name of an intrinsic's program.
pub fn name(intrinsic: &Intrinsic) -> String {
    format!("table_{}", intrinsic.name.replace('.', "_"))
}

/// Text of the form `ptr getelementptr (…)`: element `slot` of an array of support memory.
fn element(array: &str, ty: &str, slot: usize) -> String {
    format!("ptr getelementptr ({ty}, ptr @{array}, i64 {slot})")
}

/// A program under construction.
pub struct Program<'i> {
    pub intrinsic: &'i Intrinsic,
    functions: String,
    /// How many slots of this scenario are used.
    slots: Cell<usize>,
    pub scenario: usize,
}

/// The scenario in which two logs differ first, with both parts, if they do.
pub fn difference(expected: &[i64], found: &[i64]) -> Option<String> {
    let (expected, found) = (scenarios(expected), scenarios(found));
    let longest = expected.len().max(found.len());
    (0..longest).find_map(|i| {
        let (expected, found) = (expected.get(i), found.get(i));
        let number = expected.or(found).and_then(|log| log.last()).map_or(0, |last| last - MARK);
        let name = usize::try_from(number).ok().and_then(|n| SCENARIOS.get(n)).map(|s| s.0);
        let name = name.unwrap_or("an unfinished scenario");
        (expected != found).then(|| format!("{name}: expected {expected:?}, found {found:?}"))
    })
}

/// In how many scenarios an intrinsic is used.
pub fn scenarios_of(intrinsic: &Intrinsic) -> usize {
    let mut program =
        Program { intrinsic, functions: String::new(), slots: Cell::new(0), scenario: 0 };
    SCENARIOS.into_iter().filter(|(_, scenario)| scenario(&mut program).is_some()).count()
}

/// A log in parts, each of one scenario.
fn scenarios(log: &[i64]) -> Vec<&[i64]> {
    let ends = MARK..MARK + SCENARIOS.len() as i64;
    log.split_inclusive(|entry| ends.contains(entry)).collect()
}

/// The module for an intrinsic.
pub fn module(intrinsic: &Intrinsic) -> String {
    let mut program =
        Program { intrinsic, functions: String::new(), slots: Cell::new(0), scenario: 0 };
    let mut main = Code::default();
    let top = main.result("current", &[]);
    main.run(&format!("store ptr {top}, ptr @first"));
    let handler = main.value("call ptr @stackswitch_set_error_handler(ptr @handler)");
    for (number, (_, scenario)) in SCENARIOS.into_iter().enumerate() {
        program.scenario = number;
        program.slots.set(0);
        if scenario(&mut program).is_some() {
            program.runner();
            main.run(&format!("call void @run{number}()"));
        }
    }
    main.run(&format!("call ptr @stackswitch_set_error_handler(ptr {handler})"));
    let caller = main.value("load ptr, ptr @caller");
    main.call("setlink", &[&format!("ptr {top}"), &format!("ptr {caller}")]);
    main.run("ret i64 0");
    let mut text = SUPPORT.to_owned();
    for other in TABLE {
        let params: Vec<&str> = other.params.iter().map(|p| param_type(p.kind)).collect();
        let (result, callee) = (result_type(other), callee(other));
        let _ = writeln!(text, "declare {result} @{callee}({})", params.join(", "));
    }
    text += &program.functions;
    let _ =
        writeln!(text, "define internal i64 @program(ptr %arg, i64 %start) {{\n{}}}", main.text);
    let start = start().text;
    let _ = writeln!(text, "define ptr @{}() noinline {{\n{start}}}", name(intrinsic));
    text
}

/// Runs `@program` in a context of its own without a link, so that it finds the same in the JIT and
/// ahead of time.
fn start() -> Code {
    let mut code = Code::default();
    let caller = code.result("current", &[]);
    code.run(&format!("store ptr {caller}, ptr @caller"));
    let base = code.result("base.create", &["i64 1048576"]);
    let operands = [&format!("ptr {base}"), "ptr @program", "ptr null"];
    let context = code.result("spawn", &operands);
    code.result("swap", &[&format!("ptr {context}"), "i64 0"]);
    code.run("ret ptr @log");
    code
}

impl Program<'_> {
    /// Adds a function of this scenario.
    pub fn function(&mut self, head: &str, code: Code) {
        let _ = writeln!(self.functions, "define internal {head} {{\n{}}}\n", code.text);
    }

    /// Adds a body `@bodyN` of a context, which returns a number that depends on its first value.
    pub fn body(&mut self, mut code: Code) {
        let sum = code.value("add i64 %first, 3000");
        code.run(&format!("ret i64 {sum}"));
        self.function(&format!("i64 @body{}(ptr %arg, i64 %first)", self.scenario), code);
    }

    /// Adds `@scenarioN`.
    pub fn creator(&mut self, mut code: Code) {
        code.run("ret void");
        self.function(&format!("void @scenario{}() noinline", self.scenario), code);
    }

    /// Adds a function that uses the intrinsic with the operands of a slot, and gives its name.
    pub fn callee(&mut self, slot: usize, attributes: &str) -> String {
        let mut code = Code::default();
        self.use_intrinsic(&mut code, slot, None);
        code.run("ret void");
        let name = format!("callee{}_{slot}", self.scenario);
        self.function(&format!("void @{name}() {attributes}"), code);
        name
    }

    pub fn body_name(&self) -> String {
        format!("body{}", self.scenario)
    }

    /// Whether the intrinsic works on a context of the coroutine layer.
    pub fn takes_handle(&self) -> bool {
        self.intrinsic.layer == Layer::Coroutine && self.intrinsic.works_on_context()
    }

    /// Whether a handle that the intrinsic was used on can be used again.
    pub fn keeps_handle(&self) -> bool {
        !self.intrinsic.properties.releases
    }

    /// The operand for a parameter, with its type.
    fn operand(&self, code: &mut Code, kind: ParamKind, slot: usize) -> String {
        let load = |code: &mut Code, array: &str| {
            let address = element(array, "ptr", slot);
            format!("ptr {}", code.value(&format!("load ptr, {address}")))
        };
        match (kind, self.intrinsic.layer) {
            (ParamKind::Context | ParamKind::OptionalContext, Layer::Coroutine) => {
                load(code, "others")
            }
            (ParamKind::Context | ParamKind::OptionalContext, Layer::Posix) => {
                element("objects", "[4096 x i8]", slot)
            }
            (ParamKind::Link, Layer::Coroutine) => {
                format!("ptr {}", code.value("load ptr, ptr @first"))
            }
            (ParamKind::Link, Layer::Posix) | (ParamKind::Capture, _) => {
                element("captures", "[4096 x i8]", slot)
            }
            (ParamKind::Base, _) => load(code, "bases"),
            (ParamKind::OptionalBase | ParamKind::Argument, _) => "ptr null".to_owned(),
            (ParamKind::Stack, _) => element("stacks", "[65536 x i8]", slot),
            (ParamKind::StackSize, _) => "i64 65536".to_owned(),
            (ParamKind::Size, _) => "i64 1048576".to_owned(),
            (ParamKind::Function(Entry::Posix), _) => "ptr @entry_posix".to_owned(),
            (ParamKind::Function(Entry::Body), _) => "ptr @entry_body".to_owned(),
            (ParamKind::Function(Entry::OnTop), _) => "ptr @entry_ontop".to_owned(),
            (ParamKind::Value, _) => format!("i64 {}", 10 + slot),
        }
    }

    /// Uses the intrinsic with the operands of a slot and logs what can be known of its result. A
    /// `context`, if there is one, is the first operand. Gives the result.
    pub fn use_intrinsic(
        &self,
        code: &mut Code,
        slot: usize,
        context: Option<&str>,
    ) -> Option<String> {
        assert!(slot < SLOTS, "a scenario has so many uses");
        self.slots.set(self.slots.get().max(slot + 1));
        let intrinsic = self.intrinsic;
        let mut operands = Vec::new();
        for (i, param) in intrinsic.params.iter().enumerate() {
            operands.push(match context {
                Some(context) if i == 0 => context.to_owned(),
                _ => self.operand(code, param.kind, slot),
            });
        }
        let operands: Vec<&str> = operands.iter().map(String::as_str).collect();
        let result = code.call(intrinsic.name, &operands);
        if let Some(result) = &result {
            match intrinsic.returns {
                Returns::Void => {}
                Returns::Int => code.note("i32", result),
                Returns::Value => code.note("i64", result),
                // How many bytes a frame has is LLVM's decision.
                Returns::Size if intrinsic.properties.gives == Gives::SliceSize => {}
                Returns::Size => code.note("i64", result),
                Returns::Pointer => code.run(&format!("call void @note_pointer(ptr {result})")),
            }
        }
        if intrinsic.position(ParamKind::Capture).is_some() {
            self.resume_capture(code, slot);
        }
        result
    }

    /// Resumes the capture of a slot once, so that the operation before returns again.
    fn resume_capture(&self, code: &mut Code, slot: usize) {
        let flag = element("resumed", "i1", slot);
        let (again, end) = (code.name(), code.name());
        let resumed = code.value(&format!("load i1, {flag}"));
        code.run(&format!("br i1 {resumed}, label %{end}, label %{again}"));
        code.block(&again);
        code.run(&format!("store i1 true, {flag}"));
        let error = code.result("setcontext", &[&element("captures", "[4096 x i8]", slot)]);
        code.note("i32", &error);
        code.run(&format!("br label %{end}"));
        code.block(&end);
    }

    /// Adds `@runN`, which makes the operands of all slots and calls `@scenarioN`. A capture that is
    /// resumed later without having been captured again leaves the scenario.
    fn runner(&mut self) {
        let has = |kind| self.intrinsic.position(kind).is_some();
        let is_posix = self.intrinsic.layer == Layer::Posix;
        let mut code = Code::default();
        code.run("store i1 false, ptr @left");
        for slot in 0..self.slots.get() {
            code.run(&format!("store i1 false, {}", element("resumed", "i1", slot)));
            let store = |code: &mut Code, array: &str, value: &str| {
                code.run(&format!("store {value}, {}", element(array, "ptr", slot)));
            };
            if self.takes_handle() {
                let other = code.spawn("other");
                code.result("resume", &[&other, "i64 1"]);
                store(&mut code, "others", &other);
            }
            if has(ParamKind::Base) {
                let base = code.result("base.create", &["i64 1048576"]);
                store(&mut code, "bases", &format!("ptr {base}"));
            }
            let takes_object = has(ParamKind::Context) || has(ParamKind::OptionalContext);
            if is_posix && (takes_object || has(ParamKind::Capture)) {
                self.make_objects(&mut code, slot);
            }
        }
        code.run("store i1 true, ptr @left");
        code.run(&format!("call void @scenario{}()", self.scenario));
        code.run("br label %out");
        code.block("out");
        code.note("i64", &(MARK + self.scenario as i64).to_string());
        code.run("ret void");
        self.function(&format!("void @run{}() noinline", self.scenario), code);
    }

    /// Captures the objects of a slot, and makes the one that is a context run a function. Its link
    /// is the other one.
    fn make_objects(&self, code: &mut Code, slot: usize) {
        let here = element("captures", "[4096 x i8]", slot);
        let there = element("objects", "[4096 x i8]", slot);
        code.result("getcontext", &[&here, "ptr null"]);
        let left = code.value("load i1, ptr @left");
        let go = code.name();
        code.run(&format!("br i1 {left}, label %out, label %{go}"));
        code.block(&go);
        code.result("getcontext", &[&there, "ptr null"]);
        let stack = element("stacks", "[65536 x i8]", slot);
        let operands = [&there, &stack, "i64 65536", &here, "ptr @entry_posix", "ptr null"];
        code.result("makecontext", &operands);
    }
}
