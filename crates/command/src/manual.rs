//! `stackswitch completions` and `stackswitch man`: files for packages, generated from the
//! definitions of the arguments.

use std::{
    fs::{File, create_dir_all},
    io::Write,
    path::{Path, PathBuf},
};

use clap::Command;
use clap_complete::Shell;
use clap_mangen::{
    Man,
    roff::{Roff, roman},
};

use super::{failure::Failure, output};

#[derive(clap::Args)]
pub(super) struct Completions {
    /// The shell to complete for
    shell: Shell,
}

#[derive(clap::Args)]
pub(super) struct Manual {
    /// Write a page for the command and each subcommand to this directory
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Writes a shell's completions to the standard output.
pub(super) fn completions(args: &Completions, command: &mut Command) -> Result<(), Failure> {
    let mut text = Vec::new();
    let name = command.get_name().to_owned();
    clap_complete::generate(args.shell, command, name, &mut text);
    output::write(Path::new("-"), &text)
}

/// Writes the manual page to the standard output, or all of them to a directory.
pub(super) fn manual(args: &Manual, command: Command) -> Result<(), Failure> {
    let failed = |path: &Path, error| Failure::output(path, &error);
    // Its page would only say what the others say.
    let command = command.disable_help_subcommand(true);
    let Some(directory) = &args.dir else {
        let mut text = Vec::new();
        render(command, &mut text).map_err(|e| failed(Path::new("-"), e))?;
        return output::write(Path::new("-"), &text);
    };
    create_dir_all(directory).map_err(|e| failed(directory, e))?;
    let name = command.get_name().to_owned();
    let mut pages = vec![(name.clone(), command.clone())];
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let page = format!("{name}-{}", sub.get_name());
        // The page is found under the name with the hyphen, the usage is written with a space.
        let sub = sub.clone().bin_name(format!("{name} {}", sub.get_name())).display_name(&page);
        pages.push((page, sub));
    }
    for (page, command) in pages {
        let path = directory.join(format!("{page}.1"));
        let mut file = File::create(&path).map_err(|e| failed(&path, e))?;
        render(command, &mut file).map_err(|e| failed(&path, e))?;
    }
    Ok(())
}

/// A page as `Man` makes it, but for what follows the help: each paragraph that begins with a
/// heading becomes a section, and keeps its lines as they are.
fn render(command: Command, out: &mut impl Write) -> std::io::Result<()> {
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let has_subcommands = command.has_subcommands();
    let man = Man::new(command);
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if has_subcommands {
        man.render_subcommands_section(out)?;
    }
    for paragraph in after.split("\n\n") {
        let (heading, body) = match paragraph.split_once(":\n") {
            Some((heading, body)) => (heading, body),
            None => ("Notes", paragraph),
        };
        let mut section = Roff::new();
        section.control("SH", [heading.to_uppercase().as_str()]).control("nf", []);
        for line in body.lines() {
            section.text([roman(line)]);
        }
        section.control("fi", []);
        section.to_writer(out)?;
    }
    Ok(())
}
