//! From statements to operations.

use super::program::{
    Array, Base, Binary, CHANGEABLE, Code, End, Expr, Function, Handle, How, Label, Op, Program,
    Role, Slot, Stmt, Storage, Type, Var,
};

/// The operations of a function.
///
/// An address of an array that is published may be used as long as the array is there and in its place.
/// That is so in the function itself, and in the start of the program when the array's context has just
/// suspended to it. So nothing is published any more where an array may end, before a switch to a
/// context, and after a switch in other functions than the start.
pub fn flatten(program: &Program, function: Function) -> Code {
    let definition = &program.functions[function];
    let mut flat = Flat {
        code: Code {
            ops: Vec::new(),
            vars: CHANGEABLE,
            arrays: Vec::new(),
            slots: 0,
            labels: 0,
            captures: 0,
        },
        loops: Vec::new(),
        publishes: program.publishes,
        is_start: function == 0,
    };
    if matches!(definition.role, Role::Body(_) | Role::OnTop(_)) {
        flat.unpublish();
    }
    flat.statements(&definition.statements);
    flat.unpublish();
    flat.code.ops.push(Op::Return(Expr::Var(2)));
    without_broken_tails(&mut flat.code, function);
    flat.code
}

/// LLVM's tail call elimination breaks `musttail` calls in functions that call themselves (19 and 22).
fn without_broken_tails(code: &mut Code, function: Function) {
    let calls_itself = |op: &Op| matches!(op, Op::Call { call, .. } if call.callee == function);
    if code.ops.iter().any(calls_itself) {
        for op in &mut code.ops {
            if let Op::TailCall { must, .. } = op {
                *must = false;
            }
        }
    }
}

struct Flat {
    code: Code,
    /// The block that follows each loop that is being flattened.
    loops: Vec<Label>,
    publishes: bool,
    is_start: bool,
}

impl Flat {
    fn unpublish(&mut self) {
        if self.publishes {
            self.push(Op::Unpublish);
        }
    }

    /// A switch to a context: what that publishes is for the start alone.
    fn switch(&mut self, op: Op) {
        self.unpublish();
        self.push(op);
        if !self.is_start {
            self.unpublish();
        }
    }

    fn label(&mut self) -> Label {
        self.code.labels += 1;
        self.code.labels - 1
    }

    fn var(&mut self) -> Var {
        self.code.vars += 1;
        self.code.vars - 1
    }

    fn push(&mut self, op: Op) {
        self.code.ops.push(op);
    }

    fn array(&mut self, array: Array, length: usize, storage: Storage) {
        if self.code.arrays.len() <= array {
            self.code.arrays.resize(array + 1, (length, storage));
        }
        self.code.arrays[array] = (length, storage);
    }

    fn slot(&mut self, slot: usize) {
        self.code.slots = self.code.slots.max(slot + 1);
    }

    /// A loop while `condition` holds, at most as often as `most` says.
    fn repeat(&mut self, most: Expr, condition: &dyn Fn(&mut Self) -> Option<Expr>, body: &[Stmt]) {
        let [head, check, inside, done] = std::array::from_fn(|_| self.label());
        let counter = self.var();
        self.push(Op::Set(counter, most));
        self.push(Op::Jump(head));
        self.push(Op::Label(head));
        let counter = || Box::new(Expr::Var(counter));
        let more = Expr::Binary(Binary::Less, Box::new(Expr::Const(0)), counter());
        self.push(Op::Branch(more, check, done));
        self.push(Op::Label(check));
        if let Some(condition) = condition(self) {
            self.push(Op::Branch(condition, inside, done));
        } else {
            self.push(Op::Jump(inside));
        }
        self.push(Op::Label(inside));
        let Expr::Var(var) = *counter() else { unreachable!("just made") };
        let fewer = Expr::Binary(Binary::Sub, counter(), Box::new(Expr::Const(1)));
        self.push(Op::Set(var, fewer));
        self.loops.push(done);
        self.statements(body);
        self.loops.pop();
        self.push(Op::Jump(head));
        self.push(Op::Label(done));
    }

    fn branch(&mut self, condition: Expr, yes: impl FnOnce(&mut Self), no: impl FnOnce(&mut Self)) {
        let [then, other, done] = std::array::from_fn(|_| self.label());
        self.push(Op::Branch(condition, then, other));
        self.push(Op::Label(then));
        yes(self);
        self.push(Op::Jump(done));
        self.push(Op::Label(other));
        no(self);
        self.push(Op::Jump(done));
        self.push(Op::Label(done));
    }

    /// What follows a statement that control does not leave is a block of its own.
    fn dead(&mut self) {
        let label = self.label();
        self.push(Op::Label(label));
    }

    fn statements(&mut self, statements: &[Stmt]) {
        for statement in statements {
            self.statement(statement.clone());
        }
    }

