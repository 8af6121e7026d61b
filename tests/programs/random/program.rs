//! What a random program is made of: a tree of statements, and the list of operations that it
//! comes to.
//!
//! All arithmetic is on 64-bit integers; a value that a switch carries is converted on both sides.
//! A program has no undefined behaviour by construction: every variable is written before it is read,
//! every access to memory is masked, every loop is bounded, and a refused operation goes to a handler
//! that returns.

/// The type of the values that switches to a context carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    I1,
    I8,
    I16,
    I24,
    I32,
    I64,
    I128,
    Ptr,
    F32,
    F64,
    /// `{ i64, double }`
    Pair,
    /// `[3 x i32]`
    Array,
    /// `<4 x i32>`
    Vector,
    /// `{ i8, i16 }`
    Small,
}

impl Type {
    pub const ALL: [Self; 14] = [
        Self::I1,
        Self::I8,
        Self::I16,
        Self::I24,
        Self::I32,
        Self::I64,
        Self::I128,
        Self::Ptr,
        Self::F32,
        Self::F64,
        Self::Pair,
        Self::Array,
        Self::Vector,
        Self::Small,
    ];

    /// The type in IR.
    pub fn ir(self) -> &'static str {
        match self {
            Self::I1 => "i1",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I24 => "i24",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::I128 => "i128",
            Self::Ptr => "ptr",
            Self::F32 => "float",
            Self::F64 => "double",
            Self::Pair => "{ i64, double }",
            Self::Array => "[3 x i32]",
            Self::Vector => "<4 x i32>",
            Self::Small => "{ i8, i16 }",
        }
    }

    /// What an intrinsic's name ends in.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Ptr => "",
            Self::I1 => ".i1",
            Self::I8 => ".i8",
            Self::I16 => ".i16",
            Self::I24 => ".i24",
            Self::I32 => ".i32",
            Self::I64 => ".i64",
            Self::I128 => ".i128",
            Self::F32 => ".f32",
            Self::F64 => ".f64",
            Self::Pair => ".sl_i64f64s",
            Self::Array => ".a3i32",
            Self::Vector => ".v4i32",
            Self::Small => ".sl_i8i16s",
        }
    }

    /// What the name of the runtime's function for this type ends in, if it has one.
    pub fn symbol_suffix(self) -> Option<&'static str> {
        match self {
            Self::Ptr => Some(""),
            Self::I8 => Some("_i8"),
            Self::I16 => Some("_i16"),
            Self::I32 => Some("_i32"),
            Self::I64 => Some("_i64"),
            Self::F32 => Some("_f32"),
            Self::F64 => Some("_f64"),
            _ => None,
        }
    }

    /// What is left of an integer that was converted to this type and back.
    pub fn through(self, value: i64) -> i64 {
        let low = |bits: u32| value & ((1 << bits) - 1);
        match self {
            Self::I1 => low(1),
            Self::I8 => low(8),
            Self::I16 | Self::F32 => low(16),
            Self::I24 | Self::Small => low(24),
            Self::I32 | Self::F64 => low(32),
            Self::I64 | Self::I128 | Self::Ptr => value,
            Self::Pair => value ^ ((value >> 5) & 0xffff_ffff),
            Self::Array => {
                let third = (value as u32).wrapping_add((value >> 32) as u32);
                value.wrapping_add(i64::from(third).wrapping_mul(5))
            }
            Self::Vector => {
                let third = (value as u32) ^ ((value >> 32) as u32);
                value.wrapping_add(i64::from(third).wrapping_mul(3))
            }
        }
    }
}

/// A variable of a function, by its number. All are 0 at the start but the parameters.
pub type Var = usize;
/// A function, by its number. Function 0 is where the program starts.
pub type Function = usize;
/// A place in a function for a context that the function has made.
pub type Slot = usize;
/// An array of a function.
pub type Array = usize;
/// A place in a function's operations.
pub type Label = usize;

/// A parameter, or what a body is first resumed with, is in variable 0.
pub const FIRST: Var = 0;
/// How deep a function may call itself yet.
pub const DEPTH: Var = 1;
/// The variables that statements may change, with the first.
pub const CHANGEABLE: Var = 6;
/// The elements of every array that memory of unknown size is known to have.
pub const KNOWN: usize = 8;
/// The entries of the table of contexts. Entry 0 is the program's start.
pub const TABLE: usize = 8;
/// The arrays that are global variables.
pub const GLOBALS: usize = 3;
/// The numbers under which addresses are published. What is published under one is at first the
/// global array of that number.
pub const PUBLISHED: usize = 2;

