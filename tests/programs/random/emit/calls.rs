//! Writes calls, switches, captures and jumps.

use super::*;

impl Writer<'_, '_> {
    /// A switch: `to` is the context, if the operation names one.
    pub(super) fn switch(
        &mut self,
        name: &str,
        ty: Type,
        to: Option<String>,
        value: &Expr,
        into: Var,
        how: How,
    ) {
        let value = self.value(value);
        let value = self.to(ty, value);
        let ir = ty.ir();
        let (params, arguments) = match to {
            Some(to) => (format!("ptr, {ir}"), format!("ptr {to}, {ir} {value}")),
            None => (ir.to_owned(), format!("{ir} {value}")),
        };
        let intrinsic = format!("@llvm.stackswitch.{name}{}", ty.suffix());
        let symbol = ty.symbol_suffix().map(|suffix| format!("@stackswitch_{name}{suffix}"));
        let callee = match (how, symbol) {
            (How::Symbol | How::Invoke(_), Some(symbol)) => symbol,
            _ => intrinsic,
        };
        self.declare(format!("{ir} {callee}({params})"));
        let callee = match how {
            How::Tail | How::Wrapped => self.wrapper(name, ty, &params, how),
            _ => callee,
        };
        let result = match how.cleanup(ty) {
            Some(number) => self.invoke(format_args!("{ir} {callee}({arguments})"), number),
            None => self.let_be(format_args!("call {ir} {callee}({arguments})")),
        };
        let result = self.from(ty, result);
        self.set(into, &result);
    }

    /// A function that does nothing but switch.
    pub(super) fn wrapper(&mut self, name: &str, ty: Type, params: &str, how: How) -> String {
        let ir = ty.ir();
        let (word, call, attributes) = match how {
            How::Tail => ("tail", "musttail call", ""),
            _ => ("wrapped", "call", "noinline "),
        };
        let tables = if self.module.program.unwinds { "uwtable " } else { "" };
        let wrapper = format!("@{word}.{name}.{}", ty.suffix());
        let (parameters, arguments) = if params.starts_with("ptr, ") {
            (format!("ptr %to, {ir} %value"), format!("ptr %to, {ir} %value"))
        } else {
            (format!("{ir} %value"), format!("{ir} %value"))
        };
        self.module.needed.insert(format!(
            "define internal {ir} {wrapper}({parameters}) {attributes}{tables}{{
  %result = {call} {ir} @llvm.stackswitch.{name}{}({arguments})
  ret {ir} %result
}}",
            ty.suffix()
        ));
        wrapper
    }

    /// A call with a cleanup that observes a number.
    pub(super) fn invoke(&mut self, call: Arguments<'_>, number: i64) -> String {
        self.temps += 1;
        let result = format!("%t{}", self.temps);
        self.module.line(format_args!("  {result} = invoke {call}"));
        let place = self.place();
        let id = &result[1..];
        self.module.text.push_str(&format!(
            "          to label %{id}.on unwind label %{id}.pad{place}\n{id}.on:\n"
        ));
        write!(
            self.pads,
            "{id}.pad:
  %{id}.p = landingpad {{ ptr, i32 }} cleanup
  call void @observe(i64 {number}){place}
  resume {{ ptr, i32 }} %{id}.p
"
        )
        .expect("a string takes all");
        result
    }

    pub(super) fn arguments(&mut self, call: &Call) -> String {
        let value = self.value(&call.value);
        let depth = self.value(&call.depth);
        let context = call.context.as_ref().map(|handle| self.handle(handle));
        let memory = self.memory(call.memory);
        let mut text = format!("i64 {value}, i64 {depth}, ptr {memory}");
        if let Some(context) = context {
            write!(text, ", ptr {context}").expect("a string takes all");
        }
        text
    }

    /// Where control goes back to. What the variables hold there is what they held before the jump.
    pub(super) fn capture(&mut self, capture: usize) {
        self.declare("i32 @_setjmp(ptr) returns_twice".into());
        self.line(format_args!("store volatile i64 0, ptr %r{capture}"));
        self.keep_variables(capture);
        self.let_be(format_args!("call i32 @_setjmp(ptr %j{capture}) returns_twice"));
        for var in 0..self.code.vars {
            let kept = self.kept(capture, var);
            let value = self.let_be(format_args!("load volatile i64, ptr {kept}"));
            self.set(var, &value);
        }
    }

    pub(super) fn go_back(&mut self, capture: usize, times: i64) {
        self.declare("void @longjmp(ptr, i32) noreturn".into());
        let returns = self.let_be(format_args!("load volatile i64, ptr %r{capture}"));
        let more = self.let_be(format_args!("icmp slt i64 {returns}, {times}"));
        let id = &more[1..];
        self.line(format_args!("br i1 {more}, label %{id}.back, label %{id}.on"));
        self.module.text.push_str(&format!("{id}.back:\n"));
        let next = self.let_be(format_args!("add i64 {returns}, 1"));
        self.line(format_args!("store volatile i64 {next}, ptr %r{capture}"));
        self.keep_variables(capture);
        self.line(format_args!("call void @longjmp(ptr %j{capture}, i32 1)"));
        self.line(format_args!("unreachable"));
        self.module.text.push_str(&format!("{id}.on:\n"));
    }

    pub(super) fn keep_variables(&mut self, capture: usize) {
        for var in 0..self.code.vars {
            let value = self.value(&Expr::Var(var));
            let kept = self.kept(capture, var);
            self.line(format_args!("store volatile i64 {value}, ptr {kept}"));
        }
    }

    /// Where a variable's value is kept for after a jump.
    pub(super) fn kept(&mut self, capture: usize, var: Var) -> String {
        self.let_be(format_args!("getelementptr i64, ptr %k{capture}, i64 {var}"))
    }

    pub(super) fn about(&mut self, name: &str, context: &Handle) {
        let context = self.handle(context);
        self.plain(name, "void", &[("ptr", &context)]);
    }

    pub(super) fn begin(&mut self, array: usize) {
        let (length, storage) = self.code.arrays[array];
        let bytes = length * 8;
        let address = match storage {
            Storage::Frame | Storage::Holder(_) => format!("%a{array}"),
            Storage::Lifetime => {
                self.declare("void @llvm.lifetime.start.p0(i64, ptr)".into());
                self.declare("void @llvm.lifetime.end.p0(i64, ptr)".into());
                self.line(format_args!(
                    "call void @llvm.lifetime.start.p0(i64 {bytes}, ptr %a{array})"
                ));
                format!("%a{array}")
            }
            Storage::Dynamic => {
                self.declare("ptr @llvm.stacksave.p0()".into());
                let saved = self.let_be(format_args!("call ptr @llvm.stacksave.p0()"));
                self.line(format_args!("store ptr {saved}, ptr %s{array}"));
                // A size that is not known when the program is compiled.
                let size = self.let_be(format_args!("load volatile i64, ptr %v{DEPTH}"));
                let none = self.let_be(format_args!("and i64 {size}, 0"));
                let size = self.let_be(format_args!("add i64 {none}, {length}"));
                let new = self.let_be(format_args!("alloca i64, i64 {size}, align 16"));
                self.line(format_args!("store ptr {new}, ptr %p{array}"));
                new
            }
        };
        let byte = (FILL.wrapping_mul(array as i64 + 1)) & 0xff;
        self.declare("void @llvm.memset.p0.i64(ptr, i8, i64, i1)".into());
        self.line(format_args!(
            "call void @llvm.memset.p0.i64(ptr align 8 {address}, i8 {byte}, i64 {bytes}, i1 false)"
        ));
    }
}
