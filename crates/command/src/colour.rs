//! The colours of messages.
//!
//! `anstream` removes colours from what is not written to a terminal, and where `NO_COLOR` is set or
//! `TERM` is `dumb`. With `CLICOLOR_FORCE` it keeps them.

use anstyle::{AnsiColor, Style};
use clap::ColorChoice;

pub(super) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(super) const HEADING: Style = Style::new().bold();
pub(super) const HINT: Style = AnsiColor::Cyan.on_default().bold();
pub(super) const DONE: Style = AnsiColor::Green.on_default().bold();
pub(super) const REFUSED: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const FRAME: Style = AnsiColor::Blue.on_default().bold();

/// Applies `--color` to both output streams.
pub(super) fn choose(choice: ColorChoice) {
    match choice {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
    .write_global();
}
