//! Compiling and running one input after another. Whatever goes wrong in a program comes back.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::{error::Error, ptr::null_mut, rc::Rc};

use inkwell::context::Context;
use stackswitch::jit::{self, Jit, State, suspend};

use super::{
    ast::{Call, Expr, Kind, Program},
    codegen::{STOPPED, compile},
    parser::parse,
    source::{Note, Source},
};

/// What the functions of the host share with the scheduler.
#[derive(Default)]
struct Host {
    notes: RefCell<Vec<Note>>,
    failure: RefCell<Option<Note>>,
    /// The line that is being printed.
    line: RefCell<Vec<String>>,
    channels: RefCell<Vec<VecDeque<i64>>>,
    /// Channels that have got values.
    sent: RefCell<Vec<usize>>,
    /// Arguments of the thread that is about to be spawned, and threads that have been.
    arguments: RefCell<VecDeque<i64>>,
    spawned: RefCell<Vec<(String, VecDeque<i64>)>>,
    /// Why the running thread suspends itself.
    pause: Cell<Option<Pause>>,
}

enum Pause {
    Turn,
    Channel(usize),
}

impl Host {
    /// Ends the program: the panic comes out of the `resume` that runs it.
    fn fail(&self, note: i64) -> ! {
        *self.failure.borrow_mut() = Some(self.notes.borrow()[note as usize].clone());
        resume_unwind(Box::new(()))
    }

    /// The text of a note.
    fn text(&self, note: i64) -> String {
        self.notes.borrow()[note as usize].message.clone()
    }

    fn print(&self, part: String) -> i64 {
        self.line.borrow_mut().push(part);
        0
    }

    /// Lets other threads run. False if the thread is being cancelled.
    fn pause(&self, why: Pause) -> bool {
        self.pause.set(Some(why));
        // SAFETY: nobody keeps an address of a variable of this function, or of those that call it.
        unsafe { suspend(0i64) }.is_ok()
    }

    /// A channel, which the program knows by its number.
    fn channel(&self, number: i64, note: i64) -> usize {
        let mut known = 0..self.channels.borrow().len();
        known.nth(number as usize).unwrap_or_else(|| self.fail(note))
    }

    /// Gives programs what they call.
    fn define(self: &Rc<Self>, jit: &Jit) -> Result<(), jit::Error> {
        macro_rules! define {
            ($name:literal, |$host:ident $(, $arg:ident: $ty:ty)*| $body:expr) => {{
                let $host = self.clone();
                let name = concat!("rill.host.", $name);
                jit.host_fn(name, move |$($arg: $ty),*| -> i64 { $body })?;
            }};
        }
        define!("number", |host, number: i64| host.print(number.to_string()));
        define!("text", |host, note: i64| host.print(host.text(note)));
        define!("line", |host| {
            // Who reads it may have gone.
            i64::from(writeln!(io::stdout(), "{}", host.line.take().join(" ")).is_ok())
        });
        define!("fail", |host, note: i64| host.fail(note));
        define!("pause", |host, _note: i64| host.pause(Pause::Turn).into());
        define!("channel", |host, _note: i64| {
            host.channels.borrow_mut().push(VecDeque::new());
            host.channels.borrow().len() as i64 - 1
        });
        define!("send", |host, channel: i64, value: i64, note: i64| {
            let channel = host.channel(channel, note);
            host.channels.borrow_mut()[channel].push_back(value);
            host.sent.borrow_mut().push(channel);
            value
        });
        define!("receive", |host, channel: i64, note: i64| {
            let channel = host.channel(channel, note);
            let take = || host.channels.borrow_mut()[channel].pop_front();
            let mut value = take();
            while value.is_none() && host.pause(Pause::Channel(channel)) {
                value = take();
            }
            value.unwrap_or_default()
        });
        define!("argument", |host, value: i64| {
            host.arguments.borrow_mut().push_back(value);
            value
        });
        define!("spawn", |host, note: i64| {
            host.spawned.borrow_mut().push((host.text(note), host.arguments.take()));
            0
        });
        Ok(())
    }
}

/// What to show of an input besides what it prints.
#[derive(Clone, Copy)]
pub enum Show {
    Nothing,
    /// The value of the last statement.
    Value,
    /// The IR, and nothing is run.
    Ir,
}

pub struct Session {
    jit: Jit,
    host: Rc<Host>,
    program: Program,
    inputs: usize,
}

