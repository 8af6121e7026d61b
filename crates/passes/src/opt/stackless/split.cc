// Splits a stackless body at its suspensions: it returns at each of them and continues there when called
// again.

#include "stackless_body.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Analysis/CaptureTracking.h"
#include "llvm/Analysis/StackLifetime.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/DIBuilder.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm-c/Core.h"

using namespace llvm;
using namespace stackswitch;

namespace {

// Rewrites a suspending function so that it returns at each suspension and continues there when
// called again. Values and variables that are live across a suspension move to the frame.
class Splitter {
  using Blocks = SmallPtrSet<BasicBlock *, 16>;

  Function &F;
  const DataLayout &DL;
  Value *Frame;
  Header Start;
  // The suspensions. Their order gives their states. Each is the last instruction of its block before
  // the jump to the code that follows.
  SmallVector<CallInst *> Suspensions;
  Blocks Suspending;
  // Variables that become part of the frame. Their lifetimes tell which of them may share memory.
  SmallVector<AllocaInst *> InFrame;
  SmallVector<const AllocaInst *> Marked;
  std::optional<StackLifetime> Lives;
  bool Publishes = false;

  // The longest chain of address computations that is repeated.
  static constexpr unsigned MaxChain = 4;

  void findSuspensions() {
    for (Instruction &I : instructions(F))
      if (auto *Call = dyn_cast<CallInst>(&I))
        if (Function *Callee = Call->getCalledFunction(); Callee && Callee->getName() == Suspension)
          Suspensions.push_back(Call);
    for (CallInst *Call : Suspensions) {
      BasicBlock *Before = Call->getParent();
      Before->splitBasicBlock(std::next(Call->getIterator()));
      Suspending.insert(Before);
    }
  }

  // The blocks that control reaches from these through a suspension, but not beyond Home, where the
  // value in question is computed anew.
  Blocks resumedFrom(ArrayRef<BasicBlock *> Sources, const BasicBlock *Home) const {
    Blocks Plain, Resumed;
    SmallVector<std::pair<BasicBlock *, bool>> Open;
    for (BasicBlock *Source : Sources)
      Open.push_back({Source, false});
    while (!Open.empty()) {
      auto [Block, Crossed] = Open.pop_back_val();
      bool After = Crossed || Suspending.contains(Block);
      for (BasicBlock *Next : successors(Block))
        if (Next != Home && (After ? Resumed : Plain).insert(Next).second)
          Open.push_back({Next, After});
    }
    return Resumed;
  }

  // Keeps lifetime markers only if they are of whole variables: in LLVM 19 they may be of parts.
  void tidyMarks() {
    SmallVector<IntrinsicInst *> Marks;
    bool Whole = true;
    for (Instruction &I : instructions(F))
      if (I.isLifetimeStartOrEnd()) {
        auto *Mark = cast<IntrinsicInst>(&I);
        Use &Object = Mark->getArgOperandUse(Mark->arg_size() - 1);
        Object.set(Object->stripPointerCasts());
        Whole &= isa<AllocaInst, PoisonValue>(Object);
        Marks.push_back(Mark);
      }
    if (!Whole)
      for (IntrinsicInst *Mark : Marks)
        Mark->eraseFromParent();
  }

  // The block in which a use needs its value.
  static BasicBlock *placeOf(const Use &U) {
    if (auto *Phi = dyn_cast<PHINode>(U.getUser()))
      return Phi->getIncomingBlock(U);
    return cast<Instruction>(U.getUser())->getParent();
  }

  // The uses of a value after a suspension.
  Blocks neededAgain(const Instruction &I) const {
    auto *Home = const_cast<BasicBlock *>(I.getParent());
    Blocks Needed;
    for (const Use &U : I.uses())
      if (BasicBlock *Place = placeOf(U); Place != Home)
        Needed.insert(Place);
    if (Needed.empty())
      return Needed;
    Blocks Resumed = resumedFrom(Home, Home), Again;
    for (BasicBlock *Block : Needed)
      if (Resumed.contains(Block))
        Again.insert(Block);
    return Again;
  }

