//! Writes the operations of a function, one by one.

use super::super::program::Slot;
use super::*;

impl Writer<'_, '_> {
    /// Writes an operation.
    pub(super) fn op(&mut self, op: &Op) {
        match op {
            Op::Set(var, value) => {
                let value = self.value(value);
                self.set(*var, &value);
            }
            Op::Store(memory, index, value) => {
                let element = self.element(*memory, index);
                let value = self.value(value);
                self.line(format_args!("store i64 {value}, ptr {element}"));
            }
            Op::Observe(value) => {
                let value = self.value(value);
                self.line(format_args!("call void @observe(i64 {value})"));
            }
            Op::Publish(number, array) => {
                let memory = self.memory(Memory::Array(*array));
                self.line(format_args!("store ptr {memory}, ptr @published{number}"));
            }
            Op::Unpublish => {
                for number in 0..PUBLISHED {
                    self.line(format_args!("store ptr @global{number}, ptr @published{number}"));
                }
            }
            Op::Capture(capture) => self.capture(*capture),
            Op::GoBack(capture, times) => self.go_back(*capture, *times),
            Op::Label(label) => self.module.line(format_args!("l{label}:")),
            Op::Jump(label) => self.line(format_args!("br label %l{label}")),
            Op::Branch(condition, yes, no) => {
                let value = self.value(condition);
                let is = self.let_be(format_args!("icmp ne i64 {value}, 0"));
                self.line(format_args!("br i1 {is}, label %l{yes}, label %l{no}"));
            }
            Op::Begin(array) => self.begin(*array),
            Op::End(array) => match self.code.arrays[*array] {
                (_, Storage::Frame | Storage::Holder(_)) => {}
                (length, Storage::Lifetime) => {
                    let bytes = length * 8;
                    self.line(format_args!(
                        "call void @llvm.lifetime.end.p0(i64 {bytes}, ptr %a{array})"
                    ));
                }
                (_, Storage::Dynamic) => {
                    self.declare("void @llvm.stackrestore.p0(ptr)".into());
                    let saved = self.let_be(format_args!("load ptr, ptr %s{array}"));
                    self.line(format_args!("call void @llvm.stackrestore.p0(ptr {saved})"));
                }
            },
            Op::Call { call, into, cleanup } => self.call_op(call, *into, *cleanup),
            Op::TailCall { call, must } => self.tail_call_op(call, *must),
            Op::CallBody { callee, first, memory, into } => {
                self.call_body_op(*callee, first, *memory, *into)
            }
            Op::Suspend { value, into, how } => {
                self.switch("suspend", self.ty, None, value, *into, *how);
            }
            Op::Return(value) => self.return_op(value),
            of_context => self.context_op(of_context),
        }
    }

    /// Writes an operation on a base or a context.
    fn context_op(&mut self, op: &Op) {
        match op {
            Op::MakeBase(slot, base) => self.make_base_op(*slot, *base),
            Op::DropBase(slot) => {
                let base = self.let_be(format_args!("load ptr, ptr %b{slot}"));
                self.plain("base.destroy", "void", &[("ptr", &base)]);
            }
            Op::Spawn { slot, bodies, selector, base, memory } => {
                self.spawn_op(*slot, bodies, selector, *base, *memory)
            }
            Op::Resume { context, ty, value, into, how } => {
                let to = self.handle(context);
                self.switch("resume", *ty, Some(to), value, *into, *how);
            }
            Op::Swap { context, ty, value, into, how } => {
                let to = self.handle(context);
                self.switch("swap", *ty, Some(to), value, *into, *how);
            }
            Op::SwapOnTop { context, ty, callee, value, into } => {
                self.swap_on_top_op(context, *ty, *callee, value, *into)
            }
            Op::Clone { from, slot } => {
                let from = self.handle(&Handle::Own(*from));
                let copy = self.plain("clone", "ptr", &[("ptr", &from)]);
                self.line(format_args!("store ptr {copy}, ptr %c{slot}"));
            }
            Op::Cancel(slot) => self.about("cancel", &Handle::Own(*slot)),
            Op::Destroy(slot) => self.about("destroy", &Handle::Own(*slot)),
            Op::Prefetch(context) => self.about("prefetch", context),
            Op::Status { context, into } => self.status_op(context, *into),
            Op::SliceSize { context, into } => {
                let context = self.handle(context);
                let size = self.plain("slice.size", "i64", &[("ptr", &context)]);
                self.set(*into, &size);
            }
            Op::Link { context, into } => self.link_op(context, *into),
            Op::SetLink { context, link } => {
                let context = self.handle(context);
                let link = self.handle(link);
                self.plain("setlink", "void", &[("ptr", &context), ("ptr", &link)]);
            }
            Op::IsCurrent { context, into } => self.is_current_op(context, *into),
            Op::IsNull { context, into } => self.is_null_op(context, *into),
            _ => unreachable!("it is no operation on a context"),
        }
    }

