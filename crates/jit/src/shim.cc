// The parts of ORC that are not in LLVM's C interface.

#include "llvm-c/LLJIT.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/ExecutionEngine/JITLink/JITLink.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/ELF.h"
#if LLVM_VERSION_MAJOR >= 21
#include "llvm/ExecutionEngine/Orc/EHFrameRegistrationPlugin.h"
#endif
#if __has_include("llvm/ExecutionEngine/Orc/AbsoluteSymbols.h")
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h" // a part of Core.h before LLVM 20
#endif

#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

using namespace llvm;
using namespace llvm::orc;

namespace {
LLJIT &unwrap(LLVMOrcLLJITRef Jit) { return *reinterpret_cast<LLJIT *>(Jit); }

// A part of an object in memory.
struct Piece {
  uint64_t Start;
  uint64_t Size;
};

// An object file that was linked: the addresses of its code, and its bytes. The section headers in the
// bytes hold the addresses at which the sections were loaded.
struct Loaded {
  const char *Bytes;
  size_t Size;
  const Piece *Code;
  size_t CodeCount;
};

// Functions that are called when an object was linked and before it is freed. `Free` gets what `Load`
// returned.
struct Listener {
  void *Data;
  void *(*Load)(void *Data, const Loaded *);
  void (*Free)(void *Data, void *Object);
};

// Writes the sections' addresses into the headers of an ELF file; other files stay as they are.
void setAddresses(MutableArrayRef<char> Bytes, const StringMap<uint64_t> &Addresses) {
  using namespace object;
  StringRef Text(Bytes.data(), Bytes.size());
  if (!Text.starts_with(StringRef(ELF::ElfMagic)) || Bytes.size() <= ELF::EI_DATA ||
      Bytes[ELF::EI_CLASS] != ELF::ELFCLASS64 || Bytes[ELF::EI_DATA] != ELF::ELFDATA2LSB)
    return;
  auto File = ELFFile<ELF64LE>::create(Text);
  if (!File)
    return consumeError(File.takeError());
  auto Sections = File->sections();
  if (!Sections)
    return consumeError(Sections.takeError());
  for (const auto &Section : *Sections) {
    auto Name = File->getSectionName(Section);
    if (!Name) {
      consumeError(Name.takeError());
      continue;
    }
    auto Found = Addresses.find(*Name);
    if (Found != Addresses.end()) {
      // The header lies in `Bytes`.
      const_cast<ELF64LE::Shdr &>(Section).sh_addr = Found->second;
    }
  }
}

// Follows every object from its linking to its removal.
class Watcher : public ObjectLinkingLayer::Plugin {
public:
  explicit Watcher(Listener Calls) : Calls(Calls) {}

  void notifyMaterializing(MaterializationResponsibility &MR, jitlink::LinkGraph &,
                           jitlink::JITLinkContext &, MemoryBufferRef Input) override {
    StringRef Bytes = Input.getBuffer();
    std::lock_guard<std::mutex> Lock(Mutex);
    Pending[&MR].Bytes.assign(Bytes.begin(), Bytes.end());
  }

  void modifyPassConfig(MaterializationResponsibility &MR, jitlink::LinkGraph &,
                        jitlink::PassConfiguration &Passes) override {
    Passes.PostFixupPasses.push_back([this, &MR](jitlink::LinkGraph &Graph) -> Error {
      std::lock_guard<std::mutex> Lock(Mutex);
      findSections(Pending[&MR], Graph);
      return Error::success();
    });
  }

  // Before anybody can call the code.
  Error notifyEmitted(MaterializationResponsibility &MR) override {
    std::lock_guard<std::mutex> Lock(Mutex);
    auto Found = Pending.find(&MR);
    if (Found == Pending.end())
      return Error::success();
    Linked Object = std::move(Found->second);
    Pending.erase(Found);
    return MR.withResourceKeyDo([&](ResourceKey Key) { Objects[Key].push_back(report(Object)); });
  }

  Error notifyFailed(MaterializationResponsibility &MR) override {
    std::lock_guard<std::mutex> Lock(Mutex);
    Pending.erase(&MR);
    return Error::success();
  }

  // Before the memory goes.
  Error notifyRemovingResources(JITDylib &, ResourceKey Key) override {
    std::lock_guard<std::mutex> Lock(Mutex);
    auto Found = Objects.find(Key);
    if (Found != Objects.end()) {
      for (void *Object : Found->second)
        Calls.Free(Calls.Data, Object);
      Objects.erase(Found);
    }
    return Error::success();
  }

