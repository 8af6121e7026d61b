// What the linker and the loader may do with a symbol.

#include "llvm/IR/GlobalValue.h"
#include "llvm-c/Core.h"

using namespace llvm;

// Whether the definition of a function or an alias is the one that the program uses.
extern "C" bool stackswitch_ir_is_exact(LLVMValueRef Symbol) {
  return unwrap<GlobalValue>(Symbol)->isDefinitionExact();
}

// Whether a definition that does something else can take the place of a function or an
// alias when the program is linked or loaded.
extern "C" bool stackswitch_ir_is_interposable(LLVMValueRef Symbol) {
  return unwrap<GlobalValue>(Symbol)->isInterposable();
}
