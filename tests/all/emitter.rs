//! The emitter: every intrinsic of the table, what it refuses, and that what it emits runs.

use std::num::NonZeroU32;

use inkwell::{
    AddressSpace,
    attributes::{Attribute, AttributeLoc},
    builder::{Builder, BuilderError},
    context::Context,
    module::Module,
    types::BasicType,
    values::{BasicValue, BasicValueEnum, FunctionValue},
};
use stackswitch::{
    emit::{Emitter, Error},
    intrinsics::{self, TABLE},
    jit::Jit,
    passes,
    verify::verify,
};

/// Starts a function `void (ptr, ptr)` and positions the builder in it.
fn start<'c>(
    context: &'c Context,
    module: &Module<'c>,
    builder: &Builder<'c>,
) -> FunctionValue<'c> {
    let ptr = context.ptr_type(AddressSpace::default());
    let ty = context.void_type().fn_type(&[ptr.into(), ptr.into()], false);
    let function = module.add_function("user", ty, None);
    builder.position_at_end(context.append_basic_block(function, "entry"));
    function
}

#[test]
fn every_intrinsic_of_the_table_is_emitted() {
    let context = Context::create();
    let module = context.create_module("all");
    let builder = context.create_builder();
    let ss = Emitter::new(&module);
    let body = module.add_function("body", ss.body_type(context.i64_type()).unwrap(), None);
    let entry = module.add_function("entry", ss.entry_type(), None);
    let ontop = module.add_function("ontop", ss.ontop_type(context.f64_type()).unwrap(), None);
    let user = start(&context, &module, &builder);
    let a = user.get_nth_param(0).unwrap().into_pointer_value();
    let b = user.get_nth_param(1).unwrap().into_pointer_value();

    let size = ss.context_size(&builder).unwrap();
    assert_eq!(size.get_type(), ss.size_type());
    ss.getcontext(&builder, a, None).unwrap();
    ss.makecontext(&builder, a, None, Some(b), entry, b).unwrap();
    let stack = Some((b, ss.size_type().const_int(65536, false)));
    ss.makecontext(&builder, a, stack, None, entry, b).unwrap();
    ss.setcontext(&builder, a).unwrap();
    ss.swapcontext(&builder, a, b, None).unwrap();
    ss.freecontext(&builder, a).unwrap();
    ss.stacktop(&builder, a).unwrap();
    let here = ss.base_here(&builder).unwrap();
    let own = ss.base_create(&builder, ss.size_type().const_int(1 << 20, false)).unwrap();
    let context_of_body = ss.spawn(&builder, Some(own), body, here).unwrap();
    let other = ss.spawn_indirect(&builder, context.f64_type(), None, a, b).unwrap();
    let number = ss.swap(&builder, other, context.f64_type().const_float(1.5)).unwrap();
    ss.resume(&builder, context_of_body, context.i64_type().const_zero()).unwrap();
    ss.suspend(&builder, context.bool_type().const_zero()).unwrap();
    ss.swap_ontop(&builder, other, ontop, number).unwrap();
    ss.swap_ontop(&builder, other, a, b).unwrap();
    let me = ss.current(&builder).unwrap();
    let link = ss.link(&builder, me).unwrap();
    ss.depth(&builder).unwrap();
    ss.setlink(&builder, me, Some(link)).unwrap();
    ss.setlink(&builder, me, None).unwrap();
    ss.status(&builder, other).unwrap();
    let twin = ss.clone(&builder, other).unwrap();
    ss.cancel(&builder, twin).unwrap();
    ss.prefetch(&builder, Some(other)).unwrap();
    ss.slice_size(&builder, other).unwrap();
    ss.destroy(&builder, other).unwrap();
    ss.base_destroy(&builder, own).unwrap();
    builder.build_return(None).unwrap();

    let emitted: Vec<&str> = module
        .get_functions()
        .filter_map(|f| Some(intrinsics::parse_name(f.get_name().to_str().ok()?).ok()?.0.name))
        .collect();
    for intrinsic in TABLE {
        assert!(emitted.contains(&intrinsic.name), "no method emits {}", intrinsic.name);
    }
    // LLVM must know it also where its own passes run before ours.
    let twice = Attribute::get_named_enum_kind_id("returns_twice");
    let getcontext = module.get_function("llvm.stackswitch.getcontext").unwrap();
    assert!(getcontext.get_enum_attribute(AttributeLoc::Function, twice).is_some());
    assert_eq!(verify(&module), []);
    module.verify().unwrap();
    passes::run(&module, None, "default<O2>").unwrap();
}

