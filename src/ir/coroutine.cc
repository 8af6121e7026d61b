// Coroutines: a function that suspends in its own frame becomes one that goes on with
// what is in a frame, which is memory of the caller's. Which functions become
// coroutines, and what calls them, is decided in Rust.

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Analysis/StackLifetime.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/DIBuilder.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm-c/Core.h"

using namespace llvm;

extern "C" {
// A coroutine that has been split.
struct StackswitchCoroutine {
  // fastcc void (ptr frame)
  LLVMValueRef Resume;
  // Of the frame.
  uint64_t Size, Alignment;
  // Bytes of the variables that are not in it.
  uint64_t Stack;
  // Whether it needs its argument, which then is in the frame.
  bool HasArgument;
};
}

namespace {

// `void ()`: where a coroutine suspends, until it is split. Nobody knows what happens
// there, so all memory that others may know is in order.
constexpr StringLiteral Suspension = "stackswitch.stackless.suspension";

// What the frame says of where to go on, and `status` of the context: all else that
// is there means that it is suspended.
enum State : uint32_t { New = 0, Suspended = 1, Finished = 3 };

// The state of the I-th suspension.
uint32_t stateOf(size_t I) { return I < Finished - Suspended ? I + Suspended : I + Suspended + 1; }

// Attributes of a function that its coroutine has too: what decides how code is
// generated. What else a front end or LLVM knows of the function may not hold.
constexpr Attribute::AttrKind Kept[] = {
    Attribute::Cold,
    Attribute::Hot,
    Attribute::MinSize,
    Attribute::NoCfCheck,
    Attribute::NoImplicitFloat,
    Attribute::NoRedZone,
    Attribute::NonLazyBind,
    Attribute::NullPointerIsValid,
    Attribute::OptimizeForSize,
    Attribute::SafeStack,
    Attribute::SanitizeAddress,
    Attribute::SanitizeHWAddress,
    Attribute::SanitizeMemTag,
    Attribute::SanitizeMemory,
    Attribute::SanitizeThread,
    Attribute::ShadowCallStack,
    Attribute::StackProtect,
    Attribute::StackProtectReq,
    Attribute::StackProtectStrong,
    Attribute::StrictFP,
    Attribute::UWTable,
};

Value *callee(const CallBase &Call) {
  return Call.getCalledOperand()->stripPointerCastsAndAliases();
}

// The calls in F of one of these functions.
SmallVector<CallBase *> callsOf(Function &F, const SmallPtrSetImpl<Value *> &Callees) {
  SmallVector<CallBase *> Found;
  for (Instruction &I : instructions(F))
    if (auto *Call = dyn_cast<CallBase>(&I))
      if (Callees.contains(callee(*Call)))
        Found.push_back(Call);
  return Found;
}

// What every frame starts with.
class Header {
  StructType *Type;
  const DataLayout &DL;

  enum Field : unsigned { ValueField, StateField, ArgumentField };

  Value *field(IRBuilder<> &B, Value *Frame, Field F) const {
    return B.CreateConstInBoundsGEP1_64(B.getInt8Ty(), Frame, offset(F));
  }
  uint64_t offset(Field F) const { return DL.getStructLayout(Type)->getElementOffset(F); }

public:
  Header(Module &M, llvm::Type *Value)
      : Type(StructType::get(M.getContext(), {Value, llvm::Type::getInt32Ty(M.getContext()),
                                              PointerType::get(M.getContext(), 0)})),
        DL(M.getDataLayout()) {}

  // Bytes of it; the argument is its end.
  uint64_t size(bool HasArgument) const {
    return HasArgument ? offset(ArgumentField) + DL.getPointerSize() : offset(StateField) + 4;
  }
  Align alignment() const { return DL.getABITypeAlign(Type); }

