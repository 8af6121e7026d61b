//! What an object file defines and uses, by name.

use object::{Object as _, ObjectKind, ObjectSection as _, ObjectSymbol as _};

use super::{
    error::Error,
    symbols::{Role, Symbol},
};

/// Sections whose functions a linker has run by itself, which nobody does here.
const STRUCTORS: [&str; 5] = [".init_array", ".fini_array", ".preinit_array", ".ctors", ".dtors"];

/// The symbols of a relocatable object that others can see, and those of others that it uses.
pub(super) fn list(name: &str, bytes: &[u8]) -> Result<Vec<Symbol>, Error> {
    let wrong = |message: String| Error::Object { file: name.to_owned(), message };
    let file = object::File::parse(bytes).map_err(|e| wrong(e.to_string()))?;
    if file.kind() != ObjectKind::Relocatable {
        return Err(wrong("not a relocatable object".to_owned()));
    }
    if file.architecture() != host_architecture() {
        return Err(wrong(format!("made for another machine ({:?})", file.architecture())));
    }
    let structors = file.sections().find_map(|section| {
        let name = section.name().ok()?;
        let stem = STRUCTORS.into_iter().find(|s| name.starts_with(s))?;
        (section.size() > 0).then_some(stem)
    });
    if let Some(section) = structors {
        return Err(wrong(format!(
            "it has constructors or destructors ({section}), which are only run for modules of IR"
        )));
    }
    let shared =
        file.symbols().filter(|s| s.is_global() && !s.name_bytes().unwrap_or(b"").is_empty());
    let symbols = shared.map(|symbol| {
        let name = String::from_utf8_lossy(symbol.name_bytes().unwrap_or_default()).into_owned();
        let role = if symbol.is_undefined() {
            Role::Uses
        } else if symbol.is_weak() || symbol.is_common() {
            Role::Offers
        } else {
            Role::Defines
        };
        Symbol { name, role, signature: None }
    });
    Ok(symbols.collect())
}

/// The one that this program is built for.
fn host_architecture() -> object::Architecture {
    if cfg!(target_arch = "aarch64") {
        object::Architecture::Aarch64
    } else {
        object::Architecture::X86_64
    }
}