  // Whether a value is computed again instead of stored: the argument, which is in the frame anyway,
  // and addresses within the frame.
  bool isComputedAgain(const Value *V, unsigned Depth = 0) const {
    if (V == Frame || isa<AllocaInst>(V))
      return true;
    auto *I = dyn_cast<Instruction>(V);
    if (!I || Depth == MaxChain)
      return false;
    if (Start.isArgument(*I, Frame))
      return true;
    auto *Address = dyn_cast<GetElementPtrInst>(I);
    bool Plain = Address ? Address->hasAllConstantIndices() && !Address->getType()->isVectorTy()
                         : isa<BitCastInst>(I);
    return Plain && isComputedAgain(I->getOperand(0), Depth + 1);
  }
  Value *computeAgain(Value *V, IRBuilder<> &B) {
    auto *I = dyn_cast<Instruction>(V);
    if (!I || isa<AllocaInst>(I))
      return V;
    Instruction *Copy = I->clone();
    Copy->setOperand(0, computeAgain(I->getOperand(0), B));
    return B.Insert(Copy);
  }

  // Whether a variable is live across a suspension.
  bool outlives(AllocaInst &Variable) {
    SmallPtrSet<Value *, 16> Seen;
    SmallVector<Value *> Open = {&Variable};
    SmallVector<Instruction *> Users;
    bool Known = false;
    while (!Open.empty()) {
      Value *Address = Open.pop_back_val();
      for (Use &U : Address->uses()) {
        auto *User = cast<Instruction>(U.getUser());
        if (User->isLifetimeStartOrEnd())
          continue;
        Users.push_back(User);
        if (auto *Phi = dyn_cast<PHINode>(User))
          Users.push_back(Phi->getIncomingBlock(U)->getTerminator());
        if (isa<GetElementPtrInst, CastInst, PHINode, SelectInst, FreezeInst>(User) &&
            User->getType()->isPointerTy()) {
          if (Seen.insert(User).second) {
            // It would be an address in a frame that has ended.
            if (!isComputedAgain(User) && !neededAgain(*User).empty())
              return true;
            Open.push_back(User);
          }
        } else if (auto *Call = dyn_cast<CallBase>(User)) {
          Known |= !Call->isArgOperand(&U) || !Call->doesNotCapture(Call->getArgOperandNo(&U)) ||
                   !(Call->getType()->isVoidTy() || Call->getType()->isIntOrIntVectorTy());
        } else {
          Known |= !isa<LoadInst, ICmpInst>(User) &&
                   !(isa<StoreInst>(User) &&
                     U.getOperandNo() == StoreInst::getPointerOperandIndex());
        }
      }
    }
    if (is_contained(Marked, &Variable))
      return any_of(Suspensions, [&](CallInst *Call) {
        return Lives->isAliveAfter(&Variable, Call);
      });
    if (Known)
      return true;
    SmallVector<BasicBlock *> Places;
    for (Instruction *User : Users)
      Places.push_back(User->getParent());
    Blocks Resumed = resumedFrom(Places, nullptr);
    return any_of(Places, [&](BasicBlock *Block) { return Resumed.contains(Block); });
  }

  void chooseVariables() {
    SmallVector<AllocaInst *> All;
    for (Instruction &I : F.getEntryBlock())
      if (auto *Variable = dyn_cast<AllocaInst>(&I)) {
        All.push_back(Variable);
        if (any_of(Variable->users(),
                   [](User *U) { return cast<Instruction>(U)->isLifetimeStartOrEnd(); }))
          Marked.push_back(Variable);
      }
    if (!Marked.empty()) {
      Lives.emplace(F, Marked, StackLifetime::LivenessType::May);
      Lives->run();
    }
    for (AllocaInst *Variable : All)
      if (outlives(*Variable))
        InFrame.push_back(Variable);
    Publishes = any_of(InFrame, mayBeKnown);
  }

  // Whether the address of a variable may escape.
  static bool mayBeKnown(const AllocaInst *Variable) {
#if LLVM_VERSION_MAJOR >= 21
    return PointerMayBeCaptured(Variable, /*ReturnCaptures=*/true);
#else
    return PointerMayBeCaptured(Variable, /*ReturnCaptures=*/true, /*StoreCaptures=*/true);
#endif
  }

  // Collects the accesses to a variable. False if some of them may be in other functions.
  static bool accessesOf(AllocaInst &Variable, SmallVectorImpl<Instruction *> &Accesses) {
    SmallPtrSet<Value *, 16> Seen;
    SmallVector<Value *> Open = {&Variable};
    while (!Open.empty()) {
      Value *Address = Open.pop_back_val();
      for (Use &U : Address->uses()) {
        auto *User = cast<Instruction>(U.getUser());
        if (User->isLifetimeStartOrEnd() || isa<ICmpInst>(User))
          continue;
        bool IsStored = isa<StoreInst>(User) && U.getOperandNo() != StoreInst::getPointerOperandIndex();
        if (isa<GetElementPtrInst, CastInst, PHINode, SelectInst, FreezeInst>(User) &&
            User->getType()->isPointerTy()) {
          if (Seen.insert(User).second)
            Open.push_back(User);
        } else if (isa<LoadInst, StoreInst, AtomicRMWInst, AtomicCmpXchgInst, MemIntrinsic>(User) &&
                   !IsStored) {
          Accesses.push_back(User);
        } else {
          return false;
        }
      }
    }
    return true;
  }

