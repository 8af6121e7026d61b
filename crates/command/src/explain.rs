//! `stackswitch explain`: prints what became of each use of an intrinsic, and why.

use std::path::{Path, PathBuf};

use inkwell::{
    context::Context,
    targets::{CodeModel, InitializationConfig, RelocMode, Target, TargetMachine},
};
use serde_json::{Value, json};
use stackswitch::{
    OptLevel, Options, ahead,
    diagnostics::{Location, Remark},
    explain::{Code, Explanation, Fate, Function, Use},
    reader,
};

use super::{
    colour::{DONE, FRAME, REFUSED},
    demangle::demangled,
    excerpt::SourcePosition,
    failure::{Failure, warn_of},
    inputs::{self, Clang},
    output, run,
};

const EXAMPLES: &str = "\
Examples:
  stackswitch explain program.ll      at -O2
  stackswitch explain -O1 program.c   C, with its lines
  stackswitch explain --json a.ll     for other programs

Each use of an intrinsic is listed with what became of it, and with the decisions that were made about
it: `+` was done, `-` was refused, with the reason.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The module: LLVM IR as text or bitcode, C or C++; `-` is the standard input
    file: PathBuf,
    /// How much to optimise: 0, 1, 2 or 3
    #[arg(short = 'O', value_name = "LEVEL", default_value = "2", value_parser = run::level)]
    level: OptLevel,
    /// Call the runtime for every switch, also where the fast path could be in place
    #[arg(long)]
    no_inline: bool,
    /// Give every context a stack, also where its frame could be a variable of its creator
    #[arg(long)]
    no_stackless: bool,
    /// Where variables are that other code may access while their context is suspended: `stable` in
    /// memory that never moves, `sliced` in the frame
    #[arg(long, value_name = "MODE", value_enum, default_value_t = run::Pointers::Sliced)]
    pointers: run::Pointers,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    clang: Clang,
}

/// Optimises the module and prints what became of its contexts.
pub(super) fn explain(args: &Args) -> Result<(), Failure> {
    let input = inputs::load(&args.file, args.level, &args.clang)?;
    let named = |failure: Failure| failure.in_file(Path::new(&input.name));
    let context = Context::create();
    let module = reader::parse(&context, &input.name, &input.bytes)?;
    let machine = machine(args.level)?;
    let mut options = Options::new()
        .opt_level(args.level)
        .llvm(true)
        .stackless(!args.no_stackless)
        .pointers(args.pointers.into())
        .target(&machine);
    if args.no_inline {
        options = options.in_place(false);
    }
    let explanation = stackswitch::explain(&module, &options).map_err(|error| {
        named(match error {
            ahead::Error::Broken(error) => error.into(),
            ahead::Error::Passes(error) => error.into(),
            other => Failure::data(other.to_string()),
        })
    })?;
    for warning in &explanation.warnings {
        warn_of(warning, Path::new(&input.name));
    }
    if args.json {
        output::print(&format!("{:#}\n", as_json(&input.name, args.level, &explanation)))
    } else {
        output::print(&demangled(&as_text(&explanation)))
    }
}

/// This machine as a target, for modules that name none.
fn machine(level: OptLevel) -> Result<TargetMachine, Failure> {
    Target::initialize_native(&InitializationConfig::default()).map_err(Failure::data)?;
    let triple = TargetMachine::get_default_triple();
    let target = Target::from_triple(&triple).map_err(|e| Failure::data(e.to_string()))?;
    let cpu = TargetMachine::get_host_cpu_name().to_string();
    let features = TargetMachine::get_host_cpu_features().to_string();
    let (relocation, model) = (RelocMode::PIC, CodeModel::Default);
    target
        .create_target_machine(&triple, &cpu, &features, level.codegen(), relocation, model)
        .ok_or_else(|| Failure::data("LLVM cannot generate code for this machine"))
}

/// The explanation as text for people.
fn as_text(explanation: &Explanation) -> String {
    if explanation.functions.is_empty() {
        return "no function uses stackswitch\n".to_owned();
    }
    let functions: Vec<String> = explanation.functions.iter().map(function_text).collect();
    functions.join("\n")
}

fn function_text(function: &Function) -> String {
    let mut text = format!("{FRAME}function '{}'{FRAME:#}", function.name);
    if let Some(Location { file, line, .. }) = &function.location {
        text += &format!(", {file}:{line}");
    }
    text += "\n";
    for site in &function.uses {
        text += &use_text(function, site);
    }
    for remark in &function.remarks {
        text += &format!("  {}\n", position_text(remark.location.as_ref(), &remark.instruction));
        text += &remark_text(function, remark);
    }
    text
}

