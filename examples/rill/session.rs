//! Compiles and runs one input after another. Every error of a program is returned.

use std::cell::{Cell, RefCell};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::{collections::VecDeque, error::Error, ptr::null_mut, rc::Rc};

use inkwell::context::Context;
use stackswitch::jit::{self, Jit, State, suspend};

use super::codegen::{STOPPED, compile};
use super::lexer::{Note, Source};
use super::parser::{Call, Expr, Kind, Program, parse};

/// The generator `range`, which every program has: the numbers from `from` to `to - 1`.
pub const PRELUDE: &str = "fn range(from, to) { while from < to { yield from; from = from + 1 } }";

/// State that the host's functions share with the scheduler.
#[derive(Default)]
struct Host {
    /// Arguments of the thread that is about to be spawned.
    arguments: RefCell<Vec<i64>>,
    /// Spawned threads: the notes with the names of their bodies, and the arguments.
    spawned: RefCell<Vec<(i64, Vec<i64>)>>,
    /// Whether the running thread has suspended itself to let others run.
    paused: Cell<bool>,
}

impl Host {
    /// Defines the host's functions in the JIT.
    fn define(self: &Rc<Self>, jit: &Jit) -> Result<(), jit::Error> {
        jit.host_fn("rill.host.print", |number: i64| {
            // The reader of the output may have gone.
            i64::from(writeln!(io::stdout(), "{number}").is_ok())
        })?;
        // The panic comes out of the `resume` that runs the program.
        jit.host_fn("rill.host.fail", |note: i64| -> i64 { resume_unwind(Box::new(note)) })?;
        let host = self.clone();
        jit.host_fn("rill.host.pause", move || {
            host.paused.set(true);
            // SAFETY: neither this closure nor its callers have given away the address of a variable.
            i64::from(unsafe { suspend(0i64) }.is_ok())
        })?;
        let host = self.clone();
        jit.host_fn("rill.host.argument", move |value: i64| {
            host.arguments.borrow_mut().push(value);
            value
        })?;
        let host = self.clone();
        jit.host_fn("rill.host.spawn", move |body: i64| {
            host.spawned.borrow_mut().push((body, host.arguments.take()));
            body
        })
    }
}

pub struct Session {
    jit: Jit,
    host: Rc<Host>,
    program: Program,
    /// Messages of running code, which refers to them by their numbers.
    notes: Vec<Note>,
    inputs: usize,
}

impl Session {
    pub fn new() -> Result<Self, Box<dyn Error>> {
        let (jit, host) = (Jit::builder().redefine(true).build()?, Rc::<Host>::default());
        host.define(&jit)?;
        let program = Program { variables: vec![STOPPED.to_owned()], ..Program::default() };
        let mut session = Session { jit, host, program, notes: Vec::new(), inputs: 0 };
        session.run("prelude", PRELUDE, false)?;
        Ok(session)
    }

    /// Adds the definitions of a text, runs its statements and all threads to their ends, and with
    /// `show` prints the value of the last statement.
    pub fn run(&mut self, name: &str, text: &str, show: bool) -> Result<(), Box<dyn Error>> {
        self.inputs += 1;
        let source = Rc::new(Source { name: name.to_owned(), text: text.to_owned() });
        let (new, mut main) = parse(&source, &format!("main.{}", self.inputs))?;
        if let (true, Kind::Block(statements)) = (show, &mut main.body.kind)
            && let Some(last) = statements.pop_if(has_value)
        {
            let (name, span) = ("print".to_owned(), last.span);
            let call = Call { name, arguments: vec![last], span };
            statements.push(Expr { span, kind: Kind::Call(call) });
        }
        // Compiled code keeps using what it was linked with, so users of a new definition must be
        // compiled again. It costs little to compile everything again.
        let mut program = self.program.clone();
        let again = new.functions.keys().any(|name| program.functions.contains_key(name));
        let temporary = new.functions.is_empty() && new.variables.is_empty();
        program.functions.extend(new.functions.clone());
        program.variables.extend(new.variables);
        let functions = if again { &program.functions } else { &new.functions };
        let (context, entry) = (Context::create(), format!("rill.{}.body", main.name));
        let module = compile(&context, &program, functions, main, &mut self.notes)?;
        let id = self.jit.add_module(&module)?;
        self.program = program;
        let result = self.schedule(&entry);
        if temporary {
            // SAFETY: all threads have ended, and no other module uses this one.
            unsafe { self.jit.remove(id) }?;
        }
        result
    }

    /// Runs a main program and the threads that it spawns, in turn, until all have ended.
    fn schedule(&self, main: &str) -> Result<(), Box<dyn Error>> {
        self.host.spawned.take();
        // SAFETY: the function is one of ours, and does not use the argument.
        let start = |body| unsafe { self.jit.coroutine::<i64, i64>(body, null_mut()) };
        let mut ready = VecDeque::from([start(main)?]);
        while let Some(mut thread) = ready.pop_front() {
            self.host.paused.set(false);
            let state = catch_unwind(AssertUnwindSafe(|| thread.resume(0)));
            let state = state.or_else(|panic| match panic.downcast::<i64>() {
                Ok(note) => Err(Box::<dyn Error>::from(self.notes[*note as usize].clone())),
                Err(other) => resume_unwind(other),
            })??;
            for (body, arguments) in self.host.spawned.take() {
                let mut new = start(&self.notes[body as usize].message)?;
                for argument in arguments {
                    new.resume(argument)?;
                }
                ready.push_back(new);
            }
            match state {
                State::Returned(_) => {}
                _ if self.host.paused.get() => ready.push_back(thread),
                _ => return Err("no loop takes the value that is yielded".into()),
            }
        }
        Ok(())
    }
}

fn has_value(statement: &mut Expr) -> bool {
    match &statement.kind {
        Kind::Call(call) => call.name != "print",
        Kind::If(_, _, other) => !matches!(&other.kind, Kind::Block(all) if all.is_empty()),
        kind => matches!(kind, Kind::Number(_) | Kind::Variable(_) | Kind::Binary(..)),
    }
}
