// What the passes need and LLVM's C interface lacks.

#include "llvm/Analysis/InlineCost.h"
#include "llvm/IR/Attributes.h"
#include "llvm/IR/DIBuilder.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/DebugProgramInstruction.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm-c/Core.h"

using namespace llvm;

// Gives a function that a pass has made a description of its own, in the compile
// unit and at the line of `Like`. Nothing if that has no debug information.
extern "C" void stackswitch_ir_describe(LLVMValueRef Made, LLVMValueRef Like) {
  auto *F = unwrap<Function>(Made);
  DISubprogram *SP = unwrap<Function>(Like)->getSubprogram();
  if (!SP || !SP->getUnit())
    return;
  DIBuilder Builder(*F->getParent(), /*AllowUnresolved=*/false, SP->getUnit());
  auto *Type = Builder.createSubroutineType(Builder.getOrCreateTypeArray({}));
  auto Flags = DISubprogram::SPFlagDefinition | DISubprogram::SPFlagLocalToUnit;
  if (SP->isOptimized())
    Flags |= DISubprogram::SPFlagOptimized;
  DISubprogram *Description = Builder.createFunction(
      SP->getFile(), F->getName(), StringRef(), SP->getFile(),
      SP->getLine(), Type, SP->getScopeLine(), DINode::FlagArtificial, Flags);
  Builder.finalizeSubprogram(Description);
  F->setSubprogram(Description);
}

// Whether a local variable must be one, as its type or its flags say.
extern "C" bool stackswitch_ir_is_bound(LLVMValueRef Variable) {
  const auto *A = unwrap<AllocaInst>(Variable);
  return A->isUsedWithInAlloca() || A->isSwiftError() || !A->isStaticAlloca() ||
         A->getAddressSpace() != 0;
}

// The variable's stores are followed one by one where it has such records (assignment
// tracking): instead of them it gets one that says where it always is.
static void declareAssigned(AllocaInst *Variable, Value *Pointer,
                            int32_t Offset) {
  auto Markers = at::getDVRAssignmentMarkers(Variable);
  if (Markers.empty())
    return;
  for (DbgVariableRecord *Marker : Markers) {
    DIExpression *Place = Marker->getAddressExpression();
    if (auto Part = Marker->getExpression()->getFragmentInfo())
      if (auto Fragment = DIExpression::createFragmentExpression(
              Place, Part->OffsetInBits, Part->SizeInBits))
        Place = *Fragment;
    Place = DIExpression::prepend(Place, DIExpression::DerefBefore, Offset);
    DbgVariableRecord::createDVRDeclare(Pointer, Marker->getVariable(), Place,
                                        Marker->getDebugLoc().get(), *Marker);
  }
  for (Instruction &I : instructions(Variable->getFunction()))
    for (DbgVariableRecord &Record :
         make_early_inc_range(filterDbgVars(I.getDbgRecordRange())))
      if (Record.isDbgAssign() && Record.getAddress() == Variable)
        Record.eraseFromParent();
}

// Whether a call may be replaced by the body of what it calls.
extern "C" bool stackswitch_ir_may_inline(LLVMValueRef Call) {
  const auto *CB = unwrap<CallBase>(Call);
  Function *Callee = CB->getCalledFunction();
  return Callee && !Callee->isDeclaration() && !CB->isNoInline() &&
         !CB->isMustTailCall() &&
         AttributeFuncs::areInlineCompatible(*CB->getCaller(), *Callee) &&
         isInlineViable(*Callee).isSuccess();
}

// How many bytes an address is behind the one that it is computed from, if that
// is known. False if not.
extern "C" bool stackswitch_ir_constant_offset(LLVMValueRef Address,
                                               int64_t *Offset) {
  const auto *GEP = unwrap<GetElementPtrInst>(Address);
  const DataLayout &DL = GEP->getModule()->getDataLayout();
  if (GEP->getType()->isVectorTy())
    return false;
  APInt Bytes(DL.getIndexTypeSizeInBits(GEP->getType()), 0);
  if (!GEP->accumulateConstantOffset(DL, Bytes) || !Bytes.isSignedIntN(64))
    return false;
  *Offset = Bytes.getSExtValue();
  return true;
}

// Has debuggers find a local variable through another one, which is a pointer:
// `Offset` bytes from where it points to.
extern "C" void stackswitch_ir_describe_through(LLVMModuleRef M,
                                                LLVMValueRef Variable,
                                                LLVMValueRef Pointer,
                                                int32_t Offset) {
  DIBuilder Builder(*unwrap(M), /*AllowUnresolved=*/false);
  replaceDbgDeclare(unwrap(Variable), unwrap(Pointer), Builder,
                    DIExpression::DerefBefore, Offset);
  declareAssigned(unwrap<AllocaInst>(Variable), unwrap(Pointer), Offset);
}

// How much more often a call that is made only now and then is passed by.
static constexpr uint32_t Rarely = 2000;

// Has control come to a call or an invoke only where Condition holds, which is
// rare. Where it does not, what uses the result has Otherwise instead.
extern "C" void stackswitch_ir_call_rarely(LLVMValueRef C, LLVMValueRef Condition,
                                           LLVMValueRef Otherwise) {
  auto *Call = unwrap<CallBase>(C);
  BasicBlock *Before = Call->getParent();
  auto Next = std::next(Call->getIterator());
  // Variables of the fixed frame are in the first block.
  if (Before->isEntryBlock())
    for (Instruction &I : make_early_inc_range(make_range(Next, Before->end())))
      if (auto *A = dyn_cast<AllocaInst>(&I); A && A->isStaticAlloca())
        A->moveBefore(*Before, Before->begin());
  BasicBlock *Aside = Before->splitBasicBlock(Call->getIterator());
  BasicBlock *After;
  IRBuilder<> Builder(Call);
  if (auto *Invoke = dyn_cast<InvokeInst>(Call)) {
    BasicBlock *Normal = Invoke->getNormalDest();
    After = BasicBlock::Create(Call->getContext(), "", Call->getFunction(),
                               Normal);
    Builder.SetInsertPoint(After);
    Builder.CreateBr(Normal);
    Normal->replacePhiUsesWith(Aside, After);
    Invoke->setNormalDest(After);
  } else {
    // What debuggers are told of the result belongs behind both ways.
    Next = std::next(Call->getIterator());
    Next.setHeadBit(true);
    After = Aside->splitBasicBlock(Next);
  }
  Instruction *Old = Before->getTerminator();
  Builder.SetInsertPoint(Old);
  Builder.SetCurrentDebugLocation(Call->getDebugLoc());
  Builder.CreateCondBr(
      unwrap(Condition), Aside, After,
      MDBuilder(Call->getContext()).createBranchWeights(1, Rarely));
  Old->eraseFromParent();
  if (Call->use_empty())
    return;
  Builder.SetInsertPoint(After, After->begin());
  PHINode *Result = Builder.CreatePHI(Call->getType(), 2);
  Call->replaceAllUsesWith(Result);
  Result->takeName(Call);
  Result->addIncoming(Call, Aside);
  Result->addIncoming(unwrap(Otherwise), Before);
}