  // Types tell LLVM that accesses are to different memory. That is false in memory that two variables
  // use one after the other.
  static void dropTypes(ArrayRef<Instruction *> Accesses) {
    for (Instruction *I : Accesses)
      for (unsigned Kind : {LLVMContext::MD_tbaa, LLVMContext::MD_tbaa_struct})
        I->setMetadata(Kind, nullptr);
  }

  // Stores values that are needed after a suspension in the frame, and loads them there.
  void keepValues() {
    SmallVector<std::pair<Instruction *, Blocks>> Kept;
    for (Instruction &I : instructions(F))
      if (!isa<AllocaInst>(I) && !I.getType()->isVoidTy())
        if (Blocks Again = neededAgain(I); !Again.empty())
          Kept.push_back({&I, std::move(Again)});
    for (auto &[I, Again] : Kept)
      keep(*I, Again);
  }
  void keep(Instruction &I, const Blocks &Again) {
    AllocaInst *Slot = nullptr;
    if (!isComputedAgain(&I)) {
      BasicBlock &Entry = F.getEntryBlock();
      Slot = new AllocaInst(I.getType(), 0, nullptr, DL.getABITypeAlign(I.getType()), "",
                            Entry.begin());
      InFrame.push_back(Slot);
      auto After = isa<PHINode>(I) ? I.getParent()->getFirstInsertionPt() : std::next(I.getIterator());
      IRBuilder<>(I.getParent(), After).CreateStore(&I, Slot);
    }
    DenseMap<BasicBlock *, Value *> Found;
    for (Use &U : make_early_inc_range(I.uses())) {
      BasicBlock *Block = placeOf(U);
      if (!Again.contains(Block))
        continue;
      Value *&Here = Found[Block];
      if (!Here) {
        IRBuilder<> B(Block, Block->getFirstInsertionPt());
        Here = Slot ? B.CreateLoad(I.getType(), Slot) : computeAgain(&I, B);
      }
      U.set(Here);
    }
  }

  // Removes debug records of values where the value no longer exists.
  void dropStaleRecords() {
    DenseMap<Instruction *, Blocks> Known;
    for (Instruction &At : instructions(F))
      for (DbgVariableRecord &Record : filterDbgVars(At.getDbgRecordRange()))
        for (Value *V : Record.location_ops()) {
          auto *I = dyn_cast<Instruction>(V);
          if (!I || isa<AllocaInst>(I))
            continue;
          auto [Found, IsNew] = Known.try_emplace(I);
          if (IsNew)
            Found->second = resumedFrom(I->getParent(), I->getParent());
          if (Found->second.contains(At.getParent())) {
            Record.setKillLocation();
            break;
          }
        }
  }

  // Places each variable in the frame, and replaces its address.
  StackswitchStacklessBody layOut(IRBuilder<> &B, bool HasArgument) {
    uint64_t Size = Start.size(HasArgument);
    Align Alignment = Start.alignment();
    stable_sort(InFrame, [](AllocaInst *A, AllocaInst *B) { return A->getAlign() > B->getAlign(); });
    struct Place {
      uint64_t Offset, Size;
      Align Alignment;
      StackLifetime::LiveRange Taken;
      // The variables placed so far.
      SmallVector<Instruction *> Accesses;
    };
    SmallVector<Place> Shared;
    std::optional<DIBuilder> Debug;
    if (F.getSubprogram())
      Debug.emplace(*F.getParent(), false);
    for (AllocaInst *Variable : InFrame) {
      uint64_t Bytes = Variable->getAllocationSize(DL)->getFixedValue();
      SmallVector<Instruction *> Accesses;
      bool MayShare = is_contained(Marked, Variable) && accessesOf(*Variable, Accesses);
      Place *Found = nullptr;
      if (MayShare)
        Found = find_if(Shared, [&](const Place &P) {
          return P.Size >= Bytes && P.Alignment >= Variable->getAlign() &&
                 !P.Taken.overlaps(Lives->getLiveRange(Variable));
        });
      uint64_t Offset;
      if (Found && Found != Shared.end()) {
        Offset = Found->Offset;
        Found->Taken.join(Lives->getLiveRange(Variable));
        append_range(Found->Accesses, Accesses);
        dropTypes(Found->Accesses);
      } else {
        Offset = alignTo(Size, Variable->getAlign());
        Size = Offset + Bytes;
        Alignment = std::max(Alignment, Variable->getAlign());
        if (MayShare)
          Shared.push_back({Offset, Bytes, Variable->getAlign(), Lives->getLiveRange(Variable),
                            std::move(Accesses)});
      }
      move(*Variable, Offset, B, Debug ? &*Debug : nullptr);
    }
    return {wrap(&F), alignTo(Size, Alignment), Alignment.value(), 0, HasArgument, Publishes};
  }
  void move(AllocaInst &Variable, uint64_t Offset, IRBuilder<> &B, DIBuilder *Debug) {
    for (User *U : make_early_inc_range(Variable.users()))
      if (auto *Mark = cast<Instruction>(U); Mark->isLifetimeStartOrEnd())
        Mark->eraseFromParent();
    if (Debug)
      replaceDbgDeclare(&Variable, Frame, *Debug, DIExpression::ApplyOffset, Offset);
    Value *Address = B.CreateConstInBoundsGEP1_64(B.getInt8Ty(), Frame, Offset);
    Address->takeName(&Variable);
    Variable.replaceAllUsesWith(Address);
    Variable.eraseFromParent();
  }

