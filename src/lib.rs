//! Stackful context switching with stack slicing for LLVM.
