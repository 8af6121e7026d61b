//! Generates LLVM IR from the tree.

use std::{collections::BTreeMap, collections::VecDeque, error::Error, rc::Rc};

use inkwell::{
    AddressSpace, IntPredicate, attributes::AttributeLoc, basic_block::BasicBlock,
    builder::Builder, context::Context, module::Linkage, module::Module, types::IntType, values::*,
};
use stackswitch::emit::Emitter;

use super::lexer::{Note, Source, Span};
use super::parser::{Call, Expr, Function, Kind, Program};

/// The host's functions that programs can call, with their numbers of arguments.
const HOST: [(&str, usize); 2] = [("print", 1), ("pause", 0)];
/// The variable that is set while a loop stops its generator.
pub const STOPPED: &str = "?stopped";

/// Compiles some functions of a program, and its main function as the body of a context. Messages of
/// running code are added to the notes; the code refers to them by their numbers.
pub fn compile<'c>(
    context: &'c Context,
    program: &Program,
    functions: &BTreeMap<String, Rc<Function>>,
    main: Function,
    notes: &mut Vec<Note>,
) -> Done<Module<'c>> {
    let module = context.create_module(&main.source.name);
    let (source, bodies) = (main.source.clone(), vec![Rc::new(main)]);
    let (builder, ss) = (context.create_builder(), Emitter::new(&module));
    let (module, variables, loops) = (&module, Vec::new(), Vec::new());
    let mut code =
        Code { program, notes, context, module, builder, ss, bodies, source, variables, loops };
    for function in functions.values() {
        code.function(function, false)?;
    }
    while let Some(function) = code.bodies.pop() {
        code.function(&function, true)?;
    }
    Ok(module.clone())
}

/// A loop around what is being compiled.
struct Loop<'c> {
    after: BasicBlock<'c>,
    /// The context that yields the values.
    generator: Option<PointerValue<'c>>,
}

struct Code<'a, 'm, 'c> {
    program: &'a Program,
    notes: &'a mut Vec<Note>,
    context: &'c Context,
    module: &'m Module<'c>,
    builder: Builder<'c>,
    ss: Emitter<'m, 'c>,
    /// Functions that are still to be compiled as bodies of contexts.
    bodies: Vec<Rc<Function>>,
    // Of the function that is being compiled:
    source: Rc<Source>,
    variables: Vec<(String, PointerValue<'c>)>,
    loops: Vec<Loop<'c>>,
}

type Done<T = ()> = Result<T, Box<dyn Error>>;
type Number<'c> = Done<IntValue<'c>>;