  void setState(IRBuilder<> &B, Value *Frame, uint32_t State) const {
    B.CreateStore(B.getInt32(State), field(B, Frame, StateField));
  }
  Value *state(IRBuilder<> &B, Value *Frame) const {
    return B.CreateLoad(B.getInt32Ty(), field(B, Frame, StateField));
  }
  void send(IRBuilder<> &B, Value *Frame, Value *V) const {
    B.CreateStore(V, field(B, Frame, ValueField));
  }
  Value *receive(IRBuilder<> &B, Value *Frame) const {
    return B.CreateLoad(Type->getElementType(ValueField), field(B, Frame, ValueField));
  }
  void setArgument(IRBuilder<> &B, Value *Frame, Value *V) const {
    B.CreateStore(V, field(B, Frame, ArgumentField));
  }
  Value *argument(IRBuilder<> &B, Value *Frame) const {
    return B.CreateLoad(Type->getElementType(ArgumentField), field(B, Frame, ArgumentField));
  }
  // Whether an instruction is what `argument` makes. Nothing else has that address, and
  // what is there does not change.
  bool isArgument(const Instruction &I, const Value *Frame) const {
    auto *Load = dyn_cast<LoadInst>(&I);
    if (!Load)
      return false;
    int64_t Offset = 0;
    return GetPointerBaseWithConstantOffset(Load->getPointerOperand(), Offset, DL) == Frame &&
           uint64_t(Offset) == offset(ArgumentField);
  }
};

void keepAttributes(Function &F) {
  AttributeSet Old = F.getAttributes().getFnAttrs();
  AttrBuilder Attributes(F.getContext());
  for (Attribute A : Old)
    if (A.isStringAttribute() ? A.getKindAsString() != "stackswitch-nosuspend"
                              : is_contained(Kept, A.getKindAsEnum()))
      Attributes.addAttribute(A);
  // Nothing in it throws: that is a condition for being here.
  Attributes.addAttribute(Attribute::NoUnwind);
  F.setAttributes(AttributeList().addFnAttributes(F.getContext(), Attributes));
  F.setCallingConv(CallingConv::Fast);
}

// Whether a variable can be elsewhere than where it is made.
bool isMovable(const Instruction &I) {
  auto *Variable = dyn_cast<AllocaInst>(&I);
  return !Variable ||
         (Variable->getAddressSpace() == 0 && !Variable->isSwiftError() &&
          !Variable->isUsedWithInAlloca() && !Variable->getAllocatedType()->isScalableTy());
}

// The coroutine while it is made of a copy of a body.
class Maker {
  Function &F;
  Header Frame;
  FunctionCallee Suspend;

  void finish(ReturnInst *Return) {
    IRBuilder<> B(Return);
    Frame.send(B, F.getArg(0), Return->getReturnValue());
    Frame.setState(B, F.getArg(0), Finished);
    B.CreateRetVoid();
    Return->eraseFromParent();
  }

public:
  Maker(Function &F, Type *Value)
      : F(F), Frame(*F.getParent(), Value),
        Suspend(F.getParent()->getOrInsertFunction(Suspension, Type::getVoidTy(F.getContext()))) {}

  // The start, in a block of its own: gives the argument and the value of the first
  // resume.
  std::pair<Value *, Value *> begin() {
    IRBuilder<> B(BasicBlock::Create(F.getContext(), "start", &F));
    Value *Argument = Frame.argument(B, F.getArg(0));
    return {Argument, Frame.receive(B, F.getArg(0))};
  }

  // A call that suspends.
  void replace(CallBase *Call) {
    IRBuilder<> B(Call);
    Frame.send(B, F.getArg(0), Call->getArgOperand(0));
    B.CreateCall(Suspend);
    Call->replaceAllUsesWith(Frame.receive(B, F.getArg(0)));
    Call->eraseFromParent();
  }

  // The ends of the function.
  void finish() {
    SmallVector<ReturnInst *> Returns;
    for (Instruction &I : instructions(F)) {
      if (auto *Return = dyn_cast<ReturnInst>(&I))
        Returns.push_back(Return);
      // It is no longer the end, and its callee is on this stack now.
      if (auto *Call = dyn_cast<CallInst>(&I); Call && Call->isMustTailCall())
        Call->setTailCallKind(CallInst::TCK_None);
    }
    for (ReturnInst *Return : Returns)
      finish(Return);
  }
};

// Inlines all calls of Helpers. They do not call themselves, so this ends.
bool inlineAll(Function &F, const SmallPtrSetImpl<Value *> &Helpers) {
  for (;;) {
    SmallVector<CallBase *> Calls = callsOf(F, Helpers);
    if (Calls.empty())
      return true;
    for (CallBase *Call : Calls) {
      InlineFunctionInfo Info;
      auto *Helper = cast<Function>(callee(*Call));
      if (!AttributeFuncs::areInlineCompatible(F, *Helper) ||
          !InlineFunction(*Call, Info).isSuccess())
        return false;
    }
  }
}

// Makes of a function that suspends one that returns there, and that goes on from there
// when it is called again. What is needed again then is in the frame.
class Splitter {
  using Blocks = SmallPtrSet<BasicBlock *, 16>;

