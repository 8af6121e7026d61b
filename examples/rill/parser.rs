//! From tokens to a tree: recursive descent, and operators by how tightly they bind.

use std::rc::Rc;

use super::{
    ast::{Call, Expr, Function, Kind, Program},
    codegen::STOPPED,
    lexer::{Token, lex},
    source::{Note, Source, Span},
};

/// How deep a tree may get: who walks it needs stack.
const DEEPEST: usize = 250;

/// Those further down bind tighter.
const OPERATORS: [&[&str]; 5] =
    [&["||"], &["&&"], &["==", "!=", "<", "<=", ">", ">="], &["+", "-"], &["*", "/", "%"]];

type Parsed<T = Expr> = Result<T, Note>;

/// What a text defines, and its statements as a function of that name.
pub fn parse(source: &Rc<Source>, main: &str) -> Parsed<(Program, Function)> {
    let mut parser = Parser { source, tokens: lex(source)?, position: 0, depth: 0 };
    let (mut program, span) = (Program::default(), parser.span());
    // A fault may have left it set.
    let zero = Box::new(Expr { span, kind: Kind::Number(0) });
    let mut statements = vec![Expr { span, kind: Kind::Assign(STOPPED.to_owned(), zero) }];
    while *parser.token() != Token::End {
        if parser.eat("fn") {
            let function = Rc::new(parser.function()?);
            if let Some(second) = program.functions.insert(function.name.clone(), function) {
                return Err(Note::new(source, second.span, "this is defined twice"));
            }
            continue;
        }
        for mut statement in parser.statement()? {
            if let Kind::Let(name, value) = statement.kind {
                // A variable of the whole program, not of a function.
                program.variables.push(name.clone());
                statement.kind = Kind::Assign(name, value);
            }
            statements.push(statement);
        }
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

    fn block(&mut self) -> Parsed {
        let span = self.span();
        self.expect("{")?;
        let mut statements = Vec::new();
        while !self.eat("}") {
            statements.extend(self.statement()?);
        }
        Ok(Expr { span, kind: Kind::Block(statements) })
    }

    /// What ends with a block needs no `;` after it. After a last `;` there is an empty statement.
    fn statement(&mut self) -> Parsed<Vec<Expr>> {
        let expr = self.expression()?;
        let has_end = matches!(expr.kind, Kind::If(..) | Kind::Loop(_) | Kind::For(..));
        let (span, semicolon) = (self.span(), self.eat(";"));
        let is_last = self.at("}") || *self.token() == Token::End;
        match (semicolon, is_last) {
            (true, true) => Ok(vec![expr, Expr { span, kind: Kind::Block(Vec::new()) }]),
            (false, false) if !has_end => Err(self.unexpected("`;`")),
            _ => Ok(vec![expr]),
        }
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
        } else if self.eat("return") {
            Kind::Return(Box::new(self.expression()?))
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
        } else if self.eat("!") {
            return Ok(binary("==", self.deeper(Self::operand)?, zero, span));
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
                Token::Text(text) => Kind::Text(text),
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

    /// Parses what is one level further down.
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

/// `a && b` is `if a { b != 0 } else { 0 }`, and `a || b` is `if a { 1 } else { b != 0 }`.
fn binary(operator: &'static str, left: Expr, right: Expr, span: Span) -> Expr {
    let number = |n| Box::new(Expr { span, kind: Kind::Number(n) });
    let test = |of| Box::new(Expr { span, kind: Kind::Binary("!=", of, number(0)) });
    let (left, right) = (Box::new(left), Box::new(right));
    let kind = match operator {
        "&&" => Kind::If(left, test(right), number(0)),
        "||" => Kind::If(left, number(1), test(right)),
        _ => Kind::Binary(operator, left, right),
    };
    Expr { span, kind }
}
