// Debug information that LLVM's C interface cannot change.

#include "llvm/IR/DIBuilder.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/DebugProgramInstruction.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm-c/Core.h"

using namespace llvm;

// Gives a function that a pass has made debug information of its own: in the compile
// unit and at the line of `Like`. Does nothing if `Like` has no debug information.
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

// Debug information with assignment tracking follows the stores to a variable one by one.
// Replaces these records by one record that says where the variable always is.
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

// Makes debuggers find a local variable, or an argument passed by value in memory, `Offset`
// bytes after the address that another local variable holds.
extern "C" void stackswitch_ir_describe_through(LLVMModuleRef M,
                                                LLVMValueRef Variable,
                                                LLVMValueRef Pointer,
                                                int32_t Offset) {
  DIBuilder Builder(*unwrap(M), /*AllowUnresolved=*/false);
  replaceDbgDeclare(unwrap(Variable), unwrap(Pointer), Builder,
                    DIExpression::DerefBefore, Offset);
  if (auto *A = dyn_cast<AllocaInst>(unwrap(Variable)))
    declareAssigned(A, unwrap(Pointer), Offset);
}
