//! Programs made at random.
//!
//! A function calls functions with higher numbers only, and itself as deep as its second parameter
//! says. A context of a function's own is resumed by that function and by those that it is handed to;
//! those of the table by anybody who may wait for their type. The address of a local array goes to
//! another context only where it stays readable: from the start's frame to anybody, from elsewhere to
//! a context on another stack that makes no contexts itself. An address that is published is used only
//! while it is right, see `flatten`.

mod statements;

use super::{
    program::{
        Array, Base, Binary, CHANGEABLE, Call, DEPTH, Definition, End, Expr, FIRST, Function,
        GLOBALS, Handle, How, KNOWN, Memory, PUBLISHED, Program, Role, Slot, Stmt, Storage, Type,
        Yields,
    },
    rng::Rng,
};

/// The program of a seed.
pub fn generate(seed: u64) -> Program {
    let mut rng = Rng::new(seed);
    let other = rng.pick(&Type::ALL);
    let first = if rng.percent(40) { Type::I64 } else { rng.pick(&Type::ALL) };
    let types = [first, other];
    let modules = if rng.percent(15) { 2 } else { 1 };
    let unwinds = rng.percent(20);
    let may_clone = rng.percent(30);
    let publishes = rng.percent(45);
    let goes_back = rng.percent(40);
    let mut roles = vec![(Role::Plain(None), Yields::No)];
    for _ in 0..2 + rng.below(5) {
        roles.push(role(&mut rng, types));
    }
    // There is always a body.
    roles.push((Role::Body(first), Yields::Type(first)));
    let mut maker = Maker {
        rng,
        known: vec![Known::default(); roles.len()],
        roles,
        unwinds,
        table: Vec::new(),
        table_type: first,
        may_clone,
        clones: false,
        publishes,
        goes_back,
        budget: 0,
    };
    maker.choose_table();
    let mut functions = Vec::new();
    for function in (0..maker.roles.len()).rev() {
        let statements = maker.function(function);
        let (role, yields) = maker.roles[function];
        let attributes = maker.rng.weighted(&[
            (5, ""),
            (4, "noinline"),
            (2, "alwaysinline"),
            (1, "noinline optnone"),
            (1, "optsize"),
            (1, "minsize optsize"),
        ]);
        let internal = modules == 1 && maker.rng.percent(70);
        let module = maker.rng.below(modules);
        functions.push(Definition { role, yields, statements, attributes, internal, module });
    }
    functions.reverse();
    let debug = maker.rng.percent(30);
    let observer = maker.rng.pick(&["", "noinline", "alwaysinline"]);
    Program {
        functions,
        table: maker.table,
        table_type: first,
        modules,
        unwinds,
        debug,
        observer,
        clones: maker.clones,
        publishes,
    }
}

fn role(rng: &mut Rng, types: [Type; 2]) -> (Role, Yields) {
    let ty = rng.pick(&types);
    match rng.below(100) {
        0..45 => (Role::Body(ty), Yields::Type(ty)),
        45..60 => (Role::Body(types[0]), Yields::Table(types[0])),
        60..65 => (Role::OnTop(types[0]), Yields::No),
        _ => {
            let context = rng.percent(25).then(|| rng.pick(&types));
            let yields = match rng.below(10) {
                0..4 => Yields::No,
                4..8 => Yields::Type(ty),
                _ => Yields::Table(types[0]),
            };
            (Role::Plain(context), yields)
        }
    }
}

/// What is known of a function that has been made.
#[derive(Clone, Copy, Default)]
struct Known {
    /// It makes contexts, or switches to others than its link, or calls what does.
    switches: bool,
    /// It suspends, or calls what does.
    suspends: bool,
    /// It suspends while it has a context of its own, or calls what does.
    holds: bool,
}

struct Maker {
    rng: Rng,
    roles: Vec<(Role, Yields)>,
    known: Vec<Known>,
    unwinds: bool,
    table: Vec<(Function, Base, usize)>,
    table_type: Type,
    /// Contexts may be cloned, which keeps variables from the heap and contexts from other frames.
    may_clone: bool,
    clones: bool,
    /// Addresses of arrays are published.
    publishes: bool,
    /// Control may go back by a jump.
    goes_back: bool,
    /// The statements that the function may still have, those in blocks included.
    budget: usize,
}

