//! Which file defines what a path means.

use std::collections::HashSet;

use crate::modules::Crate;

/// What a path means, as far as the crate's own modules tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// A module.
    Module(usize),
    /// An item of a module, or a part of such an item.
    Item(usize),
}

/// The names that are being looked up, to end at imports that form a circle.
type Open = HashSet<(usize, String)>;

impl Crate {
    /// The file that defines what a path means in a module, as an index into [`Crate::files`].
    ///
    /// Re-exports are followed to the definition. `None` is for paths into other crates and for
    /// names that the modules do not show, such as parameters.
    pub(crate) fn defining_file(&self, module: usize, path: &[String]) -> Option<usize> {
        let meaning = self.meaning(module, path, &mut Open::new())?;
        let (Meaning::Module(module) | Meaning::Item(module)) = meaning;
        Some(self.modules[module].file)
    }

    fn meaning(&self, module: usize, path: &[String], open: &mut Open) -> Option<Meaning> {
        let (first, mut rest) = path.split_first()?;
        let mut found = match first.as_str() {
            "crate" | "$crate" => Meaning::Module(0),
            "self" => Meaning::Module(module),
            "super" => {
                let mut parent = self.modules[module].parent?;
                while let Some((_, after)) = rest.split_first().filter(|(s, _)| *s == "super") {
                    parent = self.modules[parent].parent?;
                    rest = after;
                }
                Meaning::Module(parent)
            }
            name => self.look_up(module, name, open)?,
        };
        for name in rest {
            found = match found {
                // A name that is not seen comes from a macro: the module has it.
                Meaning::Module(at) => self.look_up(at, name, open).unwrap_or(Meaning::Item(at)),
                Meaning::Item(_) => return Some(found),
            };
        }
        Some(found)
    }

    /// What a name means in a module.
    fn look_up(&self, module: usize, name: &str, open: &mut Open) -> Option<Meaning> {
        if !open.insert((module, name.to_owned())) {
            return None;
        }
        let here = &self.modules[module];
        let found = if let Some(&child) = here.children.get(name) {
            Some(Meaning::Module(child))
        } else if here.items.contains(name) {
            Some(Meaning::Item(module))
        } else if let Some(path) = here.imports.get(name) {
            self.meaning(module, path, open)
        } else {
            here.globs.iter().find_map(|path| match self.meaning(module, path, open)? {
                Meaning::Module(at) if at != module => self.look_up(at, name, open),
                Meaning::Module(_) => None,
                // The variants of an enum.
                item @ Meaning::Item(_) => Some(item),
            })
        };
        open.remove(&(module, name.to_owned()));
        found
    }
}
