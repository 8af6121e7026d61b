// What the passes need of LLVM's debug information and its C interface lacks.

#include "llvm/Analysis/InlineCost.h"
#include "llvm/IR/Attributes.h"
#include "llvm/IR/DIBuilder.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Instructions.h"
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
}
