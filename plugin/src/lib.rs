//! The plugin for `opt`, `clang` and `ld.lld`: one exported function, by which they find the passes.

use stackswitch_passes::pipeline::{PluginInfo, plugin_info};

/// The function that `opt`, `clang` and `ld.lld` look up in a plugin.
// SAFETY: no other symbol of the plugin has this name, and the type is the one that LLVM calls.
#[unsafe(no_mangle)]
pub extern "C" fn llvmGetPassPluginInfo() -> PluginInfo {
    plugin_info()
}
