// The bridge to LLVM's coroutines: what its C interface cannot do. Which functions
// become coroutines, and what calls them, is decided in Rust.

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Intrinsics.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm-c/Core.h"

using namespace llvm;

namespace {

// Says the size of the frame: its arguments are numbers once the coroutine is split.
constexpr StringLiteral Layout = "stackswitch.stackless.layout";

// What `status` gives.
enum Status : uint32_t { New = 0, Suspended = 1, Finished = 3 };

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

Function *intrinsic(Module &M, Intrinsic::ID Id, ArrayRef<Type *> Types = {}) {
#if LLVM_VERSION_MAJOR >= 20
  return Intrinsic::getOrInsertDeclaration(&M, Id, Types);
#else
  return Intrinsic::getDeclaration(&M, Id, Types);
#endif
}

// The value that travels and the status, in one piece of memory that has a fixed
// place in the frame.
struct Slot {
  StructType *Type;
  Align Alignment;

  Slot(Module &M, llvm::Type *Value)
      : Type(StructType::get(M.getContext(),
                             {Value, llvm::Type::getInt32Ty(M.getContext())})),
        Alignment(std::max(M.getDataLayout().getABITypeAlign(Value), Align(16))) {}

  // Behind the two pointers that LLVM's frames start with.
  Value *in(IRBuilder<> &B, Value *Frame) const {
    const DataLayout &DL = B.GetInsertBlock()->getModule()->getDataLayout();
    uint64_t Offset = alignTo(2 * DL.getPointerSize(), Alignment);
    return B.CreateConstInBoundsGEP1_64(B.getInt8Ty(), Frame, Offset);
  }
  Value *status(IRBuilder<> &B, Value *Slot) const {
    return B.CreateStructGEP(Type, Slot, 1);
  }
  void send(IRBuilder<> &B, Value *Slot, Value *V, Status S) const {
    B.CreateAlignedStore(V, Slot, Alignment);
    B.CreateStore(B.getInt32(S), status(B, Slot));
  }
  Value *receive(IRBuilder<> &B, Value *Slot) const {
    return B.CreateAlignedLoad(Type->getElementType(0), Slot, Alignment);
  }
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

void keepAttributes(Function &F) {
  AttributeSet Old = F.getAttributes().getFnAttrs();
  AttrBuilder Attributes(F.getContext());
  for (Attribute A : Old)
    if (A.isStringAttribute() ? A.getKindAsString() != "stackswitch-nosuspend"
                              : is_contained(Kept, A.getKindAsEnum()))
      Attributes.addAttribute(A);
  // Nothing in it throws: that is a condition for being here.
  Attributes.addAttribute(Attribute::NoUnwind);
  Attributes.addAttribute(Attribute::PresplitCoroutine);
  F.setAttributes(AttributeList().addFnAttributes(F.getContext(), Attributes));
  F.setCallingConv(CallingConv::C);
}

// The coroutine while it is made.
class Maker {
  Function &F;
  Slot Kind;
  BasicBlock *Leave;
  Value *Memory = nullptr, *Frame = nullptr;

public:
  Maker(Function &F, Type *Value)
      : F(F), Kind(*F.getParent(), Value),
        Leave(BasicBlock::Create(F.getContext(), "leave", &F)) {}

  // A block's end: goes on at Next when resumed.
  void suspend(IRBuilder<> &B, BasicBlock *Next, bool Final = false) {
    CallInst *State =
        B.CreateCall(intrinsic(*F.getParent(), Intrinsic::coro_suspend),
                     {ConstantTokenNone::get(F.getContext()), B.getInt1(Final)});
    if (Final)
      State->setCannotDuplicate();
    SwitchInst *Switch = B.CreateSwitch(State, Leave, 2);
    Switch->addCase(B.getInt8(0), Next);
    Switch->addCase(B.getInt8(1), Leave);
  }

