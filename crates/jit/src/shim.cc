// The parts of ORC that LLVM's C interface lacks.

#include "llvm-c/LLJIT.h"
#include "llvm/ExecutionEngine/JITLink/JITLink.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/Object/ELF.h"

#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

using namespace llvm;
using namespace llvm::orc;

namespace {
LLJIT &unwrap(LLVMOrcLLJITRef Jit) { return *reinterpret_cast<LLJIT *>(Jit); }

// A piece of an object in memory.
struct Piece {
  uint64_t Start;
  uint64_t Size;
};

// One object file, linked: where its code is, and its bytes, in which each section has the address
// that it was loaded at.
struct Loaded {
  const char *Bytes;
  size_t Size;
  const Piece *Code;
  size_t CodeCount;
};

// Told of objects; what `Load` returns is what `Free` gets.
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
  explicit Watcher(Listener Told) : Told(Told) {}

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
      look(Pending[&MR], Graph);
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
    return MR.withResourceKeyDo([&](ResourceKey Key) { Objects[Key].push_back(tell(Object)); });
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
        Told.Free(Told.Data, Object);
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
  // What is known of an object while it is being linked.
  struct Linked {
    std::vector<char> Bytes;
    StringMap<uint64_t> Sections;
    std::vector<Piece> Code;
  };

  static void look(Linked &Object, jitlink::LinkGraph &Graph) {
    for (auto &Section : Graph.sections()) {
      jitlink::SectionRange Range(Section);
      if (Range.empty() || Section.getMemLifetime() == MemLifetime::NoAlloc)
        continue;
      Object.Sections[Section.getName()] = Range.getStart().getValue();
      if ((Section.getMemProt() & MemProt::Exec) != MemProt::None)
        Object.Code.push_back({Range.getStart().getValue(), Range.getSize()});
    }
  }

  void *tell(Linked &Object) {
    setAddresses(Object.Bytes, Object.Sections);
    Loaded What{Object.Bytes.data(), Object.Bytes.size(), Object.Code.data(), Object.Code.size()};
    return Told.Load(Told.Data, &What);
  }

  Listener Told;
  std::mutex Mutex;
  std::map<MaterializationResponsibility *, Linked> Pending;
  std::map<ResourceKey, std::vector<void *>> Objects;
};
} // namespace

// Runs what was registered with atexit.
extern "C" LLVMErrorRef stackswitch_shim_deinitialize(LLVMOrcLLJITRef Jit) {
  return wrap(unwrap(Jit).deinitialize(unwrap(Jit).getMainJITDylib()));
}

// Has a listener told of all objects that are linked from now on. False where LLVM links with
// something else than JITLink, which knows no listeners.
extern "C" bool stackswitch_shim_watch(LLVMOrcLLJITRef Jit, Listener Told) {
  auto *Layer = dyn_cast<ObjectLinkingLayer>(&unwrap(Jit).getObjLinkingLayer());
  if (!Layer)
    return false;
  Layer->addPlugin(std::make_shared<Watcher>(Told));
  return true;
}
