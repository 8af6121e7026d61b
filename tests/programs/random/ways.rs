//! The ways to run a program in this process.

use std::{collections::BTreeSet, fmt};

use inkwell::{
    context::Context,
    targets::{CodeModel, InitializationConfig, RelocMode, Target, TargetMachine},
};
use stackswitch::{OptLevel, jit::Jit, passes, reader};
use stackswitch_rt::abi::{Stats, stackswitch_get_stats};

use super::{emit::emit, oracle::Outcome, program::Program, rng::Rng};

/// How a program is compiled and run.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// What runs over each module before it is given to the JIT.
    pub pipeline: Option<&'static str>,
    pub level: OptLevel,
    pub in_place: bool,
    pub stackless: bool,
    /// Above 0, variables of as many bytes go to the heap.
    pub heap_threshold: u32,
    /// The mapped regions that contexts are spread over.
    pub regions: usize,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pipeline, level, in_place, stackless, heap_threshold, regions } = self;
        write!(f, "-{level:?}")?;
        for (name, off) in [("calls", !in_place), ("stackful", !stackless)] {
            if off {
                write!(f, " {name}")?;
            }
        }
        if *heap_threshold != 0 {
            write!(f, " heap={heap_threshold}")?;
        }
        if *regions != 64 {
            write!(f, " regions={regions}")?;
        }
        pipeline.map_or(Ok(()), |pipeline| write!(f, " after {pipeline}"))
    }
}

/// Nothing is optimised.
pub const PLAIN: Way = Way {
    pipeline: None,
    level: OptLevel::O0,
    in_place: true,
    stackless: true,
    heap_threshold: 0,
    regions: 64,
};

/// A pipeline that inlines what has not been lowered, which must not come into invokes.
const INLINED_FIRST: &str = "cgscc(inline),function(sroa,early-cse,simplifycfg),default<O3>";
/// Pipelines that run the passes early, late, twice, or by themselves.
const PIPELINES: [&str; 12] = [
    INLINED_FIRST,
    "function(sroa),default<O2>",
    "function(sroa,early-cse,simplifycfg,instcombine<no-verify-fixpoint>),default<O1>",
    "default<O2>,default<O2>",
    "default<O1>,stackswitch-opt,stackswitch-slices,stackswitch-inline",
    "stackswitch-opt,stackswitch-opt,stackswitch-lower,stackswitch-lower,default<O2>",
    "stackswitch-lower,default<O3>",
    "stackswitch-lower,function(sroa,gvn,instcombine<no-verify-fixpoint>),stackswitch-opt,default<O2>",
    "stackswitch-opt,function(sroa),stackswitch-lower,stackswitch-opt-again,stackswitch-slices,stackswitch-inline",
    "function(sroa),stackswitch-opt,stackswitch-lower,stackswitch-inline",
    "lto-pre-link<O2>,lto<O2>",
    "thinlto-pre-link<O2>,thinlto<O3>",
];

/// Some ways for a program, with the plain one first.
pub fn some(program: &Program, rng: &mut Rng, count: usize) -> Vec<Way> {
    let mut ways = vec![PLAIN];
    for number in 0..count {
        let pipeline = (number % 2 == 1).then(|| rng.pick(pipelines(program)));
        // A pipeline is seldom followed by another.
        let levels = if pipeline.is_some() {
            [OptLevel::O0, OptLevel::O0, OptLevel::O0, OptLevel::O1, OptLevel::O2]
        } else {
            [OptLevel::O1, OptLevel::O2, OptLevel::O3, OptLevel::O2, OptLevel::O3]
        };
        ways.push(Way {
            pipeline,
            level: rng.pick(&levels),
            in_place: rng.percent(65),
            stackless: rng.percent(65),
            heap_threshold: if program.clones { 0 } else { rng.pick(&[0, 0, 64, 1024]) },
            regions: rng.pick(&[64, 64, 1]),
        });
    }
    ways
}

/// Every way of the matrix of settings, and every pipeline.
pub fn all(program: &Program) -> Vec<Way> {
    let mut ways = vec![PLAIN];
    for level in [OptLevel::O1, OptLevel::O2, OptLevel::O3] {
        for bits in 0..8 {
            let heap_threshold = if bits & 4 == 0 { 0 } else { 64 };
            if heap_threshold == 0 || !program.clones {
                let [in_place, stackless] = [bits & 1 == 0, bits & 2 == 0];
                ways.push(Way { level, in_place, stackless, heap_threshold, ..PLAIN });
            }
        }
    }
    let pipelines = pipelines(program).iter();
    ways.extend(pipelines.map(|pipeline| Way { pipeline: Some(*pipeline), ..PLAIN }));
    ways
}

