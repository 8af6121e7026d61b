//! Finds the loop in the recorded instructions of a workload, and asks `llvm-mca` what it costs.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The instructions that are executed again and again, as addresses: the shortest sequence that fills
/// the middle of a recording. Nothing if there is none.
///
/// # Examples
/// ```
/// use stackswitch_bench::loops::period;
///
/// assert_eq!(period(&[9, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 8]).map(<[u64]>::len), Some(3));
/// assert_eq!(period(&[1, 2, 3, 4, 5, 6]), None);
/// ```
#[must_use]
pub fn period(addresses: &[u64]) -> Option<&[u64]> {
    let middle = &addresses[addresses.len() / 4..addresses.len() / 4 * 3];
    let repeats = |length: &usize| middle.iter().zip(&middle[*length..]).all(|(a, b)| a == b);
    let length = (1..=middle.len() / 2).find(repeats)?;
    Some(&middle[..length])
}

/// The text of the instructions of a program, by their distance from its beginning.
pub struct Disassembly(HashMap<u64, String>);

impl Disassembly {
    /// Disassembles a program with `llvm-objdump`.
    ///
    /// # Errors
    /// The tool cannot be run, or fails.
    pub fn of(program: &Path, objdump: &Path) -> io::Result<Self> {
        let mut command = Command::new(objdump);
        command.args(["-d", "--no-show-raw-insn", "--no-print-imm-hex"]).arg(program);
        Ok(Self::read(&output(&mut command, "")?))
    }

    /// Reads what the tool prints: one instruction a line, behind its address and a colon.
    ///
    /// # Examples
    /// ```
    /// use stackswitch_bench::loops::Disassembly;
    ///
    /// let read = Disassembly::read("0 <f>:\n  1a0: jne\t0x1b0 <f+0x10>\n  1a2: leaq\t8(%rip), %rax # 0x20\n");
    /// assert_eq!(read.instruction(0x1a0), Some("jne\t0x1b0"));
    /// assert_eq!(read.instruction(0x1a2), Some("leaq\t8(%rip), %rax"));
    /// ```
    #[must_use]
    pub fn read(text: &str) -> Self {
        let instruction = |line: &str| {
            let (address, text) = line.split_once(':')?;
            let address = u64::from_str_radix(address.trim(), 16).ok()?;
            let text = text.split(['<', '#']).next()?.trim();
            (!text.is_empty()).then(|| (address, text.to_owned()))
        };
        Self(text.lines().filter_map(instruction).collect())
    }

    /// The instruction at a distance.
    #[must_use]
    pub fn instruction(&self, at: u64) -> Option<&str> {
        self.0.get(&at).map(String::as_str)
    }
}

/// What one turn of a loop costs on a CPU, by LLVM's model of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Instructions.
    pub instructions: usize,
    /// Those that load.
    pub loads: usize,
    /// Those that store.
    pub stores: usize,
    /// Cycles that the busiest unit needs, were there no dependencies.
    pub busiest: f64,
    /// Cycles of a turn among many. No load waits for a store, as if memory were renamed.
    pub cycles: f64,
    /// Cycles of one turn alone: its longest path, from its first instruction to its last result.
    pub path: f64,
}

/// The CPUs whose models are asked. They have to be of this machine's architecture: the loops are
/// those that it executes.
#[cfg(target_arch = "x86_64")]
pub const CPUS: [&str; 3] = ["znver3", "sapphirerapids", "graniterapids"];
/// See above.
#[cfg(target_arch = "aarch64")]
pub const CPUS: [&str; 1] = ["neoverse-v2"];

/// Asks `llvm-mca` for the cost of a loop on a CPU.
///
/// # Errors
/// The tool cannot be run, fails, or answers what this does not expect.
pub fn cost(mca: &Path, cpu: &str, code: &str) -> io::Result<Cost> {
    let (many, one) = (simulate(mca, cpu, code, TURNS)?, simulate(mca, cpu, code, 1)?);
    read_cost(&many, &one).ok_or_else(|| io::Error::other("llvm-mca: an unexpected answer"))
}

/// A call is a jump here: the loop contains what is called. Without the first option LLVM's models assume
/// that a call takes 100 cycles.
const COMMON: [&str; 2] = ["-call-latency=1", "-skip-unsupported-instructions=parse-failure"];

/// How many turns are simulated.
const TURNS: u32 = 200;

fn simulate(mca: &Path, cpu: &str, code: &str, turns: u32) -> io::Result<Value> {
    let mut command = Command::new(mca);
    command.arg(format!("-mcpu={cpu}")).arg(format!("-iterations={turns}"));
    command.args(["-json", "-instruction-info"]).args(COMMON);
    Ok(serde_json::from_str(&output(&mut command, code)?)?)
}

/// The cost by simulations of [`TURNS`] turns and of one.
fn read_cost(many: &Value, one: &Value) -> Option<Cost> {
    let cycles = |answer: &Value| answer["CodeRegions"][0]["SummaryView"]["TotalCycles"].as_f64();
    let region = &many["CodeRegions"][0];
    let list = region["InstructionInfoView"]["InstructionList"].as_array()?;
    let count = |what: &str| list.iter().filter(|one| one[what] == true).count();
    Some(Cost {
        instructions: list.len(),
        loads: count("mayLoad"),
        stores: count("mayStore"),
        busiest: region["SummaryView"]["BlockRThroughput"].as_f64()?,
        cycles: cycles(many)? / f64::from(TURNS),
        path: cycles(one)?,
    })
}

/// LLVM's report on one loop: the timeline of two turns, and the critical sequence.
///
/// # Errors
/// As for [`cost`].
pub fn report(mca: &Path, cpu: &str, code: &str) -> io::Result<String> {
    let mut command = Command::new(mca);
    command.arg(format!("-mcpu={cpu}")).args(["-timeline", "-timeline-max-iterations=2"]);
    command.arg("-bottleneck-analysis").args(COMMON);
    output(&mut command, code)
}

/// Runs a tool on a text.
fn output(command: &mut Command, input: &str) -> io::Result<String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut to) = child.stdin.take() {
        to.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(io::Error::other(format!("{}: {told}", command.get_program().display())));
    }
    String::from_utf8(output.stdout).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::{Cost, read_cost};

    #[test]
    fn a_cost_is_read_from_two_answers() {
        let answer = |cycles| {
            serde_json::json!({"CodeRegions": [{
                "InstructionInfoView": {"InstructionList": [
                    {"mayLoad": true, "mayStore": false},
                    {"mayLoad": true, "mayStore": true},
                    {"mayLoad": false, "mayStore": false},
                ]},
                "SummaryView": {"TotalCycles": cycles, "BlockRThroughput": 1.5},
            }]})
        };
        let cost =
            Cost { instructions: 3, loads: 2, stores: 1, busiest: 1.5, cycles: 2.0, path: 10.0 };
        assert_eq!(read_cost(&answer(400), &answer(10)), Some(cost));
        assert_eq!(read_cost(&serde_json::json!({}), &answer(1)), None);
    }
}
