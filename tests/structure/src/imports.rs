//! Which files of a crate use which others.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree, VisRestricted};

use crate::modules::{Crate, is_test_only};

/// One file uses something that another file defines. Both are indices into [`Crate::files`].
pub type Import = (usize, usize);

/// All imports of a crate: by `use`, and by paths in the code, those in macro calls included.
///
/// Code that is compiled for tests only is left out. So are names in attributes and in
/// documentation.
pub fn of_crate(krate: &Crate) -> BTreeSet<Import> {
    let mut found = BTreeSet::new();
    for (index, file) in krate.files.iter().enumerate() {
        let mut collector =
            Collector { krate, module: file.module, file: index, found: &mut found };
        file.items.iter().for_each(|item| collector.visit_item(item));
    }
    found
}

/// Walks over the items of one file.
struct Collector<'a> {
    krate: &'a Crate,
    /// The module that the walk is in.
    module: usize,
    file: usize,
    found: &'a mut BTreeSet<Import>,
}

impl Collector<'_> {
    fn add(&mut self, path: &[String]) {
        if let Some(file) = self.krate.defining_file(self.module, path)
            && file != self.file
        {
            self.found.insert((self.file, file));
        }
    }

    fn add_use(&mut self, tree: &UseTree, path: &mut Vec<String>) {
        match tree {
            UseTree::Path(step) => {
                path.push(step.ident.to_string());
                self.add_use(&step.tree, path);
                path.pop();
            }
            UseTree::Name(name) if name.ident == "self" => self.add(path),
            UseTree::Name(name) => self.add(&with(path, name.ident.to_string())),
            UseTree::Rename(rename) => self.add(&with(path, rename.ident.to_string())),
            UseTree::Glob(_) => self.add(path),
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.add_use(tree, path));
            }
        }
    }

    /// Looks for paths in the text of a macro call: names with `::` between them.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut colons) = (Vec::new(), 0);
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.add_path(&path);
                        path.clear();
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.add_path(&path);
                    path.clear();
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.add_tokens(group.stream());
                    }
                }
            }
        }
        self.add_path(&path);
    }

    /// A name alone was declared here or imported by a `use`, which is counted.
    fn add_path(&mut self, path: &[String]) {
        if path.len() > 1 {
            self.add(path);
        }
    }
}

fn with(path: &[String], name: String) -> Vec<String> {
    path.iter().cloned().chain([name]).collect()
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Mod(module) if is_test_only(&module.attrs) => {}
            Item::Fn(function) if is_test_only(&function.attrs) => {}
            Item::Impl(block) if is_test_only(&block.attrs) => {}
            Item::Use(item) if is_test_only(&item.attrs) => {}
            Item::Use(item) => self.add_use(&item.tree, &mut Vec::new()),
            Item::Mod(module) => {
                let children = &self.krate.modules[self.module].children;
                let (Some((_, items)), Some(&child)) =
                    (&module.content, children.get(&module.ident.to_string()))
                else {
                    return;
                };
                let outer = std::mem::replace(&mut self.module, child);
                items.iter().for_each(|item| self.visit_item(item));
                self.module = outer;
            }
            other => visit::visit_item(self, other),
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add_use(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        // `::name` starts at another crate.
        if path.leading_colon.is_none() {
            self.add_path(&segments);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        visit::visit_macro(self, call);
        self.add_tokens(call.tokens.clone());
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}
}
