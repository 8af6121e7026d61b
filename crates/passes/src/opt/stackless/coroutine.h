// What the parts of a coroutine know of one another: see `coroutine.cc`.

#ifndef STACKSWITCH_IR_COROUTINE_H
#define STACKSWITCH_IR_COROUTINE_H

#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm-c/Types.h"

extern "C" {
// A coroutine that has been split.
struct StackswitchCoroutine {
  // fastcc void (ptr frame)
  LLVMValueRef Resume;
  // Of the frame.
  uint64_t Size, Alignment;
  // Bytes of the variables that are not in it.
  uint64_t Stack;
  // Whether it needs its argument, which then is in the frame.
  bool HasArgument;
  // Whether other code may know the address of a variable in the frame.
  bool Publishes;
};
}

namespace stackswitch {
using namespace llvm;

// `void ()`: where a coroutine suspends, until it is split. Nobody knows what happens
// there, so all memory that others may know is in order.
inline constexpr StringLiteral Suspension = "stackswitch.stackless.suspension";

// What the frame says of where to go on, and `status` of the context: all else that
// is there means that it is suspended.
enum State : uint32_t { New = 0, Suspended = 1, Finished = 3 };

// The state of the I-th suspension.
inline uint32_t stateOf(size_t I) { return I < Finished - Suspended ? I + Suspended : I + Suspended + 1; }

// What every frame starts with.
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

  // Bytes of it; the argument is its end.
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
  // Whether an instruction is what `argument` makes. Nothing else has that address, and
  // what is there does not change.
  bool isArgument(const Instruction &I, const Value *Frame) const {
    auto *Load = dyn_cast<LoadInst>(&I);
    if (!Load)
      return false;
    int64_t Offset = 0;
    return GetPointerBaseWithConstantOffset(Load->getPointerOperand(), Offset, DL) == Frame &&
           uint64_t(Offset) == offset(ArgumentField);
  }
};

// Makes of a coroutine one that returns where it suspends and goes on from there when it
// is called again. Its values are of that type.
StackswitchCoroutine split(Function &F, Type *Value);

} // namespace stackswitch

#endif