  Function &F;
  const DataLayout &DL;
  Value *Frame;
  Header Start;
  // In this order they have their states. Each ends a block, but for the jump to where
  // it goes on.
  SmallVector<CallInst *> Suspensions;
  Blocks Suspending;
  // Variables that become part of the frame. Where two may share their memory, the
  // lifetimes know.
  SmallVector<AllocaInst *> InFrame;
  SmallVector<const AllocaInst *> Marked;
  std::optional<StackLifetime> Lives;

  // How long a chain of addresses may be to be computed again.
  static constexpr unsigned MaxChain = 4;

  void findSuspensions() {
    for (Instruction &I : instructions(F))
      if (auto *Call = dyn_cast<CallInst>(&I))
        if (Function *Callee = Call->getCalledFunction(); Callee && Callee->getName() == Suspension)
          Suspensions.push_back(Call);
    for (CallInst *Call : Suspensions) {
      BasicBlock *Before = Call->getParent();
      Before->splitBasicBlock(std::next(Call->getIterator()));
      Suspending.insert(Before);
    }
  }

  // The blocks that control comes to from these by way of a suspension; not beyond
  // Home, where what is asked about is made anew.
  Blocks resumedFrom(ArrayRef<BasicBlock *> Sources, const BasicBlock *Home) const {
    Blocks Plain, Resumed;
    SmallVector<std::pair<BasicBlock *, bool>> Open;
    for (BasicBlock *Source : Sources)
      Open.push_back({Source, false});
    while (!Open.empty()) {
      auto [Block, Crossed] = Open.pop_back_val();
      bool After = Crossed || Suspending.contains(Block);
      for (BasicBlock *Next : successors(Block))
        if (Next != Home && (After ? Resumed : Plain).insert(Next).second)
          Open.push_back({Next, After});
    }
    return Resumed;
  }

  // Marks of lifetimes are of whole variables, or none are left: LLVM 19 has others.
  void tidyMarks() {
    SmallVector<IntrinsicInst *> Marks;
    bool Whole = true;
    for (Instruction &I : instructions(F))
      if (I.isLifetimeStartOrEnd()) {
        auto *Mark = cast<IntrinsicInst>(&I);
        Use &Object = Mark->getArgOperandUse(Mark->arg_size() - 1);
        Object.set(Object->stripPointerCasts());
        Whole &= isa<AllocaInst, PoisonValue>(Object);
        Marks.push_back(Mark);
      }
    if (!Whole)
      for (IntrinsicInst *Mark : Marks)
        Mark->eraseFromParent();
  }

  // Where a use needs its value.
  static BasicBlock *placeOf(const Use &U) {
    if (auto *Phi = dyn_cast<PHINode>(U.getUser()))
      return Phi->getIncomingBlock(U);
    return cast<Instruction>(U.getUser())->getParent();
  }

  // Where a value is needed after a suspension.
  Blocks neededAgain(const Instruction &I) const {
    auto *Home = const_cast<BasicBlock *>(I.getParent());
    Blocks Needed;
    for (const Use &U : I.uses())
      if (BasicBlock *Place = placeOf(U); Place != Home)
        Needed.insert(Place);
    if (Needed.empty())
      return Needed;
    Blocks Resumed = resumedFrom(Home, Home), Again;
    for (BasicBlock *Block : Needed)
      if (Resumed.contains(Block))
        Again.insert(Block);
    return Again;
  }

  // Whether a value is rather computed again than kept: the argument, which is in the
  // frame anyway, and addresses in the frame.
  bool isComputedAgain(const Value *V, unsigned Depth = 0) const {
    if (V == Frame || isa<AllocaInst>(V))
      return true;
    auto *I = dyn_cast<Instruction>(V);
    if (!I || Depth == MaxChain)
      return false;
    if (Start.isArgument(*I, Frame))
      return true;
    auto *Address = dyn_cast<GetElementPtrInst>(I);
    bool Plain = Address ? Address->hasAllConstantIndices() && !Address->getType()->isVectorTy()
                         : isa<BitCastInst>(I);
    return Plain && isComputedAgain(I->getOperand(0), Depth + 1);
  }
  Value *computeAgain(Value *V, IRBuilder<> &B) {
    auto *I = dyn_cast<Instruction>(V);
    if (!I || isa<AllocaInst>(I))
      return V;
    Instruction *Copy = I->clone();
    Copy->setOperand(0, computeAgain(I->getOperand(0), B));
    return B.Insert(Copy);
  }

