//! The functions of C, C++ and Python files, found in their text.

use crate::sizes::Function;

/// Words before a parenthesis that begin no function.
const STATEMENTS: [&str; 7] = ["if", "for", "while", "switch", "catch", "return", "sizeof"];

/// The functions of a C or C++ file: each block whose header has a name and parameters.
#[must_use]
pub fn c_functions(text: &str) -> Vec<Function> {
    let mut functions = Vec::new();
    // Blocks that are open: the function that each is the body of, and the parentheses around it.
    let mut open: Vec<(Option<(String, usize)>, usize)> = Vec::new();
    let (mut header, mut start, mut parentheses) = (String::new(), 1, 0);
    for (number, line) in without_comments(text).lines().enumerate() {
        let number = number + 1;
        if line.trim_start().starts_with('#') {
            continue;
        }
        for letter in line.chars() {
            match letter {
                '{' => {
                    let function = named(&header).map(|name| (name, start));
                    open.push((function, parentheses));
                    (parentheses, header) = (0, String::new());
                }
                '}' => {
                    let (function, around) = open.pop().unwrap_or_default();
                    functions.extend(function.map(|(name, line)| Function {
                        name,
                        line,
                        lines: number + 1 - line,
                    }));
                    (parentheses, header) = (around, String::new());
                }
                ';' if parentheses == 0 => header.clear(),
                _ => {
                    if letter == '(' {
                        parentheses += 1;
                    } else if letter == ')' {
                        parentheses = parentheses.saturating_sub(1);
                    }
                    if header.is_empty() && !letter.is_whitespace() {
                        start = number;
                    }
                    if !header.is_empty() || !letter.is_whitespace() {
                        header.push(letter);
                    }
                }
            }
        }
        if !header.is_empty() {
            header.push(' ');
        }
    }
    functions
}

/// The name before the first parenthesis of a block's header, if that makes the block a function.
fn named(header: &str) -> Option<String> {
    let (before, _) = header.split_once('(')?;
    let before = before.trim_end();
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let name = before.rsplit(|c| !is_part(c)).next()?;
    (!name.is_empty() && !STATEMENTS.contains(&name)).then(|| name.to_owned())
}

/// The text with comments, strings and characters blanked, so that its braces are those of blocks.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('/', Some('/')) => while letters.next_if(|&next| next != '\n').is_some() {},
            ('/', Some('*')) => {
                let mut last = ' ';
                for next in letters.by_ref() {
                    out.extend((next == '\n').then_some('\n'));
                    if last == '*' && next == '/' {
                        break;
                    }
                    last = next;
                }
            }
            // A raw string, of the form R"(…)".
            ('R', Some('"')) => {
                let mut end = String::new();
                for next in letters.by_ref() {
                    out.extend((next == '\n').then_some('\n'));
                    end.push(next);
                    if end.ends_with(")\"") {
                        break;
                    }
                }
            }
            ('"' | '\'', _) => {
                while let Some(next) = letters.next_if(|&next| next != '\n') {
                    if next == '\\' {
                        letters.next();
                    } else if next == letter {
                        break;
                    }
                }
            }
            _ => out.push(letter),
        }
    }
    out
}

/// The functions of a Python file: from `def` to the last line that is indented more.
#[must_use]
pub fn python_functions(text: &str) -> Vec<Function> {
    let lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut functions = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let code = code.strip_prefix("async ").unwrap_or(code);
        let Some(rest) = code.strip_prefix("def ") else { continue };
        let belongs = |next: &&&str| {
            let code = next.trim_start();
            // The parameters may end in a line of their own.
            code.is_empty() || indent(next) > indent(line) || code.starts_with(')')
        };
        let body = lines[index + 1..].iter().take_while(belongs);
        let last = body.enumerate().filter(|(_, next)| !next.trim().is_empty()).last();
        functions.push(Function {
            name: rest.split('(').next().unwrap_or_default().trim().to_owned(),
            line: index + 1,
            lines: last.map_or(1, |(count, _)| count + 2),
        });
    }
    functions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(functions: Vec<Function>) -> Vec<(String, usize, usize)> {
        functions.into_iter().map(|f| (f.name, f.line, f.lines)).collect()
    }

    #[test]
    fn functions_of_c_have_a_name_and_parameters() {
        let text = "struct S { int a; };\n\
                    int table[] = { 1, 2 };\n\
                    // void no(void) {\n\
                    static int f(int a,\n\
                    \x20        int b) {\n\
                    \x20 for (int i = 0; i < a; i++) { puts(\"}{\"); }\n\
                    \x20 if (a) { return b; } else { /* } */ }\n\
                    \x20 char c = '}';\n\
                    \x20 return 1;\n\
                    }\n\
                    namespace n {\n\
                    C::C(int a) : x(a) {}\n\
                    void h() const {\n\
                    \x20 each(list, [&](int i) {\n\
                    \x20   use(i);\n\
                    \x20 });\n\
                    }\n\
                    }\n";
        let expected = [("f", 4, 7), ("C", 12, 1), ("each", 14, 3), ("h", 13, 5)]
            .map(|(n, l, c)| (n.to_owned(), l, c));
        assert_eq!(found(c_functions(text)), expected);
    }

    #[test]
    fn functions_of_python_end_with_their_indentation() {
        let text = "def f(a,\n\
                    \x20     b):\n\
                    \x20   x = 1\n\
                    \n\
                    \x20   return x\n\
                    \n\
                    class C:\n\
                    \x20   def g(self):\n\
                    \x20       pass\n\
                    \n\
                    x = 1\n";
        let expected = [("f", 1, 5), ("g", 8, 2)].map(|(n, l, c)| (n.to_owned(), l, c));
        assert_eq!(found(python_functions(text)), expected);
    }
}
