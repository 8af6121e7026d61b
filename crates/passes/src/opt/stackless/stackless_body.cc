// Stackless bodies: a function that suspends only in its own frame is rewritten so that it keeps its
// state in a frame, which is memory of the caller's. Rust code decides which functions become stackless
// bodies and what calls them. `split.cc` splits a stackless body at its suspensions.

#include "stackless_body.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm-c/Core.h"

using namespace llvm;
using namespace stackswitch;

namespace {

// Attributes of a function that its stackless body keeps: those that decide how code is generated. Other
// attributes may be false for the stackless body.
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

// Of calls that are made only to report an operation on a context that has finished.
constexpr StringLiteral ReportsMistake = "stackswitch-reports-mistake";

void keepAttributes(Function &F) {
  AttributeSet Old = F.getAttributes().getFnAttrs();
  AttrBuilder Attributes(F.getContext());
  for (Attribute A : Old)
    if (A.isStringAttribute() ? A.getKindAsString() != "stackswitch-nosuspend"
                              : is_contained(Kept, A.getKindAsEnum()))
      Attributes.addAttribute(A);
  // Nothing in the body throws: the caller has checked that.
  Attributes.addAttribute(Attribute::NoUnwind);
  F.setAttributes(AttributeList().addFnAttributes(F.getContext(), Attributes));
  F.setCallingConv(CallingConv::Fast);
}

// Removes what LLVM has inferred about accesses to memory. It holds for one run of a function from its
// start to its end. A stackless body is left and entered again in between, and its code becomes part of
// other loops.
void dropClaims(Function &F) {
  SmallVector<Instruction *> Scopes;
  for (Instruction &I : instructions(F)) {
    for (unsigned Kind : {LLVMContext::MD_alias_scope, LLVMContext::MD_noalias,
                          LLVMContext::MD_access_group,
                          LLVMContext::MD_mem_parallel_loop_access,
                          LLVMContext::MD_invariant_group})
      I.setMetadata(Kind, nullptr);
    if (isa<NoAliasScopeDeclInst>(I))
      Scopes.push_back(&I);
  }
  for (Instruction *Scope : Scopes)
    Scope->eraseFromParent();
}

// Whether a variable can move to other memory.
bool isMovable(const Instruction &I) {
  auto *Variable = dyn_cast<AllocaInst>(&I);
  return !Variable ||
         (Variable->getAddressSpace() == 0 && !Variable->isSwiftError() &&
          !Variable->isUsedWithInAlloca() && !Variable->getAllocatedType()->isScalableTy());
}

// A stackless body under construction, from a copy of a body.
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

  // The start, in a block of its own: loads the argument and the value of the first resume.
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
      // The call is no longer the last act, and its callee may use this frame.
      if (auto *Call = dyn_cast<CallInst>(&I); Call && Call->isMustTailCall())
        Call->setTailCallKind(CallInst::TCK_None);
    }
    for (ReturnInst *Return : Returns)
      finish(Return);
  }
};

// Inlines all calls of Helpers. They are not recursive, so this ends.
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

// Runs LLVM's passes, with the analyses that they need.
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

  // A value in a register needs no place in the frame unless it is live across a suspension.
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

