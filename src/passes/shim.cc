// The bridge to LLVM's C++ pass interfaces. What the passes do is written in
// Rust; here they are given names, put into the default pipelines, and run.

#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/Instruction.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PassInstrumentation.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#if LLVM_VERSION_MAJOR >= 22
#include "llvm/Plugins/PassPlugin.h"
#else
#include "llvm/Passes/PassPlugin.h"
#endif
#include "llvm-c/Core.h"
#include "llvm-c/TargetMachine.h"

using namespace llvm;

extern "C" {
// A pass in Rust: takes a module, says whether it changed it.
using RustPass = bool (*)(LLVMModuleRef);
struct StackswitchPasses {
  RustPass Verify;
  RustPass Lower;
  RustPass Check;
  // Whether the module being compiled has been found wrong.
  bool (*Rejected)();
};
}

namespace {

// Required, so that it also runs at -O0 and whatever -opt-bisect-limit says.
class RustModulePass : public PassInfoMixin<RustModulePass> {
  RustPass Run;

public:
  explicit RustModulePass(RustPass Run) : Run(Run) {}
  PreservedAnalyses run(Module &M, ModuleAnalysisManager &) {
    return Run(wrap(&M)) ? PreservedAnalyses::none() : PreservedAnalyses::all();
  }
  static bool isRequired() { return true; }
};

// An error with a place, of a kind that clang shows in the source.
class Rejection : public DiagnosticInfoUnsupported {
  const Twine &Text;

public:
  Rejection(const Function &F, const Twine &Text, const DiagnosticLocation &Loc)
      : DiagnosticInfoUnsupported(F, Text, Loc, DS_Error), Text(Text) {}
  void print(DiagnosticPrinter &DP) const override {
    if (isLocationAvailable())
      DP << getLocationStr() << ": ";
    DP << Text;
  }
};

// Keeps errors instead of printing them and ending the process.
class ErrorKeeper : public DiagnosticHandler {
  std::unique_ptr<DiagnosticHandler> Outer;

public:
  std::string Errors;

  explicit ErrorKeeper(std::unique_ptr<DiagnosticHandler> Outer)
      : Outer(std::move(Outer)) {}
  std::unique_ptr<DiagnosticHandler> takeOuter() { return std::move(Outer); }
  bool handleDiagnostics(const DiagnosticInfo &DI) override {
    if (DI.getSeverity() != DS_Error)
      return Outer && Outer->handleDiagnostics(DI);
    raw_string_ostream Stream(Errors);
    if (!Errors.empty())
      Stream << '\n';
    DiagnosticPrinterRawOStream Printer(Stream);
    DI.print(Printer);
    return true;
  }
};

void registerPasses(PassBuilder &PB, const StackswitchPasses &Passes) {
  // The arguments besides the pass manager differ between versions of LLVM.
  auto VerifyAndLower = [Passes](ModulePassManager &MPM, auto...) {
    MPM.addPass(RustModulePass(Passes.Verify));
    MPM.addPass(RustModulePass(Passes.Lower));
  };
  auto Check = [Passes](ModulePassManager &MPM, auto...) {
    MPM.addPass(RustModulePass(Passes.Check));
  };
  PB.registerPipelineParsingCallback(
      [Passes](StringRef Name, ModulePassManager &MPM,
               ArrayRef<PassBuilder::PipelineElement> Inner) {
        RustPass Run = Name == "stackswitch-verify"  ? Passes.Verify
                       : Name == "stackswitch-lower" ? Passes.Lower
                       : Name == "stackswitch-check" ? Passes.Check
                                                     : nullptr;
        if (!Run || !Inner.empty())
          return false;
        MPM.addPass(RustModulePass(Run));
        return true;
      });
  PB.registerPipelineStartEPCallback(VerifyAndLower);
  // A ThinLTO backend has no pipeline start; elsewhere nothing is left to do.
  PB.registerPipelineEarlySimplificationEPCallback(
      [Passes](ModulePassManager &MPM, auto...) {
        MPM.addPass(RustModulePass(Passes.Lower));
      });
  PB.registerFullLinkTimeOptimizationEarlyEPCallback(VerifyAndLower);
  PB.registerOptimizerLastEPCallback(Check);
  PB.registerFullLinkTimeOptimizationLastEPCallback(Check);
}

} // namespace

extern "C" uint32_t stackswitch_shim_plugin_api_version() {
  return LLVM_PLUGIN_API_VERSION;
}

extern "C" void stackswitch_shim_register(PassBuilder *PB,
                                          const StackswitchPasses *Passes) {
  registerPasses(*PB, *Passes);
}

// Reports an error about an instruction or a function to the context's handler,
// which may end the process (opt's does).
extern "C" void stackswitch_shim_report(LLVMValueRef About, const char *Text) {
  const Value *V = unwrap(About);
  const auto *I = dyn_cast<Instruction>(V);
  const Function *F = I ? I->getFunction() : cast<Function>(V);
  DiagnosticLocation Loc =
      I ? DiagnosticLocation(I->getDebugLoc()) : DiagnosticLocation();
  Twine Message(Text);
  F->getContext().diagnose(Rejection(*F, Message, Loc));
}

// Runs a textual pipeline. Returns 0, or 1 for a wrong pipeline text, or 2 for
// errors that LLVM reported meanwhile; *Error is then the text, to be freed with
// LLVMDisposeMessage.
extern "C" int stackswitch_shim_run(LLVMModuleRef ModuleRef,
                                    LLVMTargetMachineRef Target,
                                    const char *Pipeline,
                                    const StackswitchPasses *Passes,
                                    char **Error) {
  Module &M = *unwrap(ModuleRef);
  PassInstrumentationCallbacks PIC;
  // Optimising a module that has been found wrong would be wasted time.
  PIC.registerShouldRunOptionalPassCallback(
      [Passes](StringRef, auto &&...) { return !Passes->Rejected(); });
  PassBuilder PB(reinterpret_cast<TargetMachine *>(Target),
                 PipelineTuningOptions(), std::nullopt, &PIC);
  registerPasses(PB, *Passes);

  LoopAnalysisManager LAM;
  FunctionAnalysisManager FAM;
  CGSCCAnalysisManager CGAM;
  ModuleAnalysisManager MAM;
  PB.registerModuleAnalyses(MAM);
  PB.registerCGSCCAnalyses(CGAM);
  PB.registerFunctionAnalyses(FAM);
  PB.registerLoopAnalyses(LAM);
  PB.crossRegisterProxies(LAM, FAM, CGAM, MAM);

  ModulePassManager MPM;
  if (auto Wrong = PB.parsePassPipeline(MPM, Pipeline)) {
    *Error = LLVMCreateMessage(toString(std::move(Wrong)).c_str());
    return 1;
  }
  LLVMContext &Context = M.getContext();
  auto Owned = std::make_unique<ErrorKeeper>(Context.getDiagnosticHandler());
  ErrorKeeper *Keeper = Owned.get();
  Context.setDiagnosticHandler(std::move(Owned));
  MPM.run(M, MAM);
  std::string Errors = std::move(Keeper->Errors);
  Context.setDiagnosticHandler(Keeper->takeOuter());
  if (Errors.empty())
    return 0;
  *Error = LLVMCreateMessage(Errors.c_str());
  return 2;
}
