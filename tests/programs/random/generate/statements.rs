//! The kinds of statements that take more than a line to make.

use super::*;

impl Maker {
    pub(super) fn again_statement(&mut self, scope: &mut Scope, counters: &mut Counters) -> Stmt {
        // A jump may lose what an array of the function's own has become since the capture.
        let mut inner = scope.clone();
        inner.arrays.clear();
        let times = 1 + self.rng.below(2) as i64;
        Stmt::Again(times, self.inside(&inner, counters, 4))
    }

    pub(super) fn if_statement(&mut self, scope: &mut Scope, counters: &mut Counters) -> Stmt {
        let condition = self.condition(scope);
        let yes = self.inside(scope, counters, 3);
        let no = if self.rng.percent(50) { self.inside(scope, counters, 2) } else { Vec::new() };
        Stmt::If(condition, yes, no)
    }

    pub(super) fn loop_statement(&mut self, scope: &mut Scope, counters: &mut Counters) -> Stmt {
        let count = if self.rng.percent(50) {
            Expr::Const(2 + self.rng.below(5) as i64)
        } else {
            self.expr(scope, 1)
        };
        let mut inner = scope.clone();
        inner.in_loop = true;
        Stmt::Loop(count, self.inside(&inner, counters, 4))
    }

    pub(super) fn array_statement(&mut self, scope: &mut Scope, counters: &mut Counters) -> Stmt {
        let array = counters.array();
        let length = self.rng.pick(&[8, 8, 32, 64, 256, 1024]);
        let storage = self.rng.pick(&[Storage::Frame, Storage::Lifetime, Storage::Dynamic]);
        let mut inner = scope.clone();
        inner.arrays.push((array, storage));
        let body = self.inside(&inner, counters, 5);
        Stmt::Array { array, length, storage, body }
    }

    pub(super) fn suspend_statement(&mut self, scope: &mut Scope) -> Stmt {
        self.known[scope.function].suspends = true;
        if !scope.slots.is_empty() {
            self.known[scope.function].holds = true;
        }
        let value = self.expr(scope, 2);
        Stmt::Suspend { value, into: self.var(), how: self.how() }
    }

    pub(super) fn drain_statement(&mut self, scope: &mut Scope, counters: &mut Counters) -> Stmt {
        let (context, ty) = self.own(scope);
        let value = self.expr(scope, 1);
        let into = self.var();
        let most = 3 + self.rng.below(8) as i64;
        let mut inner = scope.clone();
        inner.in_loop = true;
        let mut body = vec![Stmt::Observe(Expr::Var(into))];
        if self.rng.percent(50) {
            body.extend(self.inside(&inner, counters, 2));
        }
        Stmt::Drain { context, ty, value, into, most, body }
    }

    pub(super) fn clone_statement(&mut self, scope: &mut Scope, counters: &mut Counters) -> Stmt {
        let cloned = scope.slots.iter().rev().find(|(.., may)| *may).copied();
        let Some((from, ty, _)) = cloned else {
            return Stmt::Observe(self.expr(scope, 2));
        };
        self.clones = true;
        self.known[scope.function].switches = true;
        let slot = counters.slot();
        let mut inner = scope.clone();
        inner.slots.push((slot, ty, true));
        let body = self.inside(&inner, counters, 3);
        Stmt::Clone { from, slot, body }
    }

    pub(super) fn table_switch_statement(&mut self, scope: &mut Scope) -> Stmt {
        self.known[scope.function].switches = true;
        self.known[scope.function].holds = true;
        let context = Handle::Table(self.expr(scope, 1));
        let (ty, value, into) = (self.table_type, self.expr(scope, 2), self.var());
        let on_top: Vec<Function> = (scope.function + 1..self.roles.len())
            .filter(|&f| self.roles[f].0 == Role::OnTop(ty))
            .collect();
        match self.rng.below(10) {
            0..2 if !on_top.is_empty() => {
                let callee = self.rng.pick(&on_top);
                Stmt::SwapOnTop { context, ty, callee, value, into }
            }
            0..6 => Stmt::Swap { context, ty, value, into, how: self.how() },
            _ => Stmt::Resume { context, ty, value, into, how: self.how() },
        }
    }

    pub(super) fn table_set_link_statement(&mut self, scope: &mut Scope) -> Stmt {
        let context =
            if self.rng.percent(30) { Handle::Current } else { Handle::Table(self.expr(scope, 1)) };
        let link = match self.rng.below(4) {
            0 => Handle::Null,
            1 => Handle::Current,
            _ => Handle::Table(self.expr(scope, 1)),
        };
        Stmt::SetLink { context, link }
    }
}
