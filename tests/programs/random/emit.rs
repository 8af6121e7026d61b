//! From operations to IR.

mod calls;
mod ops;

use std::{
    collections::BTreeSet,
    fmt::{Arguments, Write},
};

use super::{
    flatten::flatten,
    oracle::{FILL, MIX},
    program::{
        Base, Binary, Call, Code, DEPTH, Expr, FIRST, Function, GLOBALS, Handle, How, KNOWN,
        Memory, Op, PUBLISHED, Program, Role, Storage, TABLE, Type, Var, Yields,
    },
};

/// The program's modules as IR. `flags` are module flags and their values.
pub fn emit(program: &Program, flags: &[(&str, u32)]) -> Vec<String> {
    (0..program.modules).map(|module| Module::new(program, module).finish(flags)).collect()
}

/// Nodes that each module with debug information begins with.
const UNIT: usize = 0;
const FILE: usize = 1;
const TYPE: usize = 2;
const INTEGER: usize = 3;

/// The variables, the error handler, and the first lines of the start.
const START: &str = "@sum = global i64 0
@table = global [8 x ptr] zeroinitializer
@shared = global ptr null
@published0 = global ptr @global0
@published1 = global ptr @global1
@format = private constant [6 x i8] c\"%lld\\0A\\00\"
define void @handler(i32 %code, ptr %context, ptr %message) {
  %value = sext i32 %code to i64
  call void @observe(i64 %value)
  %none = icmp eq i32 %code, -3
  %itself = icmp eq i32 %code, -4
  %lost = or i1 %none, %itself
  br i1 %lost, label %link, label %done
link:
  %main = load ptr, ptr @table
  %self = call ptr @llvm.stackswitch.current()
  call void @llvm.stackswitch.setlink(ptr %self, ptr %main)
  br label %done
done:
  ret void
}
define i64 @start() {
  %before = call ptr @stackswitch_set_error_handler(ptr @handler)
  %self = call ptr @llvm.stackswitch.current()
  store ptr %self, ptr @table
  %shared = call ptr @llvm.stackswitch.base.create(i64 1048576)
  store ptr %shared, ptr @shared
";

struct Module<'p> {
    program: &'p Program,
    number: usize,
    text: String,
    /// Declarations that are needed, and functions around single operations.
    needed: BTreeSet<String>,
    metadata: Vec<String>,
}

/// What the handler, the table and the arrays look like to all modules.
const EXTERNAL: &str = "
@sum = external global i64
@table = external global [8 x ptr]
@shared = external global ptr
@published0 = external global ptr
@published1 = external global ptr
";

impl<'p> Module<'p> {
    fn new(program: &'p Program, number: usize) -> Self {
        Self { program, number, text: String::new(), needed: BTreeSet::new(), metadata: Vec::new() }
    }

    /// The number of a new node.
    fn node(&mut self, text: String) -> usize {
        self.metadata.push(text);
        self.metadata.len() - 1
    }

    fn line(&mut self, line: Arguments<'_>) {
        self.text.write_fmt(line).expect("a string takes all");
        self.text.push('\n');
    }

    fn declare(&mut self, declaration: String) {
        self.needed.insert(format!("declare {declaration}"));
    }