  // Debug records of the frame must hold at every place where the stackless body continues.
  void moveDeclarations(Instruction *To) {
    for (DbgVariableRecord *Record : findDVRDeclares(Frame)) {
      Record->removeFromParent();
      To->getParent()->insertDbgRecordBefore(Record, To->getIterator());
    }
  }

  // Makes the stackless body return at each suspension and continue there.
  void cut(IRBuilder<> &B, BasicBlock *Beginning) {
    auto *Never = BasicBlock::Create(F.getContext(), "never", &F);
    new UnreachableInst(F.getContext(), Never);
    SwitchInst *Switch = B.CreateSwitch(Start.state(B, Frame), Never, Suspensions.size() + 1);
    Switch->addCase(B.getInt32(New), Beginning);
    for (size_t I = 0; I != Suspensions.size(); ++I) {
      CallInst *Call = Suspensions[I];
      Instruction *End = Call->getParent()->getTerminator();
      Switch->addCase(B.getInt32(stateOf(I)), End->getSuccessor(0));
      IRBuilder<> Here(Call);
      Start.setState(Here, Frame, stateOf(I));
      Here.CreateRetVoid();
      Call->eraseFromParent();
      End->dropDbgRecords();
      End->eraseFromParent();
    }
  }

public:
  Splitter(Function &F, Type *Value)
      : F(F), DL(F.getParent()->getDataLayout()), Frame(F.getArg(0)), Start(*F.getParent(), Value) {}

  StackswitchStacklessBody run() {
    findSuspensions();
    tidyMarks();
    chooseVariables();
    keepValues();
    if (F.getSubprogram())
      dropStaleRecords();
    bool HasArgument = false;
    SmallVector<WeakTrackingVH> Arguments;
    for (Instruction &I : instructions(F))
      if (Start.isArgument(I, Frame)) {
        HasArgument |= !I.use_empty();
        Arguments.push_back(&I);
      }
    RecursivelyDeleteTriviallyDeadInstructionsPermissive(Arguments);

    BasicBlock *Beginning = &F.getEntryBlock();
    auto *Entry = BasicBlock::Create(F.getContext(), "entry", &F, Beginning);
    IRBuilder<> B(Entry);
    StackswitchStacklessBody Done = layOut(B, HasArgument);
    for (Instruction &I : make_early_inc_range(*Beginning))
      if (auto *Variable = dyn_cast<AllocaInst>(&I)) {
        Variable->moveBefore(*Entry, Entry->begin());
        Done.Stack += alignTo(Variable->getAllocationSize(DL)->getFixedValue(), 16);
      }
    cut(B, Beginning);
    moveDeclarations(Entry->getTerminator());

    AttrBuilder Attributes(F.getContext());
    Attributes.addAttribute(Attribute::NoUndef).addAttribute(Attribute::NonNull);
    Attributes.addAlignmentAttr(Align(Done.Alignment)).addDereferenceableAttr(Done.Size);
    F.addParamAttrs(0, Attributes);
    return Done;
  }
};

} // namespace

StackswitchStacklessBody stackswitch::split(Function &F, Type *Value) {
  return Splitter(F, Value).run();
}
