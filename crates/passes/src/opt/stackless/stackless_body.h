// Declarations that `stackless_body.cc` and `split.cc` share.

#ifndef STACKSWITCH_STACKLESS_BODY_H
#define STACKSWITCH_STACKLESS_BODY_H

#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm-c/Types.h"

extern "C" {
// A stackless body that has been split.
struct StackswitchStacklessBody {
  // fastcc void (ptr frame)
  LLVMValueRef Resume;
  // The size and alignment of the frame.
  uint64_t Size, Alignment;
  // The bytes of the variables that are not in the frame.
  uint64_t Stack;
  // Whether it needs its argument, which is then in the frame.
  bool HasArgument;
  // Whether the address of a variable in the frame may escape.
  bool Publishes;
};
}

namespace stackswitch {
using namespace llvm;

// `void ()`: marks a suspension of a stackless body until it is split. LLVM knows nothing about the
// function, so all memory that may have escaped is up to date at a call of it.
inline constexpr StringLiteral Suspension = "stackswitch.stackless.suspension";

// Values of the state in the frame, which are also the `status` of the context. Every other state means
// that it is suspended.
enum State : uint32_t { New = 0, Suspended = 1, Finished = 3 };

// The state of the I-th suspension.
inline uint32_t stateOf(size_t I) { return I < Finished - Suspended ? I + Suspended : I + Suspended + 1; }

// The beginning of every frame.
class Header {
  StructType *Type;
  const DataLayout &DL;

  enum Field : unsigned { ValueField, StateField, ArgumentField };

  Value *field(IRBuilder<> &B, Value *Frame, Field F) const {
    return B.CreateConstInBoundsGEP1_64(B.getInt8Ty(), Frame, offset(F));
  }
  uint64_t offset(Field F) const { return DL.getStructLayout(Type)->getElementOffset(F); }

public:
  Header(Module &M, llvm::Type *Value)
      : Type(StructType::get(M.getContext(), {Value, llvm::Type::getInt32Ty(M.getContext()),
                                              PointerType::get(M.getContext(), 0)})),
        DL(M.getDataLayout()) {}

  // Its bytes. The argument is at its end.
  uint64_t size(bool HasArgument) const {
    return HasArgument ? offset(ArgumentField) + DL.getPointerSize() : offset(StateField) + 4;
  }
  Align alignment() const { return DL.getABITypeAlign(Type); }

  void setState(IRBuilder<> &B, Value *Frame, uint32_t State) const {
    B.CreateStore(B.getInt32(State), field(B, Frame, StateField));
  }
  Value *state(IRBuilder<> &B, Value *Frame) const {
    return B.CreateLoad(B.getInt32Ty(), field(B, Frame, StateField));
  }
  void send(IRBuilder<> &B, Value *Frame, Value *V) const {
    B.CreateStore(V, field(B, Frame, ValueField));
  }
  Value *receive(IRBuilder<> &B, Value *Frame) const {
    return B.CreateLoad(Type->getElementType(ValueField), field(B, Frame, ValueField));
  }
  void setArgument(IRBuilder<> &B, Value *Frame, Value *V) const {
    B.CreateStore(V, field(B, Frame, ArgumentField));
  }
  Value *argument(IRBuilder<> &B, Value *Frame) const {
    return B.CreateLoad(Type->getElementType(ArgumentField), field(B, Frame, ArgumentField));
  }
  // Whether an instruction is the load that `argument` makes. Nothing else has that address, and the
  // memory there does not change.
  bool isArgument(const Instruction &I, const Value *Frame) const {
    auto *Load = dyn_cast<LoadInst>(&I);
    if (!Load)
      return false;
    int64_t Offset = 0;
    return GetPointerBaseWithConstantOffset(Load->getPointerOperand(), Offset, DL) == Frame &&
           uint64_t(Offset) == offset(ArgumentField);
  }
};

// Rewrites a stackless body so that it returns at each suspension and continues there when called again.
// Its values have that type.
StackswitchStacklessBody split(Function &F, Type *Value);

} // namespace stackswitch

#endif