/// What statements of a function can use.
#[derive(Clone)]
struct Scope {
    function: Function,
    /// The function's own contexts, with their types, and whether they may be cloned.
    slots: Vec<(Slot, Type, bool)>,
    arrays: Vec<(Array, Storage)>,
    in_loop: bool,
    nesting: usize,
    /// Nothing suspends here.
    quiet: bool,
    /// Nothing is done here with other contexts than by suspending.
    pure: bool,
}

/// What the next statement is to be.
#[derive(Clone, Copy)]
enum Kind {
    Set,
    Store,
    Observe,
    Publish,
    Again,
    If,
    Loop,
    Break,
    Return,
    Array,
    Call,
    Recurse,
    TailCall,
    CallBody,
    Suspend,
    With,
    Resume,
    Drain,
    Clone,
    Look,
    SetLink,
    TableSwitch,
    TableLook,
    TableSetLink,
}

impl Maker {
    fn choose_table(&mut self) {
        let table_type = self.table_type;
        let bodies: Vec<Function> = (1..self.roles.len())
            .filter(|&f| match self.roles[f] {
                (Role::Body(ty), Yields::Table(_)) => ty == table_type,
                (Role::Body(ty), _) => ty == table_type && self.rng.percent(20),
                _ => false,
            })
            .collect();
        if bodies.is_empty() {
            return;
        }
        for _ in 0..self.rng.below(6) {
            let body = self.rng.pick(&bodies);
            let base = self.rng.pick(&[Base::Null, Base::Shared]);
            self.table.push((body, base, self.rng.below(GLOBALS)));
        }
    }

    fn function(&mut self, function: Function) -> Vec<Stmt> {
        let mut scope = Scope {
            function,
            slots: Vec::new(),
            arrays: Vec::new(),
            in_loop: false,
            nesting: 0,
            quiet: self.rng.percent(20),
            pure: function != 0 && self.rng.percent(55),
        };
        let mut counters = Counters::default();
        let count = if function == 0 { 4 + self.rng.below(5) } else { 2 + self.rng.below(4) };
        self.budget = count + if function == 0 { 10 } else { 4 };
        let mut statements = self.block(&mut scope, &mut counters, count);
        let result = self.expr(&scope, 2);
        statements.push(Stmt::Return(result));
        statements
    }

    /// A block of at least one statement, and at most `count`.
    fn block(&mut self, scope: &mut Scope, counters: &mut Counters, count: usize) -> Vec<Stmt> {
        let mut statements = Vec::new();
        while statements.is_empty() || statements.len() < count && self.budget > 0 {
            self.budget = self.budget.saturating_sub(1);
            statements.push(self.statement(scope, counters));
        }
        statements
    }

    /// A block in a scope of its own.
    fn inside(&mut self, scope: &Scope, counters: &mut Counters, most: usize) -> Vec<Stmt> {
        let mut inner = scope.clone();
        inner.nesting += 1;
        let count = 1 + self.rng.below(most);
        self.block(&mut inner, counters, count)
    }

    fn kinds(&self, scope: &Scope) -> Vec<(usize, Kind)> {
        let (role, yields) = self.roles[scope.function];
        let start = scope.function == 0;
        let shallow = scope.nesting < 4;
        let on_top = matches!(role, Role::OnTop(_));
        let mut kinds = vec![
            (6, Kind::Set),
            (4, Kind::Store),
            (6, Kind::Observe),
            (if shallow { 4 } else { 0 }, Kind::If),
            (if shallow { 4 } else { 0 }, Kind::Loop),
            (if scope.in_loop { 2 } else { 0 }, Kind::Break),
            (if start || on_top { 0 } else { 1 }, Kind::Return),
            (if shallow { 3 } else { 0 }, Kind::Array),
            (4, Kind::Call),
            (if matches!(role, Role::Plain(_)) && !start { 2 } else { 0 }, Kind::Recurse),
            (if role == Role::Plain(None) && !start { 1 } else { 0 }, Kind::TailCall),
            (2, Kind::CallBody),
            (if yields == Yields::No { 0 } else { 10 }, Kind::Suspend),
            (
                if !shallow || on_top {
                    0
                } else if start {
                    10
                } else {
                    4
                },
                Kind::With,
            ),
        ];
        if self.publishes && !scope.arrays.is_empty() && !on_top {
            kinds.push((if matches!(role, Role::Body(_)) { 10 } else { 2 }, Kind::Publish));
        }
        // A function that ends in a tail call has no place to go back to.
        if self.goes_back && shallow && !on_top && (start || role != Role::Plain(None)) {
            kinds.push((5, Kind::Again));
        }
        if !scope.slots.is_empty() || self.context_param(scope).is_some() {
            kinds.push((10, Kind::Resume));
            kinds.push((if shallow { 5 } else { 0 }, Kind::Drain));
            kinds.push((5, Kind::Look));
        }
        if !scope.slots.is_empty() {
            kinds.push((if self.may_clone { 4 } else { 0 }, Kind::Clone));
            kinds.push((1, Kind::SetLink));
        }
        if !self.table.is_empty() && !scope.pure {
            kinds.push((2, Kind::TableLook));
            if start || matches!(yields, Yields::Table(_)) {
                kinds.push((8, Kind::TableSwitch));
                kinds.push((2, Kind::TableSetLink));
            }
        }
        kinds
    }

