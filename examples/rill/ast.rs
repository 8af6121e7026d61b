//! What a program consists of.

use std::{collections::BTreeMap, rc::Rc};

use super::source::{Source, Span};

/// What is known by name.
#[derive(Clone, Default)]
pub struct Program {
    pub functions: BTreeMap<String, Rc<Function>>,
    /// The variables that belong to no function.
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
    /// Only `print` takes it.
    Text(String),
    Variable(String),
    Let(String, Box<Expr>),
    Assign(String, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Call(Call),
    /// Starts a green thread that makes the call.
    Spawn(Call),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// Goes on until something breaks it.
    Loop(Box<Expr>),
    /// Does the block with each value that the call yields, in a context of its own.
    For(String, Call, Box<Expr>),
    Block(Vec<Expr>),
    Yield(Box<Expr>),
    Return(Box<Expr>),
    Break,
}

pub struct Call {
    pub name: String,
    pub arguments: Vec<Expr>,
    pub span: Span,
}
