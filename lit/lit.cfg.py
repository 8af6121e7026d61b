"""How lit runs the tests of the passes.

Two things are taken from the environment, or from `lit --param`:
STACKSWITCH_PLUGIN, the plugin's shared object (default: the release build of
this checkout), and LLVM_BIN, the directory with opt, clang and FileCheck
(default: what `llvm-config-22 --bindir` says).
"""

import os
import re
import subprocess

import lit.formats

config.name = "stackswitch"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".ll", ".c", ".cpp", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.dirname(__file__)
root = os.path.dirname(config.test_source_root)

def setting(name, default):
    value = lit_config.params.get(name.lower()) or lit_config.params.get(name)
    return value or os.environ.get(name) or default()


def llvm_bin():
    tool = os.environ.get("LLVM_CONFIG", "llvm-config-22")
    return subprocess.check_output([tool, "--bindir"], text=True).strip()


def release_build():
    return os.path.join(root, "target", "release", "libstackswitch_plugin.so")


tools = setting("LLVM_BIN", llvm_bin)
plugin = os.path.abspath(setting("STACKSWITCH_PLUGIN", release_build))
if not os.path.exists(plugin):
    lit_config.fatal(
        f"{plugin} is not there; build it with "
        "cargo build --release -p stackswitch-plugin"
    )

opt = os.path.join(tools, "opt")
clang = os.path.join(tools, "clang")
version = subprocess.check_output([opt, "--version"], text=True)
major = int(re.search(r"LLVM version (\d+)", version).group(1))
# Tests of several versions leave each other's output alone.
config.test_exec_root = os.path.join(root, "target", "lit", f"llvm-{major}")
# `REQUIRES: llvm-22`: what this and every later version has.
for known in range(19, major + 1):
    config.available_features.add(f"llvm-{known}")
if os.path.exists(os.path.join(tools, "ld.lld")):
    config.available_features.add("lld")

config.environment["PATH"] = os.pathsep.join([tools, os.environ.get("PATH", "")])
# What every test of code does with the IR that it has made: see scripts/update-lit.
code = os.path.join(config.test_source_root, "code.sed")
include = os.path.join(root, "runtime", "include")
config.substitutions += [
    ("%opt", f"{opt} -load-pass-plugin={plugin}"),
    ("%clangxx", f"{clang}++ -fpass-plugin={plugin} -I{include}"),
    ("%clang", f"{clang} -fpass-plugin={plugin} -I{include}"),
    ("%plainclang", f"{clang} -I{include}"),
    ("%plugin", plugin),
    ("%code", f"llc -o - | sed -f {code} | FileCheck --allow-unused-prefixes"),
    ("%llvm", str(major)),
]
