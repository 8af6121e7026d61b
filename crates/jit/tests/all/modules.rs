//! Modules of the JIT: objects, removal, redefinition, constructors, and lookups that are checked.

use std::cell::Cell;

use inkwell::{
    context::Context,
    targets::{CodeModel, FileType, InitializationConfig, RelocMode, Target, TargetMachine},
};
use stackswitch::{
    OptLevel, Options,
    jit::{Error, Jit},
    lower, reader,
};

type Get = unsafe extern "C" fn() -> i64;
type Map = unsafe extern "C" fn(i64) -> i64;

/// A module with a function that returns a number.
fn constant(name: &str, value: i64) -> String {
    format!("define i64 @{name}() {{\n  ret i64 {value}\n}}\n")
}

/// A module with a function that calls another one and adds a number.
fn caller(name: &str, callee: &str, add: i64) -> String {
    format!(
        "declare i64 @{callee}()
define i64 @{name}() {{
  %r = call i64 @{callee}()
  %s = add i64 %r, {add}
  ret i64 %s
}}"
    )
}

/// What a function that takes nothing returns.
fn get(jit: &Jit, name: &str) -> i64 {
    let function = jit.function::<Get>(name).unwrap();
    // SAFETY: the functions of these tests only calculate.
    unsafe { function() }
}

/// IR compiled to an object file, as another compiler would.
fn object(text: &str) -> Vec<u8> {
    Target::initialize_native(&InitializationConfig::default()).unwrap();
    let triple = TargetMachine::get_default_triple();
    let machine = Target::from_triple(&triple)
        .unwrap()
        .create_target_machine(
            &triple,
            "",
            "",
            OptLevel::O2.codegen(),
            RelocMode::PIC,
            CodeModel::Small,
        )
        .unwrap();
    let context = Context::create();
    let module = reader::parse(&context, "object.ll", text.as_bytes()).unwrap();
    lower(&module, &Options::new().llvm(true).target(&machine)).unwrap();
    machine.write_to_memory_buffer(&module, FileType::Object).unwrap().as_slice().to_vec()
}

/// Functions of many types, and what is none.
const SIGNATURES: &str = "
@variable = global i64 7
@alias = alias i64 (i64), ptr @id
define i64 @id(i64 %x) { ret i64 %x }
define void @nothing() { ret void }
define zeroext i1 @yes() { ret i1 true }
define i1 @loose() { ret i1 true }
define i8 @byte(i8 zeroext %x) { ret i8 %x }
define ptr @eight(i8 %a, i16 %b, i32 %c, i64 %d, float %e, double %f, ptr %g, i1 %h) {
  ret ptr %g
}
define i64 @many(i64 %x, ...) { ret i64 %x }
define fastcc i64 @fast(i64 %x) { ret i64 %x }
define void @by_value(ptr byval(i64) %x) { ret void }
define i128 @large() { ret i128 1 }
define internal i64 @hidden(i64 %x) { ret i64 %x }
define ptr @keep() { ret ptr @hidden }";

