//! A generator in IR that Rust uses as an iterator.
//!
//! The body is built with inkwell and the emitter, as a compiler would build it for
//!
//! ```text
//! generator fibonacci() { let (a, b) = (0, 1); loop { yield a; (a, b) = (b, a + b) } }
//! ```
//!
//! The host's iterator is the context that runs the body: `next` resumes it until its next `yield`.

use std::{error::Error, ptr::null_mut};

use inkwell::{context::Context, module::Module};
use stackswitch::{
    emit::Emitter,
    jit::{self, Jit},
};

fn main() -> Result<(), Box<dyn Error>> {
    let context = Context::create();
    let jit = Jit::builder().build()?;
    jit.add_module(&fibonacci(&context)?)?;

    // SAFETY: the function uses nothing but its own values.
    let numbers = || unsafe { jit.coroutine::<(), i64>("fibonacci", null_mut()) };

    for number in numbers()?.take(12) {
        println!("{}", number?);
    }

    // Each coroutine is a context of its own and an iterator as any other.
    let mut products =
        numbers()?.zip(numbers()?.skip(1)).map(|(a, b)| Ok::<_, jit::Error>(a? * b?));
    while let Some(product @ ..1000) = products.next().transpose()? {
        println!("a product of neighbours: {product}");
    }
    Ok(())
}

/// A module with `i64 fibonacci(ptr argument, i64 first)`, which never returns.
fn fibonacci(context: &Context) -> Result<Module<'_>, Box<dyn Error>> {
    let module = context.create_module("fibonacci");
    let builder = context.create_builder();
    let ss = Emitter::new(&module);
    let i64 = context.i64_type();

    let body = module.add_function("fibonacci", ss.body_type(i64)?, None);
    let entry = context.append_basic_block(body, "entry");
    let again = context.append_basic_block(body, "again");

    builder.position_at_end(entry);
    builder.build_unconditional_branch(again)?;

    builder.position_at_end(again);
    let (a, b) = (builder.build_phi(i64, "a")?, builder.build_phi(i64, "b")?);
    let (a_now, b_now) = (a.as_basic_value().into_int_value(), b.as_basic_value().into_int_value());
    // `yield a`. What the resumer sends back is of no use here.
    ss.suspend(&builder, a_now)?;
    let sum = builder.build_int_add(a_now, b_now, "sum")?;
    builder.build_unconditional_branch(again)?;

    a.add_incoming(&[(&i64.const_zero(), entry), (&b_now, again)]);
    b.add_incoming(&[(&i64.const_int(1, false), entry), (&sum, again)]);
    Ok(module)
}