#[test]
fn values_of_every_kind_keep_their_type() {
    let context = Context::create();
    let module = context.create_module("values");
    let builder = context.create_builder();
    let ss = Emitter::new(&module);
    let user = start(&context, &module, &builder);
    let ptr = user.get_nth_param(0).unwrap().into_pointer_value();
    let (i32_type, f32_type) = (context.i32_type(), context.f32_type());
    let pair = context.struct_type(&[i32_type.into(), f32_type.into()], false);
    let named = context.opaque_struct_type("point");
    named.set_body(&[f32_type.into(), f32_type.into()], false);
    assert_eq!(ss.suspend(&builder, ptr).unwrap().get_type(), ptr.get_type());
    assert_eq!(ss.suspend(&builder, pair.const_zero()).unwrap().get_type(), pair);
    assert_eq!(ss.suspend(&builder, named.const_zero()).unwrap().get_type(), named);
    let (array, vector) = (i32_type.array_type(16), f32_type.vec_type(4));
    assert_eq!(ss.suspend(&builder, array.const_zero()).unwrap().get_type(), array);
    assert_eq!(ss.suspend(&builder, vector.const_zero()).unwrap().get_type(), vector);
    let bits = NonZeroU32::new(17).unwrap();
    let any: BasicValueEnum<'_> = context.custom_width_int_type(bits).unwrap().const_zero().into();
    assert_eq!(ss.suspend(&builder, any).unwrap().get_type(), any.get_type());
    builder.build_return(None).unwrap();
    assert_eq!(verify(&module), []);
    for suffix in ["p0", "sl_i32f32s", "s_points", "a16i32", "v4f32", "i17"] {
        let name = format!("llvm.stackswitch.suspend.{suffix}");
        assert!(module.get_function(&name).is_some(), "{name}");
    }
}

#[test]
fn wrong_operands_are_typed_errors_and_nothing_is_emitted() {
    let context = Context::create();
    let module = context.create_module("wrong");
    let builder = context.create_builder();
    let ss = Emitter::new(&module);
    let other_module = context.create_module("other");
    let foreign = other_module.add_function("foreign", ss.entry_type(), None);
    assert_eq!(ss.current(&builder).unwrap_err(), Error::Builder(BuilderError::UnsetPosition));
    let user = start(&context, &module, &builder);
    let before = module.to_string();
    let ptr = user.get_nth_param(0).unwrap().into_pointer_value();
    let (i32_type, i64_type) = (context.i32_type(), context.i64_type());

    let large = i64_type.array_type(9);
    let error = ss.suspend(&builder, large.const_zero()).unwrap_err();
    assert_eq!(error, Error::ValueSize { found: "[9 x i64]".into(), size: 72 });
    let scalable = i32_type.scalable_vec_type(4).const_zero().as_basic_value_enum();
    let error = ss.suspend(&builder, scalable).unwrap_err();
    assert_eq!(error, Error::ValueType { found: "<vscale x 4 x i32>".into() });
    assert!(matches!(ss.body_type(large), Err(Error::ValueSize { .. })));
    assert!(matches!(ss.ontop_type(large), Err(Error::ValueSize { .. })));

    let error = ss.base_create(&builder, i32_type.const_int(4096, false)).unwrap_err();
    let Error::Operand { operation, parameter, found, expected } = &error else {
        panic!("{error}")
    };
    assert_eq!(
        [operation, *parameter, found, expected],
        ["llvm.stackswitch.base.create", "reserve", "i32", "i64"]
    );
    let elsewhere = context.ptr_type(AddressSpace::from(1u16)).const_null();
    assert!(matches!(ss.destroy(&builder, elsewhere), Err(Error::Operand { .. })));

    let error = ss.spawn(&builder, None, user, ptr).unwrap_err();
    assert!(matches!(error, Error::FunctionType { .. }), "{error}");
    let returns = |params: &[_]| i64_type.as_basic_type_enum().fn_type(params, false);
    let mixed =
        module.add_function("mixed", returns(&[ptr.get_type().into(), i32_type.into()]), None);
    let error = ss.spawn(&builder, None, mixed, ptr).unwrap_err();
    assert_eq!(
        error.to_string(),
        "'mixed' has type 'i64 (ptr, i32)'; 'llvm.stackswitch.spawn' takes a function of type 'i64 (ptr, i64)'"
    );
    let error = ss.swap_ontop(&builder, ptr, mixed, i64_type.const_zero()).unwrap_err();
    assert!(matches!(error, Error::FunctionType { .. }), "{error}");
    let error = ss.makecontext(&builder, ptr, None, None, mixed, ptr).unwrap_err();
    assert!(matches!(error, Error::FunctionType { .. }), "{error}");
    let error = ss.makecontext(&builder, ptr, None, None, foreign, ptr).unwrap_err();
    assert_eq!(error, Error::OtherModule("foreign".into()));
    let error = Emitter::new(&other_module).current(&builder).unwrap_err();
    assert_eq!(error, Error::OtherModule("user".into()));

    mixed.as_global_value().set_name("llvm.stackswitch.current");
    assert!(matches!(ss.current(&builder), Err(Error::Taken { .. })));
    // SAFETY: nothing uses the function.
    unsafe { mixed.delete() };
    module.add_global(i32_type, None, "llvm.stackswitch.link");
    assert!(matches!(ss.link(&builder, ptr), Err(Error::Taken { .. })));
    // SAFETY: nothing uses the variable.
    unsafe { module.get_global("llvm.stackswitch.link").unwrap().delete() };
    assert_eq!(module.to_string(), before);
}

