//! The symbols that an object file defines and uses.

use object::{Object as _, ObjectKind, ObjectSection as _, ObjectSymbol as _, SymbolKind};

use crate::{
    cpu,
    error::Error,
    symbols::{Role, Symbol, THREAD_LOCAL_CONTROL},
};

/// Sections with functions that a program's start calls. The JIT calls none of them.
const STRUCTORS: [&str; 5] = [".init_array", ".fini_array", ".preinit_array", ".ctors", ".dtors"];

/// The symbols of a relocatable object that other modules can see, and the symbols of others that it
/// uses.
///
/// # Errors
/// [`Error::Object`] if the file cannot be linked here, [`Error::ThreadLocal`] if it has a thread-local
/// variable that the linker would have to place.
pub(crate) fn list(name: &str, bytes: &[u8]) -> Result<Vec<Symbol>, Error> {
    let wrong = |message: String| Error::Object { file: name.to_owned(), message };
    let file = object::File::parse(bytes).map_err(|e| wrong(e.to_string()))?;
    if file.kind() != ObjectKind::Relocatable {
        return Err(wrong("not a relocatable object".to_owned()));
    }
    if file.architecture() != cpu::ARCHITECTURE {
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
    if let Some(variable) = file.symbols().find(|s| s.kind() == SymbolKind::Tls) {
        return Err(Error::ThreadLocal {
            file: name.to_owned(),
            variable: variable.name().unwrap_or_default().to_owned(),
            problem: "is in an object file, which must be compiled with -femulated-tls for that",
        });
    }
    let shared =
        file.symbols().filter(|s| s.is_global() && !s.name_bytes().unwrap_or(b"").is_empty());
    let symbols = shared.map(|symbol| {
        let name = String::from_utf8_lossy(symbol.name_bytes().unwrap_or_default()).into_owned();
        let variable = name.strip_prefix(THREAD_LOCAL_CONTROL);
        let role = if symbol.is_undefined() {
            Role::Uses
        } else if symbol.is_weak() || symbol.is_common() {
            Role::Offers
        } else {
            Role::Defines
        };
        let thread_local = variable.is_some();
        let name = variable.map(str::to_owned).unwrap_or(name);
        Symbol { name, role, signature: None, thread_local }
    });
    Ok(symbols.collect())
}
