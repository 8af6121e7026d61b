//! What a program must come to: an interpreter of its operations that knows no stacks, only lists of
//! frames, and none of what the passes do.

use std::ops::ControlFlow;

use super::{
    flatten::flatten,
    program::{
        Array, Base, Code, DEPTH, Expr, FIRST, Function, GLOBALS, Handle, How, KNOWN, Memory, Op,
        PUBLISHED, Program, Role, Slot, Storage, TABLE, Type, Var, Yields,
    },
};

/// What a program comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Of all that it observed, in that order.
    pub sum: i64,
    /// The contexts that it has left behind.
    pub left: usize,
}

/// A number made of what has been observed before and what is observed now.
pub fn mix(sum: i64, value: i64) -> i64 {
    (sum.rotate_left(7) ^ value).wrapping_mul(MIX)
}

/// An odd number.
pub const MIX: i64 = 0x5851_f42d_4c95_7f2d;
/// What each byte of an array is at its start.
pub const FILL: i64 = 0x0101_0101_0101_0101;

const NO_LINK: i64 = -3;
const RUNNING: i64 = -4;
const FINISHED: i64 = -5;
const BUSY: i64 = -9;

/// What `program` comes to, unless it takes too many steps.
pub fn run(program: &Program, most_steps: usize) -> Option<Outcome> {
    let codes: Vec<Code> = (0..program.functions.len()).map(|f| flatten(program, f)).collect();
    let mut machine = Machine {
        program,
        codes: &codes,
        sum: 0,
        globals: vec![vec![0; KNOWN]; GLOBALS],
        objects: Vec::new(),
        contexts: Vec::new(),
        bases: 1,
        current: 0,
        table: Vec::new(),
        published: UNPUBLISHED,
    };
    machine.start();
    for _ in 0..most_steps {
        if machine.step().is_break() {
            let left = machine.contexts.iter().skip(1).filter(|c| !c.destroyed).count();
            return Some(Outcome { sum: machine.sum, left });
        }
    }
    None
}

type Context = usize;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    New,
    Suspended,
    Running,
    Finished,
}

/// Memory that is in a place.
#[derive(Clone, Copy)]
enum Place {
    Global(usize),
    Object(usize),
}

#[derive(Clone)]
struct Frame {
    function: Function,
    /// The operation to go on with.
    next: usize,
    /// Where a value goes that the frame waits for.
    waits: Var,
    /// What is observed if the frame is unwound while it waits.
    cleanup: Option<i64>,
    vars: Vec<i64>,
    memory: Place,
    param: Option<Context>,
    arrays: Vec<Option<usize>>,
    slots: Vec<Option<Context>>,
    bases: Vec<Option<usize>>,
    /// How often control has gone back to each captured place.
    returns: Vec<i64>,
}

#[derive(Clone)]
struct Thread {
    status: Status,
    destroyed: bool,
    link: Option<Context>,
    frames: Vec<Frame>,
    /// What a new context starts with.
    body: (Function, Place),
    /// 0 is the default one.
    base: usize,
}

struct Machine<'p> {
    program: &'p Program,
    codes: &'p [Code],
    sum: i64,
    globals: Vec<Vec<i64>>,
    objects: Vec<Vec<i64>>,
    contexts: Vec<Thread>,
    bases: usize,
    current: Context,
    table: Vec<Context>,
    published: [Place; PUBLISHED],
}

/// What is published at first.
const UNPUBLISHED: [Place; PUBLISHED] = [Place::Global(0), Place::Global(1)];

/// The number of the base that all share.
const SHARED: usize = 1;