/// Those that a program can be given to.
fn pipelines(program: &Program) -> &'static [&'static str] {
    if program.unwinds { &PIPELINES[1..] } else { &PIPELINES }
}

/// Runs the program and compares.
pub fn check(program: &Program, expected: Outcome, way: &Way) -> Result<(), String> {
    let found = run(program, way)?;
    if found.sum != expected.sum {
        return Err(format!("expected the sum {}, found {}", expected.sum, found.sum));
    }
    // Contexts that have become calls, or parts of other frames, are none that are left behind.
    let too_few = way.level == OptLevel::O0 && way.pipeline.is_none() && found.left < expected.left;
    if found.left > expected.left || too_few {
        return Err(format!("expected {} contexts left, found {}", expected.left, found.left));
    }
    Ok(())
}

fn run(program: &Program, way: &Way) -> Result<Outcome, String> {
    let &Way { pipeline, level, in_place, stackless, heap_threshold, regions } = way;
    let flags = [
        ("stackswitch-inline", 0, !in_place),
        ("stackswitch-stackless", 0, !stackless),
        ("stackswitch-heap-threshold", heap_threshold, heap_threshold != 0),
    ];
    let flags: Vec<_> =
        flags.iter().filter(|flag| flag.2).map(|&(name, value, _)| (name, value)).collect();
    let jit = Jit::builder().opt_level(level).default_regions(regions).build();
    let jit = jit.map_err(|error| error.to_string())?;
    for (number, text) in emit(program, &flags).iter().enumerate() {
        let name = format!("random.{number}");
        match pipeline {
            None => jit.add_ir(&name, text).map(drop).map_err(|error| error.to_string())?,
            Some(pipeline) => add_after(&jit, &name, text, pipeline)?,
        }
    }
    let start = jit.function::<unsafe extern "C" fn() -> i64>("start");
    let start = start.map_err(|error| error.to_string())?;
    let before = contexts();
    // SAFETY: the program is sound by construction; no frame of `start` owns anything.
    let sum = unsafe { jit.call(|| start()) }.map_err(|error| error.to_string())?;
    Ok(Outcome { sum, left: contexts() - before })
}

/// Runs a pipeline over a module and gives the JIT what comes of it.
fn add_after(jit: &Jit, name: &str, text: &str, pipeline: &str) -> Result<(), String> {
    let context = Context::create();
    let module = reader::parse(&context, name, text.as_bytes()).map_err(|e| e.to_string())?;
    let machine = machine()?;
    module.set_triple(&machine.get_triple());
    module.set_data_layout(&machine.get_target_data().get_data_layout());
    passes::run(&module, Some(&machine), pipeline).map_err(|error| error.to_string())?;
    module.verify().map_err(|error| format!("broken module: {error}"))?;
    jit.add_module(&module).map(drop).map_err(|error| error.to_string())
}

/// This machine as the JIT compiles for it.
fn machine() -> Result<TargetMachine, String> {
    Target::initialize_native(&InitializationConfig::default())?;
    let triple = TargetMachine::get_default_triple();
    let target = Target::from_triple(&triple).map_err(|error| error.to_string())?;
    let cpu = TargetMachine::get_host_cpu_name().to_string();
    let features = TargetMachine::get_host_cpu_features().to_string();
    target
        .create_target_machine(
            &triple,
            &cpu,
            &features,
            OptLevel::O2.codegen(),
            RelocMode::PIC,
            CodeModel::Small,
        )
        .ok_or_else(|| "no code for this machine".into())
}

/// The decisions that the passes take about a program, by name.
pub fn decisions(program: &Program) -> Result<BTreeSet<&'static str>, String> {
    let machine = machine()?;
    let mut taken = BTreeSet::new();
    let threshold = if program.clones { 0 } else { 1024 };
    for text in emit(program, &[("stackswitch-heap-threshold", threshold)]) {
        let context = Context::create();
        let module =
            reader::parse(&context, "random", text.as_bytes()).map_err(|e| e.to_string())?;
        module.set_triple(&machine.get_triple());
        module.set_data_layout(&machine.get_target_data().get_data_layout());
        let observed = passes::observe(&module, Some(&machine), "default<O2>");
        let observed = observed.map_err(|error| error.to_string())?;
        taken.extend(observed.remarks.iter().filter(|r| r.taken).map(|remark| remark.name));
    }
    Ok(taken)
}

/// The contexts that there are on this thread.
fn contexts() -> usize {
    let mut stats = Stats::default();
    // SAFETY: the structure is ours.
    unsafe { stackswitch_get_stats(&raw mut stats) };
    usize::try_from(stats.contexts).unwrap_or(usize::MAX)
}