  // Whether a variable is needed after a suspension.
  bool outlives(AllocaInst &Variable) {
    SmallPtrSet<Value *, 16> Seen;
    SmallVector<Value *> Open = {&Variable};
    SmallVector<Instruction *> Users;
    bool Known = false;
    while (!Open.empty()) {
      Value *Address = Open.pop_back_val();
      for (Use &U : Address->uses()) {
        auto *User = cast<Instruction>(U.getUser());
        if (User->isLifetimeStartOrEnd())
          continue;
        Users.push_back(User);
        if (auto *Phi = dyn_cast<PHINode>(User))
          Users.push_back(Phi->getIncomingBlock(U)->getTerminator());
        if (isa<GetElementPtrInst, CastInst, PHINode, SelectInst, FreezeInst>(User) &&
            User->getType()->isPointerTy()) {
          if (Seen.insert(User).second) {
            // It would be an address in a frame that is no more.
            if (!isComputedAgain(User) && !neededAgain(*User).empty())
              return true;
            Open.push_back(User);
          }
        } else if (auto *Call = dyn_cast<CallBase>(User)) {
          Known |= !Call->isArgOperand(&U) || !Call->doesNotCapture(Call->getArgOperandNo(&U)) ||
                   !(Call->getType()->isVoidTy() || Call->getType()->isIntOrIntVectorTy());
        } else {
          Known |= !isa<LoadInst, ICmpInst>(User) &&
                   !(isa<StoreInst>(User) &&
                     U.getOperandNo() == StoreInst::getPointerOperandIndex());
        }
      }
    }
    if (is_contained(Marked, &Variable))
      return any_of(Suspensions, [&](CallInst *Call) {
        return Lives->isAliveAfter(&Variable, Call);
      });
    if (Known)
      return true;
    SmallVector<BasicBlock *> Places;
    for (Instruction *User : Users)
      Places.push_back(User->getParent());
    Blocks Resumed = resumedFrom(Places, nullptr);
    return any_of(Places, [&](BasicBlock *Block) { return Resumed.contains(Block); });
  }

  void chooseVariables() {
    SmallVector<AllocaInst *> All;
    for (Instruction &I : F.getEntryBlock())
      if (auto *Variable = dyn_cast<AllocaInst>(&I)) {
        All.push_back(Variable);
        if (any_of(Variable->users(),
                   [](User *U) { return cast<Instruction>(U)->isLifetimeStartOrEnd(); }))
          Marked.push_back(Variable);
      }
    if (!Marked.empty()) {
      Lives.emplace(F, Marked, StackLifetime::LivenessType::May);
      Lives->run();
    }
    for (AllocaInst *Variable : All)
      if (outlives(*Variable))
        InFrame.push_back(Variable);
  }

  // Makes values that are needed after a suspension ones that are loaded there.
  void keepValues() {
    SmallVector<std::pair<Instruction *, Blocks>> Kept;
    for (Instruction &I : instructions(F))
      if (!isa<AllocaInst>(I) && !I.getType()->isVoidTy())
        if (Blocks Again = neededAgain(I); !Again.empty())
          Kept.push_back({&I, std::move(Again)});
    for (auto &[I, Again] : Kept)
      keep(*I, Again);
  }
  void keep(Instruction &I, const Blocks &Again) {
    AllocaInst *Slot = nullptr;
    if (!isComputedAgain(&I)) {
      BasicBlock &Entry = F.getEntryBlock();
      Slot = new AllocaInst(I.getType(), 0, nullptr, DL.getABITypeAlign(I.getType()), "",
                            Entry.begin());
      InFrame.push_back(Slot);
      auto After = isa<PHINode>(I) ? I.getParent()->getFirstInsertionPt() : std::next(I.getIterator());
      IRBuilder<>(I.getParent(), After).CreateStore(&I, Slot);
    }
    DenseMap<BasicBlock *, Value *> Found;
    for (Use &U : make_early_inc_range(I.uses())) {
      BasicBlock *Block = placeOf(U);
      if (!Again.contains(Block))
        continue;
      Value *&Here = Found[Block];
      if (!Here) {
        IRBuilder<> B(Block, Block->getFirstInsertionPt());
        Here = Slot ? B.CreateLoad(I.getType(), Slot) : computeAgain(&I, B);
      }
      U.set(Here);
    }
  }