impl Session {
    pub fn new() -> Result<Self, Box<dyn Error>> {
        let (jit, host) = (Jit::builder().redefine(true).build()?, Rc::<Host>::default());
        host.define(&jit)?;
        let program = Program { variables: vec![STOPPED.to_owned()], ..Program::default() };
        let mut session = Session { jit, host, program, inputs: 0 };
        session.run("prelude", include_str!("prelude.rill"), Show::Nothing)?;
        Ok(session)
    }

    /// Adds what a text defines, does its statements, and runs all threads to their ends.
    pub fn run(&mut self, name: &str, text: &str, show: Show) -> Result<(), Box<dyn Error>> {
        self.inputs += 1;
        let source = Rc::new(Source { name: name.to_owned(), text: text.to_owned() });
        let (new, mut main) = parse(&source, &format!("main.{}", self.inputs))?;
        if let (Show::Value, Kind::Block(statements)) = (show, &mut main.body.kind) {
            let last = statements.pop().map(shown);
            statements.extend(last);
        }
        // Code goes on using what it was linked with, so the users of a new definition are compiled
        // again; and as it costs little, so is everything.
        let mut program = self.program.clone();
        let again = new.functions.keys().any(|name| program.functions.contains_key(name));
        let temporary = new.functions.is_empty() && new.variables.is_empty();
        program.functions.extend(new.functions.clone());
        program.variables.extend(new.variables);
        let functions = if again { &program.functions } else { &new.functions };
        let (context, entry) = (Context::create(), format!("rill.{}.body", main.name));
        let module =
            compile(&context, &program, functions, main, &mut self.host.notes.borrow_mut())?;
        if let Show::Ir = show {
            return Ok(write!(io::stdout(), "{}", module.print_to_string().to_string_lossy())?);
        }
        let id = self.jit.add_module(&module)?;
        self.program = program;
        let result = self.schedule(entry);
        if temporary {
            // SAFETY: all threads have ended, and nobody else knows the module.
            unsafe { self.jit.remove(id) }?;
        }
        result
    }

    /// Runs a main program and the threads that it spawns, in turn, until all have ended.
    fn schedule(&self, main: String) -> Result<(), Box<dyn Error>> {
        let host = &*self.host;
        host.pause.take();
        host.spawned.replace(vec![(main, VecDeque::new())]);
        let (mut ready, mut paused) = (VecDeque::new(), None);
        let mut waiting = HashMap::<_, VecDeque<_>>::new();
        loop {
            for (body, arguments) in host.spawned.take() {
                // SAFETY: the function is one of ours, and does not use the argument.
                let coroutine = unsafe { self.jit.coroutine::<i64, i64>(&body, null_mut()) }?;
                ready.push_back((coroutine, arguments));
            }
            for channel in host.sent.take() {
                ready.extend(waiting.get_mut(&channel).and_then(VecDeque::pop_front));
            }
            ready.extend(paused.take());
            let Some(mut thread) = ready.pop_front() else { break };
            let value = thread.1.pop_front().unwrap_or(0);
            let state = catch_unwind(AssertUnwindSafe(|| thread.0.resume(value)));
            let state = state.or_else(|panic| match host.failure.take() {
                Some(failure) => Err(Box::<dyn Error>::from(failure)),
                None => resume_unwind(panic),
            })??;
            match (state, host.pause.take()) {
                (State::Returned(_), _) => {}
                (_, Some(Pause::Turn)) => paused = Some(thread),
                (_, Some(Pause::Channel(c))) => waiting.entry(c).or_default().push_back(thread),
                // It waits for its next argument.
                (_, None) if !thread.1.is_empty() => ready.push_front(thread),
                (_, None) => return Err("no loop takes the value that is yielded".into()),
            }
        }
        match waiting.values().map(VecDeque::len).sum() {
            0 => Ok(()),
            left => Err(format!("threads that wait for what nobody sends: {left}").into()),
        }
    }
}

/// Prints the value of a statement that is there for its value.
fn shown(statement: Expr) -> Expr {
    let span = statement.span;
    let has_value = match &statement.kind {
        Kind::Call(call) => call.name != "print",
        Kind::If(_, _, other) => !matches!(&other.kind, Kind::Block(all) if all.is_empty()),
        kind => matches!(kind, Kind::Number(_) | Kind::Variable(_) | Kind::Binary(..)),
    };
    if !has_value {
        return statement;
    }
    let call = Call { name: "print".to_owned(), arguments: vec![statement], span };
    Expr { span, kind: Kind::Call(call) }
}
