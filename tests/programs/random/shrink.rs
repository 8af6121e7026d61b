//! Makes a program that fails smaller.

use super::program::{End, Expr, Program, Stmt};

/// The smallest program that `fails` still refuses, found by leaving out one statement after the other.
pub fn shrink(program: Program, fails: &dyn Fn(&Program) -> bool) -> Program {
    let mut best = program;
    loop {
        let mut smaller = false;
        let mut at = 0;
        while let Some(candidate) = change(&best, at) {
            if fails(&candidate) {
                best = candidate;
                smaller = true;
            } else {
                at += 1;
            }
        }
        if !smaller {
            return best;
        }
    }
}

/// The program with its change number `at`, if there are so many.
fn change(program: &Program, at: usize) -> Option<Program> {
    let mut changed = program.clone();
    let mut left = at;
    if left < changed.table.len() {
        changed.table.remove(left);
        return Some(changed);
    }
    left -= changed.table.len();
    for function in &mut changed.functions {
        if edit(&mut function.statements, &mut left) {
            return Some(changed);
        }
        if !function.attributes.is_empty() {
            if left == 0 {
                function.attributes = "";
                return Some(changed);
            }
            left -= 1;
        }
    }
    None
}

/// Makes the change that `left` counts down to; true if it was in here.
fn edit(statements: &mut Vec<Stmt>, left: &mut usize) -> bool {
    for index in 0..statements.len() {
        if *left == 0 {
            statements.remove(index);
            return true;
        }
        *left -= 1;
        // What a statement is around, in its place.
        if let Some(inner) = inner(&statements[index]) {
            if *left == 0 {
                statements.splice(index..=index, inner);
                return true;
            }
            *left -= 1;
        }
        if edit_one(&mut statements[index], left) {
            return true;
        }
    }
    false
}

/// The statements in a statement that mean the same without it.
fn inner(statement: &Stmt) -> Option<Vec<Stmt>> {
    match statement {
        Stmt::If(_, yes, no) => Some(yes.iter().chain(no).cloned().collect()),
        Stmt::Loop(_, body) | Stmt::Again(_, body) => Some(body.clone()),
        _ => None,
    }
}

fn edit_one(statement: &mut Stmt, left: &mut usize) -> bool {
    match statement {
        Stmt::If(condition, yes, no) => {
            simplify(condition, left) || edit(yes, left) || edit(no, left)
        }
        Stmt::Loop(value, body) => simplify(value, left) || edit(body, left),
        Stmt::Array { body, .. }
        | Stmt::Drain { body, .. }
        | Stmt::Clone { body, .. }
        | Stmt::Again(_, body) => edit(body, left),
        Stmt::With { bodies, body, end, .. } => {
            if bodies.len() > 1 {
                if *left == 0 {
                    bodies.pop();
                    return true;
                }
                *left -= 1;
            }
            if !matches!(end, End::Destroy) {
                if *left == 0 {
                    *end = End::Destroy;
                    return true;
                }
                *left -= 1;
            }
            edit(body, left)
        }
        Stmt::Set(_, value) | Stmt::Observe(value) | Stmt::Return(value) => simplify(value, left),
        Stmt::Store(_, index, value) => simplify(index, left) || simplify(value, left),
        Stmt::Suspend { value, .. }
        | Stmt::Resume { value, .. }
        | Stmt::Swap { value, .. }
        | Stmt::SwapOnTop { value, .. } => simplify(value, left),
        Stmt::Call { call, .. } => simplify(&mut call.value, left),
        _ => false,
    }
}

/// A variable or a number for an expression.
fn simplify(expr: &mut Expr, left: &mut usize) -> bool {
    match expr {
        Expr::Const(_) | Expr::Var(_) => false,
        Expr::Load(..) => take(expr, Expr::Const(1), left),
        Expr::Binary(_, a, b) => {
            let (a, b) = ((**a).clone(), (**b).clone());
            take(expr, a, left) || take(expr, b, left)
        }
    }
}

fn take(expr: &mut Expr, simpler: Expr, left: &mut usize) -> bool {
    if *left == 0 {
        *expr = simpler;
        return true;
    }
    *left -= 1;
    false
}
