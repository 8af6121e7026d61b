//! From text to tokens.

use std::rc::Rc;

use super::source::{Note, Source, Span};

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Number(i64),
    Text(String),
    Name(String),
    /// A keyword, an operator or a bracket.
    Fixed(&'static str),
    End,
}

/// Longer symbols stand first: `<=` is not `<` and `=`.
const FIXED: [&str; 32] = [
    "fn", "let", "if", "else", "while", "for", "in", "yield", "spawn", "return", "break", "==",
    "!=", "<=", ">=", "&&", "||", "+", "-", "*", "/", "%", "<", ">", "=", "!", "(", ")", "{", "}",
    ",", ";",
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

/// The token that a text starts with, or what is wrong with it, and how many bytes it has.
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
    } else if let Some((inside, _)) = text.strip_prefix('"').and_then(|t| t.split_once('"')) {
        (Ok(Token::Text(inside.to_owned())), inside.len() + 2)
    } else {
        let first = text.chars().next().unwrap_or_default();
        (Err(format!("`{first}` means nothing here")), first.len_utf8())
    }
}