fn use_text(function: &Function, site: &Use) -> String {
    let position = position_text(site.location.as_ref(), &site.instruction);
    let mut text =
        format!("  {position}\n    {}: {}\n", site.operation.name, fate_text(function, site));
    for remark in &site.remarks {
        text += &remark_text(function, remark);
    }
    text
}

/// The location with the line of the source, if that can be read; without debug information, the
/// instruction.
fn position_text(location: Option<&Location>, instruction: &str) -> String {
    let Some(location) = location else { return instruction.to_owned() };
    match SourcePosition::named(location).show() {
        Some(shown) => {
            let shown: Vec<String> = shown.lines().map(|line| format!("  {line}")).collect();
            format!("{location}\n{}", shown.join("\n"))
        }
        None => format!("{location}: {instruction}"),
    }
}

/// Says in words what became of a use.
fn fate_text(function: &Function, site: &Use) -> String {
    let counted = |codes: &[&Code], what: &str| {
        let mut functions: Vec<&str> = codes.iter().map(|code| code.function.as_str()).collect();
        functions.dedup();
        let copies = match codes.len() {
            1 => String::new(),
            several => format!(", {several} copies"),
        };
        if functions == [function.name.as_str()] {
            format!("{what}{copies}")
        } else {
            format!("{what}{copies}, in '{}'", functions.join("', '"))
        }
    };
    let in_place: Vec<&Code> = site.code.iter().filter(|c| c.symbol.is_none()).collect();
    let calls: Vec<&Code> = site.code.iter().filter(|c| c.symbol.is_some()).collect();
    let symbol = calls.first().and_then(|c| c.symbol.as_deref()).unwrap_or_default();
    let called = || counted(&calls, &format!("a call of {symbol}"));
    match site.fate() {
        Fate::Call => called(),
        Fate::InPlace => counted(&in_place, "in place"),
        Fate::Mixed => format!("{}; {}", counted(&in_place, "in place"), called()),
        Fate::Gone if site.remarks.iter().any(|remark| remark.taken) => "gone".to_owned(),
        Fate::Gone => match &site.context {
            Some(context) => format!(
                "gone, see its context: {}",
                context.location.as_ref().map_or(context.instruction.clone(), Location::to_string)
            ),
            None => "gone: the code never gets there, or does not need it".to_owned(),
        },
    }
}

fn remark_text(function: &Function, remark: &Remark) -> String {
    let sign =
        if remark.taken { format!("{DONE}+{DONE:#}") } else { format!("{REFUSED}-{REFUSED:#}") };
    let elsewhere = if remark.function == function.name {
        String::new()
    } else {
        format!("in '{}': ", remark.function)
    };
    format!("    {sign} {elsewhere}{} ({}, {})\n", remark.text, remark.pass, remark.name)
}

/// The explanation as JSON for programs.
fn as_json(file: &str, level: OptLevel, explanation: &Explanation) -> Value {
    let functions: Vec<Value> = explanation
        .functions
        .iter()
        .map(|function| {
            json!({
                "name": function.name,
                "source_name": demangled(&function.name),
                "location": location_json(function.location.as_ref()),
                "uses": function.uses.iter().map(use_json).collect::<Vec<_>>(),
                "remarks": function.remarks.iter().map(remark_json).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({ "file": file, "pipeline": level.pipeline(), "functions": functions })
}

fn use_json(site: &Use) -> Value {
    let fate = match site.fate() {
        Fate::Call => "call",
        Fate::InPlace => "in place",
        Fate::Mixed => "mixed",
        Fate::Gone => "gone",
    };
    let code = |code: &Code| json!({ "function": code.function, "calls": code.symbol });
    json!({
        "operation": site.operation.name,
        "instruction": site.instruction,
        "location": location_json(site.location.as_ref()),
        "context": site.context.as_ref().map(|context| json!({
            "instruction": context.instruction,
            "location": location_json(context.location.as_ref()),
        })),
        "fate": fate,
        "code": site.code.iter().map(code).collect::<Vec<_>>(),
        "remarks": site.remarks.iter().map(remark_json).collect::<Vec<_>>(),
    })
}

fn remark_json(remark: &Remark) -> Value {
    json!({
        "pass": remark.pass,
        "name": remark.name,
        "taken": remark.taken,
        "function": remark.function,
        "instruction": remark.instruction,
        "location": location_json(remark.location.as_ref()),
        "text": remark.text,
    })
}

fn location_json(location: Option<&Location>) -> Value {
    location.map_or(
        Value::Null,
        |Location { file, line, column, .. }| json!({ "file": file, "line": line, "column": column }),
    )
}