    fn context_param(&self, scope: &Scope) -> Option<Type> {
        match self.roles[scope.function].0 {
            Role::Plain(context) => context,
            _ => None,
        }
    }

    fn statement(&mut self, scope: &mut Scope, counters: &mut Counters) -> Stmt {
        let kinds = self.kinds(scope);
        match self.rng.weighted(&kinds) {
            Kind::Set => Stmt::Set(self.var(), self.expr(scope, 2)),
            Kind::Store => {
                let memory = self.memory(scope);
                Stmt::Store(memory, self.expr(scope, 1), self.expr(scope, 2))
            }
            Kind::Observe => Stmt::Observe(self.expr(scope, 2)),
            Kind::Publish => {
                let (array, _) = self.rng.pick(&scope.arrays);
                Stmt::Publish(self.rng.below(PUBLISHED), array)
            }
            Kind::Again => self.again_statement(scope, counters),
            Kind::If => self.if_statement(scope, counters),
            Kind::Loop => self.loop_statement(scope, counters),
            Kind::Break => Stmt::If(self.condition(scope), vec![Stmt::Break], Vec::new()),
            Kind::Return => {
                let value = self.expr(scope, 2);
                Stmt::If(self.condition(scope), vec![Stmt::Return(value)], Vec::new())
            }
            Kind::Array => self.array_statement(scope, counters),
            Kind::Call => self.call(scope),
            Kind::Recurse => self.recurse(scope),
            Kind::TailCall => self.tail_call(scope),
            Kind::CallBody => self.call_body(scope),
            Kind::Suspend => self.suspend_statement(scope),
            Kind::With => self.with(scope, counters),
            Kind::Resume => {
                let (context, ty) = self.own(scope);
                let value = self.expr(scope, 2);
                Stmt::Resume { context, ty, value, into: self.var(), how: self.how() }
            }
            Kind::Drain => self.drain_statement(scope, counters),
            Kind::Clone => self.clone_statement(scope, counters),
            Kind::Look => {
                let (context, _) = self.own(scope);
                self.look(context)
            }
            Kind::SetLink => {
                let (slot, ..) = self.rng.pick(&scope.slots);
                let link = self.rng.pick(&[Handle::Null, Handle::Current]);
                Stmt::SetLink { context: Handle::Own(slot), link }
            }
            Kind::TableSwitch => self.table_switch_statement(scope),
            Kind::TableLook => {
                let context = Handle::Table(self.expr(scope, 1));
                self.look(context)
            }
            Kind::TableSetLink => self.table_set_link_statement(scope),
        }
    }

    fn look(&mut self, context: Handle) -> Stmt {
        let into = self.var();
        match self.rng.below(10) {
            8 => Stmt::IsNull { context, into },
            0..4 => Stmt::Status { context, into },
            4..6 => Stmt::Link { context, into },
            6 => Stmt::IsCurrent { context, into },
            7 => {
                let value = Expr::Var(self.var());
                let (context, how) = (Handle::Current, self.how());
                Stmt::Swap { context, ty: self.table_type, value, into, how }
            }
            _ => Stmt::Prefetch(context),
        }
    }

