// Putting code in the place of a call, as far as LLVM's C interface lacks it.

#include "llvm/Analysis/InlineCost.h"
#include "llvm/IR/Attributes.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm-c/Core.h"

using namespace llvm;

// Whether the body of the callee may replace a call, if the caller's and callee's target
// attributes agree.
extern "C" bool stackswitch_ir_may_inline(LLVMValueRef Call) {
  const auto *CB = unwrap<CallBase>(Call);
  Function *Callee = CB->getCalledFunction();
  return Callee && !Callee->isDeclaration() && !Callee->isInterposable() && !CB->isNoInline() &&
         !CB->isMustTailCall() &&
         AttributeFuncs::areInlineCompatible(*CB->getCaller(), *Callee) &&
         isInlineViable(*Callee).isSuccess();
}

// Removes what is claimed of a call besides its operands.
extern "C" void stackswitch_ir_drop_claims(LLVMValueRef C) {
  auto *Call = unwrap<CallBase>(C);
  Call->dropUnknownNonDebugMetadata();
  Call->setAttributes(AttributeList());
  if (auto *Plain = dyn_cast<CallInst>(Call))
    Plain->setTailCallKind(CallInst::TCK_None);
}

// Inlines a call. Returns whether LLVM could.
extern "C" bool stackswitch_ir_inline(LLVMValueRef CallRef) {
  auto &Call = *cast<CallBase>(unwrap(CallRef));
  DISubprogram *Scope = Call.getFunction()->getSubprogram();
  if (Scope && !Call.getDebugLoc())
    Call.setDebugLoc(DILocation::get(Call.getContext(), 0, 0, Scope));
  InlineFunctionInfo Info;
  return InlineFunction(Call, Info).isSuccess();
}

// How many times as often a rare call is skipped as made.
static constexpr uint32_t Rarely = 2000;

// Makes control come to a call or an invoke only if Condition holds, which is rare. If
// it does not hold, Otherwise takes the place of the result.
extern "C" void stackswitch_ir_call_rarely(LLVMValueRef C, LLVMValueRef Condition,
                                           LLVMValueRef Otherwise) {
  auto *Call = unwrap<CallBase>(C);
  BasicBlock *Before = Call->getParent();
  auto Next = std::next(Call->getIterator());
  // Variables in the fixed part of the frame have to stay in the first block.
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
    // The debug records of the result belong after the place where both ways meet.
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