/// A value.
#[derive(Clone, Debug)]
pub enum Expr {
    Const(i64),
    Var(Var),
    /// An element; the index is masked.
    Load(Memory, Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    And,
    Or,
    Xor,
    /// By the low three bits.
    ShiftLeft,
    ShiftRight,
    /// 0 or 1, signed.
    Less,
    Equal,
}

impl Binary {
    pub fn apply(self, a: i64, b: i64) -> i64 {
        match self {
            Self::Add => a.wrapping_add(b),
            Self::Sub => a.wrapping_sub(b),
            Self::Mul => a.wrapping_mul(b),
            Self::And => a & b,
            Self::Or => a | b,
            Self::Xor => a ^ b,
            Self::ShiftLeft => a << (b & 7),
            Self::ShiftRight => ((a as u64) >> (b & 7)) as i64,
            Self::Less => i64::from(a < b),
            Self::Equal => i64::from(a == b),
        }
    }
}

/// An array of 64-bit integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    Global(usize),
    /// What the function's parameter points to.
    Param,
    Array(Array),
    /// The one whose address was published last under that number.
    Published(usize),
}

/// How an array of a function is had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// In the frame, always.
    Frame,
    /// In the frame, for a while.
    Lifetime,
    /// On the stack, taken back at the end.
    Dynamic,
    /// In the frame, in an object that has the handle of one of the function's contexts behind it.
    Holder(Slot),
}

/// Which context is meant.
#[derive(Clone, Debug)]
pub enum Handle {
    /// One that this function has made.
    Own(Slot),
    /// One that a caller has made.
    Param,
    /// An entry of the table; the index is masked.
    Table(Expr),
    /// The running one.
    Current,
    /// None.
    Null,
}

/// How a switch is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Intrinsic,
    /// By the runtime's name, where the type has one.
    Symbol,
    /// In a function of its own that ends in a `musttail` call.
    Tail,
    /// In a function of its own that is never inlined.
    Wrapped,
    /// An `invoke` whose cleanup observes the number, where the type has a name of the runtime's.
    Invoke(i64),
}

impl How {
    /// What is observed when a switch of that type is unwound.
    pub fn cleanup(self, ty: Type) -> Option<i64> {
        match self {
            Self::Invoke(number) if ty.symbol_suffix().is_some() => Some(number),
            _ => None,
        }
    }
}

/// Where a context has its stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    Null,
    /// The base that all of the program share.
    Shared,
    /// A new one below the frame.
    Here,
    /// A new one on a region of its own.
    Own,
}

/// What becomes of a context in the end.
#[derive(Clone, Debug)]
pub enum End {
    Destroy,
    Cancel,
    DestroyIf(Expr),
    Leave,
}

/// A call of a function that is no body.
#[derive(Clone, Debug)]
pub struct Call {
    pub callee: Function,
    pub value: Expr,
    pub depth: Expr,
    pub memory: Memory,
    /// The context that it may use, if it takes one.
    pub context: Option<Handle>,
}

#[derive(Clone, Debug)]
pub enum Stmt {
    Set(Var, Expr),
    Store(Memory, Expr, Expr),
    Observe(Expr),
    /// Makes the address of an array known to all, under a number.
    Publish(usize, Array),
    /// Does statements, and again so many times: control comes back by a jump to where it was
    /// captured, not by a branch.
    Again(i64, Vec<Stmt>),
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    /// As often as the value's low three bits say.
    Loop(Expr, Vec<Stmt>),
    /// Leaves the innermost loop, if there is one.
    Break,
    Return(Expr),
    /// An array of that many elements, a power of two.
    Array {
        array: Array,
        length: usize,
        storage: Storage,
        body: Vec<Stmt>,
    },
    Call {
        call: Call,
        into: Var,
        cleanup: Option<i64>,
    },
    /// Returns what a call returns, which ends the function.
    TailCall {
        call: Call,
        must: bool,
    },
    /// Calls a body as a function.
    CallBody {
        callee: Function,
        first: Expr,
        memory: Memory,
        into: Var,
    },
    Suspend {
        value: Expr,
        into: Var,
        how: How,
    },
    /// Makes a context of one of the bodies.
    With {
        slot: Slot,
        bodies: Vec<Function>,
        selector: Expr,
        base: Base,
        memory: Memory,
        body: Vec<Stmt>,
        end: End,
    },
    Resume {
        context: Handle,
        ty: Type,
        value: Expr,
        into: Var,
        how: How,
    },
    /// Resumes until the context has finished, at most that often.
    Drain {
        context: Handle,
        ty: Type,
        value: Expr,
        into: Var,
        most: i64,
        body: Vec<Stmt>,
    },
    /// Clones a context if it is suspended, and uses the clone.
    Clone {
        from: Slot,
        slot: Slot,
        body: Vec<Stmt>,
    },
    Status {
        context: Handle,
        into: Var,
    },
    Prefetch(Handle),
    /// Of a context that has not run yet.
    SliceSize {
        context: Handle,
        into: Var,
    },
    /// 0 for none, 1 for the running context, 2 for another one.
    Link {
        context: Handle,
        into: Var,
    },
    SetLink {
        context: Handle,
        link: Handle,
    },
    /// 1 if it is that one.
    IsCurrent {
        context: Handle,
        into: Var,
    },
    /// 1 if it is none.
    IsNull {
        context: Handle,
        into: Var,
    },
    Swap {
        context: Handle,
        ty: Type,
        value: Expr,
        into: Var,
        how: How,
    },
    SwapOnTop {
        context: Handle,
        ty: Type,
        callee: Function,
        value: Expr,
        into: Var,
    },
}

