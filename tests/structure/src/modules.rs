//! The modules of a crate, with the names that each of them declares or imports.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, ForeignItem, Item, UseTree};

/// A crate's source files and modules.
pub struct Crate {
    /// The folder of the root file.
    pub source: PathBuf,
    /// The files; the root file is the first.
    pub files: Vec<File>,
    /// The modules; the root module is the first.
    pub modules: Vec<Module>,
}

/// One parsed source file.
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// Its items.
    pub items: Vec<Item>,
    /// The module that the file holds, as an index into [`Crate::modules`].
    pub module: usize,
}

/// One module: a file of its own, or `mod name { … }` in a file.
#[derive(Debug, Default)]
pub struct Module {
    /// The file that holds it, as an index into [`Crate::files`].
    pub file: usize,
    /// The module that declares it.
    pub parent: Option<usize>,
    /// The modules that it declares, by name.
    pub children: HashMap<String, usize>,
    /// The names of the items that it defines.
    pub items: HashSet<String>,
    /// The names that it imports, each with the path that the `use` gives.
    pub imports: HashMap<String, Vec<String>>,
    /// The paths of its `use …::*`.
    pub globs: Vec<Vec<String>>,
}

impl Crate {
    /// Reads a crate from its root file and the module files that this one names.
    ///
    /// Modules that are compiled for tests only are left out. A module file that is not there is
    /// taken for one of another target and left out too.
    ///
    /// # Panics
    /// Panics if a file cannot be read or is not valid Rust.
    pub fn read(root: &Path) -> Self {
        let source = root.parent().expect("a root file is in a folder").to_owned();
        let mut found = Crate { source: source.clone(), files: Vec::new(), modules: Vec::new() };
        found.add_file(root, &source, None);
        found
    }

    /// Reads a file and the files of its modules. `folder` is where these are.
    fn add_file(&mut self, path: &Path, folder: &Path, parent: Option<usize>) -> usize {
        let text = fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
        let parsed = syn::parse_file(&text)
            .unwrap_or_else(|error| panic!("cannot parse {}: {error}", path.display()));
        let (file, module) = (self.files.len(), self.modules.len());
        self.files.push(File { path: path.to_owned(), items: Vec::new(), module });
        self.modules.push(Module { file, parent, ..Module::default() });
        self.add_items(module, &parsed.items, folder);
        self.files[file].items = parsed.items;
        module
    }

    /// Enters the items of a module, and reads the files of its modules.
    fn add_items(&mut self, module: usize, items: &[Item], folder: &Path) {
        for item in items {
            match item {
                Item::Mod(declared) if !is_test_only(&declared.attrs) => {
                    let name = declared.ident.to_string();
                    let child = match &declared.content {
                        Some((_, items)) => {
                            let child = self.modules.len();
                            let file = self.modules[module].file;
                            let parent = Some(module);
                            self.modules.push(Module { file, parent, ..Module::default() });
                            self.add_items(child, items, &folder.join(&name));
                            child
                        }
                        None => {
                            let Some((path, inner)) = self.module_file(module, declared, folder)
                            else {
                                continue;
                            };
                            self.add_file(&path, &inner, Some(module))
                        }
                    };
                    self.modules[module].children.insert(name, child);
                }
                Item::Use(item) => {
                    self.add_imports(module, &item.tree, &mut Vec::new());
                }
                Item::Macro(item) if is_exported(&item.attrs) => {
                    self.modules[module].items.extend(item.ident.iter().map(|i| i.to_string()));
                    let path = self.path_of(module);
                    for name in item.ident.iter().map(|i| i.to_string()) {
                        let path = path.iter().cloned().chain([name.clone()]).collect();
                        self.modules[0].imports.entry(name).or_insert(path);
                    }
                }
                other => self.modules[module].items.extend(names_of(other)),
            }
        }
    }

    /// The file of a module that is declared by name only, and the folder for its own modules.
    fn module_file(
        &self,
        module: usize,
        declared: &syn::ItemMod,
        folder: &Path,
    ) -> Option<(PathBuf, PathBuf)> {
        let name = declared.ident.to_string();
        if let Some(path) = path_attribute(&declared.attrs) {
            let here = &self.files[self.modules[module].file].path;
            let path = here.parent()?.join(path);
            let inner = path.parent()?.to_owned();
            return path.exists().then_some((path, inner));
        }
        let inner = folder.join(&name);
        let beside = folder.join(format!("{name}.rs"));
        let inside = inner.join("mod.rs");
        [beside, inside].into_iter().find(|path| path.exists()).map(|path| (path, inner))
    }

    fn add_imports(&mut self, module: usize, tree: &UseTree, path: &mut Vec<String>) {
        let here = &mut self.modules[module];
        match tree {
            UseTree::Path(step) => {
                path.push(step.ident.to_string());
                self.add_imports(module, &step.tree, path);
                path.pop();
            }
            UseTree::Name(name) if name.ident == "self" => {
                let name = path.last().cloned().unwrap_or_default();
                here.imports.insert(name, path.clone());
            }
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                let full = path.iter().cloned().chain([name.clone()]).collect();
                here.imports.insert(name, full);
            }
            UseTree::Rename(rename) => {
                let full = path.iter().cloned().chain([rename.ident.to_string()]).collect();
                here.imports.insert(rename.rename.to_string(), full);
            }
            UseTree::Glob(_) => here.globs.push(path.clone()),
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.add_imports(module, tree, path));
            }
        }
    }

    /// The path of a module from the crate's root, starting with `crate`.
    fn path_of(&self, module: usize) -> Vec<String> {
        let mut path = Vec::new();
        let mut at = module;
        while let Some(parent) = self.modules[at].parent {
            let siblings = &self.modules[parent].children;
            path.extend(siblings.iter().find(|(_, child)| **child == at).map(|(n, _)| n.clone()));
            at = parent;
        }
        path.push("crate".to_owned());
        path.reverse();
        path
    }
}

/// The names that an item puts into its module.
fn names_of(item: &Item) -> Vec<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        Item::ForeignMod(block) => {
            let name = |item: &ForeignItem| match item {
                ForeignItem::Fn(item) => Some(item.sig.ident.to_string()),
                ForeignItem::Static(item) => Some(item.ident.to_string()),
                _ => None,
            };
            return block.items.iter().filter_map(name).collect();
        }
        _ => return Vec::new(),
    };
    vec![name.to_string()]
}

/// Whether an item is there in tests only: `#[cfg(test)]` or `#[cfg(all(test, …))]`.
pub(crate) fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let mut found = false;
        if attribute.path().is_ident("cfg") {
            // What else the condition says does not matter here.
            let _ = attribute.parse_nested_meta(|meta| {
                found |= meta.path.is_ident("test");
                if meta.path.is_ident("all") {
                    let _ = meta.parse_nested_meta(|inner| {
                        found |= inner.path.is_ident("test");
                        Ok(())
                    });
                }
                Ok(())
            });
        }
        found
    })
}

fn is_exported(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("macro_export"))
}

/// The text of `#[path = "…"]`.
fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find(|attribute| attribute.path().is_ident("path")).and_then(|attribute| {
        let syn::Meta::NameValue(pair) = &attribute.meta else { return None };
        let syn::Expr::Lit(literal) = &pair.value else { return None };
        let syn::Lit::Str(text) = &literal.lit else { return None };
        Some(text.value())
    })
}
