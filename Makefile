# stackswitch: `make help` lists what there is.

LLVM ?= 22
# `make test` tests this version too.
OTHER_LLVM := $(if $(filter 19,$(LLVM)),22,19)
PREFIX ?= /usr/local
DESTDIR ?=

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
# Builds for several LLVM versions exist side by side; that for the default one is where cargo
# puts it.
build-dir = $(TARGET)$(if $(filter-out 22,$(1)),/llvm-$(1))
command = $(call build-dir,$(1))/release/stackswitch
plugin = $(TARGET)/plugin/llvm-$(1)/libstackswitch_plugin.so
BUILD := $(call build-dir,$(LLVM))
COMMAND := $(call command,$(LLVM))
PLUGIN := $(call plugin,$(LLVM))
RUNTIME := $(TARGET)/rt/libstackswitch_rt
# Where `make install` copies to.
ROOT = $(DESTDIR)$(abspath $(PREFIX))
# The tree that the tests of the installed files use.
STAGE := $(TARGET)/stage
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
FEATURES := --no-default-features --features llvm$(LLVM)

.PHONY: help run test lint clippy setup build build-plugin plugin runtime install bench bench-full

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 - \2/p' Makefile

run: build ## Run the 30,000-context program through the JIT and print its figures
	$(COMMAND) run ir_tests/thirty_thousand.ll --stats

# What the tests need besides what cargo builds for them. The names with OTHER are those of the
# second LLVM version.
test: build build-plugin runtime ## Run every test, with LLVM 22 and 19; the last line is the sum
	@$(MAKE) --no-print-directory build build-plugin LLVM=$(OTHER_LLVM)
	@$(MAKE) --no-print-directory install-files PREFIX=$(STAGE) DESTDIR= >/dev/null
	@LLVM=$(LLVM) LLVM_BIN=$$(llvm-config-$(LLVM) --bindir) LLVM_BUILD=$(BUILD) \
	  STACKSWITCH_PLUGIN=$(PLUGIN) STACKSWITCH_CLANG=clang-$(LLVM) \
	  OTHER_LLVM=$(OTHER_LLVM) OTHER_LLVM_BIN=$$(llvm-config-$(OTHER_LLVM) --bindir) \
	  OTHER_LLVM_BUILD=$(call build-dir,$(OTHER_LLVM)) \
	  STACKSWITCH_OTHER_PLUGIN=$(call plugin,$(OTHER_LLVM)) \
	  STACKSWITCH_OTHER_CLANG=clang-$(OTHER_LLVM) \
	  STACKSWITCH_OTHER_COMMAND=$(call command,$(OTHER_LLVM)) \
	  STACKSWITCH_RUNTIME=$(RUNTIME).a STACKSWITCH_PREFIX=$(STAGE) scripts/test

lint: setup clippy ## Check the format and the lints
	cargo fmt --all --check

clippy: setup
	cargo clippy -q --all-targets -- -D warnings
	cargo clippy -q -p stackswitch-plugin -- -D warnings
	cargo clippy -q -p stackswitch-bench --features subjects --all-targets -- -D warnings
	cargo clippy -q -p stackswitch-bench-host --all-targets -- -D warnings

setup: ## Install what this machine lacks (apt), if anything
	@scripts/setup $(LLVM)

build: setup ## Build the command
	cargo build --release --target-dir $(BUILD) -p stackswitch-cli $(FEATURES)

build-plugin: setup
	cargo build --release --target-dir $(BUILD) -p stackswitch-plugin $(FEATURES)
	@install -D $(BUILD)/release/libstackswitch_plugin.so $(PLUGIN)

plugin: build-plugin ## Build the plugin for opt, clang and lld (LLVM=22); prints its path
	@echo $(PLUGIN)

# The shared library is linked from the static one: rustc would hide the entry points that are
# assembly.
runtime: setup ## Build the static and the shared runtime library
	cargo rustc -p stackswitch-rt --profile rt --features standalone --crate-type staticlib
	@$(MAKE) --no-print-directory $(RUNTIME).so

