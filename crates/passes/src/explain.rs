//! Explains a module: what became of each use of an intrinsic, and why.
//!
//! [`explain`] numbers the uses, lowers and optimises the module, and matches the remarks and the
//! calls that are left with the numbers.
//!
//! ```
//! use inkwell::context::Context;
//! use stackswitch::{Options, explain::{Fate, explain}, reader};
//!
//! let context = Context::create();
//! let module = reader::parse(&context, "three.ll", b"
//!     declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
//!     declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
//!     define internal i64 @add(ptr %arg, i64 %first) {
//!       %sum = add i64 %first, 1
//!       ret i64 %sum
//!     }
//!     define i64 @three() {
//!       %ctx = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @add, ptr null)
//!       %sum = call i64 @llvm.stackswitch.resume.i64(ptr %ctx, i64 2)
//!       ret i64 %sum
//!     }")?;
//!
//! let explanation = explain(&module, &Options::new().llvm(true))?;
//! let three = &explanation.functions[0];
//! assert_eq!(three.name, "three");
//! // 'add' cannot suspend, so its context has become a call, and nothing is left of the switch.
//! assert_eq!(three.uses[0].operation.name, "spawn");
//! assert_eq!(three.uses[0].fate(), Fate::Gone);
//! assert_eq!(three.uses[0].remarks[0].name, "DirectCall");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::HashMap;

use inkwell::module::Module;

use crate::compile::{self, Error, Options};
use crate::diagnostics::{Diagnostic, Location, Remark};
use crate::inline;
use crate::verify;
use stackswitch_abi::intrinsics::{Intrinsic, RUNTIME_PREFIX};
use stackswitch_ir as ir;

/// The explanation of a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The functions that use an intrinsic, and those that a remark is about, in the module's
    /// order.
    pub functions: Vec<Function>,
    /// Doubtful uses of intrinsics in the module.
    pub warnings: Vec<Diagnostic>,
}

/// The explanation of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its place in the source, if the module has debug information.
    pub location: Option<Location>,
    /// The uses of intrinsics in it, by the intrinsics' or the runtime's names, in its order.
    pub uses: Vec<Use>,
    /// Decisions about anything else in it.
    pub remarks: Vec<Remark>,
}

/// One use of an intrinsic in the module as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Use {
    /// The intrinsic.
    pub operation: &'static Intrinsic,
    /// The instruction as LLVM prints it, on one line, without its metadata.
    pub instruction: String,
    /// Where the source says so, if the module has debug information.
    pub location: Option<Location>,
    /// The `spawn` that created this context, if all uses of its handle are known.
    pub context: Option<Spawned>,
    /// Each decision about it, taken or refused, in order. The same decision about several copies of
    /// the use is listed once.
    pub remarks: Vec<Remark>,
    /// The code that it became. LLVM copies and removes code, so there may be several places or none.
    pub code: Vec<Code>,
}

/// The `spawn` of a context.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spawned {
    /// The `spawn`, as LLVM prints it.
    pub instruction: String,
    /// Where the source says so, if the module has debug information.
    pub location: Option<Location>,
}

/// One place in the generated code that a use became.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Code {
    /// The function that contains it now.
    pub function: String,
    /// The function of the runtime that is called; `None` for an in-place switch.
    pub symbol: Option<String>,
}

/// What became of a use, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A call of the runtime, at every place.
    Call,
    /// An in-place switch, at every place. Its slow path calls the runtime.
    InPlace,
    /// An in-place switch at some places, a call of the runtime at others.
    Mixed,
    /// Nothing is left of it.
    Gone,
}

impl Use {
    /// What became of it.
    pub fn fate(&self) -> Fate {
        let in_place = self.code.iter().filter(|code| code.symbol.is_none()).count();
        match (in_place, self.code.len()) {
            (_, 0) => Fate::Gone,
            (0, _) => Fate::Call,
            (some, all) if some == all => Fate::InPlace,
            _ => Fate::Mixed,
        }
    }
}

/// Lowers and optimises a module as [`lower`](crate::lower) does with the same options, and says
/// what became of each use of an intrinsic. With [`Options::llvm`] the result is that of `clang`.
///
/// # Errors
/// As [`lower`](crate::lower).
pub fn explain(module: &Module<'_>, options: &Options<'_>) -> Result<Explanation, Error> {
    compile::check(module)?;
    let mut functions = mark(compile::view(module));
    let lowered = compile::lower(module, options);
    let calls = take_marks(compile::view(module));
    let report = lowered?;
    let places = Places::of(&functions);
    for mut remark in report.remarks {
        remark.instruction = without_metadata(&remark.instruction);
        let place = places.find(remark.number.take(), remark.location.as_ref());
        let Some((f, u)) = place else {
            function_of(&mut functions, &remark.function).remarks.push(remark);
            continue;
        };
        let (_, site) = &mut functions[f].uses[u];
        if remark.name == inline::REMARK && remark.taken {
            site.code.push(Code { function: remark.function.clone(), symbol: None });
        }
        let same = |old: &Remark| {
            (old.name, old.taken, &old.text, &old.function)
                == (remark.name, remark.taken, &remark.text, &remark.function)
        };
        if !site.remarks.iter().any(same) {
            site.remarks.push(remark);
        }
    }
    for call in calls {
        if let Some((f, u)) = places.find(call.number, call.location.as_ref()) {
            functions[f].uses[u].1.code.push(call.code);
        }
    }
    let functions = functions
        .into_iter()
        .map(|Marked { name, location, uses, remarks }| Function {
            name,
            location,
            uses: uses.into_iter().map(|(_, site)| site).collect(),
            remarks,
        })
        .filter(|function| !function.uses.is_empty() || !function.remarks.is_empty())
        .collect();
    Ok(Explanation { functions, warnings: report.warnings })
}