// Makes a stackless body of a copy of Body. Calls of Helpers are inlined, calls of Suspends suspend it.
// Null if that is not possible; then nothing has changed.
LLVMValueRef stackswitch_stackless_begin(LLVMValueRef BodyRef,
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
  dropClaims(*F);
  // Nothing throws, so invokes become calls.
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

// Splits stackless bodies, each with values of its type, and returns the properties of each.
void stackswitch_stackless_split(LLVMModuleRef ModuleRef, const LLVMValueRef *StacklessBodies,
                                 const LLVMTypeRef *Values, size_t Count,
                                 StackswitchStacklessBody *Out) {
  Passes Run;
  for (size_t I = 0; I != Count; ++I) {
    auto *F = cast<Function>(unwrap(StacklessBodies[I]));
    Run.simplify(*F);
    Out[I] = split(*F, unwrap(Values[I]));
  }
  eraseUnused(unwrap(ModuleRef)->getFunction(Suspension));
}

// `ptr (ptr frame, ptr body, ptr arg)`, as `spawn`: starts a stackless body and returns null. A variable
// may still hold the handle, but nothing reads it.
LLVMValueRef stackswitch_stackless_start(const StackswitchStacklessBody *StacklessBody,
                                         LLVMTypeRef Value, LLVMTypeRef TypeRef) {
  Module &M = *cast<Function>(unwrap(StacklessBody->Resume))->getParent();
  auto *F = Function::Create(cast<FunctionType>(unwrap(TypeRef)),
                             GlobalValue::InternalLinkage, "stackswitch.stackless.spawn", M);
  IRBuilder<> B(BasicBlock::Create(M.getContext(), "entry", F));
  Header Frame(M, unwrap(Value));
  Frame.setState(B, F->getArg(0), New);
  if (StacklessBody->HasArgument)
    Frame.setArgument(B, F->getArg(0), F->getArg(2));
  B.CreateRet(ConstantPointerNull::get(B.getPtrTy()));
  return wrap(F);
}

// `T (ptr frame, T value)` resumes a stackless body; `void (ptr frame)` ends one without cleanups. If the
// body has finished, that is an error. Then OnFinished creates a finished context, Again performs the
// operation on it, which reports the error, and Destroy frees it.
LLVMValueRef stackswitch_stackless_operation(const StackswitchStacklessBody *StacklessBody,
                                             LLVMTypeRef Value, LLVMValueRef OnFinished,
                                             LLVMValueRef Again, LLVMValueRef Destroy,
                                             LLVMTypeRef TypeRef) {
  auto *Resume = cast<Function>(unwrap(StacklessBody->Resume));
  auto *Type = cast<FunctionType>(unwrap(TypeRef));
  bool IsEnd = Type->getReturnType()->isVoidTy();
  Module &M = *Resume->getParent();
  LLVMContext &C = M.getContext();
  Header Frame(M, unwrap(Value));
  auto *F = Function::Create(
      Type, GlobalValue::InternalLinkage,
      IsEnd ? "stackswitch.stackless.cancel" : "stackswitch.stackless.switch", M);
  auto *Go = BasicBlock::Create(C, "go", F), *Mistake = BasicBlock::Create(C, "mistake", F);
  IRBuilder<> B(BasicBlock::Create(C, "entry", F, Go));
  B.CreateCondBr(B.CreateICmpEQ(Frame.state(B, F->getArg(0)), B.getInt32(Finished)), Mistake, Go,
                 MDBuilder(C).createUnlikelyBranchWeights());
  B.SetInsertPoint(Go);
  if (IsEnd) {
    Frame.setState(B, F->getArg(0), Finished);
    B.CreateRetVoid();
  } else {
    Frame.send(B, F->getArg(0), F->getArg(1));
    B.CreateCall(Resume, {F->getArg(0)})->setCallingConv(Resume->getCallingConv());
    B.CreateRet(Frame.receive(B, F->getArg(0)));
  }
  B.SetInsertPoint(Mistake);
  auto *Context = B.CreateCall(cast<Function>(unwrap(OnFinished)));
  SmallVector<llvm::Value *, 2> Arguments = {Context};
  if (!IsEnd)
    Arguments.push_back(F->getArg(1));
  auto *Result = B.CreateCall(Type, unwrap(Again), Arguments);
  auto *End = B.CreateCall(cast<Function>(unwrap(Destroy)), {Context});
  for (CallInst *Call : {Context, Result, End})
    Call->addFnAttr(Attribute::get(C, ReportsMistake));
  if (IsEnd)
    B.CreateRetVoid();
  else
    B.CreateRet(Result);
  return wrap(F);
}

// `i32 (ptr frame)`: the status.
LLVMValueRef stackswitch_stackless_status(const StackswitchStacklessBody *StacklessBody,
                                          LLVMTypeRef Value, LLVMTypeRef TypeRef) {
  Module &M = *cast<Function>(unwrap(StacklessBody->Resume))->getParent();
  auto *F = Function::Create(cast<FunctionType>(unwrap(TypeRef)),
                             GlobalValue::InternalLinkage, "stackswitch.stackless.status", M);
  IRBuilder<> B(BasicBlock::Create(M.getContext(), "entry", F));
  auto *State = Header(M, unwrap(Value)).state(B, F->getArg(0));
  // In this form LLVM can fold a comparison with each of the three.
  auto *Started = B.CreateZExt(B.CreateICmpNE(State, B.getInt32(New)), B.getInt32Ty());
  B.CreateRet(B.CreateSelect(B.CreateICmpEQ(State, B.getInt32(Finished)), B.getInt32(Finished),
                             Started));
  return wrap(F);
}

} // extern "C"
