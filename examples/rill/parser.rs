//! The tree of a program, and the parser that makes it from tokens: recursive descent, with operators
//! by precedence.

use std::{collections::BTreeMap, rc::Rc};

use super::codegen::STOPPED;
use super::lexer::{Note, Source, Span, Token, lex};

/// The functions and variables of a program, by name.
#[derive(Clone, Default)]
pub struct Program {
    pub functions: BTreeMap<String, Rc<Function>>,
    /// The global variables.
    pub variables: Vec<String>,
}

pub struct Function {
    pub name: String,
    pub parameters: Vec<String>,
    pub body: Expr,
    pub source: Rc<Source>,
    pub span: Span,
}

/// Everything is an expression, and every value a number of 64 bits.
pub struct Expr {
    pub span: Span,
    pub kind: Kind,
}

pub enum Kind {
    Number(i64),
    Variable(String),
    Let(String, Box<Expr>),
    Assign(String, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Call(Call),
    /// Starts a green thread that makes the call.
    Spawn(Call),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// Repeats the block until a `break`.
    Loop(Box<Expr>),
    /// Runs the block for each value that the call yields. The call runs in a context of its own.
    For(String, Call, Box<Expr>),
    Block(Vec<Expr>),
    Yield(Box<Expr>),
    Break,
}

pub struct Call {
    pub name: String,
    pub arguments: Vec<Expr>,
    pub span: Span,
}

/// The greatest depth of a tree: code that walks the tree needs stack.
const DEEPEST: usize = 250;

/// Operators further down bind tighter.
const OPERATORS: [&[&str]; 3] =
    [&["==", "!=", "<", "<=", ">", ">="], &["+", "-"], &["*", "/", "%"]];

type Parsed<T = Expr> = Result<T, Note>;

/// The definitions of a text, and its statements as a function named `main`.
pub fn parse(source: &Rc<Source>, main: &str) -> Parsed<(Program, Function)> {
    let mut parser = Parser { source, tokens: lex(source)?, position: 0, depth: 0 };
    let (mut program, span) = (Program::default(), parser.span());
    // A fault may have left the variable set.
    let zero = Box::new(Expr { span, kind: Kind::Number(0) });
    let mut statements = vec![Expr { span, kind: Kind::Assign(STOPPED.to_owned(), zero) }];
    while *parser.token() != Token::End {
        if parser.eat("fn") {
            let function = Rc::new(parser.function()?);
            program.functions.insert(function.name.clone(), function);
            continue;
        }
        let mut statement = parser.expression()?;
        parser.eat(";");
        if let Kind::Let(name, value) = statement.kind {
            // A variable of the whole program, not of a function.
            program.variables.push(name.clone());
            statement.kind = Kind::Assign(name, value);
        }
        statements.push(statement);
    }
    let (body, source) = (Expr { span, kind: Kind::Block(statements) }, source.clone());
    let (name, parameters) = (main.to_owned(), Vec::new());
    Ok((program, Function { name, parameters, body, source, span }))
}

struct Parser<'s> {
    source: &'s Rc<Source>,
    tokens: Vec<(Token, Span)>,
    position: usize,
    depth: usize,
}