/// A [`Function`], and the number of each of its uses. The instructions carry the numbers as
/// metadata.
struct Marked {
    name: String,
    location: Option<Location>,
    uses: Vec<(u64, Use)>,
    remarks: Vec<Remark>,
}

/// Numbers each use, and lists the functions of the module with their uses.
fn mark(module: ir::Module<'_>) -> Vec<Marked> {
    let analysis = verify::analyse(module);
    let index = verify::index(&analysis.sites);
    let mut contexts = HashMap::new();
    for spawn in analysis.sites.iter().filter(|site| site.intrinsic.makes_context()) {
        for user in verify::handle_uses(spawn, &index).into_iter().flat_map(|uses| uses.sites) {
            let spawned =
                Spawned { instruction: printed(spawn.call), location: spawn.call.location() };
            contexts.insert(user.call, spawned);
        }
    }
    let mut number = 0;
    let bodies = module.functions().into_iter().filter(|f| !f.is_declaration());
    bodies
        .map(|function| {
            let mut uses = Vec::new();
            for call in function.instructions().into_iter().filter_map(|i| i.call()) {
                let Some(site) = index.get(&call) else { continue };
                let site = Use {
                    operation: site.intrinsic,
                    instruction: printed(call),
                    location: call.location(),
                    context: contexts.remove(&call),
                    remarks: Vec::new(),
                    code: Vec::new(),
                };
                number += 1;
                call.instruction().set_use_number(module, number);
                uses.push((number, site));
            }
            let (name, location) = (function.name(), function.location());
            Marked { name, location, uses, remarks: Vec::new() }
        })
        .collect()
}

/// Finds a use: the index of its function in the list, and its index in the function.
struct Places {
    by_number: HashMap<u64, (usize, usize)>,
    /// `None` for a location that several uses have.
    by_location: HashMap<Location, Option<(usize, usize)>>,
}

impl Places {
    fn of(functions: &[Marked]) -> Self {
        let mut places = Places { by_number: HashMap::new(), by_location: HashMap::new() };
        for (f, function) in functions.iter().enumerate() {
            for (u, (number, site)) in function.uses.iter().enumerate() {
                places.by_number.insert(*number, (f, u));
                if let Some(location) = &site.location {
                    let place = places.by_location.entry(location.clone());
                    place.and_modify(|place| *place = None).or_insert(Some((f, u)));
                }
            }
        }
        places
    }

    /// The use with that number, or else at that location. The number gets lost where LLVM turns a
    /// call into an invoke, because it inlines the call into a function with handlers.
    fn find(&self, number: Option<u64>, location: Option<&Location>) -> Option<(usize, usize)> {
        match number {
            Some(number) => self.by_number.get(&number).copied(),
            None => location.and_then(|location| *self.by_location.get(location)?),
        }
    }
}

/// A call of the runtime in the final module. It belongs to a use if the use has its number or its
/// location.
struct Found {
    number: Option<u64>,
    location: Option<Location>,
    code: Code,
}

/// Removes the numbers from the module, and lists the calls that had one and all other calls of the
/// runtime.
fn take_marks(module: ir::Module<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for function in module.functions() {
        for call in function.instructions().into_iter().filter_map(|i| i.call()) {
            let number = call.instruction().use_number();
            call.instruction().clear_use_number();
            let Some(callee) = call.callee().as_function() else { continue };
            if number.is_none() && !callee.name_bytes().starts_with(RUNTIME_PREFIX.as_bytes()) {
                continue;
            }
            let code = Code { function: function.name(), symbol: Some(callee.name()) };
            found.push(Found { number, location: call.location(), code });
        }
    }
    found
}

/// The function of that name. A function that a pass has made is added to the list.
fn function_of<'f>(functions: &'f mut Vec<Marked>, name: &str) -> &'f mut Marked {
    let found = functions.iter().position(|function| function.name == name);
    let index = found.unwrap_or_else(|| {
        let name = name.to_owned();
        functions.push(Marked { name, location: None, uses: Vec::new(), remarks: Vec::new() });
        functions.len() - 1
    });
    &mut functions[index]
}

fn printed(call: ir::Call<'_>) -> String {
    without_metadata(&verify::one_line(&call.value().print()))
}

/// An instruction's text without the metadata at its end.
fn without_metadata(text: &str) -> String {
    text.split(", !").next().unwrap_or(text).to_owned()
}
