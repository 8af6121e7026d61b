// The passes as LLVM's C++ interface wants them. What they do is written in Rust; this
// file names them, puts them into the default pipelines, and runs pipelines.

#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/Instruction.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PassInstrumentation.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/IPO/Inliner.h"
#if LLVM_VERSION_MAJOR >= 22
#include "llvm/Plugins/PassPlugin.h"
#else
#include "llvm/Passes/PassPlugin.h"
#endif
#include "llvm-c/Core.h"
#include "llvm-c/TargetMachine.h"

using namespace llvm;

// LLVM tells the types in an Any apart by the address of this variable. It must be the
// host's variable and not a copy in the plugin; the headers of LLVM 22 say so.
#if LLVM_VERSION_MAJOR < 22
namespace llvm {
extern template struct Any::TypeId<const Module *>;
}
#endif

extern "C" {
// A pass in Rust. It returns whether it changed the module.
using RustPass = bool (*)(LLVMModuleRef);
// Takes the functions that a pass has changed.
struct StackswitchListener {
  void (*Changed)(StackswitchListener *, LLVMValueRef);
};
// A pass that reports the functions that it changed, and changes nothing else.
using RustLocalPass = void (*)(LLVMModuleRef, StackswitchListener *);
struct StackswitchPasses {
  RustPass FromUcontext;
  RustPass FromUcontextWithMask;
  // For modules that have a flag for it.
  RustPass FromUcontextWhereAsked;
  RustPass Verify;
  RustPass Optimise;
  RustPass Lower;
  RustPass Check;
  RustLocalPass Pointers;
  RustLocalPass Inline;
  RustLocalPass Slices;
  // It writes metadata only, which no analysis knows.
  RustPass SliceSize;
  // Optimise once more, on code that has been inlined.
  RustPass OptimiseAgain;
  // Whether the module being compiled has been found wrong.
  bool (*Rejected)();
};
}

namespace {

// One of the passes, by the member that holds it. Those that verify, lower and check
// are required: they also run at -O0, and whatever -opt-bisect-limit says.
template <RustPass StackswitchPasses::*Member>
class RustModulePass : public PassInfoMixin<RustModulePass<Member>> {
  RustPass Run;

public:
  explicit RustModulePass(const StackswitchPasses &Passes)
      : Run(Passes.*Member) {}
  PreservedAnalyses run(Module &M, ModuleAnalysisManager &) {
    bool Changed = Run(wrap(&M)) && Member != &StackswitchPasses::SliceSize;
    return Changed ? PreservedAnalyses::none() : PreservedAnalyses::all();
  }
  void printPipeline(raw_ostream &OS, function_ref<StringRef(StringRef)>) {
    OS << name();
  }
  // What -passes= takes, and -time-passes and the like print.
  static StringRef name() {
    return Member == &StackswitchPasses::FromUcontext ||
                   Member == &StackswitchPasses::FromUcontextWhereAsked
               ? "stackswitch-from-ucontext"
           : Member == &StackswitchPasses::FromUcontextWithMask
               ? "stackswitch-from-ucontext<sigmask>"
           : Member == &StackswitchPasses::Verify   ? "stackswitch-verify"
           : Member == &StackswitchPasses::Optimise ? "stackswitch-opt"
           : Member == &StackswitchPasses::Lower    ? "stackswitch-lower"
           : Member == &StackswitchPasses::SliceSize
               ? "stackswitch-slice-size"
               : "stackswitch-check";
  }
  static bool isRequired() {
    return Member == &StackswitchPasses::Verify ||
           Member == &StackswitchPasses::Lower ||
           Member == &StackswitchPasses::Check;
  }
};
using FromUcontextPass = RustModulePass<&StackswitchPasses::FromUcontext>;
using FromUcontextWithMaskPass =
    RustModulePass<&StackswitchPasses::FromUcontextWithMask>;
using FromUcontextWhereAskedPass =
    RustModulePass<&StackswitchPasses::FromUcontextWhereAsked>;
using VerifyPass = RustModulePass<&StackswitchPasses::Verify>;
using OptimisePass = RustModulePass<&StackswitchPasses::Optimise>;
using LowerPass = RustModulePass<&StackswitchPasses::Lower>;
using CheckPass = RustModulePass<&StackswitchPasses::Check>;
using SliceSizePass = RustModulePass<&StackswitchPasses::SliceSize>;

// One of the passes that say which functions they changed. What is known of all others
// stays known: to forget it would take longer than the passes.
template <RustLocalPass StackswitchPasses::*Member>
class RustLocalModulePass : public PassInfoMixin<RustLocalModulePass<Member>> {
  RustLocalPass Run;

