// Local variables and addresses in them, as far as LLVM's C interface lacks them.

#include "llvm/IR/DataLayout.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm-c/Core.h"

using namespace llvm;

// Whether the flags of a local variable say that it has to stay in the frame.
extern "C" bool stackswitch_ir_is_bound_to_frame(LLVMValueRef Variable) {
  const auto *A = unwrap<AllocaInst>(Variable);
  return A->isUsedWithInAlloca() || A->isSwiftError() || !A->isStaticAlloca() ||
         A->getAddressSpace() != 0;
}

// The same for variables of any size, wherever they are made.
extern "C" bool stackswitch_ir_is_marked_for_frame(LLVMValueRef Variable) {
  const auto *A = unwrap<AllocaInst>(Variable);
  return A->isUsedWithInAlloca() || A->isSwiftError() || A->getAddressSpace() != 0;
}

// Sets *Offset to the bytes from the pointer that an address is computed from to the
// address. Returns false if they are not known at compile time.
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

// Marks the place where the lifetime of a local variable of Bytes bytes starts or ends.
extern "C" void stackswitch_ir_mark_lifetime(LLVMBuilderRef BuilderRef,
                                             LLVMValueRef Variable, uint64_t Bytes,
                                             bool Starts) {
  IRBuilder<> &B = *unwrap(BuilderRef);
  Value *V = unwrap(Variable);
#if LLVM_VERSION_MAJOR >= 22
  (void)Bytes;
  Starts ? B.CreateLifetimeStart(V) : B.CreateLifetimeEnd(V);
#else
  ConstantInt *Size = B.getInt64(Bytes);
  Starts ? B.CreateLifetimeStart(V, Size) : B.CreateLifetimeEnd(V, Size);
#endif
}
