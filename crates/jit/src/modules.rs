//! Which modules there are, what each defines, and what uses what.
//!
//! A symbol may be defined more than once, where the JIT allows it: each further definition gets a
//! name of its own for the linker, and what is added later is bound to the latest. So code that is
//! there already stays as it was linked.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{
    error::Error,
    signature::Signature,
    symbols::{Role, Symbol},
};

/// A module of a [`Jit`](super::Jit). No other module of the process has the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(u64);

impl ModuleId {
    pub(super) fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        ModuleId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Display for ModuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Functions of a module that are run once.
#[derive(Debug, Default)]
pub(super) struct Structors {
    /// What constructs it, until that has been called.
    pub(super) constructor: Option<String>,
    /// What destroys it, until that has been called.
    pub(super) destructor: Option<String>,
}

/// All modules.
#[derive(Debug, Default)]
pub(super) struct Modules {
    entries: BTreeMap<ModuleId, Entry>,
    /// The definitions of each symbol, the one that counts last.
    symbols: HashMap<String, Vec<Definition>>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    /// What the linker calls the symbols of others that it uses.
    uses: HashSet<String>,
    structors: Structors,
    constructed: bool,
}

#[derive(Debug)]
struct Definition {
    owner: ModuleId,
    role: Role,
    /// What the linker calls it.
    linked: String,
    signature: Option<Signature>,
}

/// How a module is to be linked.
#[derive(Debug)]
pub(super) struct Plan {
    id: ModuleId,
    /// What the linker is to call symbols whose names are taken.
    pub(super) renamed: HashMap<String, String>,
    defines: Vec<(String, Definition)>,
    uses: HashSet<String>,
}

/// What may happen to symbols whose names are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// Nothing: a second definition is an error.
    Once,
    /// As [`Names::Once`], and the names cannot be changed: those of an object file.
    Fixed,
    /// A second definition takes the place of the first.
    Again,
}

impl Modules {
    /// How to link a module with these symbols, or an error where it defines something again.
    pub(super) fn plan(
        &self,
        id: ModuleId,
        name: &str,
        symbols: Vec<Symbol>,
        names: Names,
    ) -> Result<Plan, Error> {
        let mut plan =
            Plan { id, renamed: HashMap::new(), defines: Vec::new(), uses: HashSet::new() };
        for Symbol { name: symbol, role, signature } in symbols {
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
                plan.defines.push((symbol, Definition { owner: id, role, linked, signature }));
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
    pub(super) fn add(&mut self, name: &str, plan: Plan, structors: Structors) {
        for (symbol, definition) in plan.defines {
            self.symbols.entry(symbol).or_default().push(definition);
        }
        let constructed = structors.constructor.is_none();
        let entry = Entry { name: name.to_owned(), uses: plan.uses, structors, constructed };
        self.entries.insert(plan.id, entry);
    }

    /// Adds what the host defines.
    pub(super) fn add_host(&mut self, symbol: &str) -> Result<(), Error> {
        let found = Symbol { name: symbol.to_owned(), role: Role::Defines, signature: None };
        let plan = self.plan(ModuleId(0), HOST, vec![found], Names::Once)?;
        for (symbol, definition) in plan.defines {
            self.symbols.entry(symbol).or_default().push(definition);
        }
        Ok(())
    }

    /// What the linker calls the definition of a symbol that counts.
    pub(super) fn linked<'a>(&'a self, symbol: &'a str) -> &'a str {
        self.current(symbol).map_or(symbol, |d| &d.linked)
    }

    /// The type of a function, where it is known.
    pub(super) fn signature(&self, symbol: &str) -> Option<&Signature> {
        self.current(symbol)?.signature.as_ref()
    }

    fn current(&self, symbol: &str) -> Option<&Definition> {
        self.symbols.get(symbol)?.last()
    }

    /// Whether a module uses what registers something for the program's end. Code finds LLJIT's form
    /// of these by their names only.
    pub(super) fn may_register_ends(&self) -> bool {
        let names = ["atexit", "__cxa_atexit"];
        self.entries.values().any(|e| names.iter().any(|name| e.uses.contains(*name)))
    }

    /// The modules, the oldest first, with their names.
    pub(super) fn list(&self) -> Vec<(ModuleId, String)> {
        self.entries.iter().map(|(id, entry)| (*id, entry.name.clone())).collect()
    }

    /// Whether a module may be removed: it is there, and no other uses it.
    pub(super) fn check_removal(&self, id: ModuleId) -> Result<(), Error> {
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
    pub(super) fn remove(&mut self, id: ModuleId) {
        self.entries.remove(&id);
        self.symbols.retain(|_, all| {
            all.retain(|d| d.owner != id);
            !all.is_empty()
        });
    }

    /// The next constructor to call, of the oldest module that has not been constructed.
    pub(super) fn next_constructor(&mut self) -> Option<String> {
        let entry = self.entries.values_mut().find(|e| !e.constructed)?;
        entry.constructed = true;
        entry.structors.constructor.take()
    }

    /// The next destructor to call, of the newest module that has been constructed.
    pub(super) fn next_destructor(&mut self) -> Option<String> {
        self.entries
            .values_mut()
            .rev()
            .filter(|e| e.constructed)
            .find_map(|e| e.structors.destructor.take())
    }

    /// The destructor of a module, if it has been constructed and not destroyed.
    pub(super) fn destructor_of(&mut self, id: ModuleId) -> Option<String> {
        let entry = self.entries.get_mut(&id).filter(|e| e.constructed)?;
        entry.structors.destructor.take()
    }
}

/// What errors call the program that has the JIT.
const HOST: &str = "the host";