    fn finish(mut self, flags: &[(&str, u32)]) -> String {
        if self.program.debug {
            // UNIT, FILE, TYPE and INTEGER, in this order.
            self.node(format!("distinct !DICompileUnit(language: DW_LANG_C99, file: !{FILE}, emissionKind: FullDebug)"));
            self.node("!DIFile(filename: \"random.c\", directory: \"/\")".into());
            self.node("!DISubroutineType(types: !{null})".into());
            self.node("!DIBasicType(name: \"long\", size: 64, encoding: DW_ATE_signed)".into());
        }
        if self.number == 0 {
            self.owner();
        } else {
            self.text.push_str(EXTERNAL);
            for global in 0..GLOBALS {
                self.line(format_args!("@global{global} = external global [{KNOWN} x i64]"));
            }
        }
        let observer = self.program.observer;
        self.line(format_args!(
            "define internal void @observe(i64 %value) {observer} {{
  %sum = load i64, ptr @sum
  %turned = call i64 @llvm.fshl.i64(i64 %sum, i64 %sum, i64 7)
  %changed = xor i64 %turned, %value
  %mixed = mul i64 %changed, {MIX}
  store i64 %mixed, ptr @sum
  ret void
}}"
        ));
        self.declare("i64 @llvm.fshl.i64(i64, i64, i64)".into());
        for function in 0..self.program.functions.len() {
            if self.program.functions[function].module == self.number {
                self.function(function);
            } else {
                let (result, params) = self.prototype(function);
                self.declare(format!("{result} @f{function}({params})"));
            }
        }
        let mut listed: Vec<String> = flags
            .iter()
            .map(|(name, value)| self.node(format!("!{{i32 4, !\"{name}\", i32 {value}}}")))
            .map(|number| format!("!{number}"))
            .collect();
        if self.program.debug {
            let version = self.node("!{i32 2, !\"Debug Info Version\", i32 3}".into());
            listed.push(format!("!{version}"));
            self.line(format_args!("!llvm.dbg.cu = !{{!{UNIT}}}"));
        }
        if !listed.is_empty() {
            self.line(format_args!("!llvm.module.flags = !{{{}}}", listed.join(", ")));
        }
        let mut text = self.text;
        for needed in &self.needed {
            text.push_str(needed);
            text.push('\n');
        }
        for (number, node) in self.metadata.iter().enumerate() {
            writeln!(text, "!{number} = {node}").expect("a string takes all");
        }
        text
    }

    /// The variables, the handler, and where the program starts.
    fn owner(&mut self) {
        self.text.push_str(START);
        for declaration in [
            "ptr @stackswitch_set_error_handler(ptr)",
            "ptr @llvm.stackswitch.current()",
            "void @llvm.stackswitch.setlink(ptr, ptr)",
            "ptr @llvm.stackswitch.base.create(i64)",
            "void @llvm.stackswitch.base.destroy(ptr)",
            "void @llvm.stackswitch.destroy(ptr)",
            "i32 @printf(ptr, ...)",
        ] {
            self.declare(declaration.into());
        }
        let table = self.program.table.clone();
        let members = table.len() + 1;
        let suffix = self.program.table_type.suffix();
        self.declare(format!("ptr @llvm.stackswitch.spawn{suffix}(ptr, ptr, ptr)"));
        for (index, (body, base, global)) in table.iter().enumerate() {
            let base = if *base == Base::Shared { "%shared" } else { "null" };
            self.line(format_args!(
                "  %m{index} = call ptr @llvm.stackswitch.spawn{suffix}(ptr {base}, ptr @f{body}, ptr @global{global})"
            ));
        }
        for entry in 1..TABLE {
            let member = entry % members;
            let value = if member == 0 { "%self".into() } else { format!("%m{}", member - 1) };
            self.line(format_args!(
                "  store ptr {value}, ptr getelementptr ([8 x ptr], ptr @table, i64 0, i64 {entry})"
            ));
        }
        self.line(format_args!(
            "  %result = call i64 @f0(i64 0, i64 0, ptr @global0)
  call void @observe(i64 %result)"
        ));
        for index in 0..table.len() {
            self.line(format_args!("  call void @llvm.stackswitch.destroy(ptr %m{index})"));
        }
        self.line(format_args!(
            "  call void @llvm.stackswitch.base.destroy(ptr %shared)
  %mine = call ptr @stackswitch_set_error_handler(ptr %before)
  %sum = load i64, ptr @sum
  ret i64 %sum
}}
define i32 @main() {{
  %sum = call i64 @start()
  %printed = call i32 (ptr, ...) @printf(ptr @format, i64 %sum)
  ret i32 0
}}"
        ));
        for global in 0..GLOBALS {
            self.line(format_args!("@global{global} = global [{KNOWN} x i64] zeroinitializer"));
        }
    }

    /// A function's result and parameters, by their types.
    fn prototype(&self, function: Function) -> (&'static str, String) {
        match self.program.functions[function].role {
            Role::Plain(None) => ("i64", "i64, i64, ptr".into()),
            Role::Plain(Some(_)) => ("i64", "i64, i64, ptr, ptr".into()),
            Role::Body(ty) => (ty.ir(), format!("ptr, {}", ty.ir())),
            Role::OnTop(ty) => (ty.ir(), ty.ir().into()),
        }
    }

    fn function(&mut self, function: Function) {
        let definition = &self.program.functions[function];
        let code = flatten(self.program, function);
        let (result, params) = match definition.role {
            Role::Plain(None) => ("i64", "i64 %first, i64 %depth, ptr %memory".into()),
            Role::Plain(Some(_)) => {
                ("i64", "i64 %first, i64 %depth, ptr %memory, ptr %context".into())
            }
            Role::Body(ty) => (ty.ir(), format!("ptr %memory, {} %first", ty.ir())),
            Role::OnTop(ty) => (ty.ir(), format!("{} %first", ty.ir())),
        };
        let internal = if definition.internal { "internal " } else { "" };
        let attributes = definition.attributes;
        let (tables, personality) = if self.program.unwinds {
            self.declare("i32 @__gcc_personality_v0(...)".into());
            (" uwtable", " personality ptr @__gcc_personality_v0")
        } else {
            ("", "")
        };
        let uses = |op: &Op| match op {
            Op::Call { cleanup, .. } => cleanup.is_some(),
            Op::Suspend { how, .. } | Op::Resume { how, .. } | Op::Swap { how, .. } => {
                matches!(how, How::Invoke(_))
            }
            _ => false,
        };
        let personality = if code.ops.iter().any(uses) { personality } else { "" };
        let scope = self.program.debug.then(|| {
            self.node(format!(
                "distinct !DISubprogram(name: \"f{function}\", file: !{FILE}, type: !{TYPE}, spFlags: DISPFlagDefinition, unit: !{UNIT})"
            ))
        });
        let debug = scope.map(|scope| format!(" !dbg !{scope}")).unwrap_or_default();
        self.line(format_args!(
            "define {internal}{result} @f{function}({params}) {attributes}{tables}{personality}{debug} {{"
        ));
        let mut writer = Writer {
            ty: match (definition.role, definition.yields) {
                (Role::Body(ty) | Role::OnTop(ty), _)
                | (_, Yields::Type(ty) | Yields::Table(ty)) => ty,
                (Role::Plain(_), Yields::No) => Type::I64,
            },
            role: definition.role,
            module: self,
            code: &code,
            scope,
            lines: 0,
            temps: 0,
            pads: String::new(),
        };
        writer.write();
        self.line(format_args!("}}"));
    }
}