impl Machine<'_> {
    fn start(&mut self) {
        self.bases = SHARED + 1;
        let frame = self.frame(0, Place::Global(0), None);
        self.contexts.push(Thread {
            status: Status::Running,
            destroyed: false,
            link: None,
            frames: vec![frame],
            body: (0, Place::Global(0)),
            base: 0,
        });
        let mut members = vec![0];
        for &(body, base, global) in &self.program.table {
            let base = if base == Base::Shared { SHARED } else { 0 };
            members.push(self.spawn(body, base, Place::Global(global)));
        }
        self.table = (0..TABLE).map(|i| members[i % members.len()]).collect();
    }

    fn frame(&self, function: Function, memory: Place, param: Option<Context>) -> Frame {
        let code = &self.codes[function];
        Frame {
            function,
            next: 0,
            waits: FIRST,
            cleanup: None,
            vars: vec![0; code.vars],
            memory,
            param,
            arrays: vec![None; code.arrays.len()],
            slots: vec![None; code.slots],
            bases: vec![None; code.slots],
            returns: vec![0; code.captures],
        }
    }

    fn spawn(&mut self, body: Function, base: usize, memory: Place) -> Context {
        self.contexts.push(Thread {
            status: Status::New,
            destroyed: false,
            link: None,
            frames: Vec::new(),
            body: (body, memory),
            base,
        });
        self.contexts.len() - 1
    }

    fn observe(&mut self, value: i64) {
        self.sum = mix(self.sum, value);
    }

    fn top(&mut self) -> &mut Frame {
        self.contexts[self.current].frames.last_mut().expect("the running context has a frame")
    }

    fn peek(&self) -> &Frame {
        self.contexts[self.current].frames.last().expect("the running context has a frame")
    }

    fn place(&self, memory: Memory) -> Place {
        match memory {
            Memory::Global(index) => Place::Global(index),
            Memory::Param => self.peek().memory,
            Memory::Published(number) => self.published[number],
            Memory::Array(array) => {
                Place::Object(self.peek().arrays[array].expect("the array has begun"))
            }
        }
    }

    /// The array, and which element of it an index means.
    fn element(&mut self, memory: Memory, index: i64) -> &mut i64 {
        let known = match memory {
            Memory::Array(array) => self.codes[self.peek().function].arrays[array].0,
            _ => KNOWN,
        };
        let index = (index & (known as i64 - 1)) as usize;
        match self.place(memory) {
            Place::Global(global) => &mut self.globals[global][index],
            Place::Object(object) => &mut self.objects[object][index],
        }
    }

    fn value(&mut self, expr: &Expr) -> i64 {
        match expr {
            Expr::Const(value) => *value,
            Expr::Var(var) => self.peek().vars[*var],
            Expr::Load(memory, index) => {
                let index = self.value(index);
                *self.element(*memory, index)
            }
            Expr::Binary(op, a, b) => {
                let a = self.value(a);
                op.apply(a, self.value(b))
            }
        }
    }

    fn handle(&mut self, handle: &Handle) -> Option<Context> {
        match handle {
            Handle::Own(slot) => self.peek().slots[*slot],
            Handle::Param => self.peek().param,
            Handle::Table(index) => {
                let index = self.value(index) & (TABLE as i64 - 1);
                Some(self.table[index as usize])
            }
            Handle::Current => Some(self.current),
            Handle::Null => None,
        }
    }

    /// The context that an operation is about, which is one.
    fn context(&mut self, handle: &Handle) -> Context {
        self.handle(handle).expect("a context")
    }

    /// What the handler does about a refused operation.
    fn refuse(&mut self, code: i64) {
        self.observe(code);
        if code == NO_LINK || code == RUNNING {
            self.contexts[self.current].link = Some(0);
        }
    }

    fn set(&mut self, var: Var, value: i64) {
        self.top().vars[var] = value;
    }

    /// Gives a context the value that it waits for, and goes on with it.
    fn deliver(&mut self, to: Context, value: i64) {
        if self.contexts[to].status == Status::New {
            let (body, memory) = self.contexts[to].body;
            let frame = self.frame(body, memory, None);
            self.contexts[to].frames.push(frame);
        }
        self.contexts[to].status = Status::Running;
        self.current = to;
        let frame = self.top();
        frame.vars[frame.waits] = value;
        frame.cleanup = None;
    }

    /// Whether a context can be switched to, or the error.
    fn can_go_on(&self, to: Context) -> Result<(), i64> {
        match self.contexts[to].status {
            Status::New | Status::Suspended => Ok(()),
            Status::Running => Err(RUNNING),
            Status::Finished => Err(FINISHED),
        }
    }

    fn wait(&mut self, into: Var, cleanup: Option<i64>) {
        let frame = self.top();
        frame.waits = into;
        frame.cleanup = cleanup;
    }

    fn switch(&mut self, to: Context, value: i64, into: Var, cleanup: Option<i64>) {
        if to == self.current {
            return self.set(into, value);
        }
        match self.can_go_on(to) {
            Ok(()) => {
                self.wait(into, cleanup);
                self.contexts[self.current].status = Status::Suspended;
                self.deliver(to, value);
            }
            Err(code) => {
                self.refuse(code);
                self.set(into, 0);
            }
        }
    }

    /// The link of the running context, if it can go on.
    fn link(&self) -> Option<Context> {
        self.contexts[self.current].link.filter(|&link| {
            !self.contexts[link].destroyed && self.contexts[link].status != Status::Finished
        })
    }

    fn table_or_body_type(&self, function: Function) -> Type {
        match (self.program.functions[function].role, self.program.functions[function].yields) {
            (Role::Body(ty) | Role::OnTop(ty), _) => ty,
            (_, Yields::Type(ty) | Yields::Table(ty)) => ty,
            (Role::Plain(_), Yields::No) => unreachable!("it does not suspend"),
        }
    }

    fn call(&mut self, call: &super::program::Call) -> Frame {
        let (value, depth) = (self.value(&call.value), self.value(&call.depth));
        let param = call.context.as_ref().map(|handle| self.context(handle));
        let mut frame = self.frame(call.callee, self.place(call.memory), param);
        frame.vars[FIRST] = value;
        frame.vars[DEPTH] = depth;
        frame
    }

    fn returned(&mut self, value: i64) -> ControlFlow<()> {
        let frame = self.contexts[self.current].frames.pop().expect("the frame that returns");
        let value = match self.program.functions[frame.function].role {
            Role::Body(ty) | Role::OnTop(ty) => ty.through(value),
            Role::Plain(_) => value,
        };
        if let Some(caller) = self.contexts[self.current].frames.last_mut() {
            caller.vars[caller.waits] = value;
            caller.cleanup = None;
            return ControlFlow::Continue(());
        }
        if self.current == 0 {
            self.observe(value);
            self.end();
            return ControlFlow::Break(());
        }
        let itself = self.contexts[self.current].link == Some(self.current);
        let link = self.link().filter(|_| !itself).unwrap_or_else(|| {
            self.refuse(if itself { RUNNING } else { NO_LINK });
            0
        });
        self.contexts[self.current].status = Status::Finished;
        self.deliver(link, value);
        ControlFlow::Continue(())
    }

    /// The end of the program.
    fn end(&mut self) {
        for context in 1..=self.program.table.len() {
            self.contexts[context].destroyed = true;
        }
        self.drop_base(SHARED);
    }

    fn drop_base(&mut self, base: usize) {
        if self.contexts.iter().any(|context| !context.destroyed && context.base == base) {
            self.refuse(BUSY);
        }
    }

    /// A copy of a context, with its own arrays.
    fn clone_of(&mut self, from: Context) -> Context {
        let mut copy = self.contexts[from].clone();
        let mut moved = Vec::new();
        for frame in &mut copy.frames {
            for array in frame.arrays.iter_mut().flatten() {
                let object = self.objects[*array].clone();
                moved.push((*array, self.objects.len()));
                *array = self.objects.len();
                self.objects.push(object);
            }
        }
        for frame in &mut copy.frames {
            if let Place::Object(object) = &mut frame.memory
                && let Some(&(_, new)) = moved.iter().find(|(old, _)| old == object)
            {
                *object = new;
            }
        }
        self.contexts.push(copy);
        self.contexts.len() - 1
    }

    fn cancel(&mut self, context: Context) {
        if self.contexts[context].status == Status::Finished {
            return self.refuse(FINISHED);
        }
        self.contexts[context].link = Some(self.current);
        while let Some(frame) = self.contexts[context].frames.pop() {
            if let Some(number) = frame.cleanup {
                self.observe(number);
            }
        }
        self.contexts[context].status = Status::Finished;
    }

    fn step(&mut self) -> ControlFlow<()> {
        let frame = self.top();
        let function = frame.function;
        let at = frame.next;
        frame.next += 1;
        let code = &self.codes[function];
        match &code.ops[at] {
            Op::Set(var, value) => {
                let value = self.value(value);
                self.set(*var, value);
            }
            Op::Store(memory, index, value) => {
                let index = self.value(index);
                let value = self.value(value);
                *self.element(*memory, index) = value;
            }
            Op::Observe(value) => {
                let value = self.value(value);
                self.observe(value);
            }
            Op::Label(_) | Op::Prefetch(_) | Op::End(_) => {}
            Op::Publish(number, array) => {
                self.published[*number] = self.place(Memory::Array(*array));
            }
            Op::Unpublish => self.published = UNPUBLISHED,
            Op::Capture(capture) => self.top().returns[*capture] = 0,
            Op::GoBack(capture, times) => self.run_go_back(*capture, *times, code),
            Op::Jump(label) => self.jump(code, *label),
            Op::Branch(condition, yes, no) => {
                let label = if self.value(condition) != 0 { *yes } else { *no };
                self.jump(code, label);
            }
            Op::Begin(array) => self.run_begin(*array, code),
            Op::Call { call, into, cleanup } => {
                let frame = self.call(call);
                self.wait(*into, *cleanup);
                self.contexts[self.current].frames.push(frame);
            }
            Op::TailCall { call, .. } => {
                let frame = self.call(call);
                *self.top() = frame;
            }
            Op::CallBody { callee, first, memory, into } => {
                self.run_call_body(*callee, first, *memory, *into)
            }
            Op::Suspend { value, into, how } => {
                let value = self.value(value);
                let ty = self.table_or_body_type(function);
                let value = ty.through(value);
                match self.link() {
                    Some(link) => self.switch(link, value, *into, how.cleanup(ty)),
                    None => {
                        self.refuse(NO_LINK);
                        self.set(*into, 0);
                    }
                }
            }
            Op::Return(value) => {
                let value = self.value(value);
                return self.returned(value);
            }
            of_context => self.run_context_op(of_context),
        }
        ControlFlow::Continue(())
    }

    /// Runs an operation on a base or a context.
    fn run_context_op(&mut self, op: &Op) {
        match op {
            Op::MakeBase(slot, base) => self.run_make_base(*slot, *base),
            Op::DropBase(slot) => {
                let base = self.peek().bases[*slot].expect("a base");
                self.drop_base(base);
            }
            Op::Spawn { slot, bodies, selector, memory, .. } => {
                self.run_spawn(*slot, bodies, selector, *memory)
            }
            Op::Resume { context, ty, value, into, how } => {
                self.run_resume(context, *ty, value, *into, *how)
            }
            Op::Swap { context, ty, value, into, how } => {
                let value = ty.through(self.value(value));
                let to = self.context(context);
                self.switch(to, value, *into, how.cleanup(*ty));
            }
            Op::SwapOnTop { context, ty, callee, value, into } => {
                self.run_swap_on_top(context, *ty, *callee, value, *into)
            }
            Op::Clone { from, slot } => {
                let from = self.context(&Handle::Own(*from));
                let copy = self.clone_of(from);
                self.top().slots[*slot] = Some(copy);
            }
            Op::Cancel(slot) => {
                let context = self.context(&Handle::Own(*slot));
                self.cancel(context);
            }
            Op::Destroy(slot) => {
                let context = self.context(&Handle::Own(*slot));
                self.contexts[context].destroyed = true;
            }
            Op::Status { context, into } => self.run_status(context, *into),
            Op::SliceSize { into, .. } => self.set(*into, 0),
            Op::Link { context, into } => self.run_link(context, *into),
            Op::SetLink { context, link } => {
                let context = self.context(context);
                self.contexts[context].link = self.handle(link);
            }
            Op::IsCurrent { context, into } => {
                let context = self.context(context);
                let is = i64::from(context == self.current);
                self.set(*into, is);
            }
            Op::IsNull { context, into } => {
                let is = i64::from(self.handle(context).is_none());
                self.set(*into, is);
            }
            _ => unreachable!("it is no operation on a context"),
        }
    }

    fn run_go_back(&mut self, capture: usize, times: i64, code: &Code) {
        let is_capture = |op: &Op| matches!(op, Op::Capture(c) if *c == capture);
        let captured = code.ops.iter().position(is_capture).expect("a place to go to");
        let frame = self.top();
        if frame.returns[capture] < times {
            frame.returns[capture] += 1;
            frame.next = captured + 1;
        }
    }

    fn run_begin(&mut self, array: Array, code: &Code) {
        let (length, _): (usize, Storage) = code.arrays[array];
        self.top().arrays[array] = None;
        let object = self.objects.len();
        self.objects.push(vec![FILL.wrapping_mul(array as i64 + 1); length]);
        self.top().arrays[array] = Some(object);
    }

    fn run_call_body(&mut self, callee: Function, first: &Expr, memory: Memory, into: Var) {
        let first = self.value(first);
        let mut frame = self.frame(callee, self.place(memory), None);
        frame.vars[FIRST] = self.table_or_body_type(callee).through(first);
        self.wait(into, None);
        self.contexts[self.current].frames.push(frame);
    }

    fn run_make_base(&mut self, slot: Slot, base: Base) {
        self.bases += 1;
        let base = match base {
            Base::Null => 0,
            Base::Shared => SHARED,
            Base::Here | Base::Own => self.bases - 1,
        };
        self.top().bases[slot] = Some(base);
    }

    fn run_spawn(&mut self, slot: Slot, bodies: &[Function], selector: &Expr, memory: Memory) {
        let selected = (self.value(selector) & (bodies.len() as i64 - 1)) as usize;
        let base = self.peek().bases[slot].expect("a base");
        let memory = self.place(memory);
        let context = self.spawn(bodies[selected], base, memory);
        self.top().slots[slot] = Some(context);
    }

    fn run_resume(&mut self, context: &Handle, ty: Type, value: &Expr, into: Var, how: How) {
        let value = ty.through(self.value(value));
        let to = self.context(context);
        match self.can_go_on(to) {
            Ok(()) => {
                self.contexts[to].link = Some(self.current);
                self.switch(to, value, into, how.cleanup(ty));
            }
            Err(code) => {
                self.refuse(code);
                self.set(into, 0);
            }
        }
    }

    fn run_swap_on_top(
        &mut self,
        context: &Handle,
        ty: Type,
        callee: Function,
        value: &Expr,
        into: Var,
    ) {
        let value = ty.through(self.value(value));
        let to = self.context(context);
        let mut frame = self.frame(callee, Place::Global(0), None);
        frame.vars[FIRST] = value;
        if to == self.current {
            self.wait(into, None);
            self.contexts[to].frames.push(frame);
        } else if let Err(code) = self.can_go_on(to) {
            self.refuse(code);
            self.set(into, 0);
        } else {
            self.wait(into, None);
            self.contexts[self.current].status = Status::Suspended;
            self.deliver(to, 0);
            self.contexts[to].frames.push(frame);
        }
    }

    fn run_status(&mut self, context: &Handle, into: Var) {
        let context = self.context(context);
        let status = match self.contexts[context].status {
            Status::New => 0,
            Status::Suspended => 1,
            Status::Running => 2,
            Status::Finished => 3,
        };
        self.set(into, status);
    }

    fn run_link(&mut self, context: &Handle, into: Var) {
        let context = self.context(context);
        let link = match self.contexts[context].link {
            None => 0,
            Some(link) if link == self.current => 1,
            Some(_) => 2,
        };
        self.set(into, link);
    }

    fn jump(&mut self, code: &Code, label: usize) {
        let is_target = |op: &Op| matches!(op, Op::Label(l) if *l == label);
        self.top().next = code.ops.iter().position(is_target).expect("the label is somewhere");
    }
}