  struct List : StackswitchListener {
    SmallVector<Function *> Functions;
    List() : StackswitchListener{add} {}
    static void add(StackswitchListener *To, LLVMValueRef F) {
      static_cast<List *>(To)->Functions.push_back(cast<Function>(unwrap(F)));
    }
  };

public:
  explicit RustLocalModulePass(const StackswitchPasses &Passes) : Run(Passes.*Member) {}
  PreservedAnalyses run(Module &M, ModuleAnalysisManager &AM) {
    List Changed;
    Run(wrap(&M), &Changed);
    if (Changed.Functions.empty())
      return PreservedAnalyses::all();
    auto &FAM = AM.getResult<FunctionAnalysisManagerModuleProxy>(M).getManager();
    for (Function *F : Changed.Functions)
      FAM.invalidate(*F, PreservedAnalyses::none());
    PreservedAnalyses Kept;
    Kept.preserve<FunctionAnalysisManagerModuleProxy>();
    Kept.preserveSet<AllAnalysesOn<Function>>();
    return Kept;
  }
  void printPipeline(raw_ostream &OS, function_ref<StringRef(StringRef)>) { OS << name(); }
  static StringRef name() {
    return Member == &StackswitchPasses::Inline     ? "stackswitch-inline"
           : Member == &StackswitchPasses::Pointers ? "stackswitch-pointers"
                                                    : "stackswitch-slices";
  }
  static bool isRequired() { return Member == &StackswitchPasses::Pointers; }
};
using PointersPass = RustLocalModulePass<&StackswitchPasses::Pointers>;
using InlinePass = RustLocalModulePass<&StackswitchPasses::Inline>;
using SlicesPass = RustLocalModulePass<&StackswitchPasses::Slices>;

// Whether the default pipelines run stackswitch-from-ucontext.
enum class Ucontext { Kept, Replaced, ReplacedWithMask };

// Parses the option's value. The error of LLVM's own parser does not name the known values.
struct UcontextParser : cl::parser<Ucontext> {
  using parser::parser;