struct Writer<'m, 'p> {
    module: &'m mut Module<'p>,
    code: &'m Code,
    role: Role,
    /// Of the values with which this function suspends.
    ty: Type,
    /// What debuggers call the function.
    scope: Option<usize>,
    /// The lines of its source.
    lines: usize,
    temps: usize,
    /// The blocks of cleanups.
    pads: String,
}

impl Writer<'_, '_> {
    fn line(&mut self, line: Arguments<'_>) {
        self.module.text.push_str("  ");
        let place = self.place();
        self.module.line(format_args!("{line}{place}"));
    }

    /// The place of the next instruction in the source, as it stands behind it.
    fn place(&mut self) -> String {
        self.location().map(|node| format!(", !dbg !{node}")).unwrap_or_default()
    }

    fn location(&mut self) -> Option<usize> {
        let scope = self.scope?;
        self.lines += 1;
        let line = self.lines;
        Some(self.module.node(format!("!DILocation(line: {line}, column: 1, scope: !{scope})")))
    }

    /// Describes a variable at an address.
    fn describe(&mut self, name: &str) {
        let (Some(scope), Some(place)) = (self.scope, self.location()) else { return };
        let variable = self.module.node(format!(
            "!DILocalVariable(name: \"{name}\", scope: !{scope}, file: !{FILE}, line: 1, type: !{INTEGER})"
        ));
        self.module.line(format_args!(
            "  #dbg_declare(ptr %{name}, !{variable}, !DIExpression(), !{place})"
        ));
    }