impl Parser<'_> {
    fn token(&self) -> &Token {
        &self.tokens[self.position].0
    }

    fn span(&self) -> Span {
        self.tokens[self.position].1
    }

    fn at(&self, fixed: &str) -> bool {
        matches!(self.token(), Token::Fixed(found) if *found == fixed)
    }

    fn eat(&mut self, fixed: &str) -> bool {
        let found = self.at(fixed);
        self.position += usize::from(found);
        found
    }

    fn expect(&mut self, fixed: &str) -> Parsed<()> {
        if self.eat(fixed) { Ok(()) } else { Err(self.unexpected(&format!("`{fixed}`"))) }
    }

    fn unexpected(&self, expected: &str) -> Note {
        let (span, unfinished) = (self.span(), *self.token() == Token::End);
        let line = self.source.text.lines().nth(span.line - 1).unwrap_or_default();
        let found: String = line.chars().skip(span.column - 1).take(span.length).collect();
        let found = if unfinished { "the end".to_owned() } else { format!("`{found}`") };
        let message = format!("expected {expected}, found {found}");
        Note { unfinished, ..Note::new(self.source, span, message) }
    }

    fn name(&mut self) -> Parsed<String> {
        let Token::Name(name) = self.token().clone() else {
            return Err(self.unexpected("a name"));
        };
        self.position += 1;
        Ok(name)
    }

    /// A list in parentheses.
    fn list<T>(&mut self, item: fn(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        self.expect("(")?;
        let mut items = Vec::new();
        while !self.eat(")") {
            items.push(item(self)?);
            if !self.at(")") {
                self.expect(",")?;
            }
        }
        Ok(items)
    }

    fn function(&mut self) -> Parsed<Function> {
        let (span, source) = (self.span(), self.source.clone());
        let (name, parameters, body) = (self.name()?, self.list(Self::name)?, self.block()?);
        Ok(Function { name, parameters, body, source, span })
    }

    /// As in Lua, a `;` may stand after a statement.
    fn block(&mut self) -> Parsed {
        let span = self.span();
        self.expect("{")?;
        let mut statements = Vec::new();
        while !self.eat("}") {
            statements.push(self.expression()?);
            self.eat(";");
        }
        Ok(Expr { span, kind: Kind::Block(statements) })
    }

    fn expression(&mut self) -> Parsed {
        self.deeper(Self::assignment)
    }

    fn assignment(&mut self) -> Parsed {
        let span = self.span();
        let kind = if self.eat("let") {
            let name = self.name()?;
            self.expect("=")?;
            Kind::Let(name, Box::new(self.expression()?))
        } else if self.eat("yield") {
            Kind::Yield(Box::new(self.expression()?))
        } else if self.eat("break") {
            Kind::Break
        } else {
            let target = self.operators(0)?;
            match target.kind {
                Kind::Variable(name) if self.eat("=") => {
                    Kind::Assign(name, Box::new(self.expression()?))
                }
                _ => return Ok(target),
            }
        };
        Ok(Expr { span, kind })
    }

    /// Operands, with operators of at least that level between them.
    fn operators(&mut self, least: usize) -> Parsed {
        let mut left = self.deeper(Self::operand)?;
        let depth = self.depth;
        while let Token::Fixed(operator) = *self.token() {
            let level = OPERATORS.iter().position(|level| level.contains(&operator));
            let Some(level) = level.filter(|level| *level >= least) else { break };
            let span = self.span();
            self.position += 1;
            let right = self.deeper(|parser| parser.operators(level + 1))?;
            left = binary(operator, left, right, span);
            self.depth += 1;
        }
        self.depth = depth;
        Ok(left)
    }

    fn operand(&mut self) -> Parsed {
        let span = self.span();
        let zero = Expr { span, kind: Kind::Number(0) };
        let kind = if self.eat("-") {
            return Ok(binary("-", zero, self.deeper(Self::operand)?, span));
        } else if self.eat("(") {
            let inside = self.expression()?;
            self.expect(")")?;
            return Ok(inside);
        } else if self.at("{") {
            return self.block();
        } else if self.eat("if") {
            let (condition, then) = (self.expression()?, self.block()?);
            let otherwise = match self.eat("else") {
                true if self.at("if") => self.deeper(Self::operand)?,
                true => self.block()?,
                false => Expr { span, kind: Kind::Block(Vec::new()) },
            };
            Kind::If(Box::new(condition), Box::new(then), Box::new(otherwise))
        } else if self.eat("while") {
            let (condition, body) = (self.expression()?, self.block()?);
            let stop = Expr { span, kind: Kind::Break };
            let kind = Kind::If(Box::new(condition), Box::new(body), Box::new(stop));
            Kind::Loop(Box::new(Expr { span, kind }))
        } else if self.eat("for") {
            let name = self.name()?;
            self.expect("in")?;
            Kind::For(name, self.call()?, Box::new(self.block()?))
        } else if self.eat("spawn") {
            Kind::Spawn(self.call()?)
        } else if matches!(self.tokens.get(self.position + 1), Some((Token::Fixed("("), _))) {
            Kind::Call(self.call()?)
        } else {
            let kind = match self.token().clone() {
                Token::Name(name) => Kind::Variable(name),
                Token::Number(number) => Kind::Number(number),
                _ => return Err(self.unexpected("an expression")),
            };
            self.position += 1;
            kind
        };
        Ok(Expr { span, kind })
    }

    fn call(&mut self) -> Parsed<Call> {
        let (span, name) = (self.span(), self.name()?);
        Ok(Call { name, arguments: self.list(Self::expression)?, span })
    }

    /// Parses one level deeper.
    fn deeper(&mut self, parse: impl FnOnce(&mut Self) -> Parsed) -> Parsed {
        if self.depth >= DEEPEST {
            return Err(Note::new(self.source, self.span(), "this is nested too deeply"));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }
}

fn binary(operator: &'static str, left: Expr, right: Expr, span: Span) -> Expr {
    Expr { span, kind: Kind::Binary(operator, Box::new(left), Box::new(right)) }
}