    /// A context of the function's own, or the one that it was given.
    fn own(&mut self, scope: &Scope) -> (Handle, Type) {
        self.known[scope.function].switches = true;
        match self.context_param(scope) {
            Some(ty) if scope.slots.is_empty() || self.rng.percent(30) => (Handle::Param, ty),
            _ => {
                let (slot, ty, _) = self.rng.pick(&scope.slots);
                (Handle::Own(slot), ty)
            }
        }
    }

    fn how(&mut self) -> How {
        let invoke = if self.unwinds { 6 } else { 0 };
        let number = self.rng.below(1000) as i64;
        self.rng.weighted(&[
            (10, How::Intrinsic),
            (3, How::Symbol),
            (1, How::Tail),
            (1, How::Wrapped),
            (invoke, How::Invoke(number)),
        ])
    }

    fn var(&mut self) -> usize {
        self.rng.pick(&[FIRST, 2, 3, 4, CHANGEABLE - 1])
    }

    /// Memory to read and write.
    fn memory(&mut self, scope: &Scope) -> Memory {
        if !scope.arrays.is_empty() && self.rng.percent(60) {
            return Memory::Array(self.rng.pick(&scope.arrays).0);
        }
        if self.publishes && self.rng.percent(25) {
            return Memory::Published(self.rng.below(PUBLISHED));
        }
        if matches!(self.roles[scope.function].0, Role::OnTop(_)) || self.rng.percent(40) {
            return Memory::Global(self.rng.below(GLOBALS));
        }
        Memory::Param
    }

    /// Memory for a function that is called. What is published is so for as long as nothing switches.
    fn passed(&mut self, scope: &Scope, callee: Function) -> Memory {
        let Known { switches, suspends, .. } = self.known[callee];
        match self.memory(scope) {
            Memory::Published(number) if switches || suspends => Memory::Global(number),
            memory => memory,
        }
    }

    fn expr(&mut self, scope: &Scope, depth: usize) -> Expr {
        // Arithmetic is LLVM's business: there is little of it.
        if depth == 0 || self.rng.percent(65) {
            return match self.rng.below(10) {
                0..3 => Expr::Const(self.rng.below(20) as i64 - 5),
                3 => Expr::Const(self.rng.next() as i64),
                4..6 => {
                    let memory = self.memory(scope);
                    Expr::Load(memory, Box::new(Expr::Var(self.var())))
                }
                _ => Expr::Var(self.var()),
            };
        }
        let op = self.rng.pick(&[
            Binary::Add,
            Binary::Add,
            Binary::Add,
            Binary::Sub,
            Binary::Mul,
            Binary::And,
            Binary::Or,
            Binary::Xor,
            Binary::ShiftLeft,
            Binary::ShiftRight,
            Binary::Less,
            Binary::Equal,
        ]);
        let a = Box::new(self.expr(scope, depth - 1));
        Expr::Binary(op, a, Box::new(self.expr(scope, depth - 1)))
    }

    fn condition(&mut self, scope: &Scope) -> Expr {
        let a = Box::new(self.expr(scope, 1));
        match self.rng.below(3) {
            0 => Expr::Binary(Binary::And, a, Box::new(Expr::Const(1))),
            1 => Expr::Binary(Binary::Less, a, Box::new(Expr::Const(self.rng.below(9) as i64))),
            _ => Expr::Binary(Binary::And, a, Box::new(Expr::Const(6))),
        }
    }

    /// Whether `callee` may be called in a context where `scope` runs.
    fn may_call(&self, scope: &Scope, callee: Function) -> bool {
        match (self.roles[callee].1, self.roles[scope.function].1) {
            (Yields::No, _) => true,
            (callee, caller) if callee == caller => true,
            (Yields::Type(callee), Yields::Table(caller)) => callee == caller,
            _ => false,
        }
    }

    /// Whether a call of `callee` is not more than `scope` may do.
    fn fits(&self, scope: &Scope, callee: Function) -> bool {
        let Known { switches, suspends, .. } = self.known[callee];
        !(scope.pure && switches || scope.quiet && suspends)
    }

    /// That `scope` does what `callee` does.
    fn does(&mut self, scope: &Scope, callee: Function) {
        let Known { switches, suspends, holds } = self.known[callee];
        let known = &mut self.known[scope.function];
        known.switches |= switches;
        known.suspends |= suspends;
        known.holds |= holds || suspends && !scope.slots.is_empty();
    }