  bool parse(cl::Option &O, StringRef, StringRef Value, Ucontext &Result) {
    for (const auto &Known : Values)
      if (Known.Name == Value) {
        Result = Known.V.getValue();
        return false;
      }
    return O.error("unknown value '" + Value + "'; expected 'fast' or 'sigmask'");
  }
};

cl::opt<Ucontext, false, UcontextParser> FromUcontextOption(
    "stackswitch-from-ucontext", cl::ValueOptional, cl::init(Ucontext::Kept),
    cl::desc("Call the stackswitch runtime for the functions of <ucontext.h>"),
    cl::values(clEnumValN(Ucontext::Replaced, "", ""),
               clEnumValN(Ucontext::Replaced, "fast",
                          "a signal mask is its thread's (default)"),
               clEnumValN(Ucontext::ReplacedWithMask, "sigmask",
                          "a signal mask is its context's, at the price of a "
                          "system call for each switch")));

// Runs stackswitch-opt again on code that has been inlined. Contexts that become ordinary
// code are then inlined and simplified like the code around them.
class SecondLook : public PassInfoMixin<SecondLook> {
  // Of contexts that resume one another, each run replaces the innermost.
  static constexpr unsigned MaxDepth = 4;
  RustPass Run;
  // LLVM's inliner pipeline runs once, so there is one for each run.
  std::shared_ptr<std::vector<ModulePassManager>> Inliners;

public:
  SecondLook(PassBuilder &PB, const StackswitchPasses &Passes, OptimizationLevel Level)
      : Run(Passes.OptimiseAgain),
        Inliners(std::make_shared<std::vector<ModulePassManager>>(MaxDepth)) {
    for (ModulePassManager &Inliner : *Inliners) {
      Inliner.addPass(PB.buildInlinerPipeline(Level, ThinOrFullLTOPhase::None));
      Inliner.addPass(GlobalDCEPass());
    }
  }
  PreservedAnalyses run(Module &M, ModuleAnalysisManager &AM) {
    bool Changed = false;
    for (ModulePassManager &Inliner : *Inliners) {
      if (!Run(wrap(&M)))
        break;
      Changed = true;
      AM.invalidate(M, PreservedAnalyses::none());
      AM.invalidate(M, Inliner.run(M, AM));
    }
    return Changed ? PreservedAnalyses::none() : PreservedAnalyses::all();
  }
  static StringRef name() { return "stackswitch-opt-again"; }
};

// From which size on stackswitch-slices moves local variables to the heap, for modules
// without a flag that says so.
cl::opt<unsigned> HeapThreshold(
    "stackswitch-heap-threshold", cl::init(0), cl::value_desc("bytes"),
    cl::desc("Keep local variables of so many bytes and more on the heap where "
             "a stackswitch context may switch while they are needed (0: none)"));

// Where variables are that other code may access while their context is suspended, in
// modules and functions that do not say it themselves.
enum class Pointers { Sliced, Stable };

cl::opt<Pointers> PointersOption(
    "stackswitch-pointers", cl::init(Pointers::Sliced),
    cl::desc("Whether pointers to local variables stay valid while their stackswitch "
             "context is suspended"),
    cl::values(clEnumValN(Pointers::Stable, "stable",
                          "yes: such variables are in memory that never moves"),
               clEnumValN(Pointers::Sliced, "sliced",
                          "only while the context is resident")));

// Adds a pass if it has that name.
template <typename Pass>
bool addNamed(StringRef Name, ModulePassManager &MPM,
              const StackswitchPasses &Passes) {
  if (Name != Pass::name())
    return false;
  MPM.addPass(Pass(Passes));
  return true;
}

// An error or a warning with a location, of a kind that clang shows in the source.
class Finding : public DiagnosticInfoUnsupported {
  const Twine &Text;

public:
  Finding(const Function &F, const Twine &Text, const DiagnosticLocation &Loc,
          DiagnosticSeverity Severity)
      : DiagnosticInfoUnsupported(F, Text, Loc, Severity), Text(Text) {}
  void print(DiagnosticPrinter &DP) const override {
    if (isLocationAvailable())
      DP << getLocationStr() << ": ";
    DP << Text;
  }
};

// A note to the finding before it. Its text has its location: clang takes findings with
// a location for errors and warnings only.
class Note : public DiagnosticInfo {
  StringRef Text;

public:
  explicit Note(StringRef Text) : DiagnosticInfo(kind(), DS_Note), Text(Text) {}
  static int kind() {
    static const int Kind = getNextAvailablePluginDiagnosticKind();
    return Kind;
  }
  void print(DiagnosticPrinter &DP) const override { DP << Text; }
};

// Keeps errors instead of printing them and ending the process.
class ErrorKeeper : public DiagnosticHandler {
  std::unique_ptr<DiagnosticHandler> Outer;

public:
  std::string Errors;