    fn statement(&mut self, statement: Stmt) {
        match statement {
            Stmt::Set(var, value) => self.push(Op::Set(var, value)),
            Stmt::Store(memory, index, value) => self.push(Op::Store(memory, index, value)),
            Stmt::Observe(value) => self.push(Op::Observe(value)),
            Stmt::Publish(number, array) => self.push(Op::Publish(number, array)),
            Stmt::Again(times, body) => self.flatten_again(times, body),
            Stmt::If(condition, yes, no) => {
                self.branch(condition, |f| f.statements(&yes), |f| f.statements(&no));
            }
            Stmt::Loop(count, body) => {
                let count = Expr::Binary(Binary::And, Box::new(count), Box::new(Expr::Const(7)));
                self.repeat(count, &|_| None, &body);
            }
            Stmt::Break => self.flatten_break(),
            Stmt::Return(value) => self.flatten_return(value),
            Stmt::Array { array, length, storage, body } => {
                self.flatten_array(array, length, storage, body)
            }
            Stmt::Call { call, into, cleanup } => self.push(Op::Call { call, into, cleanup }),
            Stmt::TailCall { call, must } => {
                self.unpublish();
                self.push(Op::TailCall { call, must });
                self.dead();
            }
            Stmt::CallBody { callee, first, memory, into } => {
                self.push(Op::CallBody { callee, first, memory, into });
            }
            Stmt::Suspend { value, into, how } => self.flatten_suspend(value, into, how),
            Stmt::With { slot, bodies, selector, base, memory, body, end } => {
                self.slot(slot);
                self.push(Op::MakeBase(slot, base));
                self.push(Op::Spawn { slot, bodies, selector, base, memory });
                self.statements(&body);
                self.end(slot, base, end);
            }
            Stmt::Resume { context, ty, value, into, how } => {
                self.switch(Op::Resume { context, ty, value, into, how });
            }
            Stmt::Drain { context, ty, value, into, most, body } => {
                self.flatten_drain(context, ty, value, into, most, body)
            }
            Stmt::Clone { from, slot, body } => self.flatten_clone(from, slot, body),
            Stmt::Status { context, into } => self.push(Op::Status { context, into }),
            Stmt::Prefetch(context) => self.push(Op::Prefetch(context)),
            Stmt::SliceSize { context, into } => self.push(Op::SliceSize { context, into }),
            Stmt::Link { context, into } => self.push(Op::Link { context, into }),
            Stmt::SetLink { context, link } => self.push(Op::SetLink { context, link }),
            Stmt::IsCurrent { context, into } => self.push(Op::IsCurrent { context, into }),
            Stmt::IsNull { context, into } => self.push(Op::IsNull { context, into }),
            Stmt::Swap { context, ty, value, into, how } => {
                self.switch(Op::Swap { context, ty, value, into, how });
            }
            Stmt::SwapOnTop { context, ty, callee, value, into } => {
                self.switch(Op::SwapOnTop { context, ty, callee, value, into });
            }
        }
    }

    fn flatten_again(&mut self, times: i64, body: Vec<Stmt>) {
        let capture = self.code.captures;
        self.code.captures += 1;
        self.push(Op::Capture(capture));
        self.statements(&body);
        self.push(Op::GoBack(capture, times));
    }

    fn flatten_break(&mut self) {
        if let Some(&done) = self.loops.last() {
            self.push(Op::Jump(done));
            self.dead();
        }
    }

    fn flatten_return(&mut self, value: Expr) {
        // The value may be read through a published address.
        let result = self.var();
        self.push(Op::Set(result, value));
        self.unpublish();
        self.push(Op::Return(Expr::Var(result)));
        self.dead();
    }

    fn flatten_array(&mut self, array: Array, length: usize, storage: Storage, body: Vec<Stmt>) {
        self.array(array, length, storage);
        self.push(Op::Begin(array));
        self.statements(&body);
        self.unpublish();
        self.push(Op::End(array));
    }

    fn flatten_suspend(&mut self, value: Expr, into: Var, how: How) {
        self.push(Op::Suspend { value, into, how });
        if !self.is_start {
            self.unpublish();
        }
    }

    /// The end of a context.
    fn end(&mut self, slot: Slot, base: Base, end: End) {
        match end {
            End::Destroy => self.switch(Op::Destroy(slot)),
            End::Cancel => {
                self.switch(Op::Cancel(slot));
                self.push(Op::Destroy(slot));
            }
            End::DestroyIf(condition) => {
                self.branch(condition, |f| f.switch(Op::Destroy(slot)), |_| {});
            }
            End::Leave => {}
        }
        if matches!(base, Base::Here | Base::Own) {
            self.push(Op::DropBase(slot));
        }
    }

    fn flatten_drain(
        &mut self,
        context: Handle,
        ty: Type,
        value: Expr,
        into: Var,
        most: i64,
        mut body: Vec<Stmt>,
    ) {
        let how = How::Intrinsic;
        body.insert(0, Stmt::Resume { context: context.clone(), ty, value, into, how });
        let unfinished = |f: &mut Self| {
            let status = f.var();
            f.push(Op::Status { context: context.clone(), into: status });
            let status = Box::new(Expr::Var(status));
            Some(Expr::Binary(Binary::Less, status, Box::new(Expr::Const(3))))
        };
        self.repeat(Expr::Const(most), &unfinished, &body);
    }

    fn flatten_clone(&mut self, from: Slot, slot: Slot, body: Vec<Stmt>) {
        self.slot(slot);
        let status = self.var();
        self.push(Op::Status { context: Handle::Own(from), into: status });
        let status = Box::new(Expr::Var(status));
        let suspended = Expr::Binary(Binary::Equal, status, Box::new(Expr::Const(1)));
        self.branch(
            suspended,
            |f| {
                f.switch(Op::Clone { from, slot });
                f.statements(&body);
                f.switch(Op::Destroy(slot));
            },
            |_| {},
        );
    }
}
