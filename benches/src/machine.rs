//! The machine that figures are from, and when they were measured.

use std::fmt;
use std::fs;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// Where and when figures were measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The name of the processor's core, for tables.
    pub core: String,
    /// The processor as the system names it, with family and model.
    pub cpu: String,
    /// The day, as `2026-12-31`.
    pub date: String,
    /// The commit of the sources, if git knows it.
    pub commit: String,
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { core, cpu, date, commit } = self;
        write!(f, "{core}: {cpu}; {date}, commit {commit}")
    }
}

impl Machine {
    /// This machine, now.
    #[must_use]
    pub fn here() -> Self {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        Machine {
            date: output("date", &["+%F"]),
            commit: output("git", &["rev-parse", "--short", "HEAD"]),
            ..Machine::of_cpuinfo(&info)
        }
    }

    /// The processor that `/proc/cpuinfo` describes, without date and commit.
    ///
    /// # Examples
    /// ```
    /// use stackswitch_bench::machine::Machine;
    ///
    /// let info = "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 207\nmodel name\t: Intel(R) Xeon(R)\n";
    /// let machine = Machine::of_cpuinfo(info);
    /// assert_eq!(machine.core, "Emerald Rapids");
    /// assert_eq!(machine.cpu, "Intel(R) Xeon(R), family 6, model 207");
    /// ```
    #[must_use]
    pub fn of_cpuinfo(info: &str) -> Self {
        let field = |name: &str| {
            let line = info.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                (key.trim() == name).then(|| value.trim())
            });
            line.unwrap_or("unknown")
        };
        let (family, model) = (field("cpu family"), field("model"));
        let core = core(field("vendor_id"), family.parse().ok(), model.parse().ok());
        let cpu = format!("{}, family {family}, model {model}", field("model name"));
        let core = core.map_or_else(|| cpu.clone(), str::to_owned);
        Machine { core, cpu, ..Machine::default() }
    }
}

/// The name of a core by vendor, family and model; `None` if it is not in this list.
fn core(vendor: &str, family: Option<u32>, model: Option<u32>) -> Option<&'static str> {
    Some(match (vendor, family?, model?) {
        ("GenuineIntel", 6, 106 | 108) => "Ice Lake",
        ("GenuineIntel", 6, 143) => "Sapphire Rapids",
        ("GenuineIntel", 6, 207) => "Emerald Rapids",
        ("GenuineIntel", 6, 173 | 174) => "Granite Rapids",
        ("AuthenticAMD", 25, 0x00..=0x0f | 0x20..=0x5f) => "Zen 3",
        ("AuthenticAMD", 25, 0x10..=0x1f | 0x60..=0xaf) => "Zen 4",
        ("AuthenticAMD", 26, _) => "Zen 5",
        _ => return None,
    })
}

/// What a program prints, without the end of the line. Empty if it fails.
fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.ok().filter(|output| output.status.success());
    output.map_or(String::new(), |o| String::from_utf8_lossy(&o.stdout).trim().to_owned())
}
