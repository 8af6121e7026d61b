//! Generates modules of any size for measuring the passes: text of LLVM IR as a front end writes it, before
//! any optimisation.

use std::fmt::Write;

/// How large a module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Functions with a body. Each has ten instructions.
    pub functions: usize,
    /// Calls that switch, in functions spread over the module.
    pub switches: usize,
}

impl Size {
    /// The module that the limits speak of: 100,000 functions of 1,000,000 instructions.
    pub const fn large(switches: usize) -> Self {
        Size { functions: 100_000, switches }
    }

    /// Half of it.
    pub const fn half(self) -> Self {
        Size { functions: self.functions / 2, switches: self.switches / 2 }
    }
}

/// The functions that belong together, with the switches in each: a generator, the loop that uses
/// it, and a task that a scheduler runs.
const GROUP: [(Shape, usize); 3] = [(generator, 1), (consumer, 1), (task, 2)];

/// Writes one function: its number, and that of the function before it.
type Shape = fn(&mut String, usize, usize) -> std::fmt::Result;

/// The text of a module of that size.
#[must_use]
pub fn text(size: Size) -> String {
    let mut text = String::with_capacity(size.functions * 360);
    write(&mut text, size).expect("memory does not refuse text");
    text
}

fn write(text: &mut String, size: Size) -> std::fmt::Result {
    text.push_str("target triple = \"x86_64-unknown-linux-gnu\"\n");
    text.push_str("declare i64 @elsewhere(ptr, i64)\n");
    if size.switches > 0 {
        text.push_str(
            "declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)\n\
             declare i64 @llvm.stackswitch.resume.i64(ptr, i64)\n\
             declare i64 @llvm.stackswitch.suspend.i64(i64)\n\
             declare i64 @llvm.stackswitch.swap.i64(ptr, i64)\n\
             declare void @llvm.stackswitch.destroy(ptr)\n\
             declare void @llvm.lifetime.start.p0(i64, ptr)\n\
             declare void @llvm.lifetime.end.p0(i64, ptr)\n",
        );
    }
    let per_group: usize = GROUP.iter().map(|(_, switches)| switches).sum();
    let groups = size.switches / per_group;
    let apart = size.functions.checked_div(groups).unwrap_or(usize::MAX);
    for number in 0..size.functions {
        let (group, member) = (number / apart, number % apart);
        let shape = if group < groups { GROUP.get(member).map(|(shape, _)| *shape) } else { None };
        shape.unwrap_or(plain)(text, number, number.saturating_sub(1))?;
    }
    Ok(())
}

/// Reads, compares, and calls a function before it or one that is somewhere else.
fn plain(text: &mut String, number: usize, before: usize) -> std::fmt::Result {
    let callee = if number.is_multiple_of(2) { "elsewhere".into() } else { format!("f{before}") };
    write!(
        text,
        "define i64 @f{number}(ptr %p, i64 %n) {{
  %kept = alloca i64
  store i64 %n, ptr %kept
  %a = load i64, ptr %p
  %less = icmp slt i64 %a, {number}
  br i1 %less, label %then, label %else
then:
  %v = load i64, ptr %kept
  %r = call i64 @{callee}(ptr %p, i64 %v)
  br label %else
else:
  %x = phi i64 [ %a, %0 ], [ %r, %then ]
  ret i64 %x
}}
"
    )
}

/// Counts up to what its argument says.
fn generator(text: &mut String, number: usize, _: usize) -> std::fmt::Result {
    write!(
        text,
        "define i64 @f{number}(ptr %p, i64 %n) {{
  %count = alloca i64
  store i64 0, ptr %count
  br label %loop
loop:
  %i = load i64, ptr %count
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %i)
  %next = add i64 %i, %got
  store i64 %next, ptr %count
  %more = icmp slt i64 %next, {number}
  br i1 %more, label %loop, label %done
done:
  ret i64 %next
}}
"
    )
}

/// Adds up what the function before it yields.
fn consumer(text: &mut String, number: usize, before: usize) -> std::fmt::Result {
    write!(
        text,
        "define i64 @f{number}(ptr %p, i64 %n) {{
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @f{before}, ptr %p)
  br label %loop
loop:
  %sum = phi i64 [ 0, %0 ], [ %new, %loop ]
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %n)
  %new = add i64 %sum, %v
  %more = icmp slt i64 %new, {number}
  br i1 %more, label %loop, label %done
done:
  call void @llvm.stackswitch.destroy(ptr %c)
  %t = xor i64 %new, {number}
  ret i64 %t
}}
"
    )
}

/// Gives way to two contexts of a queue, the second time after it has used a buffer.
fn task(text: &mut String, number: usize, _: usize) -> std::fmt::Result {
    write!(
        text,
        "define i64 @f{number}(ptr %p, i64 %n) {{
  %buffer = alloca [512 x i8]
  %first = load ptr, ptr %p
  %r = call i64 @llvm.stackswitch.swap.i64(ptr %first, i64 %n)
  call void @llvm.lifetime.start.p0(i64 512, ptr %buffer)
  %f = call i64 @elsewhere(ptr %buffer, i64 %r)
  call void @llvm.lifetime.end.p0(i64 512, ptr %buffer)
  %second = load ptr, ptr %p
  %s = call i64 @llvm.stackswitch.swap.i64(ptr %second, i64 %f)
  %t = xor i64 %s, {number}
  ret i64 %t
}}
"
    )
}

#[cfg(test)]
mod tests {
    use super::{Size, text};

    /// How often a text starts a line.
    fn lines(text: &str, start: &str) -> usize {
        text.lines().filter(|line| line.starts_with(start)).count()
    }

    #[test]
    fn a_module_has_the_size_that_was_asked_for() {
        for switches in [0, 40] {
            let text = text(Size { functions: 1000, switches });
            assert_eq!(lines(&text, "define "), 1000);
            assert_eq!(lines(&text, "  "), 10_000);
            let found: usize = ["resume", "suspend", "swap"]
                .map(|name| {
                    text.matches(&format!("call i64 @llvm.stackswitch.{name}.i64(")).count()
                })
                .iter()
                .sum();
            assert_eq!(found, switches);
        }
    }

    #[test]
    fn switches_are_spread_over_the_module() {
        let text = text(Size { functions: 1000, switches: 40 });
        let (first, second) = text.split_at(text.len() / 2);
        for half in [first, second] {
            assert_eq!(half.matches("call i64 @llvm.stackswitch.suspend").count(), 5);
        }
    }

    #[test]
    fn half_a_module_is_half_of_all() {
        let half = Size::large(10_000).half();
        assert_eq!(half, Size { functions: 50_000, switches: 5_000 });
    }
}