$(RUNTIME).so: $(RUNTIME).a scripts/exports.map
	cc -shared -nostartfiles -o $@ -Wl,--whole-archive $(RUNTIME).a -Wl,--no-whole-archive \
	  -Wl,--version-script=scripts/exports.map,-soname,libstackswitch_rt.so,--gc-sections,-z,defs,-z,nodelete

bench: build-bench ## Measure the runtime and its peers side by side (minutes)
	$(BENCH)

bench-full: build-bench ## The same with more points and repetitions (the better part of an hour)
	$(BENCH) --full

# The library is measured as it is installed, the peers that are Python packages in an environment
# of their own.
BENCH = $(TARGET)/measure/stackswitch-bench --out $(TARGET)/bench --python $(PEERS)/bin/python \
  --command $(COMMAND) --lli lli-$(LLVM) --opt $$(llvm-config-$(LLVM) --bindir)/opt \
  --plugin $(PLUGIN)
PEERS := $(TARGET)/bench/python
.PHONY: build-bench
build-bench: $(PEERS) build build-plugin
	cargo rustc -p stackswitch-rt --profile rt --features standalone --crate-type staticlib
	STACKSWITCH_BENCH_RUNTIME=$(RUNTIME).a STACKSWITCH_BENCH_PLUGIN=$(PLUGIN) \
	  STACKSWITCH_CLANG=clang++-$(LLVM) \
	  cargo build -p stackswitch-bench --features subjects --profile measure
	cargo build -p stackswitch-bench-host $(FEATURES) --profile measure

# A package that cannot be had is left out; the benchmark says so.
$(PEERS):
	@scripts/setup $(LLVM) bench
	python3 -m venv $@
	-$@/bin/pip install -q --disable-pip-version-check greenlet==3.5.6
	-$@/bin/pip install -q --disable-pip-version-check tealet==0.1.0rc4

install: build build-plugin runtime ## Install under PREFIX=/usr/local (DESTDIR is put before it)
	@$(MAKE) --no-print-directory install-files

.PHONY: install-files
install-files:
	install -D -m 755 $(COMMAND) $(ROOT)/bin/stackswitch
	install -D -m 755 $(PLUGIN) $(ROOT)/lib/libstackswitch_plugin.so
	install -D -m 755 $(RUNTIME).so $(ROOT)/lib/libstackswitch_rt.so
	install -D -m 644 $(RUNTIME).a $(ROOT)/lib/libstackswitch_rt.a
	cd runtime/include && find . -name '*.h' -exec \
	  install -D -m 644 {} $(ROOT)/include/{} \;
	cd debuggers && find . -name '*.py' -exec \
	  install -D -m 644 {} $(ROOT)/share/stackswitch/{} \;
	$(COMMAND) man --dir $(ROOT)/share/man/man1
	mkdir -p $(addprefix $(ROOT)/share/,bash-completion/completions zsh/site-functions \
	  fish/vendor_completions.d)
	$(COMMAND) completions bash >$(ROOT)/share/bash-completion/completions/stackswitch
	$(COMMAND) completions zsh >$(ROOT)/share/zsh/site-functions/_stackswitch
	$(COMMAND) completions fish >$(ROOT)/share/fish/vendor_completions.d/stackswitch.fish
	sed -e 's|@PREFIX@|$(abspath $(PREFIX))|' -e 's|@VERSION@|$(VERSION)|' scripts/stackswitch.pc.in \
	  | install -D -m 644 /dev/stdin $(ROOT)/lib/pkgconfig/stackswitch.pc
	for file in Config ConfigVersion; do \
	  sed -e 's|@LLVM@|$(LLVM)|' -e 's|@VERSION@|$(VERSION)|' \
	    scripts/cmake/stackswitch$$file.cmake.in \
	    | install -D -m 644 /dev/stdin $(ROOT)/lib/cmake/stackswitch/stackswitch$$file.cmake \
	    || exit 1; \
	done
