//! Prints what a switch costs by LLVM's models of CPUs: the loops of `resident` and `ucontext`, as they
//! are executed.

use std::io;
use std::path::Path;

use stackswitch_bench::loops::{CPUS, Cost, Disassembly, cost, period, report};

use crate::steps::{self, SetUp};
use crate::subjects::corosensei;
use crate::subjects::native::{self, Native, Running};

/// Operations that are recorded: enough for a loop of some turns.
const RECORDED: usize = 64;

/// The subjects of `resident` and `ucontext` whose loops are shown.
fn subjects() -> Vec<(&'static str, Box<SetUp>)> {
    let natives: [(&str, &'static Native); 8] = [
        ("swap in place", &native::in_place_resident_swap),
        ("resume, suspend in place", &native::in_place_resident),
        ("swapcontext in place", &native::in_place_swapcontext),
        ("swap, call", &native::stackswitch_resident_swap),
        ("resume, suspend, call", &native::stackswitch_resident),
        ("inline asm", &native::inline_asm_resident),
        ("inline asm, objects", &native::inline_asm_objects),
        ("Boost fcontext", &native::boost_fcontext_resident),
    ];
    let mut list: Vec<(&'static str, Box<SetUp>)> = Vec::new();
    for (name, native) in natives {
        list.push((name, Box::new(|| Some(Box::new(Running::new(native, 0)?)))));
    }
    list.push(("corosensei", Box::new(|| Some(Box::new(corosensei::Resident::new(0)?)))));
    list
}

/// A loop as it is executed.
struct Loop {
    name: &'static str,
    /// The instructions of one turn, one a line.
    code: String,
    /// How many switches one turn has.
    switches: f64,
}

impl Loop {
    fn of(name: &'static str, set_up: &SetUp, program: &Disassembly) -> io::Result<Self> {
        let error = |what: &str| io::Error::other(format!("{name}: {what}"));
        let longer = steps::record(set_up, 2 * RECORDED)?;
        let shorter = steps::record(set_up, RECORDED)?;
        let turn = period(&longer).ok_or_else(|| error("no loop in what it executes"))?;
        let per_switch = (longer.len() - shorter.len()) as f64 / RECORDED as f64;
        let start = load_address()?;
        let mut code = String::new();
        for &address in turn {
            let instruction = program.instruction(address.wrapping_sub(start));
            code.push_str(instruction.ok_or_else(|| error("it leaves the program"))?);
            code.push('\n');
        }
        Ok(Self { name, code, switches: turn.len() as f64 / per_switch })
    }

    /// Prints a row of a table.
    fn print_cost(&self, mca: &Path, cpu: &str) -> io::Result<()> {
        let Cost { instructions, loads, stores, busiest, cycles, path } =
            cost(mca, cpu, &self.code)?;
        print!("| {}", self.name);
        for figure in [instructions as f64, loads as f64, stores as f64, busiest, cycles, path] {
            print!(" | {:.1}", figure / self.switches);
        }
        println!(" |");
        Ok(())
    }
}

/// Where this program's file begins in memory: the first mapping of it, by `/proc/self/maps`.
fn load_address() -> io::Result<u64> {
    let program = std::env::current_exe()?;
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    let line = maps.lines().find(|line| line.ends_with(&*program.to_string_lossy()));
    let start = line.and_then(|line| line.split_once('-')).map(|(start, _)| start);
    start
        .and_then(|start| u64::from_str_radix(start, 16).ok())
        .ok_or_else(|| io::Error::other("/proc/self/maps does not have the program"))
}

/// Prints the table for each CPU, and LLVM's report on each loop whose name contains `detail`.
///
/// # Errors
/// A tool or the recording has failed.
pub fn print(tools: &Path, detail: Option<&str>) -> io::Result<()> {
    let program = Disassembly::of(&std::env::current_exe()?, &tools.join("llvm-objdump"))?;
    let mca = tools.join("llvm-mca");
    let loops = subjects()
        .iter()
        .map(|(name, set_up)| Loop::of(name, set_up, &program))
        .collect::<io::Result<Vec<_>>>()?;
    println!("Per switch, by LLVM's models of the CPUs:");
    for cpu in CPUS {
        println!("\n| {cpu} | instructions | loads | stores | busiest unit | cycles | one turn |");
        println!("| --- | --- | --- | --- | --- | --- | --- |");
        for each in &loops {
            each.print_cost(&mca, cpu)?;
        }
    }
    let Some(detail) = detail else { return Ok(()) };
    for Loop { name, code, switches } in loops.iter().filter(|each| each.name.contains(detail)) {
        for cpu in CPUS {
            println!("\n{name}, {cpu}: one turn has {switches:.0} switches");
            println!("{}", report(&mca, cpu, code)?);
        }
    }
    Ok(())
}