  // What debuggers are told of a value says nothing where the value is no more.
  void dropStaleRecords() {
    DenseMap<Instruction *, Blocks> Known;
    for (Instruction &At : instructions(F))
      for (DbgVariableRecord &Record : filterDbgVars(At.getDbgRecordRange()))
        for (Value *V : Record.location_ops()) {
          auto *I = dyn_cast<Instruction>(V);
          if (!I || isa<AllocaInst>(I))
            continue;
          auto [Found, IsNew] = Known.try_emplace(I);
          if (IsNew)
            Found->second = resumedFrom(I->getParent(), I->getParent());
          if (Found->second.contains(At.getParent())) {
            Record.setKillLocation();
            break;
          }
        }
  }

  // Gives each variable its place, and what uses it the address there.
  StackswitchCoroutine layOut(IRBuilder<> &B, bool HasArgument) {
    uint64_t Size = Start.size(HasArgument);
    Align Alignment = Start.alignment();
    stable_sort(InFrame, [](AllocaInst *A, AllocaInst *B) { return A->getAlign() > B->getAlign(); });
    struct Place {
      uint64_t Offset, Size;
      Align Alignment;
      StackLifetime::LiveRange Taken;
    };
    SmallVector<Place> Shared;
    std::optional<DIBuilder> Debug;
    if (F.getSubprogram())
      Debug.emplace(*F.getParent(), false);
    for (AllocaInst *Variable : InFrame) {
      uint64_t Bytes = Variable->getAllocationSize(DL)->getFixedValue();
      bool IsMarked = is_contained(Marked, Variable);
      Place *Found = nullptr;
      if (IsMarked)
        Found = find_if(Shared, [&](const Place &P) {
          return P.Size >= Bytes && P.Alignment >= Variable->getAlign() &&
                 !P.Taken.overlaps(Lives->getLiveRange(Variable));
        });
      uint64_t Offset;
      if (Found && Found != Shared.end()) {
        Offset = Found->Offset;
        Found->Taken.join(Lives->getLiveRange(Variable));
      } else {
        Offset = alignTo(Size, Variable->getAlign());
        Size = Offset + Bytes;
        Alignment = std::max(Alignment, Variable->getAlign());
        if (IsMarked)
          Shared.push_back({Offset, Bytes, Variable->getAlign(), Lives->getLiveRange(Variable)});
      }
      move(*Variable, Offset, B, Debug ? &*Debug : nullptr);
    }
    return {wrap(&F), alignTo(Size, Alignment), Alignment.value(), 0, HasArgument};
  }
  void move(AllocaInst &Variable, uint64_t Offset, IRBuilder<> &B, DIBuilder *Debug) {
    for (User *U : make_early_inc_range(Variable.users()))
      if (auto *Mark = cast<Instruction>(U); Mark->isLifetimeStartOrEnd())
        Mark->eraseFromParent();
    if (Debug)
      replaceDbgDeclare(&Variable, Frame, *Debug, DIExpression::ApplyOffset, Offset);
    Value *Address = B.CreateConstInBoundsGEP1_64(B.getInt8Ty(), Frame, Offset);
    Address->takeName(&Variable);
    Variable.replaceAllUsesWith(Address);
    Variable.eraseFromParent();
  }

  // What a debugger is told of the frame holds wherever control goes on.
  void moveDeclarations(Instruction *To) {
    for (DbgVariableRecord *Record : findDVRDeclares(Frame)) {
      Record->removeFromParent();
      To->getParent()->insertDbgRecordBefore(Record, To->getIterator());
    }
  }

  // Returns where the coroutine suspends, and goes on from there.
  void cut(IRBuilder<> &B, BasicBlock *Beginning) {
    auto *Never = BasicBlock::Create(F.getContext(), "never", &F);
    new UnreachableInst(F.getContext(), Never);
    SwitchInst *Switch = B.CreateSwitch(Start.state(B, Frame), Never, Suspensions.size() + 1);
    Switch->addCase(B.getInt32(New), Beginning);
    for (size_t I = 0; I != Suspensions.size(); ++I) {
      CallInst *Call = Suspensions[I];
      Instruction *End = Call->getParent()->getTerminator();
      Switch->addCase(B.getInt32(stateOf(I)), End->getSuccessor(0));
      IRBuilder<> Here(Call);
      Start.setState(Here, Frame, stateOf(I));
      Here.CreateRetVoid();
      Call->eraseFromParent();
      End->dropDbgRecords();
      End->eraseFromParent();
    }
  }

public:
  Splitter(Function &F, Type *Value)
      : F(F), DL(F.getParent()->getDataLayout()), Frame(F.getArg(0)), Start(*F.getParent(), Value) {}

