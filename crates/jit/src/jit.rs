//! The JIT itself. The files that use it add its operations.

use std::cell::{Cell, RefCell};

use inkwell::targets::TargetMachine;
use stackswitch_passes::{OptLevel, settings::Settings};

use crate::{
    bodies::Body,
    modules::{Modules, Names},
    program_end::Program,
    reports::Warning,
    session::Session,
    ucontext::Ucontext,
};

/// Modules of IR, compiled when their symbols are first looked up.
pub struct Jit {
    /// Dropped before the session, so that the program's end does not run when its code is freed.
    pub(crate) program: Program,
    /// Whether the functions are added by which code registers for the program's end.
    pub(crate) has_end_functions: Cell<bool>,
    pub(crate) session: Session,
    pub(crate) machine: TargetMachine,
    pub(crate) level: OptLevel,
    pub(crate) ucontext: Ucontext,
    pub(crate) settings: Settings,
    pub(crate) names: Names,
    pub(crate) modules: RefCell<Modules>,
    /// Functions that can be bodies of contexts; filled only if there is an observer.
    pub(crate) bodies: RefCell<Vec<Body>>,
}

impl Jit {
    /// Removes and returns the warnings about modules that were added.
    pub fn take_warnings(&self) -> Vec<Warning> {
        self.session.reports().take_warnings()
    }
}
