// Module flags, as far as LLVM's C interface has no function for it.

#include "llvm/IR/Metadata.h"
#include "llvm/IR/Module.h"
#include "llvm-c/Core.h"

using namespace llvm;

// Removes the module flag of this name, if there is one.
extern "C" void stackswitch_ir_remove_flag(LLVMModuleRef ModuleRef, const char *Name,
                                           size_t Length) {
  NamedMDNode *Flags = unwrap(ModuleRef)->getModuleFlagsMetadata();
  if (!Flags)
    return;
  StringRef Key(Name, Length);
  SmallVector<MDNode *> Kept;
  for (MDNode *Flag : Flags->operands()) {
    // A flag is a behaviour, a name and a value.
    const auto *Found =
        Flag->getNumOperands() < 2 ? nullptr : dyn_cast_or_null<MDString>(Flag->getOperand(1));
    if (!Found || Found->getString() != Key)
      Kept.push_back(Flag);
  }
  if (Kept.empty()) {
    Flags->eraseFromParent();
    return;
  }
  Flags->clearOperands();
  for (MDNode *Flag : Kept)
    Flags->addOperand(Flag);
}