    fn plain(&mut self, scope: &Scope, wanted: impl Fn(Option<Type>) -> bool) -> Option<Function> {
        let callees: Vec<Function> = (scope.function + 1..self.roles.len())
            .filter(|&f| matches!(self.roles[f].0, Role::Plain(context) if wanted(context)))
            .filter(|&f| self.may_call(scope, f) && self.fits(scope, f))
            .collect();
        (!callees.is_empty()).then(|| self.rng.pick(&callees))
    }

    fn call(&mut self, scope: &Scope) -> Stmt {
        let types: Vec<Type> = scope.slots.iter().map(|(_, ty, _)| *ty).collect();
        let wanted = |context: Option<Type>| context.is_none_or(|ty| types.contains(&ty));
        let Some(callee) = self.plain(scope, wanted) else {
            return Stmt::Observe(self.expr(scope, 2));
        };
        self.does(scope, callee);
        let context = match self.roles[callee].0 {
            Role::Plain(Some(ty)) => {
                let slots: Vec<Slot> =
                    scope.slots.iter().filter(|(_, t, _)| *t == ty).map(|s| s.0).collect();
                Some(Handle::Own(self.rng.pick(&slots)))
            }
            _ => None,
        };
        let depth = Expr::Const(self.rng.below(4) as i64);
        let value = self.expr(scope, 2);
        let call = Call { callee, value, depth, memory: self.passed(scope, callee), context };
        Stmt::Call { call, into: self.var(), cleanup: self.cleanup() }
    }

    fn cleanup(&mut self) -> Option<i64> {
        (self.unwinds && self.rng.percent(40)).then(|| self.rng.below(1000) as i64)
    }

    fn recurse(&mut self, scope: &Scope) -> Stmt {
        let context = self.context_param(scope).map(|_| Handle::Param);
        let less = Box::new(Expr::Const(1));
        let depth = Expr::Binary(Binary::Sub, Box::new(Expr::Var(DEPTH)), less);
        let callee = scope.function;
        self.does(scope, callee);
        if !scope.slots.is_empty() && self.roles[callee].1 != Yields::No {
            self.known[callee].holds = true;
        }
        let value = self.expr(scope, 2);
        // What it does is not known yet.
        let memory = match self.memory(scope) {
            Memory::Published(number) => Memory::Global(number),
            memory => memory,
        };
        let call = Call { callee, value, depth, memory, context };
        let call = Stmt::Call { call, into: self.var(), cleanup: self.cleanup() };
        let more = Expr::Binary(Binary::Less, Box::new(Expr::Const(0)), Box::new(Expr::Var(DEPTH)));
        Stmt::If(more, vec![call], Vec::new())
    }

    fn tail_call(&mut self, scope: &Scope) -> Stmt {
        let Some(callee) = self.plain(scope, |context| context.is_none()) else {
            return Stmt::Observe(self.expr(scope, 2));
        };
        self.does(scope, callee);
        let memory =
            self.rng.pick(&[Memory::Param, Memory::Global(0), Memory::Global(GLOBALS - 1)]);
        let depth = Expr::Const(self.rng.below(3) as i64);
        let call = Call { callee, value: self.expr(scope, 2), depth, memory, context: None };
        let tail = Stmt::TailCall { call, must: self.rng.percent(50) };
        Stmt::If(self.condition(scope), vec![tail], Vec::new())
    }

    fn call_body(&mut self, scope: &Scope) -> Stmt {
        let callees: Vec<Function> = (scope.function + 1..self.roles.len())
            .filter(|&f| matches!(self.roles[f].0, Role::Body(_)))
            .filter(|&f| self.may_call(scope, f) && self.fits(scope, f))
            .collect();
        if callees.is_empty() {
            return Stmt::Set(self.var(), self.expr(scope, 2));
        }
        let callee = self.rng.pick(&callees);
        self.does(scope, callee);
        let first = self.expr(scope, 2);
        let memory = self.passed(scope, callee);
        Stmt::CallBody { callee, first, memory, into: self.var() }
    }