    /// A new name with the value of an instruction.
    fn let_be(&mut self, instruction: Arguments<'_>) -> String {
        self.temps += 1;
        let name = format!("%t{}", self.temps);
        self.line(format_args!("{name} = {instruction}"));
        name
    }

    fn declare(&mut self, declaration: String) {
        self.module.declare(declaration);
    }

    fn write(&mut self) {
        for var in 0..self.code.vars {
            self.line(format_args!("%v{var} = alloca i64"));
        }
        for capture in 0..self.code.captures {
            let vars = self.code.vars;
            self.line(format_args!("%r{capture} = alloca i64"));
            self.line(format_args!("%k{capture} = alloca [{vars} x i64]"));
            self.line(format_args!("%j{capture} = alloca [32 x i64], align 16"));
        }
        let mut held = vec![false; self.code.slots];
        for (array, &(length, storage)) in self.code.arrays.iter().enumerate() {
            match storage {
                Storage::Dynamic => {
                    self.line(format_args!("%s{array} = alloca ptr"));
                    self.line(format_args!("%p{array} = alloca ptr"));
                }
                Storage::Frame | Storage::Lifetime => {
                    self.line(format_args!("%a{array} = alloca [{length} x i64], align 16"));
                }
                Storage::Holder(slot) => {
                    let bytes = length * 8;
                    self.line(format_args!("%a{array} = alloca {{ [{length} x i64], ptr }}"));
                    self.line(format_args!(
                        "%c{slot} = getelementptr i8, ptr %a{array}, i64 {bytes}"
                    ));
                    if let Some(held) = held.get_mut(slot) {
                        *held = true;
                    }
                }
            }
        }
        for (slot, held) in held.into_iter().enumerate() {
            if !held {
                self.line(format_args!("%c{slot} = alloca ptr"));
            }
            self.line(format_args!("%b{slot} = alloca ptr"));
        }
        for var in 0..self.code.vars {
            self.line(format_args!("store i64 0, ptr %v{var}"));
        }
        for var in 0..self.code.vars {
            self.describe(&format!("v{var}"));
        }
        for array in 0..self.code.arrays.len() {
            if self.code.arrays[array].1 != Storage::Dynamic {
                self.describe(&format!("a{array}"));
            }
        }
        match self.role {
            Role::Plain(_) => {
                self.line(format_args!("store i64 %first, ptr %v{FIRST}"));
                self.line(format_args!("store i64 %depth, ptr %v{DEPTH}"));
            }
            Role::Body(ty) | Role::OnTop(ty) => {
                let first = self.from(ty, "%first".into());
                self.line(format_args!("store i64 {first}, ptr %v{FIRST}"));
            }
        }
        for op in &self.code.ops {
            self.op(op);
        }
        let pads = std::mem::take(&mut self.pads);
        self.module.text.push_str(&pads);
    }