  explicit ErrorKeeper(std::unique_ptr<DiagnosticHandler> Outer)
      : Outer(std::move(Outer)) {}
  std::unique_ptr<DiagnosticHandler> takeOuter() { return std::move(Outer); }
  bool isAnalysisRemarkEnabled(StringRef Pass) const override {
    return Outer && Outer->isAnalysisRemarkEnabled(Pass);
  }
  bool isMissedOptRemarkEnabled(StringRef Pass) const override {
    return Outer && Outer->isMissedOptRemarkEnabled(Pass);
  }
  bool isPassedOptRemarkEnabled(StringRef Pass) const override {
    return Outer && Outer->isPassedOptRemarkEnabled(Pass);
  }
  bool isAnyRemarkEnabled() const override {
    return Outer && Outer->isAnyRemarkEnabled();
  }
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

// A ThinLTO backend at -O0 has no extension point. Such a pipeline is recognised by a
// pass that it runs, if none of our passes is in it. Before that pass runs, shared
// variables move, and bitcode that was not lowered is refused.
void serveBackendWithoutHooks(PassBuilder &PB, const StackswitchPasses &Passes,
                              std::shared_ptr<bool> Hooked) {
  PassInstrumentationCallbacks *PIC = PB.getPassInstrumentationCallbacks();
  if (!PIC)
    return;
  PIC->registerBeforeNonSkippedPassCallback(
      [Passes, Hooked](StringRef Pass, Any IR) {
        // LLVM calls this before every pass of every function.
        if (*Hooked || Pass != "LowerTypeTestsPass")
          return;
        const auto *M = any_cast<const Module *>(&IR);
        if (!M)
          return;
        // Before the first pass there are no analyses to invalidate.
        StackswitchListener Nobody{[](StackswitchListener *, LLVMValueRef) {}};
        Passes.Pointers(wrap(*M), &Nobody);
        Passes.Check(wrap(*M));
      });
}

// Whether the module will be optimised again together with others when it is linked.
// LLVM 19 does not say.
#if LLVM_VERSION_MAJOR >= 20
bool isBeforeLink(ThinOrFullLTOPhase Phase) {
  return Phase == ThinOrFullLTOPhase::ThinLTOPreLink ||
         Phase == ThinOrFullLTOPhase::FullLTOPreLink;
}
#endif
bool isBeforeLink() { return false; }

// The start of the default pipelines.
void addAtStart(ModulePassManager &MPM, OptimizationLevel Level,
                const StackswitchPasses &Passes) {
  switch (FromUcontextOption) {
  case Ucontext::Kept:
    MPM.addPass(FromUcontextWhereAskedPass(Passes));
    break;
  case Ucontext::Replaced:
    MPM.addPass(FromUcontextPass(Passes));
    break;
  case Ucontext::ReplacedWithMask:
    MPM.addPass(FromUcontextWithMaskPass(Passes));
    break;
  }
  MPM.addPass(VerifyPass(Passes));
  if (Level != OptimizationLevel::O0)
    MPM.addPass(OptimisePass(Passes));
  MPM.addPass(LowerPass(Passes));
}

// The end of the default pipelines. All functions have been inlined by then, and no
// pass after it would have to see through a switch in place.
void addAtEnd(ModulePassManager &MPM, OptimizationLevel Level,
              const StackswitchPasses &Passes) {
  MPM.addPass(PointersPass(Passes));
  if (Level == OptimizationLevel::O0)
    return;
  MPM.addPass(SlicesPass(Passes));
  MPM.addPass(SliceSizePass(Passes));
  MPM.addPass(InlinePass(Passes));
}

// Adds the pass of that name. Returns false if it is not one of ours.
bool addByName(StringRef Name, ModulePassManager &MPM, PassBuilder &PB,
               const StackswitchPasses &Passes) {
  if (Name == SecondLook::name()) {
    MPM.addPass(SecondLook(PB, Passes, OptimizationLevel::O2));
    return true;
  }
  return addNamed<FromUcontextPass>(Name, MPM, Passes) ||
         addNamed<FromUcontextWithMaskPass>(Name, MPM, Passes) ||
         addNamed<VerifyPass>(Name, MPM, Passes) ||
         addNamed<OptimisePass>(Name, MPM, Passes) ||
         addNamed<LowerPass>(Name, MPM, Passes) ||
         addNamed<InlinePass>(Name, MPM, Passes) ||
         addNamed<PointersPass>(Name, MPM, Passes) ||
         addNamed<SlicesPass>(Name, MPM, Passes) ||
         addNamed<SliceSizePass>(Name, MPM, Passes) ||
         addNamed<CheckPass>(Name, MPM, Passes);
}

void registerPasses(PassBuilder &PB, const StackswitchPasses &Passes) {
  // Whether any of the passes has been put into the pipeline.
  auto Hooked = std::make_shared<bool>(false);
  serveBackendWithoutHooks(PB, Passes, Hooked);
  // The arguments besides the pass manager differ between versions of LLVM.
  auto Start = [Passes, Hooked](ModulePassManager &MPM,
                                OptimizationLevel Level, auto...) {
    *Hooked = true;
    addAtStart(MPM, Level, Passes);
  };
  // A module is verified when it is compiled. If that was without the plugin, the
  // lowering still refuses what is wrong.
  auto Link = [Passes, Hooked](ModulePassManager &MPM, OptimizationLevel Level,
                               auto...) {
    *Hooked = true;
    if (Level != OptimizationLevel::O0)
      MPM.addPass(OptimisePass(Passes));
    MPM.addPass(LowerPass(Passes));
  };
  auto Lower = [Passes, Hooked](ModulePassManager &MPM, auto...) {
    *Hooked = true;
    MPM.addPass(LowerPass(Passes));
  };
  auto Check = [Passes, Hooked](ModulePassManager &MPM, auto...) {
    *Hooked = true;
    MPM.addPass(CheckPass(Passes));
  };
  auto Again = [Passes, &PB](ModulePassManager &MPM, OptimizationLevel Level, auto...) {
    if (Level != OptimizationLevel::O0)
      MPM.addPass(SecondLook(PB, Passes, Level));
  };
  auto Last = [Passes](ModulePassManager &MPM, OptimizationLevel Level,
                       auto... Phase) {
    if (!isBeforeLink(Phase...))
      addAtEnd(MPM, Level, Passes);
  };
  PB.registerPipelineParsingCallback(
      [Passes, Hooked, &PB](StringRef Name, ModulePassManager &MPM,
                            ArrayRef<PassBuilder::PipelineElement> Inner) {
        bool IsOurs = Inner.empty() && addByName(Name, MPM, PB, Passes);
        *Hooked |= IsOurs && Name != SecondLook::name();
        return IsOurs;
      });
  PB.registerPipelineStartEPCallback(Start);
  // A ThinLTO backend has no pipeline start; elsewhere this finds nothing to do.
  PB.registerPipelineEarlySimplificationEPCallback(Lower);
  PB.registerFullLinkTimeOptimizationEarlyEPCallback(Link);
  PB.registerOptimizerEarlyEPCallback(Again);
  PB.registerOptimizerLastEPCallback(Last);
  PB.registerOptimizerLastEPCallback(Check);
  PB.registerFullLinkTimeOptimizationLastEPCallback(Last);
  PB.registerFullLinkTimeOptimizationLastEPCallback(Check);
}

} // namespace

extern "C" uint32_t stackswitch_shim_plugin_api_version() {
  return LLVM_PLUGIN_API_VERSION;
}

extern "C" uint32_t stackswitch_shim_heap_threshold() { return HeapThreshold; }

extern "C" uint32_t stackswitch_shim_pointers() {
  return PointersOption == Pointers::Stable;
}

extern "C" void stackswitch_shim_register(PassBuilder *PB,
                                          const StackswitchPasses *Passes) {
  registerPasses(*PB, *Passes);
}

// Reports a finding about an instruction or a function to the context's handler,
// which may end the process on an error (opt's does). Severities are 0 for an
// error, 1 for a warning and 2 for a note.
extern "C" void stackswitch_shim_report(LLVMValueRef About, uint32_t Severity,
                                        const char *Text) {
  const Value *V = unwrap(About);
  const auto *I = dyn_cast<Instruction>(V);
  const Function *F = I ? I->getFunction() : cast<Function>(V);
  if (Severity == 2) {
    F->getContext().diagnose(Note(Text));
    return;
  }
  DiagnosticLocation Loc =
      I ? DiagnosticLocation(I->getDebugLoc()) : DiagnosticLocation();
  Twine Message(Text);
  F->getContext().diagnose(
      Finding(*F, Message, Loc, Severity == 0 ? DS_Error : DS_Warning));
}

// Reports a decision of the optimiser about an instruction, for -pass-remarks and
// the like.
extern "C" void stackswitch_shim_remark(LLVMValueRef About, bool Taken,
                                        const char *Name, const char *Text) {
  const auto *I = cast<Instruction>(unwrap(About));
  LLVMContext &Context = I->getContext();
  if (Taken)
    Context.diagnose(OptimizationRemark("stackswitch", Name, I) << Text);
  else
    Context.diagnose(OptimizationRemarkMissed("stackswitch", Name, I) << Text);
}

// Reports what was found out about an instruction, for -pass-remarks-analysis and
// the like.
extern "C" void stackswitch_shim_analysis(LLVMValueRef About, const char *Name,
                                          const char *Text) {
  const auto *I = cast<Instruction>(unwrap(About));
  I->getContext().diagnose(OptimizationRemarkAnalysis("stackswitch", Name, I)
                           << Text);
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
