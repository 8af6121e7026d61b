// The parts of ORC that LLVM's C interface lacks.

#include "llvm-c/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"

namespace {
llvm::orc::LLJIT &unwrap(LLVMOrcLLJITRef Jit) {
  return *reinterpret_cast<llvm::orc::LLJIT *>(Jit);
}
} // namespace

// Runs the constructors of the modules that have been added since the last time.
extern "C" LLVMErrorRef stackswitch_shim_initialize(LLVMOrcLLJITRef Jit) {
  return llvm::wrap(unwrap(Jit).initialize(unwrap(Jit).getMainJITDylib()));
}

// Runs destructors, and what was registered with atexit.
extern "C" LLVMErrorRef stackswitch_shim_deinitialize(LLVMOrcLLJITRef Jit) {
  return llvm::wrap(unwrap(Jit).deinitialize(unwrap(Jit).getMainJITDylib()));
}