    /// What is done with a new context.
    fn with_body(
        &mut self,
        scope: &Scope,
        inner: &Scope,
        counters: &mut Counters,
        slot: Slot,
        ty: Type,
    ) -> Vec<Stmt> {
        let mut body = match self.rng.below(8) {
            // What a direct call is made of, and what a plain loop.
            shape @ 0..2 => {
                let (context, value, into) = (Handle::Own(slot), self.expr(scope, 2), self.var());
                let (seen, how) = (Stmt::Observe(Expr::Var(into)), How::Intrinsic);
                if shape == 0 {
                    vec![Stmt::Resume { context, ty, value, into, how }, seen]
                } else {
                    let most = 12;
                    vec![Stmt::Drain { context, ty, value, into, most, body: vec![seen] }]
                }
            }
            _ => self.inside(inner, counters, 5),
        };
        if self.rng.percent(10) {
            body.insert(0, Stmt::SliceSize { context: Handle::Own(slot), into: self.var() });
        }
        if self.rng.percent(10) {
            for link in [Handle::Null, Handle::Current] {
                body.insert(0, Stmt::SetLink { context: Handle::Own(slot), link });
            }
        }
        body
    }

    fn with(&mut self, scope: &Scope, counters: &mut Counters) -> Stmt {
        let bodies: Vec<(Function, Type)> = (scope.function + 1..self.roles.len())
            .filter_map(|f| match self.roles[f] {
                (Role::Body(ty), Yields::Type(_)) => Some((f, ty)),
                _ => None,
            })
            .collect();
        if bodies.is_empty() {
            return Stmt::Observe(self.expr(scope, 2));
        }
        self.known[scope.function].switches = true;
        let (body, ty) = self.rng.pick(&bodies);
        let mut chosen = vec![body];
        let others: Vec<Function> =
            bodies.iter().filter(|&&(f, t)| t == ty && f != body).map(|b| b.0).collect();
        if !others.is_empty() && self.rng.percent(12) {
            chosen.push(self.rng.pick(&others));
        }
        let base = self.rng.weighted(&[
            (24, Base::Null),
            (3, Base::Shared),
            // While the creator runs, such a context is displaced, with the variables that it has published.
            (if self.publishes { 0 } else { 3 }, Base::Here),
            (1, Base::Own),
        ]);
        let switches = chosen.iter().any(|&f| self.known[f].switches);
        let holds = chosen.iter().any(|&f| self.known[f].holds);
        let slot = counters.slot();
        let mut inner = scope.clone();
        let holder = (scope.function == 0 && base == Base::Null && self.rng.percent(25))
            .then(|| (counters.array(), Storage::Holder(slot)));
        inner.arrays.extend(holder);
        let memory = match holder {
            Some((array, _)) => Memory::Array(array),
            None => self.lent(scope, base, switches),
        };
        inner.slots.push((slot, ty, !holds));
        let body = self.with_body(scope, &inner, counters, slot, ty);
        let end = match self.rng.below(20) {
            0 => End::Leave,
            1 => End::DestroyIf(self.condition(scope)),
            2..8 if self.unwinds => End::Cancel,
            _ => End::Destroy,
        };
        let selector = self.expr(scope, 1);
        let with = Stmt::With { slot, bodies: chosen, selector, base, memory, body, end };
        match holder {
            Some((array, storage)) => {
                Stmt::Array { array, length: KNOWN, storage, body: vec![with] }
            }
            None => with,
        }
    }

    /// Memory that another context may use.
    fn lent(&mut self, scope: &Scope, base: Base, switches: bool) -> Memory {
        let start = scope.function == 0;
        let elsewhere = matches!(base, Base::Here | Base::Own);
        if start {
            let arrays: Vec<Array> =
                scope.arrays.iter().filter(|a| a.1 != Storage::Dynamic).map(|a| a.0).collect();
            if !arrays.is_empty() && self.rng.percent(60) {
                return Memory::Array(self.rng.pick(&arrays));
            }
        } else if elsewhere && !switches {
            return match self.memory(scope) {
                Memory::Published(number) => Memory::Global(number),
                memory => memory,
            };
        }
        Memory::Global(self.rng.below(GLOBALS))
    }
}

/// The numbers that a function has given away.
#[derive(Default)]
struct Counters {
    arrays: usize,
    slots: usize,
}

impl Counters {
    fn array(&mut self) -> Array {
        self.arrays += 1;
        self.arrays - 1
    }

    fn slot(&mut self) -> Slot {
        self.slots += 1;
        self.slots - 1
    }
}
