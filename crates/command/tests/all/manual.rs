//! Completions and manual pages say what the command has.

use std::{fs, process::Command};

use stackswitch_test_support::{directory, succeed, text};

use crate::STACKSWITCH;

fn stackswitch(arguments: &[&str]) -> String {
    text(&succeed(Command::new(STACKSWITCH).args(arguments)).unwrap().stdout)
}

/// The subcommands, as the help lists them.
fn subcommands() -> Vec<String> {
    let help = stackswitch(&["--help"]);
    let (_, list) = help.split_once("Commands:\n").expect("a list of commands");
    let names = list.lines().take_while(|line| !line.is_empty());
    let names = names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned);
    names.filter(|name| name != "help").collect()
}

#[test]
fn every_shell_completes_every_subcommand() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stackswitch(&["completions", shell]);
        for name in subcommands() {
            assert!(script.contains(&name), "{shell}: {name}");
        }
        assert!(script.contains("entry"), "{shell}: the options too");
    }
}

#[test]
fn bash_can_read_its_completions() {
    let script = directory("manual").unwrap().join("completions.bash");
    fs::write(&script, stackswitch(&["completions", "bash"])).unwrap();
    let asked = format!(
        "source '{}'; COMP_WORDS=(stackswitch ru); COMP_CWORD=1; \
         _stackswitch stackswitch ru stackswitch; echo \"${{COMPREPLY[@]}}\"",
        script.display()
    );
    let output = succeed(Command::new("bash").args(["--norc", "-c", &asked])).unwrap();
    assert_eq!(text(&output.stdout).trim(), "run");
}

#[test]
fn there_is_a_page_for_the_command_and_for_each_subcommand() {
    let pages = directory("manual").unwrap().join("man1");
    let _ = fs::remove_dir_all(&pages);
    stackswitch(&["man", "--dir", pages.to_str().unwrap()]);
    let names = subcommands().into_iter().map(|name| format!("stackswitch-{name}.1"));
    let mut expected: Vec<String> = names.chain(["stackswitch.1".to_owned()]).collect();
    expected.sort();
    let mut found: Vec<String> = fs::read_dir(&pages)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, expected);
    let page = fs::read_to_string(pages.join("stackswitch.1")).unwrap();
    assert_eq!(page, stackswitch(&["man"]));
    for section in ["NAME", "SYNOPSIS", "OPTIONS", "\"EXIT STATUS\"", "ENVIRONMENT", "EXAMPLES"] {
        assert!(page.contains(&format!("\n.SH {section}\n")), "{section} in:\n{page}");
    }
    let run = fs::read_to_string(pages.join("stackswitch-run.1")).unwrap();
    assert!(run.contains("\n  stackswitch run program.ll"), "examples keep their lines:\n{run}");
}
