//! How long files and functions are.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, ImplItemFn, ItemFn, Signature, TraitItemFn};
use walkdir::{DirEntry, WalkDir};

use crate::scan;

/// The endings of files that count as source.
const ENDINGS: [&str; 6] = ["rs", "cc", "c", "h", "hpp", "py"];

/// A function with its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of its signature, from 1.
    pub line: usize,
    /// Its lines from the signature to the closing brace.
    pub lines: usize,
}

/// The source files under a folder. Folders that are built or hidden are left out.
///
/// # Panics
/// Panics if a folder cannot be read.
pub fn source_files(root: &Path) -> Vec<PathBuf> {
    let is_ours = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || !(name.starts_with('.') || name == "target" || name == "Output")
    };
    let mut files: Vec<PathBuf> = WalkDir::new(root)
        .into_iter()
        .filter_entry(is_ours)
        .map(|entry| entry.expect("a folder of the project can be read").into_path())
        .filter(|path| ENDINGS.contains(&ending(path).as_str()))
        .collect();
    files.sort();
    files
}

/// The ending of a file's name. A script that Python runs has that of Python.
fn ending(path: &Path) -> String {
    match path.extension() {
        Some(ending) => ending.to_string_lossy().into_owned(),
        // A file that is no text is no source.
        None => match fs::read_to_string(path).unwrap_or_default().lines().next() {
            Some(first) if first.starts_with("#!") && first.ends_with("python3") => "py".into(),
            _ => String::new(),
        },
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// The lines of a file.
///
/// # Panics
/// Panics if the file cannot be read.
pub fn lines(path: &Path) -> usize {
    text(path).lines().count()
}

/// The functions of a source file.
///
/// # Panics
/// Panics if the file cannot be read, or is Rust that is not valid.
pub fn functions(path: &Path) -> Vec<Function> {
    match ending(path).as_str() {
        "rs" => rust_functions(path),
        "py" => scan::python_functions(&text(path)),
        _ => scan::c_functions(&text(path)),
    }
}

/// The functions of a Rust file, those in macros included.
fn rust_functions(path: &Path) -> Vec<Function> {
    let file = syn::parse_file(&text(path))
        .unwrap_or_else(|error| panic!("cannot parse {}: {error}", path.display()));
    let mut list = List(Vec::new());
    list.visit_file(&file);
    list.0
}

/// The functions that were found.
struct List(Vec<Function>);

impl List {
    fn add(&mut self, signature: &Signature, body: &Block) {
        let (start, end) = (signature.span().start().line, body.span().end().line);
        let name = signature.ident.to_string();
        self.0.push(Function { name, line: start, lines: end + 1 - start });
    }

    /// Looks for `fn name … { … }` in the text of a macro.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let (mut open, mut after_fn): (Option<(String, usize)>, _) = (None, None);
        for token in tokens {
            match token {
                TokenTree::Ident(word) if word == "fn" => {
                    after_fn = Some(word.span().start().line);
                }
                TokenTree::Ident(word) => {
                    if let Some(line) = after_fn.take() {
                        open = Some((word.to_string(), line));
                    }
                }
                TokenTree::Group(group) => {
                    if group.delimiter() == Delimiter::Brace
                        && let Some((name, line)) = open.take()
                    {
                        let end = group.span_close().end().line;
                        self.0.push(Function { name, line, lines: end + 1 - line });
                    }
                    self.add_tokens(group.stream());
                }
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for List {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(body) = &function.default {
            self.add(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.add_tokens(call.tokens.clone());
    }
}