#[test]
fn types_of_another_llvm_context_are_refused() {
    let (context, other) = (Context::create(), Context::create());
    let module = context.create_module("own");
    let builder = context.create_builder();
    let ss = Emitter::new(&module);
    let user = start(&context, &module, &builder);
    let before = module.to_string();
    let ptr = user.get_nth_param(0).unwrap().into_pointer_value();
    let (foreign_ptr, foreign_i64) = (other.ptr_type(Default::default()), other.i64_type());

    let refused = |error: Error, ty: &str| {
        assert_eq!(error, Error::OtherContext { found: ty.into() });
        assert!(error.to_string().contains("another LLVM context"), "{error}");
    };
    refused(ss.destroy(&builder, foreign_ptr.const_null()).unwrap_err(), "ptr");
    refused(ss.base_create(&builder, foreign_i64.const_zero()).unwrap_err(), "i64");
    refused(ss.resume(&builder, ptr, foreign_i64.const_zero()).unwrap_err(), "i64");
    refused(ss.body_type(foreign_i64).unwrap_err(), "i64");
    refused(ss.ontop_type(foreign_ptr).unwrap_err(), "ptr");
    let suspend = stackswitch::intrinsics::named("suspend");
    refused(ss.declare(suspend, Some(foreign_i64.into())).unwrap_err(), "i64");
    refused(ss.declare_runtime(suspend, Some(foreign_i64.into())).unwrap_err(), "i64");
    assert_eq!(module.to_string(), before);
}

#[test]
fn runtime_names_are_declared_for_invokes() {
    let context = Context::create();
    let module = context.create_module("invokes");
    let ss = Emitter::new(&module);
    let i64_type = context.i64_type().as_basic_type_enum();
    let swap = ss.declare_runtime(intrinsics::named("swap"), Some(i64_type)).unwrap();
    assert_eq!(swap.get_name().to_str(), Ok("stackswitch_swap_i64"));
    assert_eq!(ss.declare_runtime(intrinsics::named("swap"), Some(i64_type)).unwrap(), swap);
    let cancel = ss.declare_runtime(intrinsics::named("cancel"), None).unwrap();
    assert_eq!(cancel.get_name().to_str(), Ok("stackswitch_cancel"));
    let error = ss.declare_runtime(intrinsics::named("cancel"), Some(i64_type)).unwrap_err();
    assert!(matches!(error, Error::Overload { overloaded: false, .. }), "{error}");
    let error = ss.declare(intrinsics::named("swap"), None).unwrap_err();
    assert!(matches!(error, Error::Overload { overloaded: true, .. }), "{error}");
    let odd = context.bool_type().as_basic_type_enum();
    let error = ss.declare_runtime(intrinsics::named("swap"), Some(odd)).unwrap_err();
    assert!(matches!(error, Error::NoRuntimeForm { .. }), "{error}");
}

#[test]
fn what_is_emitted_runs() {
    let context = Context::create();
    let module = context.create_module("ping");
    let builder = context.create_builder();
    let ss = Emitter::new(&module);
    let i64_type = context.i64_type();
    let null = context.ptr_type(AddressSpace::default()).const_null();
    // Sends back ten times the first value, then ends with the sum of what it was sent.
    let body = module.add_function("body", ss.body_type(i64_type).unwrap(), None);
    builder.position_at_end(context.append_basic_block(body, "entry"));
    let first = body.get_nth_param(1).unwrap().into_int_value();
    let product = builder.build_int_mul(first, i64_type.const_int(10, false), "").unwrap();
    let second = ss.suspend(&builder, product).unwrap();
    let sum = builder.build_int_add(first, second, "").unwrap();
    builder.build_return(Some(&sum)).unwrap();
    // A hundred times the product and the sum.
    let user = module.add_function("user", i64_type.fn_type(&[i64_type.into(); 2], false), None);
    builder.position_at_end(context.append_basic_block(user, "entry"));
    let [a, b] = [0, 1].map(|i| user.get_nth_param(i).unwrap().into_int_value());
    let base = ss.base_here(&builder).unwrap();
    let generator = ss.spawn(&builder, Some(base), body, null).unwrap();
    let product = ss.resume(&builder, generator, a).unwrap();
    let sum = ss.resume(&builder, generator, b).unwrap();
    ss.destroy(&builder, generator).unwrap();
    ss.base_destroy(&builder, base).unwrap();
    let hundreds = builder.build_int_mul(product, i64_type.const_int(100, false), "").unwrap();
    let result = builder.build_int_add(hundreds, sum, "").unwrap();
    builder.build_return(Some(&result)).unwrap();

    let jit = Jit::builder().build().unwrap();
    jit.add_module(&module).unwrap();
    let user = jit.function::<unsafe extern "C" fn(i64, i64) -> i64>("user").unwrap();
    // SAFETY: the function is sound.
    assert_eq!(unsafe { user(7, 4) }, 7011);
}
