//! The results of the checks.

use anstyle::Style;

use crate::colour::{ERROR, GOOD, WARNING};

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// As it should be.
    Ok,
    /// Something cannot be used, or only with limits.
    Warning,
    /// Something does not work.
    Problem,
}

impl Status {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }

    pub(super) const fn style(self) -> Style {
        match self {
            Self::Ok => GOOD,
            Self::Warning => WARNING,
            Self::Problem => ERROR,
        }
    }
}

/// One check.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) group: &'static str,
    pub(super) name: &'static str,
    pub(super) status: Status,
    /// What was found.
    pub(super) found: String,
    /// What to do about it.
    pub(super) advice: Option<String>,
}

/// The checks so far.
#[derive(Debug, Default)]
pub(super) struct Checks {
    pub(super) group: &'static str,
    pub(super) list: Vec<Check>,
}

impl Checks {
    pub(super) fn ok(&mut self, name: &'static str, found: impl Into<String>) {
        self.add(name, Status::Ok, found.into(), None);
    }

    pub(super) fn warning(&mut self, name: &'static str, found: impl Into<String>, advice: &str) {
        self.add(name, Status::Warning, found.into(), Some(advice.to_owned()));
    }

    pub(super) fn problem(&mut self, name: &'static str, found: impl Into<String>, advice: &str) {
        self.add(name, Status::Problem, found.into(), Some(advice.to_owned()));
    }

    pub(super) fn add(
        &mut self,
        name: &'static str,
        status: Status,
        found: String,
        advice: Option<String>,
    ) {
        self.list.push(Check { group: self.group, name, status, found, advice });
    }

    pub(super) fn count(&self, status: Status) -> usize {
        self.list.iter().filter(|check| check.status == status).count()
    }
}
