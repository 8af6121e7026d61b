//! Where the programs use their intrinsic.
//!
//! A scenario is a function `@scenarioN`, which makes contexts and resumes them, and the bodies of
//! those. One that is about handles adds nothing for an intrinsic that takes none.

use stackswitch::intrinsics::Gives;

use super::program::{Code, Program};

/// Adds the functions of one scenario, of which `@scenarioN` is called. A scenario that does not fit
/// the intrinsic adds nothing and returns `None`.
pub type Scenario = fn(&mut Program<'_>) -> Option<()>;

/// Where the program uses the intrinsic.
pub const SCENARIOS: [(&str, Scenario); 19] = [
    ("in a body", in_a_body),
    ("in a callee", in_a_callee),
    ("in an inlined callee", in_an_inlined_callee),
    ("around suspensions", around_suspensions),
    ("in callees between suspensions", in_callees_between_suspensions),
    ("in a loop", in_a_loop),
    ("in the creator", in_the_creator),
    ("in a nested context", in_a_nested_context),
    ("on a new context", on_a_new_context),
    ("on a new context that suspends", on_a_new_context_that_suspends),
    ("on a suspended context", on_a_suspended_context),
    ("on a finished context", on_a_finished_context),
    ("on the running context", on_the_running_context),
    ("on the running context in a body", on_the_running_context_in_a_body),
    ("between links of the running context", between_links_of_the_running_context),
    ("between links in a callee", between_links_in_a_callee),
    ("between links of a new context", between_links_of_a_new_context),
    ("on a context whose link is known", on_a_context_whose_link_is_known),
    ("on a creator that waits", on_a_creator_that_waits),
];

/// The body of a context that is resumed once uses it.
fn in_a_body(program: &mut Program<'_>) -> Option<()> {
    let mut body = Code::default();
    program.use_intrinsic(&mut body, 0, None);
    program.body(body);
    resumed_once(program);
    Some(())
}

/// A function that the body calls uses it.
fn in_a_callee(program: &mut Program<'_>) -> Option<()> {
    let callee = program.callee(0, "noinline");
    calls(program, &[&callee]);
    resumed_once(program);
    Some(())
}

/// A function that becomes a part of the body uses it.
fn in_an_inlined_callee(program: &mut Program<'_>) -> Option<()> {
    let callee = program.callee(0, "alwaysinline");
    calls(program, &[&callee]);
    resumed_once(program);
    Some(())
}

/// A body that calls functions.
fn calls(program: &mut Program<'_>, callees: &[&str]) {
    let mut body = Code::default();
    for callee in callees {
        body.run(&format!("call void @{callee}()"));
    }
    program.body(body);
}

/// A creator that resumes its context once.
fn resumed_once(program: &mut Program<'_>) {
    let mut code = Code::default();
    let context = code.spawn(&program.body_name());
    code.resume(&context, 10);
    code.end(&context);
    program.creator(code);
}

/// A creator that resumes its context three times.
fn resumed_thrice(program: &mut Program<'_>) {
    let mut code = Code::default();
    let context = code.spawn(&program.body_name());
    for value in [10, 20, 30] {
        code.resume(&context, value);
    }
    code.end(&context);
    program.creator(code);
}

/// The body uses it before and after it suspends.
fn around_suspensions(program: &mut Program<'_>) -> Option<()> {
    let mut body = Code::default();
    program.use_intrinsic(&mut body, 0, None);
    body.suspend(1);
    program.use_intrinsic(&mut body, 1, None);
    body.suspend(2);
    program.use_intrinsic(&mut body, 2, None);
    program.body(body);
    resumed_thrice(program);
    Some(())
}

/// Functions that the body calls between its suspensions use it.
fn in_callees_between_suspensions(program: &mut Program<'_>) -> Option<()> {
    let callees = [program.callee(0, "noinline"), program.callee(1, "")];
    let mut body = Code::default();
    body.suspend(1);
    body.run(&format!("call void @{}()", callees[0]));
    body.suspend(2);
    body.run(&format!("call void @{}()", callees[1]));
    program.body(body);
    resumed_thrice(program);
    Some(())
}

/// A body that suspends in a loop uses it each time.
fn in_a_loop(program: &mut Program<'_>) -> Option<()> {
    program.keeps_handle().then_some(())?;
    let mut body = Code::default();
    body.run("br label %loop");
    body.block("loop");
    let turn = "%turn = phi i64 [ 0, %0 ], [ %next, %latch ]";
    body.run(turn);
    program.use_intrinsic(&mut body, 0, None);
    body.suspend(1);
    body.run("br label %latch");
    body.block("latch");
    body.run("%next = add i64 %turn, 1");
    body.run("%again = icmp ult i64 %next, 2");
    body.run("br i1 %again, label %loop, label %end");
    body.block("end");
    program.body(body);
    resumed_thrice(program);
    Some(())
}

/// The creator of a context uses it before, between and after the context's turns.
fn in_the_creator(program: &mut Program<'_>) -> Option<()> {
    let mut body = Code::default();
    body.suspend(1);
    program.body(body);
    let mut code = Code::default();
    program.use_intrinsic(&mut code, 0, None);
    let context = code.spawn(&program.body_name());
    program.use_intrinsic(&mut code, 1, None);
    code.resume(&context, 10);
    program.use_intrinsic(&mut code, 2, None);
    code.resume(&context, 20);
    program.use_intrinsic(&mut code, 3, None);
    code.end(&context);
    program.creator(code);
    Some(())
}

/// The body of a context whose creator is itself a body uses it.
fn in_a_nested_context(program: &mut Program<'_>) -> Option<()> {
    let mut inner = Code::default();
    program.use_intrinsic(&mut inner, 0, None);
    inner.suspend(5);
    program.use_intrinsic(&mut inner, 1, None);
    inner.run("ret i64 %first");
    let name = format!("inner{}", program.scenario);
    program.function(&format!("i64 @{name}(ptr %arg, i64 %first)"), inner);
    let mut body = Code::default();
    let context = body.spawn(&name);
    body.resume(&context, 40);
    body.suspend(6);
    body.resume(&context, 50);
    body.end(&context);
    program.body(body);
    resumed_thrice(program);
    Some(())
}

/// The creator uses it on the handle of its context, which has been resumed so often.
fn on_own_context(program: &mut Program<'_>, body: &str, resumed: u64) -> Option<()> {
    program.takes_handle().then_some(())?;
    let mut code = Code::default();
    let context = code.spawn(body);
    for turn in 0..resumed {
        code.resume(&context, 10 * (turn + 1));
    }
    program.use_intrinsic(&mut code, 0, Some(&context));
    if program.keeps_handle() {
        code.resume(&context, 70);
        code.end(&context);
    }
    program.creator(code);
    Some(())
}

/// It is used on a context that has not run and cannot suspend.
fn on_a_new_context(program: &mut Program<'_>) -> Option<()> {
    on_own_context(program, "plain", 0)
}

/// It is used on a context that has not run and that suspends later.
fn on_a_new_context_that_suspends(program: &mut Program<'_>) -> Option<()> {
    on_own_context(program, "pausing", 0)
}

/// It is used on a suspended context.
fn on_a_suspended_context(program: &mut Program<'_>) -> Option<()> {
    on_own_context(program, "pausing", 1)
}

/// It is used on a finished context.
fn on_a_finished_context(program: &mut Program<'_>) -> Option<()> {
    program.takes_handle().then_some(())?;
    let mut code = Code::default();
    let context = code.spawn("plain");
    code.resume(&context, 10);
    program.use_intrinsic(&mut code, 0, Some(&context));
    if program.keeps_handle() {
        code.end(&context);
    }
    program.creator(code);
    Some(())
}

/// It is used on the running context, whose handle was asked for just before.
fn on_the_running_context(program: &mut Program<'_>) -> Option<()> {
    program.takes_handle().then_some(())?;
    let mut code = Code::default();
    let own = code.result("current", &[]);
    program.use_intrinsic(&mut code, 0, Some(&format!("ptr {own}")));
    program.creator(code);
    Some(())
}

/// A body uses it on its own context.
fn on_the_running_context_in_a_body(program: &mut Program<'_>) -> Option<()> {
    program.takes_handle().then_some(())?;
    let mut body = Code::default();
    let own = body.result("current", &[]);
    program.use_intrinsic(&mut body, 0, Some(&format!("ptr {own}")));
    program.body(body);
    resumed_once(program);
    Some(())
}

/// The link of the running context is set before and after.
fn between_links_of_the_running_context(program: &mut Program<'_>) -> Option<()> {
    between_links(program, |program, code, slot| {
        program.use_intrinsic(code, slot, None);
    })
}

/// The link of the running context is set before and after a function that uses it.
fn between_links_in_a_callee(program: &mut Program<'_>) -> Option<()> {
    between_links(program, |program, code, slot| {
        let callee = program.callee(slot, "noinline");
        code.run(&format!("call void @{callee}()"));
    })
}

fn between_links(
    program: &mut Program<'_>,
    add_use: impl Fn(&mut Program<'_>, &mut Code, usize),
) -> Option<()> {
    let mut code = Code::default();
    let context = code.spawn("plain");
    let own = format!("ptr {}", code.result("current", &[]));
    code.call("setlink", &[&own, &context]);
    add_use(program, &mut code, 0);
    code.call("setlink", &[&own, "ptr null"]);
    add_use(program, &mut code, 1);
    let link = code.result("link", &[&own]);
    code.run(&format!("call void @note_pointer(ptr {link})"));
    code.call("setlink", &[&own, "ptr null"]);
    code.end(&context);
    program.creator(code);
    Some(())
}

/// The link and the status of a new context are asked for after it.
fn between_links_of_a_new_context(program: &mut Program<'_>) -> Option<()> {
    let mut code = Code::default();
    let context = code.spawn("plain");
    let own = format!("ptr {}", code.result("current", &[]));
    code.call("setlink", &[&context, &own]);
    program.use_intrinsic(&mut code, 0, None);
    let link = code.result("link", &[&context]);
    code.run(&format!("call void @note_pointer(ptr {link})"));
    code.call("setlink", &[&context, "ptr null"]);
    program.use_intrinsic(&mut code, 1, None);
    let link = code.result("link", &[&context]);
    code.run(&format!("call void @note_pointer(ptr {link})"));
    code.end(&context);
    program.creator(code);
    Some(())
}

/// It is used on a new context whose link and status are asked for before and after.
fn on_a_context_whose_link_is_known(program: &mut Program<'_>) -> Option<()> {
    (program.takes_handle() && program.keeps_handle()).then_some(())?;
    let mut code = Code::default();
    let context = code.spawn("plain");
    for slot in 0..2 {
        program.use_intrinsic(&mut code, slot, Some(&context));
        let link = code.result("link", &[&context]);
        code.run(&format!("call void @note_pointer(ptr {link})"));
        let status = code.result("status", &[&context]);
        code.note("i32", &status);
    }
    code.end(&context);
    program.creator(code);
    Some(())
}

/// It is used on a suspended context that has made a context itself. If that gives a copy, the copy
/// is resumed too.
fn on_a_creator_that_waits(program: &mut Program<'_>) -> Option<()> {
    program.takes_handle().then_some(())?;
    let mut body = Code::default();
    let child = body.spawn("counter");
    body.resume(&child, 1);
    body.suspend(2);
    body.resume(&child, 3);
    program.body(body);
    let mut code = Code::default();
    let context = code.spawn(&program.body_name());
    code.resume(&context, 10);
    let result = program.use_intrinsic(&mut code, 0, Some(&context));
    if program.keeps_handle() {
        code.resume(&context, 20);
        code.end(&context);
    }
    if let (Some(copy), Gives::Copy) = (result, program.intrinsic.properties.gives) {
        let copy = format!("ptr {copy}");
        code.resume(&copy, 30);
        code.end(&copy);
    }
    program.creator(code);
    Some(())
}