#[test]
fn types_are_compared_when_a_function_is_looked_up() {
    let jit = Jit::builder().build().unwrap();
    jit.add_ir("types.ll", SIGNATURES).unwrap();
    // What fits, whatever the sign.
    jit.function::<Map>("id").unwrap();
    jit.function::<unsafe extern "C" fn(u64) -> usize>("id").unwrap();
    jit.function::<unsafe extern "C-unwind" fn(isize) -> u64>("id").unwrap();
    jit.function::<unsafe extern "C" fn()>("nothing").unwrap();
    jit.function::<unsafe extern "C" fn() -> bool>("yes").unwrap();
    jit.function::<unsafe extern "C" fn(u8) -> u8>("byte").unwrap();
    type Eight =
        unsafe extern "C" fn(i8, u16, i32, u64, f32, f64, *const i32, bool) -> *mut Cell<u8>;
    let eight = jit.function::<Eight>("eight").unwrap();
    let place = Cell::new(3);
    // SAFETY: the function returns its seventh argument.
    unsafe {
        let same = eight(-1, 2, 3, 4, 5.0, 6.0, place.as_ptr().cast_const().cast(), true);
        assert_eq!((*same).get(), 3);
    }

    // What does not.
    let refused = |error: Error| match error {
        Error::Signature { found, asked, .. } => (found, asked),
        other => panic!("{other}"),
    };
    let error = jit.function::<unsafe extern "C" fn(i32) -> i64>("id").unwrap_err();
    assert_eq!(refused(error), ("i64 (i64)".to_owned(), r#"unsafe extern "C" fn(i32) -> i64"#));
    let found = |error| refused(error).0;
    assert_eq!(found(jit.function::<Get>("id").unwrap_err()), "i64 (i64)");
    assert_eq!(found(jit.function::<Get>("nothing").unwrap_err()), "void ()");
    // Only one bit of it would be known.
    assert_eq!(
        found(jit.function::<unsafe extern "C" fn() -> bool>("loose").unwrap_err()),
        "i1 ()"
    );
    assert_eq!(
        found(jit.function::<unsafe extern "C" fn(i8) -> i8>("byte").unwrap_err()),
        "i8 (i8 zeroext)"
    );
    assert_eq!(found(jit.function::<Map>("many").unwrap_err()), "i64 (i64, ...)");
    assert_eq!(found(jit.function::<Map>("fast").unwrap_err()), "cc 8 i64 (i64)");
    assert_eq!(
        found(jit.function::<unsafe extern "C" fn(*const i64)>("by_value").unwrap_err()),
        "void (ptr byval)"
    );
    assert_eq!(found(jit.function::<Get>("large").unwrap_err()), "i128 ()");
    assert_eq!(jit.signature("keep").unwrap().to_string(), "ptr ()");
    for untyped in ["variable", "alias"] {
        let error = jit.function::<Map>(untyped).unwrap_err();
        assert!(matches!(&error, Error::NoSignature(name) if name == untyped), "{error}");
    }
    for missing in ["hidden", "nobody"] {
        let error = jit.function::<Map>(missing).unwrap_err();
        assert!(matches!(error, Error::MissingSymbol(_)), "{error}");
    }
    // SAFETY: that is its type.
    let alias = unsafe { jit.function_unchecked::<Map>("alias").unwrap() };
    // SAFETY: it returns its argument.
    assert_eq!(unsafe { alias(-3) }, -3);
}

#[test]
fn a_removed_module_makes_room_for_another() {
    let mut jit = Jit::builder().build().unwrap();
    for round in 0..200 {
        let module = jit.add_ir("round.ll", &constant("f", round)).unwrap();
        // One that was never compiled goes as well.
        if round % 3 != 0 {
            assert_eq!(get(&jit, "f"), round);
        }
        assert_eq!(jit.modules(), [(module, "round.ll".to_owned())]);
        // SAFETY: nothing uses the module.
        unsafe { jit.remove(module).unwrap() };
        assert!(matches!(jit.address("f"), Err(Error::MissingSymbol(_))));
        assert!(jit.signature("f").is_none());
        // SAFETY: as above.
        let error = unsafe { jit.remove(module) }.unwrap_err();
        assert!(matches!(error, Error::NoSuchModule(id) if id == module), "{error}");
    }
    let mut other = Jit::builder().build().unwrap();
    let module = jit.add_ir("f.ll", &constant("f", 1)).unwrap();
    // SAFETY: as above.
    let error = unsafe { other.remove(module) }.unwrap_err();
    assert!(matches!(error, Error::NoSuchModule(_)), "{error}");
}

#[test]
fn what_others_use_is_not_removed() {
    let mut jit = Jit::builder().build().unwrap();
    // The user is there first, and so is bound when it is compiled.
    let user = jit.add_ir("user.ll", &caller("g", "f", 10)).unwrap();
    let used = jit.add_ir("used.ll", &constant("f", 1)).unwrap();
    assert_eq!(get(&jit, "g"), 11);
    // SAFETY: it is refused.
    let error = unsafe { jit.remove(used) }.unwrap_err();
    assert_eq!(error.to_string(), "used.ll is used by user.ll");
    assert_eq!(get(&jit, "g"), 11);
    // SAFETY: nothing uses the modules, one after the other.
    unsafe {
        jit.remove(user).unwrap();
        jit.remove(used).unwrap();
    }
    // A use that nothing is bound to keeps nothing.
    let alone = jit.add_ir("alone.ll", &format!("declare i64 @g()\n{}", constant("f", 2))).unwrap();
    jit.add_ir("g.ll", &constant("g", 3)).unwrap();
    // SAFETY: as above.
    unsafe { jit.remove(alone).unwrap() };
    assert_eq!(get(&jit, "g"), 3);
}

#[test]
fn a_second_definition_is_an_error_that_names_both() {
    let jit = Jit::builder().build().unwrap();
    jit.add_ir("first.ll", &constant("f", 1)).unwrap();
    let error = jit.add_ir("second.ll", &constant("f", 2)).unwrap_err();
    let Error::Duplicate { symbol, module, defined_in } = &error else { panic!("{error}") };
    assert_eq!([symbol, module, defined_in], ["f", "second.ll", "first.ll"]);
    assert_eq!(get(&jit, "f"), 1);
    // Nothing of the refused module is left, and weak definitions may be many.
    let weak = "define weak i64 @w() {\n  ret i64 5\n}\n";
    jit.add_ir("third.ll", &(constant("g", 3) + weak)).unwrap();
    jit.add_ir("fourth.ll", &(constant("h", 4) + weak)).unwrap();
    assert_eq!((get(&jit, "g"), get(&jit, "h"), get(&jit, "w")), (3, 4, 5));
    static VARIABLE: i64 = 0;
    let builder = Jit::builder().symbol("f", (&raw const VARIABLE).cast());
    let jit = builder.clone().build().unwrap();
    let error = jit.add_ir("first.ll", &constant("f", 1)).unwrap_err();
    assert_eq!(error.to_string(), "first.ll defines `f`, which the host has defined");
    let Err(error) = builder.symbol("f", std::ptr::null()).build() else { panic!("bound twice") };
    assert!(matches!(error, Error::Duplicate { .. }), "{error}");
}

#[test]
fn a_redefinition_counts_for_what_comes_later() {
    for level in [OptLevel::O0, OptLevel::O2] {
        let mut jit = Jit::builder().redefine(true).opt_level(level).build().unwrap();
        jit.add_ir("f1", &constant("f", 1)).unwrap();
        jit.add_ir("g1", &caller("g", "f", 10)).unwrap();
        let first = *jit.function::<Get>("f").unwrap();
        let f2 = jit.add_ir("f2", &constant("f", 2)).unwrap();
        // Not compiled before the redefinition, but bound before it.
        assert_eq!((get(&jit, "f"), get(&jit, "g")), (2, 11));
        let g2 = jit.add_ir("g2", &caller("g", "f", 20)).unwrap();
        assert_eq!(get(&jit, "g"), 22);
        // Of another type, and calling itself: that is the new one.
        jit.add_ir(
            "f3",
            "define i64 @f(i64 %n) {
  %end = icmp eq i64 %n, 0
  br i1 %end, label %done, label %more
more:
  %m = sub i64 %n, 1
  %r = call i64 @f(i64 %m)
  %s = add i64 %r, 100
  ret i64 %s
done:
  ret i64 3
}",
        )
        .unwrap();
        assert!(matches!(jit.function::<Get>("f"), Err(Error::Signature { .. })));
        let third = *jit.function::<Map>("f").unwrap();
        // SAFETY: the functions only calculate, and their modules are there.
        assert_eq!(unsafe { (first(), third(2)) }, (1, 203));
        // SAFETY: it is refused, since the second `g` is bound to it.
        assert!(matches!(unsafe { jit.remove(f2) }, Err(Error::InUse { .. })));
        // SAFETY: nothing uses the modules.
        unsafe {
            jit.remove(g2).unwrap();
            jit.remove(f2).unwrap();
        }
        assert_eq!(get(&jit, "g"), 11);
        // Its name is free again.
        jit.add_ir("f4", &constant("f", 4)).unwrap();
        assert_eq!(get(&jit, "f"), 4);
        // SAFETY: as above.
        assert_eq!(unsafe { (first(), third(1)) }, (1, 103));
    }
}

#[test]
fn variables_are_redefined_too() {
    let jit = Jit::builder().redefine(true).build().unwrap();
    let module = |value: i64, name: &str| {
        format!(
            "@v = global i64 {value}\ndefine i64 @{name}() {{\n  %r = load i64, ptr @v\n  ret i64 %r\n}}"
        )
    };
    jit.add_ir("1", &module(1, "one")).unwrap();
    jit.add_ir("2", &module(2, "two")).unwrap();
    // SAFETY: the address is the variable's.
    unsafe { jit.address("v").unwrap().cast::<i64>().cast_mut().write(5) };
    assert_eq!((get(&jit, "one"), get(&jit, "two")), (1, 5));
}

/// Adds digits to a log of the host.
const LOGGED: &str = "
@llvm.global_ctors = appending global [2 x { i32, ptr, ptr }] [
  { i32, ptr, ptr } { i32 65535, ptr @second, ptr null },
  { i32, ptr, ptr } { i32 100, ptr @first, ptr null }]
@llvm.global_dtors = appending global [1 x { i32, ptr, ptr }] [
  { i32, ptr, ptr } { i32 65535, ptr @last, ptr null }]
declare void @log(i64)
define internal void @first() {
  call void @log(i64 1)
  ret void
}
define internal void @second() {
  call void @log(i64 2)
  ret void
}
define internal void @last() {
  call void @log(i64 9)
  ret void
}
";

thread_local! {
    static LOG: Cell<i64> = const { Cell::new(0) };
}

extern "C" fn log(digit: i64) {
    LOG.set(LOG.get() * 10 + digit);
}

#[test]
fn modules_are_constructed_and_destroyed_once() {
    let mut jit = Jit::builder().symbol("log", log as *const ()).build().unwrap();
    LOG.set(0);
    let early = jit.add_ir("early.ll", LOGGED).unwrap();
    // SAFETY: nothing uses the module, which has not been constructed.
    unsafe { jit.remove(early).unwrap() };
    assert_eq!(LOG.get(), 0);
    let module = jit.add_ir("module.ll", LOGGED).unwrap();
    // SAFETY: the constructors write to a log, again below.
    unsafe {
        jit.initialize().unwrap();
        jit.initialize().unwrap();
    }
    assert_eq!(LOG.get(), 12);
    // SAFETY: nothing uses the module.
    unsafe { jit.remove(module).unwrap() };
    assert_eq!(LOG.get(), 129);
    LOG.set(0);
    jit.add_ir("again.ll", LOGGED).unwrap();
    jit.add_ir("main.ll", "define i32 @main() {\n  ret i32 0\n}").unwrap();
    // SAFETY: the program writes to a log.
    unsafe {
        assert_eq!(jit.run_main("main", &["program"]).unwrap(), 0);
        assert_eq!(LOG.get(), 129);
        // They have been destroyed, and are not constructed again.
        assert_eq!(jit.run_main("main", &["program"]).unwrap(), 0);
    }
    assert_eq!(LOG.get(), 129);
}

#[test]
fn a_destructor_that_fails_leaves_the_module_for_a_second_try() {
    let mut jit = Jit::builder().build().unwrap();
    let module = jit
        .add_ir(
            "fails.ll",
            "
@llvm.global_dtors = appending global [1 x { i32, ptr, ptr }] [
  { i32, ptr, ptr } { i32 65535, ptr @last, ptr null }]
define internal void @last() {
  %r = call ptr @llvm.stackswitch.suspend(ptr null)
  ret void
}
declare ptr @llvm.stackswitch.suspend(ptr)
define i64 @f() {
  ret i64 1
}",
        )
        .unwrap();
    assert_eq!(get(&jit, "f"), 1);
    // SAFETY: nothing uses the module; its destructor's error is detected.
    unsafe {
        jit.initialize().unwrap();
        let error = jit.remove(module).unwrap_err();
        assert!(matches!(error, Error::Fault(_)), "{error}");
        assert_eq!(get(&jit, "f"), 1);
        jit.remove(module).unwrap();
    }
    assert!(jit.address("f").is_err());
}

const COROUTINE: &str = "
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
define i64 @body(ptr %arg, i64 %first) noinline {
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %got
}
define i64 @sum(i64 %x) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %a = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %x)
  %b = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 2)
  call void @llvm.stackswitch.destroy(ptr %c)
  %s = add i64 %a, %b
  ret i64 %s
}";

