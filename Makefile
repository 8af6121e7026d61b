# stackswitch: `make help` lists what there is.

LLVM ?= 22
# `make test` tests this version too.
OTHER_LLVM := $(if $(filter 19,$(LLVM)),22,19)
PREFIX ?= /usr/local
DESTDIR ?=

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
# Builds for LLVM 22 are where cargo puts them by itself. Those for another version are beside them,
# and share everything that does not depend on LLVM.
DIRECTORY := $(TARGET)$(if $(filter-out 22,$(LLVM)),/llvm-$(LLVM))
CARGO_BUILD := CARGO_BUILD_BUILD_DIR=$(TARGET) cargo build --target-dir $(DIRECTORY)
FEATURES := --no-default-features --features llvm$(LLVM)
# Commands for all packages ask for the same features: a crate whose features differ is compiled again.
WORKSPACE := --workspace $(FEATURES),jit,stackswitch-rt/default,stackswitch-coroutine/default
PROFILE ?= release
# The profile of `make clippy`. In that of the tests it shares what build scripts have made.
LINT_PROFILE ?= dev
COMMAND := $(DIRECTORY)/$(PROFILE)/stackswitch
PLUGIN := $(DIRECTORY)/$(PROFILE)/libstackswitch_plugin.so
RUNTIME := $(TARGET)/rt/libstackswitch_rt
# Builds of the runtime for tools, each with the cargo feature of its name. They are installed beside
# the plain one.
VARIANTS := asan tsan valgrind checked
variant = $(TARGET)/rt-$(1)/rt/libstackswitch_rt.a
# Where `make install` copies to.
ROOT = $(DESTDIR)$(abspath $(PREFIX))
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)

.PHONY: help run check test test-targets programs lit update-lit lint clippy setup setup-test build plugin \
  runtime install bench bench-full figures switch-costs

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 - \2/p' Makefile

run: build ## Run the 30,000-context program through the JIT and print its figures
	$(COMMAND) run ir_tests/thirty_thousand.ll --stats

check: lint ## Format, lints, unit tests, lit tests of the passes: a minute after a small change
	cargo test -q $(WORKSPACE) --lib --bins
	cargo test -q -p stackswitch-structure --test project
	@$(MAKE) --no-print-directory lit

test: setup-test ## Run every test, with LLVM 22 and 19; the last line is the sum
	@scripts/test $(LLVM) $(OTHER_LLVM)

test-targets: build ## Run the runtime's tests and whole programs for other CPUs, by an emulator (minutes)
	@scripts/setup-target aarch64
	@scripts/test-target aarch64 $(LLVM) $(PLUGIN)

programs: setup-test ## Run some tests of tests/programs (TEST=ir_programs::generator::)
	@scripts/test $(LLVM) $(OTHER_LLVM) $(or $(TEST),::)

lit: setup ## Run tests of the passes (TEST=lit/inline/marks.ll) with a plugin built for that
	$(CARGO_BUILD) -q $(WORKSPACE) --lib
	@LLVM_BIN=$$(llvm-config-$(LLVM) --bindir) \
	  STACKSWITCH_PLUGIN=$(DIRECTORY)/debug/libstackswitch_plugin.so \
	  $$(llvm-config-22 --bindir)/lit $(or $(TEST),-q lit)