  StackswitchCoroutine run() {
    findSuspensions();
    tidyMarks();
    chooseVariables();
    keepValues();
    if (F.getSubprogram())
      dropStaleRecords();
    bool HasArgument = false;
    SmallVector<WeakTrackingVH> Arguments;
    for (Instruction &I : instructions(F))
      if (Start.isArgument(I, Frame)) {
        HasArgument |= !I.use_empty();
        Arguments.push_back(&I);
      }
    RecursivelyDeleteTriviallyDeadInstructionsPermissive(Arguments);

    BasicBlock *Beginning = &F.getEntryBlock();
    auto *Entry = BasicBlock::Create(F.getContext(), "entry", &F, Beginning);
    IRBuilder<> B(Entry);
    StackswitchCoroutine Done = layOut(B, HasArgument);
    for (Instruction &I : make_early_inc_range(*Beginning))
      if (auto *Variable = dyn_cast<AllocaInst>(&I)) {
        Variable->moveBefore(*Entry, Entry->begin());
        Done.Stack += alignTo(Variable->getAllocationSize(DL)->getFixedValue(), 16);
      }
    cut(B, Beginning);
    moveDeclarations(Entry->getTerminator());

    AttrBuilder Attributes(F.getContext());
    Attributes.addAttribute(Attribute::NoUndef).addAttribute(Attribute::NonNull);
    Attributes.addAlignmentAttr(Align(Done.Alignment)).addDereferenceableAttr(Done.Size);
    F.addParamAttrs(0, Attributes);
    return Done;
  }
};

// LLVM's passes, with what they need.
class Passes {
  PassBuilder PB;
  LoopAnalysisManager LAM;
  FunctionAnalysisManager FAM;
  CGSCCAnalysisManager CGAM;
  ModuleAnalysisManager MAM;
  FunctionPassManager Simplify;

public:
  Passes() {
    PB.registerModuleAnalyses(MAM);
    PB.registerCGSCCAnalyses(CGAM);
    PB.registerFunctionAnalyses(FAM);
    PB.registerLoopAnalyses(LAM);
    PB.crossRegisterProxies(LAM, FAM, CGAM, MAM);
    cantFail(PB.parsePassPipeline(Simplify, "sroa,early-cse,simplifycfg"));
  }

  // What is in registers needs no place in the frame, if it is not needed after a
  // suspension.
  void simplify(Function &F) {
    Simplify.run(F, FAM);
    FAM.clear(F, F.getName());
  }
};

// Erases a function that nothing uses.
void eraseUnused(Function *F) {
  if (!F)
    return;
  F->removeDeadConstantUsers();
  if (F->use_empty())
    F->eraseFromParent();
}

} // namespace