    /// A value of type `ty` made of an integer.
    fn to(&mut self, ty: Type, value: String) -> String {
        let ir = ty.ir();
        match ty {
            Type::I1 | Type::I8 | Type::I16 | Type::I24 | Type::I32 => {
                self.let_be(format_args!("trunc i64 {value} to {ir}"))
            }
            Type::I64 => value,
            Type::I128 => {
                let wide = self.let_be(format_args!("zext i64 {value} to i128"));
                self.let_be(format_args!("shl i128 {wide}, 3"))
            }
            Type::Ptr => self.let_be(format_args!("inttoptr i64 {value} to ptr")),
            Type::F32 => {
                let low = self.let_be(format_args!("trunc i64 {value} to i16"));
                self.let_be(format_args!("uitofp i16 {low} to float"))
            }
            Type::F64 => self.double(&value),
            Type::Pair => {
                let shifted = self.let_be(format_args!("ashr i64 {value}, 5"));
                let double = self.double(&shifted);
                let one = self.let_be(format_args!("insertvalue {ir} poison, i64 {value}, 0"));
                self.let_be(format_args!("insertvalue {ir} {one}, double {double}, 1"))
            }
            Type::Array => {
                let (low, high) = self.halves(&value);
                let sum = self.let_be(format_args!("add i32 {low}, {high}"));
                let one = self.let_be(format_args!("insertvalue {ir} poison, i32 {low}, 0"));
                let two = self.let_be(format_args!("insertvalue {ir} {one}, i32 {high}, 1"));
                self.let_be(format_args!("insertvalue {ir} {two}, i32 {sum}, 2"))
            }
            Type::Vector => {
                let (low, high) = self.halves(&value);
                let other = self.let_be(format_args!("xor i32 {low}, {high}"));
                let mut all = "zeroinitializer".to_owned();
                for (index, element) in [low, high, other].iter().enumerate() {
                    all = self.let_be(format_args!(
                        "insertelement {ir} {all}, i32 {element}, i32 {index}"
                    ));
                }
                all
            }
            Type::Small => {
                let low = self.let_be(format_args!("trunc i64 {value} to i8"));
                let shifted = self.let_be(format_args!("lshr i64 {value}, 8"));
                let high = self.let_be(format_args!("trunc i64 {shifted} to i16"));
                let one = self.let_be(format_args!("insertvalue {ir} poison, i8 {low}, 0"));
                self.let_be(format_args!("insertvalue {ir} {one}, i16 {high}, 1"))
            }
        }
    }

    /// An integer made of a value of type `ty`.
    fn from(&mut self, ty: Type, value: String) -> String {
        let ir = ty.ir();
        match ty {
            Type::I1 | Type::I8 | Type::I16 | Type::I24 | Type::I32 => {
                self.let_be(format_args!("zext {ir} {value} to i64"))
            }
            Type::I64 => value,
            Type::I128 => {
                let narrow = self.let_be(format_args!("lshr i128 {value}, 3"));
                self.let_be(format_args!("trunc i128 {narrow} to i64"))
            }
            Type::Ptr => self.let_be(format_args!("ptrtoint ptr {value} to i64")),
            Type::F32 | Type::F64 => self.let_be(format_args!("fptoui {ir} {value} to i64")),
            Type::Pair => {
                let low = self.let_be(format_args!("extractvalue {ir} {value}, 0"));
                let double = self.let_be(format_args!("extractvalue {ir} {value}, 1"));
                let high = self.let_be(format_args!("fptoui double {double} to i64"));
                self.let_be(format_args!("xor i64 {low}, {high}"))
            }
            Type::Array => {
                let parts = [0, 1, 2]
                    .map(|index| self.let_be(format_args!("extractvalue {ir} {value}, {index}")));
                self.joined(parts, 5)
            }
            Type::Vector => {
                let parts = [0, 1, 2].map(|index| {
                    self.let_be(format_args!("extractelement {ir} {value}, i32 {index}"))
                });
                self.joined(parts, 3)
            }
            Type::Small => {
                let low = self.let_be(format_args!("extractvalue {ir} {value}, 0"));
                let high = self.let_be(format_args!("extractvalue {ir} {value}, 1"));
                let low = self.let_be(format_args!("zext i8 {low} to i64"));
                let high = self.let_be(format_args!("zext i16 {high} to i64"));
                let high = self.let_be(format_args!("shl i64 {high}, 8"));
                self.let_be(format_args!("or i64 {low}, {high}"))
            }
        }
    }

    /// The low half of an integer as a number.
    fn double(&mut self, value: &str) -> String {
        let low = self.let_be(format_args!("trunc i64 {value} to i32"));
        self.let_be(format_args!("uitofp i32 {low} to double"))
    }

    fn halves(&mut self, value: &str) -> (String, String) {
        let low = self.let_be(format_args!("trunc i64 {value} to i32"));
        let shifted = self.let_be(format_args!("lshr i64 {value}, 32"));
        (low, self.let_be(format_args!("trunc i64 {shifted} to i32")))
    }

    fn joined(&mut self, parts: [String; 3], factor: i64) -> String {
        let [low, high, third] =
            parts.map(|part| self.let_be(format_args!("zext i32 {part} to i64")));
        let high = self.let_be(format_args!("shl i64 {high}, 32"));
        let both = self.let_be(format_args!("or i64 {low}, {high}"));
        let third = self.let_be(format_args!("mul i64 {third}, {factor}"));
        self.let_be(format_args!("add i64 {both}, {third}"))
    }