update-lit: setup-test plugin ## Write the code that tests of lit/inline expect
	@$(MAKE) --no-print-directory plugin LLVM=$(OTHER_LLVM)
	scripts/update-lit $(or $(TEST),lit/inline/*.ll)

lint: setup clippy ## Check the format and the lints
	cargo fmt --all --check

clippy: setup
	cargo clippy -q --profile $(LINT_PROFILE) $(WORKSPACE),stackswitch-bench/subjects --all-targets \
	  -- -D warnings

setup: ## Install what this machine lacks (apt), if anything
	@scripts/setup $(LLVM)

setup-test: setup
	@scripts/setup $(OTHER_LLVM)

build: setup ## Build the command, and the plugin for opt, clang and lld
	$(CARGO_BUILD) --release -p stackswitch-cli -p stackswitch-plugin $(FEATURES)

plugin: build ## The same; prints the plugin's path
	@echo $(PLUGIN)

# The shared library is linked from the static one: rustc would hide the entry points that are
# assembly.
runtime: setup ## Build the static and the shared runtime library, and those for tools
	cargo rustc -p stackswitch-rt --profile rt --features standalone --crate-type staticlib
	@$(MAKE) --no-print-directory $(RUNTIME).so $(VARIANTS:%=runtime-%)

.PHONY: $(VARIANTS:%=runtime-%)
$(VARIANTS:%=runtime-%): runtime-%:
	cargo rustc -p stackswitch-rt --profile rt --features standalone,$* --crate-type staticlib \
	  --target-dir $(TARGET)/rt-$*

$(RUNTIME).so: $(RUNTIME).a scripts/exports.map
	cc -shared -nostartfiles -o $@ -Wl,--whole-archive $(RUNTIME).a -Wl,--no-whole-archive \
	  -Wl,--version-script=scripts/exports.map,-soname,libstackswitch_rt.so,--gc-sections,-z,defs,-z,nodelete

bench: build-bench ## Measure the runtime and its peers side by side (minutes)
	$(BENCH)

bench-full: build-bench ## The same with more points and repetitions (the better part of an hour)
	$(BENCH) --full

figures: build-bench ## Write the figures of the last make bench into the documentation
	$(TARGET)/measure/stackswitch-bench --figures . --out $(TARGET)/bench

switch-costs: build-bench ## What a switch costs by LLVM's models of CPUs (DETAIL=swap: all about a loop)
	$(TARGET)/measure/stackswitch-bench --switch-costs $$(llvm-config-$(LLVM) --bindir) \
	  $(if $(DETAIL),--detail "$(DETAIL)")

# The library is measured as it is installed, the peers that are Python packages in an environment
# of their own.
BENCH = $(TARGET)/measure/stackswitch-bench --out $(TARGET)/bench --python $(PEERS)/bin/python \
  --command $(COMMAND) --lli lli-$(LLVM) --opt $$(llvm-config-$(LLVM) --bindir)/opt \
  --plugin $(PLUGIN)
PEERS := $(TARGET)/bench/python
.PHONY: build-bench
build-bench: $(PEERS) build
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

install: build runtime ## Install under PREFIX=/usr/local (DESTDIR is put before it)
	@$(MAKE) --no-print-directory install-files

.PHONY: install-files
install-files:
	install -D -m 755 $(COMMAND) $(ROOT)/bin/stackswitch
	install -D -m 755 $(PLUGIN) $(ROOT)/lib/libstackswitch_plugin.so
	install -D -m 755 $(RUNTIME).so $(ROOT)/lib/libstackswitch_rt.so
	install -D -m 644 $(RUNTIME).a $(ROOT)/lib/libstackswitch_rt.a
	$(foreach name,$(VARIANTS),install -D -m 644 $(call variant,$(name)) \
	  $(ROOT)/lib/libstackswitch_rt_$(name).a &&) true
	cd runtime/include && find . -name '*.h*' -type f -exec \
	  install -D -m 644 {} $(ROOT)/include/{} \;
	cd debuggers && find . -name '*.py' -exec \
	  install -D -m 644 {} $(ROOT)/share/stackswitch/{} \;
	$(COMMAND) man --dir $(ROOT)/share/man/man1
	mkdir -p $(addprefix $(ROOT)/share/,bash-completion/completions zsh/site-functions \
	  fish/vendor_completions.d)
	$(COMMAND) completions bash >$(ROOT)/share/bash-completion/completions/stackswitch
	$(COMMAND) completions zsh >$(ROOT)/share/zsh/site-functions/_stackswitch
	$(COMMAND) completions fish >$(ROOT)/share/fish/vendor_completions.d/stackswitch.fish
	for variant in "" $(VARIANTS); do \
	  sed -e 's|@PREFIX@|$(abspath $(PREFIX))|' -e 's|@VERSION@|$(VERSION)|' \
	    -e "s|@LIBRARY@|stackswitch_rt$${variant:+_$$variant}|" \
	    -e "s|@VARIANT@|$${variant:+ ($$variant)}|" scripts/stackswitch.pc.in \
	    | install -D -m 644 /dev/stdin \
	      $(ROOT)/lib/pkgconfig/stackswitch$${variant:+-$$variant}.pc || exit 1; \
	done
	for file in Config ConfigVersion; do \
	  sed -e 's|@LLVM@|$(LLVM)|' -e 's|@VERSION@|$(VERSION)|' -e 's|@VARIANTS@|$(VARIANTS)|' \
	    scripts/cmake/stackswitch$$file.cmake.in \
	    | install -D -m 644 /dev/stdin $(ROOT)/lib/cmake/stackswitch/stackswitch$$file.cmake \
	    || exit 1; \
	done