#[test]
fn object_files_run_with_the_runtime_bound() {
    let mut jit = Jit::builder().build().unwrap();
    let bytes = object(COROUTINE);
    for _ in 0..3 {
        let module = jit.add_object("sum.o", &bytes).unwrap();
        let user = jit
            .add_ir(
                "user.ll",
                "declare i64 @sum(i64)
                 define i64 @user(i64 %x) { %r = call i64 @sum(i64 %x)  ret i64 %r }",
            )
            .unwrap();
        let sum = jit.function::<Map>("user").unwrap();
        // SAFETY: the program is sound.
        assert_eq!(unsafe { jit.call(|| sum(40)) }.unwrap(), 42);
        let error = jit.function::<Map>("sum").unwrap_err();
        assert!(matches!(error, Error::NoSignature(_)), "{error}");
        let error = jit.add_object("again.o", &bytes).unwrap_err();
        assert!(matches!(error, Error::Duplicate { .. }), "{error}");
        // SAFETY: nothing uses the modules; the first try is refused.
        unsafe {
            assert!(matches!(jit.remove(module), Err(Error::InUse { .. })));
            jit.remove(user).unwrap();
            jit.remove(module).unwrap();
        }
    }
}

#[test]
fn what_is_no_object_is_refused() {
    let jit = Jit::builder().build().unwrap();
    let message = |bytes: &[u8]| match jit.add_object("x.o", bytes).unwrap_err() {
        Error::Object { file, message } if file == "x.o" => message,
        other => panic!("{other}"),
    };
    message(b"");
    message(b"frobnicate");
    let bytes = object(&constant("f", 1));
    message(&bytes[..bytes.len() / 2]);
    let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    assert_eq!(message(&program), "not a relocatable object");
    let constructed = object(
        "@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [
           { i32, ptr, ptr } { i32 65535, ptr @f, ptr null }]
         declare void @g()
         define void @f() { call void @g()  ret void }",
    );
    assert!(message(&constructed).contains("constructors or destructors"));
    // The machine is in the nineteenth byte of an ELF file.
    let mut foreign = bytes.clone();
    foreign[18] = 183;
    assert!(message(&foreign).contains("another machine"));
    jit.add_object("f.o", &bytes).unwrap();
    // SAFETY: that is its type.
    let f = unsafe { jit.function_unchecked::<Get>("f").unwrap() };
    // SAFETY: it returns a constant.
    assert_eq!(unsafe { f() }, 1);
}

