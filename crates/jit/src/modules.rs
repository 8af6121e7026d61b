//! The table of the modules of a JIT: the symbols that each defines and uses.
//!
//! If the JIT allows it, a symbol may be defined more than once. Each further definition gets a name of
//! its own for the linker, and modules that are added later are bound to the last definition. Code that
//! is linked already keeps the definition that it was linked with.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{
    error::Error,
    module_id::ModuleId,
    signature::Signature,
    symbols::{Role, Symbol},
};

/// The names of the functions that construct and destroy a module, if it has them.
#[derive(Debug, Default)]
pub(crate) struct Structors {
    pub(crate) constructor: Option<String>,
    pub(crate) destructor: Option<String>,
}

/// All modules.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    entries: BTreeMap<ModuleId, Entry>,
    /// The definitions of each symbol. The last one counts.
    symbols: HashMap<String, Vec<Definition>>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    /// The symbols of other modules that it uses, by their names for the linker.
    uses: HashSet<String>,
    /// What constructs and destroys it, until the module is constructed.
    structors: Option<Structors>,
}

#[derive(Debug)]
struct Definition {
    owner: ModuleId,
    role: Role,
    /// Its name for the linker.
    linked: String,
    signature: Option<Signature>,
    thread_local: bool,
}

/// How a module is to be linked.
#[derive(Debug)]
pub(crate) struct Plan {
    id: ModuleId,
    /// New names for the symbols whose names are taken.
    pub(crate) renamed: HashMap<String, String>,
    defines: Vec<(String, Definition)>,
    uses: HashSet<String>,
}

/// What a second definition of a symbol means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// An error.
    Once,
    /// An error, and symbols cannot be renamed: the module is an object file.
    Fixed,
    /// It replaces the first.
    Again,
}

impl Plan {
    /// Whether the module uses one of these symbols of others.
    pub(crate) fn uses_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.uses.contains(*name))
    }
}

impl Modules {
    /// How to link a module with these symbols, or an error where it defines something again.
    pub(crate) fn plan(
        &self,
        id: ModuleId,
        name: &str,
        symbols: Vec<Symbol>,
        names: Names,
    ) -> Result<Plan, Error> {
        let mut plan =
            Plan { id, renamed: HashMap::new(), defines: Vec::new(), uses: HashSet::new() };
        for Symbol { name: symbol, role, signature, thread_local } in symbols {
            let there = self.symbols.get(&symbol).and_then(|all| all.last());
            let current = there.map_or(&symbol, |d| &d.linked);
            let mut linked = match names {
                Names::Fixed => symbol.clone(),
                _ => current.clone(),
            };
            let defined = there.is_some_and(|d| d.role == Role::Defines || d.linked != symbol);
            match role {
                Role::Defines if defined && names != Names::Again => {
                    let owner = there.and_then(|d| self.entries.get(&d.owner));
                    return Err(Error::Duplicate {
                        symbol,
                        module: name.to_owned(),
                        defined_in: owner.map_or_else(|| HOST.to_owned(), |e| e.name.clone()),
                    });
                }
                Role::Defines if defined => linked = self.free_name(&symbol),
                // The linker drops this definition.
                Role::Offers if there.is_some() => {
                    plan.uses.insert(linked.clone());
                }
                Role::Defines | Role::Offers => {}
                Role::Uses => {
                    plan.uses.insert(linked.clone());
                }
            }
            if linked != symbol {
                plan.renamed.insert(symbol.clone(), linked.clone());
            }
            let takes = match role {
                Role::Defines => true,
                Role::Offers => there.is_none(),
                Role::Uses => false,
            };
            if takes {
                let definition = Definition { owner: id, role, linked, signature, thread_local };
                plan.defines.push((symbol, definition));
            }
        }
        Ok(plan)
    }

    /// A name that no definition of that symbol has, nor any other symbol.
    fn free_name(&self, symbol: &str) -> String {
        let taken = |name: &String| {
            self.symbols.contains_key(name)
                || self.symbols[symbol].iter().any(|d| d.linked == *name)
                || self.entries.values().any(|e| e.uses.contains(name))
        };
        (2u64..)
            .map(|n| format!("{symbol}${n}"))
            .find(|name| !taken(name))
            .unwrap_or_else(|| symbol.to_owned())
    }

    /// Adds a module that has been linked as planned.
    pub(crate) fn add(&mut self, name: &str, plan: Plan, structors: Structors) {
        for (symbol, definition) in plan.defines {
            self.symbols.entry(symbol).or_default().push(definition);
        }
        let structors = Some(structors);
        let entry = Entry { name: name.to_owned(), uses: plan.uses, structors };
        self.entries.insert(plan.id, entry);
    }

    /// Adds what the host defines.
    pub(crate) fn add_host(&mut self, symbol: &str) -> Result<(), Error> {
        let name = symbol.to_owned();
        let found = Symbol { name, role: Role::Defines, signature: None, thread_local: false };
        let plan = self.plan(ModuleId::HOST, HOST, vec![found], Names::Once)?;
        for (symbol, definition) in plan.defines {
            self.symbols.entry(symbol).or_default().push(definition);
        }
        Ok(())
    }

    /// The name for the linker of the definition of a symbol that counts.
    pub(crate) fn linked<'a>(&'a self, symbol: &'a str) -> &'a str {
        self.current(symbol).map_or(symbol, |d| &d.linked)
    }

    /// The type of a function, if it is known.
    pub(crate) fn signature(&self, symbol: &str) -> Option<&Signature> {
        self.current(symbol)?.signature.as_ref()
    }

    fn current(&self, symbol: &str) -> Option<&Definition> {
        self.symbols.get(symbol)?.last()
    }

    /// Whether a symbol is a thread-local variable of a module.
    pub(crate) fn is_thread_local(&self, symbol: &str) -> bool {
        self.current(symbol).is_some_and(|d| d.thread_local)
    }

    /// The modules, the oldest first, with their names.
    pub(crate) fn list(&self) -> Vec<(ModuleId, String)> {
        self.entries.iter().map(|(id, entry)| (*id, entry.name.clone())).collect()
    }

    /// Whether a module may be removed: it is there, and no other uses it.
    pub(crate) fn check_removal(&self, id: ModuleId) -> Result<(), Error> {
        let entry = self.entries.get(&id).ok_or(Error::NoSuchModule(id))?;
        let own: HashSet<&str> = self
            .symbols
            .values()
            .flatten()
            .filter(|d| d.owner == id)
            .map(|d| d.linked.as_str())
            .collect();
        let users: Vec<String> = self
            .entries
            .iter()
            .filter(|(other, e)| **other != id && e.uses.iter().any(|u| own.contains(u.as_str())))
            .map(|(_, e)| e.name.clone())
            .collect();
        if users.is_empty() {
            return Ok(());
        }
        Err(Error::InUse { module: entry.name.clone(), users })
    }

    /// Forgets a module. What it defined is as it was before.
    pub(crate) fn remove(&mut self, id: ModuleId) {
        self.entries.remove(&id);
        self.symbols.retain(|_, all| {
            all.retain(|d| d.owner != id);
            !all.is_empty()
        });
    }

    /// The functions that construct and destroy the oldest module that is not constructed yet. From now
    /// on it counts as constructed.
    pub(crate) fn next_structors(&mut self) -> Option<(ModuleId, Structors)> {
        self.entries.iter_mut().find_map(|(id, entry)| Some((*id, entry.structors.take()?)))
    }
}

/// The name of the host in messages.
const HOST: &str = "the host";
