//! From statements to operations.

use super::program::{
    Array, Base, Binary, CHANGEABLE, Code, Definition, End, Expr, Handle, How, Label, Op, Stmt,
    Storage, Var,
};

/// The operations of a function.
pub fn flatten(function: &Definition) -> Code {
    let mut flat = Flat {
        code: Code { ops: Vec::new(), vars: CHANGEABLE, arrays: Vec::new(), slots: 0, labels: 0 },
        loops: Vec::new(),
    };
    flat.statements(&function.statements);
    flat.code.ops.push(Op::Return(Expr::Var(2)));
    flat.code
}

struct Flat {
    code: Code,
    /// Where each loop that is being flattened goes on after its end.
    loops: Vec<Label>,
}

impl Flat {
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
            Stmt::If(condition, yes, no) => {
                self.branch(condition, |f| f.statements(&yes), |f| f.statements(&no));
            }
            Stmt::Loop(count, body) => {
                let count = Expr::Binary(Binary::And, Box::new(count), Box::new(Expr::Const(7)));
                self.repeat(count, &|_| None, &body);
            }
            Stmt::Break => {
                if let Some(&done) = self.loops.last() {
                    self.push(Op::Jump(done));
                    self.dead();
                }
            }
            Stmt::Return(value) => {
                self.push(Op::Return(value));
                self.dead();
            }
            Stmt::Array { array, length, storage, body } => {
                self.array(array, length, storage);
                self.push(Op::Begin(array));
                self.statements(&body);
                self.push(Op::End(array));
            }
            Stmt::Call { call, into, cleanup } => self.push(Op::Call { call, into, cleanup }),
            Stmt::TailCall { call, must } => {
                self.push(Op::TailCall { call, must });
                self.dead();
            }
            Stmt::CallBody { callee, first, memory, into } => {
                self.push(Op::CallBody { callee, first, memory, into });
            }
            Stmt::Suspend { value, into, how } => self.push(Op::Suspend { value, into, how }),
            Stmt::With { slot, bodies, selector, base, memory, body, end } => {
                self.slot(slot);
                self.push(Op::MakeBase(slot, base));
                self.push(Op::Spawn { slot, bodies, selector, base, memory });
                self.statements(&body);
                match end {
                    End::Destroy => self.push(Op::Destroy(slot)),
                    End::Cancel => {
                        self.push(Op::Cancel(slot));
                        self.push(Op::Destroy(slot));
                    }
                    End::DestroyIf(condition) => {
                        self.branch(condition, |f| f.push(Op::Destroy(slot)), |_| {});
                    }
                    End::Leave => {}
                }
                if matches!(base, Base::Here | Base::Own) {
                    self.push(Op::DropBase(slot));
                }
            }
            Stmt::Resume { context, ty, value, into, how } => {
                self.push(Op::Resume { context, ty, value, into, how });
            }
            Stmt::Drain { context, ty, value, into, most, mut body } => {
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
            Stmt::Clone { from, slot, body } => {
                self.slot(slot);
                let status = self.var();
                self.push(Op::Status { context: Handle::Own(from), into: status });
                let status = Box::new(Expr::Var(status));
                let suspended = Expr::Binary(Binary::Equal, status, Box::new(Expr::Const(1)));
                self.branch(
                    suspended,
                    |f| {
                        f.push(Op::Clone { from, slot });
                        f.statements(&body);
                        f.push(Op::Destroy(slot));
                    },
                    |_| {},
                );
            }
            Stmt::Status { context, into } => self.push(Op::Status { context, into }),
            Stmt::Prefetch(context) => self.push(Op::Prefetch(context)),
            Stmt::SliceSize { context, into } => self.push(Op::SliceSize { context, into }),
            Stmt::Link { context, into } => self.push(Op::Link { context, into }),
            Stmt::SetLink { context, link } => self.push(Op::SetLink { context, link }),
            Stmt::IsCurrent { context, into } => self.push(Op::IsCurrent { context, into }),
            Stmt::IsNull { context, into } => self.push(Op::IsNull { context, into }),
            Stmt::Swap { context, ty, value, into, how } => {
                self.push(Op::Swap { context, ty, value, into, how });
            }
            Stmt::SwapOnTop { context, ty, callee, value, into } => {
                self.push(Op::SwapOnTop { context, ty, callee, value, into });
            }
        }
    }
}
