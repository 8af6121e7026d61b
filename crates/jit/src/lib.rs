//! Runs LLVM IR with stackswitch intrinsics in this process.
//!
//! [`Jit`] compiles modules with LLVM's ORC JIT. The project's passes run on each module, and the names of
//! the runtime (`stackswitch_*`) are bound to the runtime in this program. Any other name that a module
//! leaves undefined is looked up in the other modules and then in the process, so that libc can be called.
//!
//! ```
//! use stackswitch::jit::Jit;
//!
//! let jit = Jit::builder().build()?;
//! jit.add_ir("double.ll", "define i64 @double(i64 %x) { %y = shl i64 %x, 1 ret i64 %y }")?;
//! let double = jit.function::<unsafe extern "C" fn(i64) -> i64>("double")?;
//! // SAFETY: the function only calculates.
//! assert_eq!(unsafe { double(21) }, 42);
//! # Ok::<(), stackswitch::jit::Error>(())
//! ```
//!
//! A module is compiled as a whole when one of its symbols is first looked up, or a symbol of a module that
//! uses it, on the thread that looks it up. A [`Jit`] belongs to the thread that made it, as contexts do:
//! it is neither `Send` nor `Sync`. Other threads may have JITs of their own.
//!
//! [`Jit::coroutine`] runs an IR function as a coroutine that Rust resumes, [`Jit::host_fn`] gives IR a Rust
//! closure to call, and [`Jit::task`] is a coroutine that waits for Rust futures.
//!
//! # Inside
//!
//! A file uses files of its own layer and of the layers below it, never in a cycle:
//!
//! ```text
//! operations    add  builder  coroutine  owned_coroutine  host_fn  lookup  run  task
//!                 |
//! the JIT       jit
//!                 |
//! running code  protected_call  faults  guest_run  held_regions  fault_record  backtrace  observe  bodies
//!                 |
//! linked code   session  owned_module  reports  program_end  thread_locals
//!               symbolize  objects  debugger  perf_map  line_table  functions
//!                 |
//! descriptions  modules  symbols  object_file  structors  signature  value  ucontext
//!               error  module_id  stack_frame
//!                 |
//! ground        catch  abort  cpu
//! ```

mod abort;
mod add;
mod backtrace;
mod bodies;
mod builder;
mod catch;
mod coroutine;
mod cpu;
mod debugger;
mod error;
mod fault_record;
mod faults;
mod functions;
mod guest_run;
mod held_regions;
mod host_fn;
mod jit;
mod line_table;
mod lookup;
mod module_id;
mod modules;
mod object_file;
mod objects;
mod observe;
mod owned_coroutine;
mod owned_module;
mod perf_map;
mod program_end;
mod protected_call;
mod reports;
mod run;
mod session;
mod signature;
mod stack_frame;
mod structors;
mod symbolize;
mod symbols;
mod task;
mod thread_locals;
mod ucontext;
mod value;

use stackswitch_link as _;

pub use builder::Builder;
pub use coroutine::{Coroutine, State, Status};
pub use error::{Code, Error, Fault, FaultKind, Trap};
pub use faults::on_uncaught_fault;
pub use host_fn::{HostFn, SuspendError, suspend};
pub use jit::Jit;
pub use lookup::Function;
pub use module_id::ModuleId;
pub use observe::{Event, Observer, observe};
pub use owned_coroutine::OwnedCoroutine;
pub use reports::Warning;
pub use signature::{NativeFn, NativeType, Signature};
pub use stack_frame::Frame;
pub use stackswitch_passes::OptLevel;
pub use stackswitch_passes::pointers::Pointers;
pub use symbolize::symbolize;
pub use task::{HostAsyncFn, Task};
pub use ucontext::Ucontext;
pub use value::{Value, ValueType};