  // The start; returns the value of the first resume, before a missing end.
  Value *begin() {
    Module &M = *F.getParent();
    IRBuilder<> B(BasicBlock::Create(F.getContext(), "entry", &F, Leave));
    AllocaInst *Memory = B.CreateAlloca(Kind.Type);
    Memory->setAlignment(Kind.Alignment);
    this->Memory = Memory;
    auto *Null = ConstantPointerNull::get(B.getPtrTy());
    CallInst *Id = B.CreateCall(intrinsic(M, Intrinsic::coro_id),
                                {B.getInt32(Kind.Alignment.value()), Memory, &F, Null});
    Id->setCannotDuplicate();
    Frame = B.CreateCall(intrinsic(M, Intrinsic::coro_begin), {Id, F.getArg(0)});
    Type *Size = B.getInt64Ty();
    B.CreateCall(M.getOrInsertFunction(Layout, B.getVoidTy(), Size, Size),
                 {B.CreateCall(intrinsic(M, Intrinsic::coro_size, {Size})),
                  B.CreateCall(intrinsic(M, Intrinsic::coro_align, {Size}))});
    B.CreateStore(B.getInt32(New), Kind.status(B, Memory));
    auto *Start = BasicBlock::Create(F.getContext(), "start", &F, Leave);
    suspend(B, Start);
    B.SetInsertPoint(Start);
    return Kind.receive(B, Memory);
  }

  // A call that suspends.
  void replace(CallBase *Call) {
    BasicBlock *Before = Call->getParent();
    BasicBlock *After = Before->splitBasicBlock(Call);
    Before->getTerminator()->eraseFromParent();
    IRBuilder<> B(Before);
    B.SetCurrentDebugLocation(Call->getDebugLoc());
    Kind.send(B, Memory, Call->getArgOperand(0), Suspended);
    suspend(B, After);
    B.SetInsertPoint(Call);
    Call->replaceAllUsesWith(Kind.receive(B, Memory));
    Call->eraseFromParent();
  }

