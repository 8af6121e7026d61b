// The bridge to LLVM's C++ pass interfaces.