impl<'c> Code<'_, '_, 'c> {
    /// Declares a function to be called, or as the body of a context. The prefix keeps its name apart
    /// from libc's.
    fn declare(&self, name: &str, parameters: usize, as_body: bool) -> Done<FunctionValue<'c>> {
        let (symbol, ty) = if as_body {
            (format!("rill.{name}.body"), self.ss.body_type(self.i64())?)
        } else {
            let words = vec![self.i64().into(); parameters];
            (format!("rill.{name}"), self.i64().fn_type(&words, false))
        };
        let found = self.module.get_function(&symbol);
        Ok(found.unwrap_or_else(|| self.module.add_function(&symbol, ty, None)))
    }

    /// A context gets its arguments one by one, each by a resume.
    fn function(&mut self, function: &Function, as_body: bool) -> Done {
        let Function { name, parameters, body, source, span } = function;
        self.source = source.clone();
        if HOST.iter().any(|(host, _)| host == name) {
            return self.wrong(*span, format!("`{name}` is built in"));
        }
        let value = self.declare(name, parameters.len(), as_body)?;
        if value.count_basic_blocks() > 0 {
            return Ok(());
        }
        self.variables.clear();
        self.builder.position_at_end(self.context.append_basic_block(value, "entry"));
        let given = value.get_params().into_iter().skip(usize::from(as_body));
        let mut given = given.map(BasicValueEnum::into_int_value).collect::<VecDeque<_>>();
        for name in parameters {
            let argument = given.pop_front().unwrap_or(self.number(0));
            self.local(name, argument)?;
            if as_body {
                given.push_back(self.ss.suspend(&self.builder, self.number(0))?);
            }
        }
        let result = self.expression(body)?;
        self.builder.build_return(Some(&result))?;
        Ok(())
    }

    /// Ends a loop's generator. When it is resumed with 1, or the flag is set, all its functions
    /// return, one after the other, and end the generators of their own loops.
    fn close(&self, left: &Loop<'c>) -> Done {
        let Some(generator) = left.generator else { return Ok(()) };
        let flag = self.global(STOPPED);
        let before = self.builder.build_load(self.i64(), flag, "before")?;
        self.builder.build_store(flag, self.number(1))?;
        self.ss.resume(&self.builder, generator, self.number(1))?;
        self.builder.build_store(flag, before)?;
        self.ss.destroy(&self.builder, generator)?;
        Ok(())
    }

    /// Returns if this code is part of a generator that has been stopped. Before that it stops the
    /// generators of the loops that it leaves.
    fn unless_stopped(&mut self, stopped: IntValue<'c>) -> Done {
        let [stop, go_on] = self.branch(stopped, ["stop", "go_on"])?;
        self.builder.position_at_end(stop);
        for left in self.loops.iter().rev() {
            self.close(left)?;
        }
        self.builder.build_return(Some(&self.number(0)))?;
        self.builder.position_at_end(go_on);
        Ok(())
    }

    fn expression(&mut self, expr: &Expr) -> Number<'c> {
        let zero = self.number(0);
        match &expr.kind {
            Kind::Number(number) => Ok(self.number(*number)),
            Kind::Variable(name) => {
                let variable = self.variable(name, expr.span)?;
                Ok(self.builder.build_load(self.i64(), variable, name)?.into_int_value())
            }
            Kind::Let(name, value) => {
                let value = self.expression(value)?;
                self.local(name, value)?;
                Ok(value)
            }
            Kind::Assign(name, value) => {
                let value = self.expression(value)?;
                self.builder.build_store(self.variable(name, expr.span)?, value)?;
                Ok(value)
            }
            Kind::Binary(operator, left, right) => {
                let (left, right) = (self.expression(left)?, self.expression(right)?);
                self.binary(operator, left, right, expr.span)
            }
            Kind::Call(call) => self.call(call),
            Kind::Spawn(call) => self.spawn(call),
            Kind::If(condition, then, otherwise) => self.conditional(condition, then, otherwise),
            Kind::Loop(body) => self.endless(body),
            Kind::For(name, call, body) => self.for_loop(name, call, body),
            Kind::Block(statements) => {
                let outside = self.variables.len();
                let mut values = statements.iter().map(|s| self.expression(s));
                let value = values.try_fold(zero, |_, value| value);
                self.variables.truncate(outside);
                value
            }
            Kind::Yield(value) => {
                let value = self.expression(value)?;
                let sent = self.ss.suspend(&self.builder, value)?;
                self.unless_stopped(sent)?;
                Ok(zero)
            }
            Kind::Break => {
                let Some(left) = self.loops.last() else {
                    return self.wrong(expr.span, "there is no loop to leave");
                };
                self.close(left)?;
                self.builder.build_unconditional_branch(left.after)?;
                self.builder.position_at_end(self.block("nowhere"));
                Ok(zero)
            }
        }
    }

    fn binary(&mut self, operator: &str, a: IntValue<'c>, b: IntValue<'c>, at: Span) -> Number<'c> {
        if let "/" | "%" = operator {
            self.check_division(a, b, at)?;
        }
        let compared = match operator {
            "+" => return Ok(self.builder.build_int_add(a, b, "sum")?),
            "-" => return Ok(self.builder.build_int_sub(a, b, "difference")?),
            "*" => return Ok(self.builder.build_int_mul(a, b, "product")?),
            "/" => return Ok(self.builder.build_int_signed_div(a, b, "quotient")?),
            "%" => return Ok(self.builder.build_int_signed_rem(a, b, "rest")?),
            "==" => IntPredicate::EQ,
            "!=" => IntPredicate::NE,
            "<" => IntPredicate::SLT,
            "<=" => IntPredicate::SLE,
            ">" => IntPredicate::SGT,
            _ => IntPredicate::SGE,
        };
        let holds = self.builder.build_int_compare(compared, a, b, "holds")?;
        Ok(self.builder.build_int_z_extend(holds, self.i64(), "truth")?)
    }

    /// In LLVM a division by 0 is undefined, and so is that of the smallest number by -1.
    fn check_division(&mut self, a: IntValue<'c>, b: IntValue<'c>, at: Span) -> Done {
        let is = |value, number: i64| {
            let number = self.number(number);
            self.builder.build_int_compare(IntPredicate::EQ, value, number, "is")
        };
        let too_large = self.builder.build_and(is(a, i64::MIN)?, is(b, -1)?, "too_large")?;
        let wrong = self.builder.build_or(is(b, 0)?, too_large, "wrong")?;
        let wrong = self.builder.build_int_z_extend(wrong, self.i64(), "wrong")?;
        let [fault, divide] = self.branch(wrong, ["fault", "divide"])?;
        self.builder.position_at_end(fault);
        let why = self.note(at, "a division by zero, or one whose result has no room");
        self.host("fail", &[why])?;
        self.builder.build_unreachable()?;
        self.builder.position_at_end(divide);
        Ok(())
    }

    fn conditional(&mut self, condition: &Expr, then: &Expr, otherwise: &Expr) -> Number<'c> {
        let condition = self.expression(condition)?;
        let result = self.local("", condition)?;
        self.variables.pop();
        let (blocks, after) = (self.branch(condition, ["then", "else"])?, self.block("after"));
        for (block, expr) in blocks.into_iter().zip([then, otherwise]) {
            self.builder.position_at_end(block);
            let value = self.expression(expr)?;
            self.builder.build_store(result, value)?;
            self.builder.build_unconditional_branch(after)?;
        }
        self.builder.position_at_end(after);
        Ok(self.builder.build_load(self.i64(), result, "if")?.into_int_value())
    }

    fn endless(&mut self, body: &Expr) -> Number<'c> {
        let [again, after] = [self.block("again"), self.block("after")];
        self.builder.build_unconditional_branch(again)?;
        self.builder.position_at_end(again);
        self.loops.push(Loop { after, generator: None });
        self.expression(body)?;
        self.loops.pop();
        self.builder.build_unconditional_branch(again)?;
        self.builder.position_at_end(after);
        Ok(self.number(0))
    }

    fn for_loop(&mut self, name: &str, call: &Call, body: &Expr) -> Number<'c> {
        let (generator, arguments) = self.body(call)?;
        let null = self.context.ptr_type(AddressSpace::default()).const_null();
        let context = self.ss.spawn(&self.builder, None, generator, null)?;
        for argument in arguments {
            self.ss.resume(&self.builder, context, argument)?;
        }
        let [next, end, after] = ["next", "end", "after"].map(|name| self.block(name));
        self.builder.build_unconditional_branch(next)?;

        self.builder.position_at_end(next);
        let value = self.ss.resume(&self.builder, context, self.number(0))?;
        let status = self.ss.status(&self.builder, context)?;
        let finished = status.get_type().const_int(3, false);
        let going = self.builder.build_int_compare(IntPredicate::NE, status, finished, "going")?;
        let item = self.block("item");
        self.builder.build_conditional_branch(going, item, end)?;

        self.builder.position_at_end(item);
        self.local(name, value)?;
        self.loops.push(Loop { after, generator: Some(context) });
        self.expression(body)?;
        self.loops.pop();
        self.variables.pop();
        self.builder.build_unconditional_branch(next)?;

        self.builder.position_at_end(end);
        self.ss.destroy(&self.builder, context)?;
        self.builder.build_unconditional_branch(after)?;
        self.builder.position_at_end(after);
        Ok(self.number(0))
    }

    fn call(&mut self, call: &Call) -> Number<'c> {
        if let Some(&(name, count)) = HOST.iter().find(|(name, _)| *name == call.name) {
            let arguments = self.arguments(call, count)?;
            return self.host(name, &arguments);
        }
        let (_, arguments) = self.resolve(call)?;
        let arguments: Vec<_> = arguments.into_iter().map(Into::into).collect();
        let callee = self.declare(&call.name, arguments.len(), false)?;
        let result = self.builder.build_call(callee, &arguments, "result")?;
        let flag = self.global(STOPPED);
        let stopped = self.builder.build_load(self.i64(), flag, "stopped")?.into_int_value();
        self.unless_stopped(stopped)?;
        Ok(result.try_as_basic_value().expect_basic("functions have values").into_int_value())
    }

    /// The function of a call, and the values of its arguments.
    fn resolve(&mut self, call: &Call) -> Done<(Rc<Function>, Vec<IntValue<'c>>)> {
        let Some(function) = self.program.functions.get(&call.name).cloned() else {
            return self.wrong(call.span, format!("there is no function `{}`", call.name));
        };
        let arguments = self.arguments(call, function.parameters.len())?;
        Ok((function, arguments))
    }

    fn arguments(&mut self, call: &Call, count: usize) -> Done<Vec<IntValue<'c>>> {
        if call.arguments.len() != count {
            let message = format!("wrong number of arguments: `{}` takes {count}", call.name);
            return self.wrong(call.span, message);
        }
        call.arguments.iter().map(|argument| self.expression(argument)).collect()
    }

    /// Gives the host the arguments and the name of the body, from which it makes a coroutine.
    fn spawn(&mut self, call: &Call) -> Number<'c> {
        let (body, arguments) = self.body(call)?;
        for argument in arguments {
            self.host("argument", &[argument])?;
        }
        let name = self.note(call.span, &body.get_name().to_string_lossy());
        self.host("spawn", &[name])
    }

    /// The body of a context that makes the call, and the values of the arguments.
    fn body(&mut self, call: &Call) -> Done<(FunctionValue<'c>, Vec<IntValue<'c>>)> {
        let (function, arguments) = self.resolve(call)?;
        self.bodies.push(function);
        Ok((self.declare(&call.name, 0, true)?, arguments))
    }

    /// Calls a function of the host's. All arguments are numbers.
    fn host(&self, name: &str, arguments: &[IntValue<'c>]) -> Number<'c> {
        let function = self.declare(&format!("host.{name}"), arguments.len(), false)?;
        if name != "pause" {
            let promise = self.context.create_string_attribute("stackswitch-nosuspend", "");
            function.add_attribute(AttributeLoc::Function, promise);
        }
        let arguments: Vec<_> = arguments.iter().map(|&argument| argument.into()).collect();
        let call = self.builder.build_call(function, &arguments, "done")?;
        Ok(call.try_as_basic_value().expect_basic("they have values too").into_int_value())
    }

    fn i64(&self) -> IntType<'c> {
        self.context.i64_type()
    }

    fn number(&self, number: i64) -> IntValue<'c> {
        self.i64().const_int(number as u64, true)
    }

    /// A new block of the current function.
    fn block(&self, name: &str) -> BasicBlock<'c> {
        let function = self.builder.get_insert_block().and_then(BasicBlock::get_parent);
        self.context.append_basic_block(function.expect("code is only put into functions"), name)
    }

    /// Branches to the first block if the value is not 0, else to the second.
    fn branch(&self, value: IntValue<'c>, names: [&str; 2]) -> Done<[BasicBlock<'c>; 2]> {
        let [yes, no] = names.map(|name| self.block(name));
        let zero = self.number(0);
        let holds = self.builder.build_int_compare(IntPredicate::NE, value, zero, "holds")?;
        self.builder.build_conditional_branch(holds, yes, no)?;
        Ok([yes, no])
    }

    /// A new variable. Its memory is made in the first block, so that a loop does not make it again.
    fn local(&mut self, name: &str, value: IntValue<'c>) -> Done<PointerValue<'c>> {
        let function = self.builder.get_insert_block().and_then(BasicBlock::get_parent);
        let builder = self.context.create_builder();
        if let Some(entry) = function.and_then(FunctionValue::get_first_basic_block) {
            match entry.get_first_instruction() {
                Some(first) => builder.position_before(&first),
                None => builder.position_at_end(entry),
            }
        }
        let variable = builder.build_alloca(self.i64(), name)?;
        self.builder.build_store(variable, value)?;
        self.variables.push((name.to_owned(), variable));
        Ok(variable)
    }

    fn variable(&self, name: &str, span: Span) -> Done<PointerValue<'c>> {
        match self.variables.iter().rev().find(|(local, _)| local == name) {
            Some((_, found)) => Ok(*found),
            None if self.program.variables.iter().any(|v| v == name) => Ok(self.global(name)),
            None => self.wrong(span, format!("there is no variable `{name}`")),
        }
    }

    /// Every module that uses the variable defines it; the linker takes the first.
    fn global(&self, name: &str) -> PointerValue<'c> {
        let symbol = format!("rill.variable.{name}");
        let found = self.module.get_global(&symbol).unwrap_or_else(|| {
            let new = self.module.add_global(self.i64(), None, &symbol);
            new.set_linkage(Linkage::WeakAny);
            new.set_initializer(&self.number(0));
            new
        });
        found.as_pointer_value()
    }

    fn note(&mut self, span: Span, message: &str) -> IntValue<'c> {
        self.notes.push(Note::new(&self.source, span, message));
        self.number(self.notes.len() as i64 - 1)
    }

    fn wrong<T>(&self, span: Span, message: impl Into<String>) -> Done<T> {
        Err(Note::new(&self.source, span, message).into())
    }
}