  // The ends of the function, and what ends the coroutine.
  void finish() {
    SmallVector<ReturnInst *> Returns;
    for (Instruction &I : instructions(F)) {
      if (auto *Return = dyn_cast<ReturnInst>(&I))
        Returns.push_back(Return);
      // It is no longer the end, and its callee is on this stack now.
      if (auto *Call = dyn_cast<CallInst>(&I); Call && Call->isMustTailCall())
        Call->setTailCallKind(CallInst::TCK_None);
    }
    if (!Returns.empty()) {
      auto *End = BasicBlock::Create(F.getContext(), "end", &F, Leave);
      auto *Never = BasicBlock::Create(F.getContext(), "never", &F, Leave);
      for (ReturnInst *Return : Returns) {
        IRBuilder<> B(Return);
        Kind.send(B, Memory, Return->getReturnValue(), Finished);
        B.CreateBr(End);
        Return->eraseFromParent();
      }
      IRBuilder<> B(End);
      suspend(B, Never, true);
      B.SetInsertPoint(Never);
      B.CreateUnreachable();
    }
    IRBuilder<> B(Leave);
    B.CreateCall(intrinsic(*F.getParent(), Intrinsic::coro_end),
                 {Frame, B.getFalse(), ConstantTokenNone::get(F.getContext())});
    B.CreateRetVoid();
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

// Whether control gets from a value to a use of it by way of a suspension, without
// coming to the value again. Suspensions are at the ends of blocks.
bool livesAcross(const Instruction &Value, const SmallPtrSetImpl<BasicBlock *> &Suspending) {
  // Uses in a block come before its suspension, those on the way out of it after.
  SmallPtrSet<const BasicBlock *, 8> Inside, Leaving;
  for (const Use &U : Value.uses()) {
    if (const auto *Phi = dyn_cast<PHINode>(U.getUser()))
      Leaving.insert(Phi->getIncomingBlock(U));
    else
      Inside.insert(cast<Instruction>(U.getUser())->getParent());
  }
  const BasicBlock *Home = Value.getParent();
  SmallPtrSet<const BasicBlock *, 16> Seen[2];
  SmallVector<std::pair<const BasicBlock *, bool>> Open = {{Home, false}};
  while (!Open.empty()) {
    auto [Block, Crossed] = Open.pop_back_val();
    bool After = Crossed || Suspending.contains(Block);
    if ((Crossed && Inside.contains(Block)) || (After && Leaving.contains(Block)))
      return true;
    for (const BasicBlock *Next : successors(Block))
      if (Next != Home && Seen[After].insert(Next).second)
        Open.push_back({Next, After});
  }
  return false;
}

// LLVM computes again what it can where a coroutine goes on, rather than keep it in
// the frame. In a loop that is most of the work twice, so results get a variable.
void keepResults(Function &F) {
  SmallPtrSet<BasicBlock *, 16> Suspending;
  for (Instruction &I : instructions(F))
    if (auto *Call = dyn_cast<IntrinsicInst>(&I);
        Call && Call->getIntrinsicID() == Intrinsic::coro_suspend)
      Suspending.insert(I.getParent());
  SmallVector<Instruction *> Kept;
  for (Instruction &I : instructions(F))
    if (isa<BinaryOperator, CastInst, SelectInst>(I) &&
        any_of(I.operands(), [](Value *V) { return isa<Instruction>(V); }) &&
        livesAcross(I, Suspending))
      Kept.push_back(&I);
  for (Instruction *I : Kept)
    DemoteRegToStack(*I);
}

// LLVM's passes, with what they need.
class Passes {
  PassBuilder PB;
  LoopAnalysisManager LAM;
  FunctionAnalysisManager FAM;
  CGSCCAnalysisManager CGAM;
  ModuleAnalysisManager MAM;

public:
  Passes() {
    PB.registerModuleAnalyses(MAM);
    PB.registerCGSCCAnalyses(CGAM);
    PB.registerFunctionAnalyses(FAM);
    PB.registerLoopAnalyses(LAM);
    PB.crossRegisterProxies(LAM, FAM, CGAM, MAM);
  }

  // Before the split: what is in registers needs no place in the frame, if it is not
  // live where the coroutine suspends. After it: what the split leaves behind.
  void simplify(Function &F) {
    FunctionPassManager FPM;
    cantFail(PB.parsePassPipeline(FPM, "sroa,early-cse,simplifycfg"));
    FPM.run(F, FAM);
    FAM.clear(F, F.getName());
  }

  // Makes ordinary functions of the coroutines that are Ours. Those of a language are
  // left to the pipeline, which splits them later.
  void split(Module &M, const SmallPtrSetImpl<Function *> &Ours) {
    SmallVector<Function *> Others;
    for (Function &F : M)
      if (F.isPresplitCoroutine() && !Ours.contains(&F)) {
        F.removeFnAttr(Attribute::PresplitCoroutine);
        Others.push_back(&F);
      }
    ModulePassManager MPM;
    cantFail(PB.parsePassPipeline(MPM, "cgscc(coro-split<reuse-storage>)"));
    MAM.invalidate(M, MPM.run(M, MAM));
    for (Function *F : Others)
      F->setPresplitCoroutine();
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
// A coroutine that has been split.
struct StackswitchCoroutine {
  // void (ptr frame, ptr arg)
  LLVMValueRef Start;
  // fastcc void (ptr frame)
  LLVMValueRef Resume;
  uint64_t Size, Alignment;
};
}

namespace {

// Takes out of the function that starts a coroutine what only coroutines need.
StackswitchCoroutine settle(Function &F) {
  F.setLinkage(GlobalValue::InternalLinkage);
  StackswitchCoroutine Done = {wrap(&F), nullptr, 0, 1};
  GlobalVariable *Parts = nullptr;
  for (Instruction &At : make_early_inc_range(instructions(F))) {
    auto *Call = dyn_cast<CallInst>(&At);
    if (!Call || !Call->getCalledFunction())
      continue;
    Function *Callee = Call->getCalledFunction();
    if (Callee->getIntrinsicID() == Intrinsic::coro_id) {
      Parts = cast<GlobalVariable>(Call->getArgOperand(3)->stripPointerCasts());
      Call->replaceAllUsesWith(ConstantTokenNone::get(F.getContext()));
      Call->eraseFromParent();
    } else if (Callee->getIntrinsicID() == Intrinsic::coro_begin) {
      Call->replaceAllUsesWith(Call->getArgOperand(1));
      Call->eraseFromParent();
    } else if (Callee->getName() == Layout) {
      Done.Size = cast<ConstantInt>(Call->getArgOperand(0))->getZExtValue();
      Done.Alignment = cast<ConstantInt>(Call->getArgOperand(1))->getZExtValue();
      Call->eraseFromParent();
    }
  }
  Done.Size = alignTo(Done.Size, Done.Alignment);
  // The functions that resume, destroy and clean up. The latter two are not needed,
  // and nothing is called through the frame.
  SmallVector<Function *, 3> Functions;
  for (Value *Part : Parts->getInitializer()->operands())
    Functions.push_back(cast<Function>(Part->stripPointerCasts()));
  Parts->eraseFromParent();
  for (Function *Part : Functions)
    for (User *U : make_early_inc_range(Part->users()))
      if (auto *Store = dyn_cast<StoreInst>(U))
        Store->eraseFromParent();
  Function *Resume = Functions.front();
  // To a debugger it is the body, whatever the pass calls it.
  if (DISubprogram *Body = F.getSubprogram(), *Copy = Resume->getSubprogram(); Body && Copy)
    Copy->replaceLinkageName(Body->getRawLinkageName());
  Done.Resume = wrap(Resume);
  for (Function *Part : ArrayRef(Functions).drop_front())
    eraseUnused(Part);
  return Done;
}

} // namespace

extern "C" {

// Makes a coroutine of a copy of Body: the calls of Helpers are inlined, the calls of
// Suspends are what suspends it. Null where LLVM refuses; then nothing has changed.
LLVMValueRef stackswitch_coroutine_begin(LLVMValueRef BodyRef,
                                         const LLVMValueRef *Suspends, size_t SuspendCount,
                                         const LLVMValueRef *Helpers, size_t HelperCount) {
  Function &Body = *cast<Function>(unwrap(BodyRef));
  Module &M = *Body.getParent();
  if (any_of(Body, [](BasicBlock &B) { return B.hasAddressTaken(); }) ||
      M.getFunction("llvm.coro.prepare.retcon") || M.getFunction("llvm.coro.prepare.async"))
    return nullptr;
  SmallPtrSet<Value *, 8> ThatSuspend, ToInline;
  for (LLVMValueRef F : ArrayRef(Suspends, SuspendCount))
    ThatSuspend.insert(unwrap(F));
  for (LLVMValueRef F : ArrayRef(Helpers, HelperCount))
    ToInline.insert(unwrap(F));

  LLVMContext &C = M.getContext();
  Type *Ptr = PointerType::get(C, 0);
  auto *F = Function::Create(FunctionType::get(Type::getVoidTy(C), {Ptr, Ptr}, false),
                             GlobalValue::ExternalLinkage,
                             Body.getName() + ".stackless", M);
  Maker Making(*F, Body.getReturnType());
  Value *First = Making.begin();
  ValueToValueMapTy Map;
  Map[Body.getArg(0)] = F->getArg(1);
  Map[Body.getArg(1)] = First;
  SmallVector<ReturnInst *, 4> Returns;
  CloneFunctionInto(F, &Body, Map, CloneFunctionChangeType::LocalChangesOnly, Returns);
  // Until it is split: the pass only comes to functions that something may call.
  F->setLinkage(GlobalValue::ExternalLinkage);
  F->setVisibility(GlobalValue::DefaultVisibility);
  F->setDLLStorageClass(GlobalValue::DefaultStorageClass);
  F->setComdat(nullptr);
  keepAttributes(*F);
  auto *Old = cast<BasicBlock>(Map[&Body.getEntryBlock()]);
  for (Instruction &I : make_early_inc_range(*Old))
    if (isa<AllocaInst>(I))
      I.moveBefore(F->getEntryBlock(), F->getEntryBlock().begin());
  IRBuilder<>(cast<Instruction>(First)->getParent()).CreateBr(Old);
  if (!inlineAll(*F, ToInline)) {
    F->eraseFromParent();
    eraseUnused(M.getFunction(Layout));
    return nullptr;
  }
  // Nothing throws, so nothing is invoked; an intrinsic could not be.
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

// Splits coroutines, and says for each what became of it.
void stackswitch_coroutine_split(LLVMModuleRef ModuleRef, const LLVMValueRef *Coroutines,
                                 size_t Count, StackswitchCoroutine *Out) {
  Module &M = *unwrap(ModuleRef);
  SmallPtrSet<Function *, 8> Ours;
  for (LLVMValueRef F : ArrayRef(Coroutines, Count))
    Ours.insert(cast<Function>(unwrap(F)));
  {
    Passes Run;
    for (Function *F : Ours) {
      Run.simplify(*F);
      keepResults(*F);
    }
    Run.split(M, Ours);
  }
  for (size_t I = 0; I != Count; ++I)
    Out[I] = settle(*cast<Function>(unwrap(Coroutines[I])));
  Passes Run;
  for (size_t I = 0; I != Count; ++I) {
    Run.simplify(*cast<Function>(unwrap(Out[I].Start)));
    Run.simplify(*cast<Function>(unwrap(Out[I].Resume)));
  }
  for (StringRef Name : {StringRef(Layout), StringRef("llvm.coro.id"),
                         StringRef("llvm.coro.begin"), StringRef("llvm.coro.size.i64"),
                         StringRef("llvm.coro.align.i64"), StringRef("llvm.coro.save"),
                         StringRef("llvm.coro.suspend"), StringRef("llvm.coro.end")})
    eraseUnused(M.getFunction(Name));
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
  Slot Kind(M, cast<FunctionType>(unwrap(TypeRef))->getReturnType());
  auto *F = Function::Create(cast<FunctionType>(unwrap(TypeRef)),
                             GlobalValue::InternalLinkage, "stackswitch.stackless.switch", M);
  auto *Go = BasicBlock::Create(C, "go", F), *Mistake = BasicBlock::Create(C, "mistake", F);
  IRBuilder<> B(BasicBlock::Create(C, "entry", F, Go));
  Value *Memory = Kind.in(B, F->getArg(0));
  Value *Status = B.CreateLoad(B.getInt32Ty(), Kind.status(B, Memory));
  B.CreateCondBr(B.CreateICmpEQ(Status, B.getInt32(Finished)), Mistake, Go,
                 MDBuilder(C).createUnlikelyBranchWeights());
  B.SetInsertPoint(Go);
  B.CreateAlignedStore(F->getArg(1), Memory, Kind.Alignment);
  B.CreateCall(Resume, {F->getArg(0)})->setCallingConv(Resume->getCallingConv());
  B.CreateRet(Kind.receive(B, Memory));
  B.SetInsertPoint(Mistake);
  auto *Maker = cast<Function>(unwrap(OnFinished));
  Value *Context = B.CreateCall(Maker);
  Value *Result =
      B.CreateCall(cast<FunctionType>(unwrap(TypeRef)), unwrap(Again), {Context, F->getArg(1)});
  B.CreateCall(cast<Function>(unwrap(Destroy)), {Context});
  B.CreateRet(Result);
  return wrap(F);
}

// `i32 (ptr frame)`: the status.
LLVMValueRef stackswitch_coroutine_status(const StackswitchCoroutine *Coroutine,
                                          LLVMTypeRef Value, LLVMTypeRef TypeRef) {
  Module &M = *cast<Function>(unwrap(Coroutine->Resume))->getParent();
  auto *F = Function::Create(cast<FunctionType>(unwrap(TypeRef)),
                             GlobalValue::InternalLinkage, "stackswitch.stackless.status", M);
  IRBuilder<> B(BasicBlock::Create(M.getContext(), "entry", F));
  Slot Kind(M, unwrap(Value));
  B.CreateRet(B.CreateLoad(B.getInt32Ty(), Kind.status(B, Kind.in(B, F->getArg(0)))));
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
