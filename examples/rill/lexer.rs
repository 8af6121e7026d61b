//! Splits text into tokens with their places, and prints messages that point at a place.

use std::{fmt, rc::Rc};

/// A text, and its name in messages.
#[derive(Debug)]
pub struct Source {
    pub name: String,
    pub text: String,
}

/// A few characters of one line. Lines and columns count from 1.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub line: usize,
    pub column: usize,
    pub length: usize,
}

/// A message about a place.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Note {
    pub place: (Rc<Source>, Span),
    pub message: String,
    /// Whether the text ends too early. Then a prompt asks for more.
    pub unfinished: bool,
}

impl Note {
    pub fn new(source: &Rc<Source>, span: Span, message: impl Into<String>) -> Self {
        Note { place: (source.clone(), span), message: message.into(), unfinished: false }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, Span { line, column, length }) = &self.place;
        let text = source.text.lines().nth(line - 1).unwrap_or_default();
        let (before, mark) = (" ".repeat(column - 1), "^".repeat(*length));
        let margin = " ".repeat(line.to_string().len());
        writeln!(f, "{}\n{margin}--> {}:{line}:{column}", self.message, source.name)?;
        write!(f, "{line} | {text}\n{margin} | {before}{mark}")
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Number(i64),
    Name(String),
    /// A keyword, an operator or a bracket.
    Fixed(&'static str),
    End,
}

/// Longer symbols stand first: `<=` is not `<` and `=`.
const FIXED: [&str; 28] = [
    "fn", "let", "if", "else", "while", "for", "in", "yield", "spawn", "break", "==", "!=", "<=",
    ">=", "+", "-", "*", "/", "%", "<", ">", "=", "(", ")", "{", "}", ",", ";",
];

/// All tokens of a source with their places, the last one `End`.
pub fn lex(source: &Rc<Source>) -> Result<Vec<(Token, Span)>, Note> {
    let mut tokens = Vec::new();
    for (index, text) in source.text.lines().enumerate() {
        let (line, mut rest, mut column) = (index + 1, text, 1);
        while let Some(start) = rest.find(|c: char| !c.is_whitespace()) {
            if rest[start..].starts_with('#') {
                break;
            }
            column += rest[..start].chars().count();
            let (token, bytes) = token(&rest[start..]);
            let length = rest[start..start + bytes].chars().count();
            let span = Span { line, column, length };
            tokens.push((token.map_err(|message| Note::new(source, span, message))?, span));
            (rest, column) = (&rest[start + bytes..], column + length);
        }
    }
    let last = source.text.lines().last().unwrap_or_default();
    let (line, column) = (source.text.lines().count().max(1), last.chars().count() + 1);
    tokens.push((Token::End, Span { line, column, length: 1 }));
    Ok(tokens)
}

/// The token at the start of a text, or what is wrong with it; and its number of bytes.
fn token(text: &str) -> (Result<Token, String>, usize) {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let word = &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())];
    let fixed =
        FIXED.iter().find(|f| if word.is_empty() { text.starts_with(**f) } else { word == **f });
    if let Some(fixed) = fixed {
        (Ok(Token::Fixed(fixed)), fixed.len())
    } else if word.starts_with(|c: char| c.is_ascii_digit()) {
        let number = word.parse().map_err(|_| format!("`{word}` is not a number of 64 bits"));
        (number.map(Token::Number), word.len())
    } else if !word.is_empty() {
        (Ok(Token::Name(word.to_owned())), word.len())
    } else {
        let first = text.chars().next().unwrap_or_default();
        (Err(format!("`{first}` means nothing here")), first.len_utf8())
    }
}