    fn value(&mut self, expr: &Expr) -> String {
        match expr {
            Expr::Const(value) => value.to_string(),
            Expr::Var(var) => self.let_be(format_args!("load i64, ptr %v{var}")),
            Expr::Load(memory, index) => {
                let element = self.element(*memory, index);
                self.let_be(format_args!("load i64, ptr {element}"))
            }
            Expr::Binary(op, a, b) => {
                let a = self.value(a);
                let b = self.value(b);
                let name = match op {
                    Binary::Add => "add",
                    Binary::Sub => "sub",
                    Binary::Mul => "mul",
                    Binary::And => "and",
                    Binary::Or => "or",
                    Binary::Xor => "xor",
                    Binary::ShiftLeft | Binary::ShiftRight => {
                        let by = self.let_be(format_args!("and i64 {b}, 7"));
                        let name = if *op == Binary::ShiftLeft { "shl" } else { "lshr" };
                        return self.let_be(format_args!("{name} i64 {a}, {by}"));
                    }
                    Binary::Less | Binary::Equal => {
                        let name = if *op == Binary::Less { "slt" } else { "eq" };
                        let is = self.let_be(format_args!("icmp {name} i64 {a}, {b}"));
                        return self.let_be(format_args!("zext i1 {is} to i64"));
                    }
                };
                self.let_be(format_args!("{name} i64 {a}, {b}"))
            }
        }
    }

    fn set(&mut self, var: Var, value: &str) {
        self.line(format_args!("store i64 {value}, ptr %v{var}"));
    }

    /// The address of an array.
    fn memory(&mut self, memory: Memory) -> String {
        match memory {
            Memory::Global(global) => format!("@global{global}"),
            Memory::Param => "%memory".into(),
            Memory::Array(array) if self.code.arrays[array].1 == Storage::Dynamic => {
                self.let_be(format_args!("load ptr, ptr %p{array}"))
            }
            Memory::Array(array) => format!("%a{array}"),
            Memory::Published(number) => {
                self.let_be(format_args!("load ptr, ptr @published{number}"))
            }
        }
    }

    fn element(&mut self, memory: Memory, index: &Expr) -> String {
        let length = match memory {
            Memory::Array(array) => self.code.arrays[array].0,
            _ => KNOWN,
        };
        let index = self.value(index);
        let index = self.let_be(format_args!("and i64 {index}, {}", length - 1));
        let memory = self.memory(memory);
        self.let_be(format_args!("getelementptr i64, ptr {memory}, i64 {index}"))
    }

    fn handle(&mut self, handle: &Handle) -> String {
        match handle {
            Handle::Own(slot) => self.let_be(format_args!("load ptr, ptr %c{slot}")),
            Handle::Param => "%context".into(),
            Handle::Table(index) => {
                let index = self.value(index);
                let index = self.let_be(format_args!("and i64 {index}, {}", TABLE - 1));
                let entry = self.let_be(format_args!("getelementptr ptr, ptr @table, i64 {index}"));
                self.let_be(format_args!("load ptr, ptr {entry}"))
            }
            Handle::Current => self.plain("current", "ptr", &[]),
            Handle::Null => "null".into(),
        }
    }

    /// Calls an intrinsic without a type of its own.
    fn plain(&mut self, name: &str, result: &str, arguments: &[(&str, &str)]) -> String {
        let types: Vec<_> = arguments.iter().map(|(ty, _)| *ty).collect();
        let values: Vec<_> = arguments.iter().map(|(ty, value)| format!("{ty} {value}")).collect();
        self.declare(format!("{result} @llvm.stackswitch.{name}({})", types.join(", ")));
        let call = format!("call {result} @llvm.stackswitch.{name}({})", values.join(", "));
        if result == "void" {
            self.line(format_args!("{call}"));
            return String::new();
        }
        self.let_be(format_args!("{call}"))
    }
}