extern "C" {

// Makes a coroutine of a copy of Body: the calls of Helpers are inlined, the calls of
// Suspends are what suspends it. Null where that cannot be; then nothing has changed.
LLVMValueRef stackswitch_coroutine_begin(LLVMValueRef BodyRef,
                                         const LLVMValueRef *Suspends, size_t SuspendCount,
                                         const LLVMValueRef *Helpers, size_t HelperCount) {
  Function &Body = *cast<Function>(unwrap(BodyRef));
  Module &M = *Body.getParent();
  LLVMContext &C = M.getContext();
  FunctionType *Plain = FunctionType::get(Type::getVoidTy(C), false);
  if (Function *Taken = M.getFunction(Suspension);
      Taken ? !Taken->isDeclaration() || Taken->getFunctionType() != Plain
            : M.getNamedValue(Suspension) != nullptr)
    return nullptr;
  if (any_of(Body, [](BasicBlock &B) { return B.hasAddressTaken(); }))
    return nullptr;
  SmallPtrSet<Value *, 8> ThatSuspend, ToInline;
  for (LLVMValueRef F : ArrayRef(Suspends, SuspendCount))
    ThatSuspend.insert(unwrap(F));
  for (LLVMValueRef F : ArrayRef(Helpers, HelperCount))
    ToInline.insert(unwrap(F));

  auto *F = Function::Create(
      FunctionType::get(Type::getVoidTy(C), {PointerType::get(C, 0)}, false),
      GlobalValue::InternalLinkage, Body.getName() + ".stackless.resume", M);
  Maker Making(*F, Body.getReturnType());
  auto [Argument, First] = Making.begin();
  ValueToValueMapTy Map;
  Map[Body.getArg(0)] = Argument;
  Map[Body.getArg(1)] = First;
  SmallVector<ReturnInst *, 4> Returns;
  CloneFunctionInto(F, &Body, Map, CloneFunctionChangeType::LocalChangesOnly, Returns);
  F->setLinkage(GlobalValue::InternalLinkage);
  F->setVisibility(GlobalValue::DefaultVisibility);
  F->setDLLStorageClass(GlobalValue::DefaultStorageClass);
  F->setComdat(nullptr);
  keepAttributes(*F);
  auto *Old = cast<BasicBlock>(Map[&Body.getEntryBlock()]);
  for (Instruction &I : make_early_inc_range(*Old))
    if (isa<AllocaInst>(I))
      I.moveBefore(F->getEntryBlock(), F->getEntryBlock().begin());
  IRBuilder<>(&F->getEntryBlock()).CreateBr(Old);
  if (!inlineAll(*F, ToInline) || !all_of(instructions(*F), isMovable)) {
    F->eraseFromParent();
    return nullptr;
  }
  // Nothing throws, so nothing is invoked.
  SmallVector<InvokeInst *> Invokes;
  for (Instruction &I : instructions(*F))
    if (auto *Invoke = dyn_cast<InvokeInst>(&I))
      Invokes.push_back(Invoke);
  for (InvokeInst *Invoke : Invokes)
    changeToCall(Invoke);
  for (CallBase *Call : callsOf(*F, ThatSuspend))
    Making.replace(Call);
  Making.finish();
  removeUnreachableBlocks(*F);
  return wrap(F);
}

// Splits coroutines, each with values of its type, and says what became of it.
void stackswitch_coroutine_split(LLVMModuleRef ModuleRef, const LLVMValueRef *Coroutines,
                                 const LLVMTypeRef *Values, size_t Count,
                                 StackswitchCoroutine *Out) {
  Passes Run;
  for (size_t I = 0; I != Count; ++I) {
    auto *F = cast<Function>(unwrap(Coroutines[I]));
    Run.simplify(*F);
    Out[I] = Splitter(*F, unwrap(Values[I])).run();
  }
  eraseUnused(unwrap(ModuleRef)->getFunction(Suspension));
}

// `ptr (ptr frame, ptr body, ptr arg)`, as `spawn`: starts a coroutine and gives null. A
// variable may keep the handle, but nothing looks at it any more.
LLVMValueRef stackswitch_coroutine_start(const StackswitchCoroutine *Coroutine,
                                         LLVMTypeRef Value, LLVMTypeRef TypeRef) {
  Module &M = *cast<Function>(unwrap(Coroutine->Resume))->getParent();
  auto *F = Function::Create(cast<FunctionType>(unwrap(TypeRef)),
                             GlobalValue::InternalLinkage, "stackswitch.stackless.spawn", M);
  IRBuilder<> B(BasicBlock::Create(M.getContext(), "entry", F));
  Header Frame(M, unwrap(Value));
  Frame.setState(B, F->getArg(0), New);
  if (Coroutine->HasArgument)
    Frame.setArgument(B, F->getArg(0), F->getArg(2));
  B.CreateRet(ConstantPointerNull::get(B.getPtrTy()));
  return wrap(F);
}

// `T (ptr frame, T value)`: goes on with a coroutine. Where that has finished, OnFinished
// gives a context that has too, on which Again, the operation itself, tells of the
// mistake, and Destroy frees it.
LLVMValueRef stackswitch_coroutine_switch(const StackswitchCoroutine *Coroutine,
                                          LLVMValueRef OnFinished, LLVMValueRef Again,
                                          LLVMValueRef Destroy, LLVMTypeRef TypeRef) {
  auto *Resume = cast<Function>(unwrap(Coroutine->Resume));
  Module &M = *Resume->getParent();
  LLVMContext &C = M.getContext();
  Header Frame(M, cast<FunctionType>(unwrap(TypeRef))->getReturnType());
  auto *F = Function::Create(cast<FunctionType>(unwrap(TypeRef)),
                             GlobalValue::InternalLinkage, "stackswitch.stackless.switch", M);
  auto *Go = BasicBlock::Create(C, "go", F), *Mistake = BasicBlock::Create(C, "mistake", F);
  IRBuilder<> B(BasicBlock::Create(C, "entry", F, Go));
  B.CreateCondBr(B.CreateICmpEQ(Frame.state(B, F->getArg(0)), B.getInt32(Finished)), Mistake, Go,
                 MDBuilder(C).createUnlikelyBranchWeights());
  B.SetInsertPoint(Go);
  Frame.send(B, F->getArg(0), F->getArg(1));
  B.CreateCall(Resume, {F->getArg(0)})->setCallingConv(Resume->getCallingConv());
  B.CreateRet(Frame.receive(B, F->getArg(0)));
  B.SetInsertPoint(Mistake);
  auto *Maker = cast<Function>(unwrap(OnFinished));
  Value *Context = B.CreateCall(Maker);
  Value *Result =
      B.CreateCall(cast<FunctionType>(unwrap(TypeRef)), unwrap(Again), {Context, F->getArg(1)});
  B.CreateCall(cast<Function>(unwrap(Destroy)), {Context});
  B.CreateRet(Result);
  return wrap(F);
}

// `void (ptr frame)`: ends a coroutine without cleanups. Where it has finished that is a
// mistake, of which Again tells as in `switch`.
LLVMValueRef stackswitch_coroutine_cancel(const StackswitchCoroutine *Coroutine,
                                          LLVMTypeRef Value, LLVMValueRef OnFinished,
                                          LLVMValueRef Again, LLVMValueRef Destroy,
                                          LLVMTypeRef TypeRef) {
  Module &M = *cast<Function>(unwrap(Coroutine->Resume))->getParent();
  LLVMContext &C = M.getContext();
  Header Frame(M, unwrap(Value));
  auto *Type = cast<FunctionType>(unwrap(TypeRef));
  auto *F =
      Function::Create(Type, GlobalValue::InternalLinkage, "stackswitch.stackless.cancel", M);
  auto *End = BasicBlock::Create(C, "end", F), *Mistake = BasicBlock::Create(C, "mistake", F);
  IRBuilder<> B(BasicBlock::Create(C, "entry", F, End));
  B.CreateCondBr(B.CreateICmpEQ(Frame.state(B, F->getArg(0)), B.getInt32(Finished)), Mistake, End,
                 MDBuilder(C).createUnlikelyBranchWeights());
  B.SetInsertPoint(End);
  Frame.setState(B, F->getArg(0), Finished);
  B.CreateRetVoid();
  B.SetInsertPoint(Mistake);
  auto *Context = B.CreateCall(cast<Function>(unwrap(OnFinished)));
  B.CreateCall(Type, unwrap(Again), {Context});
  B.CreateCall(cast<Function>(unwrap(Destroy)), {Context});
  B.CreateRetVoid();
  return wrap(F);
}

// `i32 (ptr frame)`: the status.
LLVMValueRef stackswitch_coroutine_status(const StackswitchCoroutine *Coroutine,
                                          LLVMTypeRef Value, LLVMTypeRef TypeRef) {
  Module &M = *cast<Function>(unwrap(Coroutine->Resume))->getParent();
  auto *F = Function::Create(cast<FunctionType>(unwrap(TypeRef)),
                             GlobalValue::InternalLinkage, "stackswitch.stackless.status", M);
  IRBuilder<> B(BasicBlock::Create(M.getContext(), "entry", F));
  auto *State = Header(M, unwrap(Value)).state(B, F->getArg(0));
  // In this form LLVM sees through a comparison with any of the three.
  auto *Started = B.CreateZExt(B.CreateICmpNE(State, B.getInt32(New)), B.getInt32Ty());
  B.CreateRet(B.CreateSelect(B.CreateICmpEQ(State, B.getInt32(Finished)), B.getInt32(Finished),
                             Started));
  return wrap(F);
}

// Inlines a call, and says whether that was possible.
bool stackswitch_coroutine_inline(LLVMValueRef CallRef) {
  auto &Call = *cast<CallBase>(unwrap(CallRef));
  DISubprogram *Scope = Call.getFunction()->getSubprogram();
  if (Scope && !Call.getDebugLoc())
    Call.setDebugLoc(DILocation::get(Call.getContext(), 0, 0, Scope));
  InlineFunctionInfo Info;
  return InlineFunction(Call, Info).isSuccess();
}

} // extern "C"