    fn call_op(&mut self, call: &Call, into: Var, cleanup: Option<i64>) {
        let arguments = self.arguments(call);
        let callee = call.callee;
        let result = match cleanup {
            Some(number) => self.invoke(format_args!("i64 @f{callee}({arguments})"), number),
            None => self.let_be(format_args!("call i64 @f{callee}({arguments})")),
        };
        self.set(into, &result);
    }

    fn tail_call_op(&mut self, call: &Call, must: bool) {
        let arguments = self.arguments(call);
        let kind = if must { "musttail" } else { "tail" };
        let result = self.let_be(format_args!("{kind} call i64 @f{}({arguments})", call.callee));
        self.line(format_args!("ret i64 {result}"));
    }

    fn call_body_op(&mut self, callee: Function, first: &Expr, memory: Memory, into: Var) {
        let Role::Body(ty) = self.module.program.functions[callee].role else {
            unreachable!("it is a body");
        };
        let first = self.value(first);
        let first = self.to(ty, first);
        let memory = self.memory(memory);
        let ir = ty.ir();
        let result = self.let_be(format_args!("call {ir} @f{callee}(ptr {memory}, {ir} {first})"));
        let result = self.from(ty, result);
        self.set(into, &result);
    }

    fn make_base_op(&mut self, slot: Slot, base: Base) {
        let base = match base {
            Base::Null => "null".into(),
            Base::Shared => self.let_be(format_args!("load ptr, ptr @shared")),
            Base::Here => self.plain("base.here", "ptr", &[]),
            Base::Own => self.plain("base.create", "ptr", &[("i64", "262144")]),
        };
        self.line(format_args!("store ptr {base}, ptr %b{slot}"));
    }

    fn spawn_op(
        &mut self,
        slot: Slot,
        bodies: &[Function],
        selector: &Expr,
        base: Base,
        memory: Memory,
    ) {
        let Role::Body(ty) = self.module.program.functions[bodies[0]].role else {
            unreachable!("it is a body");
        };
        let body = match bodies[..] {
            [one, other] => {
                let selector = self.value(selector);
                let bit = self.let_be(format_args!("trunc i64 {selector} to i1"));
                self.let_be(format_args!("select i1 {bit}, ptr @f{other}, ptr @f{one}"))
            }
            _ => format!("@f{}", bodies[0]),
        };
        let memory = self.memory(memory);
        let base = if base == Base::Null {
            "null".to_owned()
        } else {
            self.let_be(format_args!("load ptr, ptr %b{slot}"))
        };
        let arguments = [("ptr", &*base), ("ptr", &*body), ("ptr", &*memory)];
        let context = self.plain(&format!("spawn{}", ty.suffix()), "ptr", &arguments);
        self.line(format_args!("store ptr {context}, ptr %c{slot}"));
    }

    fn swap_on_top_op(
        &mut self,
        context: &Handle,
        ty: Type,
        callee: Function,
        value: &Expr,
        into: Var,
    ) {
        let to = self.handle(context);
        let value = self.value(value);
        let value = self.to(ty, value);
        let ir = ty.ir();
        let body = format!("@f{callee}");
        let arguments = [("ptr", &*to), ("ptr", &body), (ir, &value)];
        let result = self.plain(&format!("swap.ontop{}", ty.suffix()), ir, &arguments);
        let result = self.from(ty, result);
        self.set(into, &result);
    }

    fn status_op(&mut self, context: &Handle, into: Var) {
        let context = self.handle(context);
        let status = self.plain("status", "i32", &[("ptr", &context)]);
        let status = self.let_be(format_args!("zext i32 {status} to i64"));
        self.set(into, &status);
    }

    fn link_op(&mut self, context: &Handle, into: Var) {
        let context = self.handle(context);
        let link = self.plain("link", "ptr", &[("ptr", &context)]);
        let current = self.plain("current", "ptr", &[]);
        let none = self.let_be(format_args!("icmp eq ptr {link}, null"));
        let own = self.let_be(format_args!("icmp eq ptr {link}, {current}"));
        let some = self.let_be(format_args!("select i1 {own}, i64 1, i64 2"));
        let which = self.let_be(format_args!("select i1 {none}, i64 0, i64 {some}"));
        self.set(into, &which);
    }

    fn is_current_op(&mut self, context: &Handle, into: Var) {
        let context = self.handle(context);
        let current = self.plain("current", "ptr", &[]);
        let is = self.let_be(format_args!("icmp eq ptr {context}, {current}"));
        let is = self.let_be(format_args!("zext i1 {is} to i64"));
        self.set(into, &is);
    }

    fn is_null_op(&mut self, context: &Handle, into: Var) {
        let context = self.handle(context);
        let is = self.let_be(format_args!("icmp eq ptr {context}, null"));
        let is = self.let_be(format_args!("zext i1 {is} to i64"));
        self.set(into, &is);
    }

    fn return_op(&mut self, value: &Expr) {
        let value = self.value(value);
        let (ir, value) = match self.role {
            Role::Plain(_) => ("i64", value),
            Role::Body(ty) | Role::OnTop(ty) => (ty.ir(), self.to(ty, value)),
        };
        self.line(format_args!("ret {ir} {value}"));
    }
}