/// What a function may do to the context that it runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yields {
    No,
    /// Suspends with values of that type.
    Type(Type),
    /// That too, and switches to contexts of the table.
    Table(Type),
}

/// What a function is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `i64 (i64 value, i64 depth, ptr memory)`, and a context of that type.
    Plain(Option<Type>),
    /// `T (ptr memory, T first)`
    Body(Type),
    /// `T (T value)`
    OnTop(Type),
}

#[derive(Clone, Debug)]
pub struct Definition {
    pub role: Role,
    pub yields: Yields,
    pub statements: Vec<Stmt>,
    /// What stands in IR after the parameters.
    pub attributes: &'static str,
    pub internal: bool,
    /// The number of the module, 0 or 1.
    pub module: usize,
}

#[derive(Clone, Debug)]
pub struct Program {
    pub functions: Vec<Definition>,
    /// The contexts of the table: bodies, bases and what they are given.
    pub table: Vec<(Function, Base, usize)>,
    /// The type of the table's contexts.
    pub table_type: Type,
    pub modules: usize,
    /// Functions have unwind tables.
    pub unwinds: bool,
    /// Functions, variables and instructions are described to debuggers.
    pub debug: bool,
    /// The attributes of the function that observes.
    pub observer: &'static str,
    /// Some context is cloned, which variables on the heap forbid.
    pub clones: bool,
    /// Addresses of arrays are published.
    pub publishes: bool,
}

/// What a function does, one after the other.
#[derive(Clone, Debug)]
pub enum Op {
    Set(Var, Expr),
    Store(Memory, Expr, Expr),
    Observe(Expr),
    Publish(usize, Array),
    /// From here on no array of a function is published.
    Unpublish,
    /// Captures where control is, under a number of the function's own.
    Capture(usize),
    /// Goes back there, so many times after one capture.
    GoBack(usize, i64),
    Label(Label),
    Jump(Label),
    Branch(Expr, Label, Label),
    Begin(Array),
    End(Array),
    Call {
        call: Call,
        into: Var,
        cleanup: Option<i64>,
    },
    TailCall {
        call: Call,
        must: bool,
    },
    CallBody {
        callee: Function,
        first: Expr,
        memory: Memory,
        into: Var,
    },
    Suspend {
        value: Expr,
        into: Var,
        how: How,
    },
    MakeBase(Slot, Base),
    DropBase(Slot),
    Spawn {
        slot: Slot,
        bodies: Vec<Function>,
        selector: Expr,
        base: Base,
        memory: Memory,
    },
    Resume {
        context: Handle,
        ty: Type,
        value: Expr,
        into: Var,
        how: How,
    },
    Swap {
        context: Handle,
        ty: Type,
        value: Expr,
        into: Var,
        how: How,
    },
    SwapOnTop {
        context: Handle,
        ty: Type,
        callee: Function,
        value: Expr,
        into: Var,
    },
    Clone {
        from: Slot,
        slot: Slot,
    },
    Cancel(Slot),
    Destroy(Slot),
    Status {
        context: Handle,
        into: Var,
    },
    Prefetch(Handle),
    SliceSize {
        context: Handle,
        into: Var,
    },
    Link {
        context: Handle,
        into: Var,
    },
    SetLink {
        context: Handle,
        link: Handle,
    },
    IsCurrent {
        context: Handle,
        into: Var,
    },
    IsNull {
        context: Handle,
        into: Var,
    },
    Return(Expr),
}

/// A function as operations.
pub struct Code {
    pub ops: Vec<Op>,
    pub vars: usize,
    /// The length of each array, and how it is had.
    pub arrays: Vec<(usize, Storage)>,
    pub slots: usize,
    pub labels: usize,
    /// Places to which control goes back.
    pub captures: usize,
}
