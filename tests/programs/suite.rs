//! A suite of tests, and how a suite adds its tests to those of the program.

use std::{env, sync::Arc};

use libtest_mimic::{Failed, Trial};
use stackswitch_test_support::Artifacts;

/// With which LLVM versions a suite's tests run.
#[derive(Clone, Copy, PartialEq)]
pub enum Versions {
    /// They use the LLVM that this program is linked with, and run once for each version.
    Each,
    /// They use what is built for both versions, and run once.
    Once,
}

/// A module of this program with the tests that it makes.
pub struct Suite {
    pub name: &'static str,
    pub versions: Versions,
    pub tests: fn(&mut Tests),
}

/// The variable that asks for the suites of [`Versions::Each`] only.
const EACH_ONLY: &str = "STACKSWITCH_TEST_EACH_VERSION";

/// A list of tests that grows.
pub struct Tests {
    suite: &'static str,
    artifacts: Option<Arc<Artifacts>>,
    trials: Vec<Trial>,
}

impl Tests {
    /// The tests of all suites that are to run.
    pub fn of_suites(suites: &[Suite]) -> Vec<Trial> {
        let each_only = env::var_os(EACH_ONLY).is_some();
        let artifacts = Artifacts::find().map(Arc::new);
        let mut tests = Self { suite: "", artifacts, trials: Vec::new() };
        for suite in suites {
            if suite.versions == Versions::Each || !each_only {
                tests.suite = suite.name;
                (suite.tests)(&mut tests);
            }
        }
        tests.trials
    }

    /// Adds a test that needs nothing but this program.
    pub fn add(
        &mut self,
        name: impl AsRef<str>,
        test: impl FnOnce() -> Result<(), Failed> + Send + 'static,
    ) {
        self.trials.push(Trial::test(format!("{}::{}", self.suite, name.as_ref()), test));
    }

    /// Adds a test that uses what `make` has built. It is ignored if there is nothing.
    pub fn add_with_artifacts(
        &mut self,
        name: impl AsRef<str>,
        test: impl FnOnce(&Artifacts) -> Result<(), Failed> + Send + 'static,
    ) {
        let name = format!("{}::{}", self.suite, name.as_ref());
        let trial = match &self.artifacts {
            Some(artifacts) => {
                let artifacts = artifacts.clone();
                Trial::test(name, move || test(&artifacts))
            }
            None => {
                let test = || Err("needs what `make programs` builds".into());
                Trial::test(name, test).with_ignored_flag(true)
            }
        };
        self.trials.push(trial);
    }
}