  void notifyTransferringResources(JITDylib &, ResourceKey To, ResourceKey From) override {
    std::lock_guard<std::mutex> Lock(Mutex);
    auto Found = Objects.find(From);
    if (Found == Objects.end())
      return;
    std::vector<void *> Moved = std::move(Found->second);
    Objects.erase(Found);
    auto &Target = Objects[To];
    Target.insert(Target.end(), Moved.begin(), Moved.end());
  }

private:
  // An object that is being linked.
  struct Linked {
    std::vector<char> Bytes;
    StringMap<uint64_t> Sections;
    std::vector<Piece> Code;
  };

  static void findSections(Linked &Object, jitlink::LinkGraph &Graph) {
    for (auto &Section : Graph.sections()) {
      jitlink::SectionRange Range(Section);
      if (Range.empty() || Section.getMemLifetime() == MemLifetime::NoAlloc)
        continue;
      Object.Sections[Section.getName()] = Range.getStart().getValue();
      if ((Section.getMemProt() & MemProt::Exec) != MemProt::None)
        Object.Code.push_back({Range.getStart().getValue(), Range.getSize()});
    }
  }

  void *report(Linked &Object) {
    setAddresses(Object.Bytes, Object.Sections);
    Loaded What{Object.Bytes.data(), Object.Bytes.size(), Object.Code.data(), Object.Code.size()};
    return Calls.Load(Calls.Data, &What);
  }

  Listener Calls;
  std::mutex Mutex;
  std::map<MaterializationResponsibility *, Linked> Pending;
  std::map<ResourceKey, std::vector<void *>> Objects;
};

// Defines the controls of thread-local variables that no module defines but the process has.
class ThreadLocals : public DefinitionGenerator {
public:
  explicit ThreadLocals(const void *(*Find)(const char *)) : Find(Find) {}

  Error tryToGenerate(LookupState &, LookupKind, JITDylib &Dylib, JITDylibLookupFlags,
                      const SymbolLookupSet &Symbols) override {
    SymbolMap Found;
    for (const auto &Symbol : Symbols) {
      StringRef Name = *Symbol.first;
      if (!Name.consume_front("__emutls_v."))
        continue;
      if (const void *Control = Find(Name.str().c_str()))
        Found[Symbol.first] = {ExecutorAddr::fromPtr(Control), JITSymbolFlags::Exported};
    }
    return Found.empty() ? Error::success() : Dylib.define(absoluteSymbols(std::move(Found)));
  }

private:
  const void *(*Find)(const char *);
};
} // namespace

// Makes code reach symbols of other modules through the global offset table. Compilers that do not
// generate position-independent code mark such symbols as near, which those of the process are not.
extern "C" void stackswitch_shim_expect_far_symbols(LLVMModuleRef Module) {
  for (GlobalValue &Value : unwrap(Module)->global_values())
    if (!Value.isStrongDefinitionForLinker() && !Value.hasLocalLinkage() &&
        Value.hasDefaultVisibility())
      Value.setDSOLocal(false);
}

// Creates an LLJIT whose thread-local variables are emulated. `ThreadLocal` gives the control of a
// variable of the process, or null. Takes over the machine. There is no platform: LLVM's own defines
// atexit and the like, which the JIT defines itself.
extern "C" LLVMErrorRef stackswitch_shim_create(LLVMOrcJITTargetMachineBuilderRef Machine,
                                                const void *(*ThreadLocal)(const char *),
                                                LLVMOrcLLJITRef *Jit) {
  std::unique_ptr<JITTargetMachineBuilder> Builder(
      reinterpret_cast<JITTargetMachineBuilder *>(Machine));
  Builder->getOptions().EmulatedTLS = true;
  auto Made = LLJITBuilder()
                  .setJITTargetMachineBuilder(std::move(*Builder))
                  .setPlatformSetUp(setUpInactivePlatform)
                  .create();
  if (!Made)
    return wrap(Made.takeError());
#if LLVM_VERSION_MAJOR >= 21
  // LLVM's own platform does this; before LLVM 21 the builder does.
  auto Frames = EHFrameRegistrationPlugin::Create((*Made)->getExecutionSession());
  if (!Frames)
    return wrap(Frames.takeError());
  if (auto *Layer = dyn_cast<ObjectLinkingLayer>(&(*Made)->getObjLinkingLayer()))
    Layer->addPlugin(std::move(*Frames));
#endif
  (*Made)->getMainJITDylib().addGenerator(std::make_unique<ThreadLocals>(ThreadLocal));
  *Jit = reinterpret_cast<LLVMOrcLLJITRef>(Made->release());
  return LLVMErrorSuccess;
}

// Reports the objects that are linked from now on. False if LLVM does not link with JITLink, which alone
// has plugins.
extern "C" bool stackswitch_shim_watch(LLVMOrcLLJITRef Jit, Listener Calls) {
  auto *Layer = dyn_cast<ObjectLinkingLayer>(&unwrap(Jit).getObjLinkingLayer());
  if (!Layer)
    return false;
  Layer->addPlugin(std::make_shared<Watcher>(Calls));
  return true;
}
