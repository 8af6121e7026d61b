//! The plugin's entry point.

use stackswitch_passes::pipeline::{PluginInfo, plugin_info};

/// What `opt`, `clang` and `lld` look up in a plugin.
// SAFETY: nothing else in the plugin has that name.
#[unsafe(no_mangle)]
pub extern "C" fn llvmGetPassPluginInfo() -> PluginInfo {
    plugin_info()
}
