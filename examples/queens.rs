//! Backtracking by `clone`: the queens on a chessboard.
//!
//! `place` fills the board row by row. If a queen may stand in several columns, it asks for one, as if
//! somebody knew the right answer. If there is no column, it gives up. It undoes nothing: the board is a
//! local array, and the search clones the asking context once for each answer. A clone resumes from the
//! same point, with a copy of the stack and so with a board of its own.

use std::{cell::RefCell, rc::Rc};

use stackswitch::jit::{Error, Jit};

const QUEENS: &str = r"
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare ptr @llvm.stackswitch.clone(ptr)
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare void @solution(ptr, i64)

; Fills a board of %size rows. Its local variable is all that a solution is.
define i64 @place(ptr %argument, i64 %size) {
entry:
  %board = alloca [16 x i64]
  br label %row
row:
  %r = phi i64 [ 0, %entry ], [ %r.next, %safe ]
  %full = icmp eq i64 %r, %size
  br i1 %full, label %found, label %ask
ask:
  ; Out of how many? Which one comes back, each context sees differently.
  %column = call i64 @llvm.stackswitch.suspend.i64(i64 %size)
  %slot = getelementptr i64, ptr %board, i64 %r
  store i64 %column, ptr %slot
  br label %check
check:
  %q = phi i64 [ 0, %ask ], [ %q.next, %apart ]
  %done = icmp eq i64 %q, %r
  br i1 %done, label %safe, label %compare
compare:
  %other.slot = getelementptr i64, ptr %board, i64 %q
  %other = load i64, ptr %other.slot
  %across = sub i64 %column, %other
  %distance = call i64 @llvm.abs.i64(i64 %across, i1 false)
  %down = sub i64 %r, %q
  %same.column = icmp eq i64 %distance, 0
  %same.diagonal = icmp eq i64 %distance, %down
  %attacks = or i1 %same.column, %same.diagonal
  br i1 %attacks, label %fail, label %apart
apart:
  %q.next = add i64 %q, 1
  br label %check
safe:
  %r.next = add i64 %r, 1
  br label %row
found:
  call void @solution(ptr %board, i64 %size)
  ret i64 0
fail:
  ret i64 0
}

; Goes on with %context and %answer, and then with all that can come of it.
define void @search(ptr %context, i64 %answer) {
entry:
  %choices = call i64 @llvm.stackswitch.resume.i64(ptr %context, i64 %answer)
  %status = call i32 @llvm.stackswitch.status(ptr %context)
  %ended = icmp eq i32 %status, 3
  br i1 %ended, label %end, label %try
try:
  %i = phi i64 [ 0, %entry ], [ %i.next, %try ]
  %copy = call ptr @llvm.stackswitch.clone(ptr %context)
  call void @search(ptr %copy, i64 %i)
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, %choices
  br i1 %more, label %try, label %end
end:
  call void @llvm.stackswitch.destroy(ptr %context)
  ret void
}

define void @queens(i64 %size) {
  %first = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @place, ptr null)
  call void @search(ptr %first, i64 %size)
  ret void
}
declare i64 @llvm.abs.i64(i64, i1)
";

/// For each row the column of its queen.
type Board = Vec<i64>;

fn main() -> Result<(), Error> {
    let jit = Jit::builder().build()?;
    let solutions = Rc::new(RefCell::new(Vec::<Board>::new()));
    let found = solutions.clone();
    jit.host_fn("solution", move |board: *const i64, size: i64| {
        // SAFETY: the guest gives an array of that many numbers, on the running stack.
        let board = unsafe { std::slice::from_raw_parts(board, size as usize) };
        found.borrow_mut().push(board.to_vec());
    })?;
    jit.add_ir("queens.ll", QUEENS)?;
    let queens = jit.function::<unsafe extern "C" fn(i64)>("queens")?;

    for size in 4..=8 {
        solutions.borrow_mut().clear();
        // SAFETY: the board is large enough for the size.
        unsafe { jit.call(|| queens(size))? };
        println!("{size} queens: {} solutions", solutions.borrow().len());
    }
    for &column in solutions.borrow().first().into_iter().flatten() {
        println!("{}", (0..8).map(|c| if c == column { " Q" } else { " ." }).collect::<String>());
    }
    Ok(())
}