#[test]
fn the_number_of_default_regions_is_checked() {
    for count in [0, 65] {
        let Err(error) = Jit::builder().default_regions(count).build() else { panic!("{count}") };
        assert!(matches!(error, Error::Regions(n) if n == count), "{error}");
    }
    let jit = Jit::builder().default_regions(1).build().unwrap();
    jit.add_ir("sum.ll", COROUTINE).unwrap();
    let sum = jit.function::<Map>("sum").unwrap();
    // SAFETY: the program is sound.
    assert_eq!(unsafe { sum(40) }, 42);
    // SAFETY: plain call.
    assert_eq!(unsafe { stackswitch_rt::abi::stackswitch_set_default_regions(64) }, 1);
}

/// Only the checked build notices at run time that the two sides of a switch carry different types.
#[cfg(feature = "checked")]
#[test]
fn the_checked_build_of_the_runtime_is_in_the_program() {
    for level in [OptLevel::O0, OptLevel::O2] {
        let jit = Jit::builder().opt_level(level).build().unwrap();
        jit.add_ir(
            "mixed.ll",
            "
declare ptr @llvm.stackswitch.spawn(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.suspend(ptr)
declare double @llvm.stackswitch.resume.f64(ptr, double)
define ptr @body(ptr %arg, ptr %first) noinline {
  %got = call ptr @llvm.stackswitch.suspend(ptr %first)
  ret ptr %got
}
define ptr @start() noinline {
  %c = call ptr @llvm.stackswitch.spawn(ptr null, ptr @body, ptr null)
  ret ptr %c
}
define double @resume(ptr %c) {
  %r = call double @llvm.stackswitch.resume.f64(ptr %c, double 1.0)
  ret double %r
}",
        )
        .unwrap();
        let start = jit.function::<unsafe extern "C" fn() -> *mut ()>("start").unwrap();
        let resume = jit.function::<unsafe extern "C" fn(*mut ()) -> f64>("resume").unwrap();
        // SAFETY: the misuse is detected, and the frames have nothing to drop.
        let error = unsafe { jit.call(|| resume(start())) }.unwrap_err();
        assert!(matches!(error, Error::Fault(_)), "{error}");
    }
}
