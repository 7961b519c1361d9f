# A thin front to CMake; `make help` lists what it does. On a bare Debian 12 with git, make and root
# (or sudo) each target works by itself from a clean clone.

.DEFAULT_GOAL := build
.PHONY: build build-all setup demo test test-slow sdk browser asan tsan clang fuzz bench lint clean help

JOBS = $(shell scripts/jobs)
IDIOLECT = build/release/bin/idiolect
FUZZ_SECONDS ?= 60

# build/NAME, configured by the preset of that name and built as far as TARGETS says.
define build_preset
cmake --preset $(1) --log-level=WARNING
cmake --build build/$(1) --parallel $(JOBS) $(if $(2),--target $(2))
endef

## build: the program, optimised: build/release/bin/idiolect (also plain `make`)
build: setup
	$(call build_preset,release,idiolect idiolect_engine)

## build-all: the program, its tests and its measurements
build-all: setup
	$(call build_preset,release)

## setup: installs the Debian packages that are missing
setup:
	@scripts/setup

## demo: the Russian example with Gemma 3 270M, to a model that answers
demo: build
	scripts/setup --models gemma-3-270m
	scripts/demo

## test: unit, end-to-end and fuzz tests
test: build-all
	scripts/setup --models smollm2-135m-instruct gemma-3-270m
	ctest --test-dir build/release --output-on-failure --parallel $(JOBS) -LE 'slow|sdk|trainers|browser'
	$(call build_preset,asan,fuzzers)
	FUZZ_SECONDS=10 FUZZ_SEED=1 ctest --test-dir build/asan --output-on-failure --parallel $(JOBS) -L fuzz

## test-slow: the end-to-end tests that take minutes
test-slow: build-all
	scripts/setup --models smollm2-135m-instruct gemma-3-270m
	ctest --test-dir build/release --output-on-failure -L slow

## sdk: the official OpenAI clients, unchanged, against the server, and both sides against OpenAI's description of its API (fetches what they need)
sdk: build-all
	scripts/setup --models smollm2-135m-instruct
	tests/sdk/setup build/sdk
	ctest --test-dir build/release --output-on-failure -L sdk

## browser: the server's page in headless Chromium (installs it)
browser: build-all
	scripts/setup --models smollm2-135m-instruct
	tests/browser/setup
	ctest --test-dir build/release --output-on-failure -L browser

## asan: unit tests under AddressSanitizer and UBSan (all but LibTorch's part)
asan: setup
	$(call build_preset,asan,unit_tests)
	ctest --test-dir build/asan --output-on-failure --parallel $(JOBS) -L unit

# The recordings of whole models are left to the other suites: under TSan they take many minutes and
# share nothing between threads that the small tests do not. The children of the kill tests start
# threads, which TSan forbids after a fork unless told.
## tsan: unit tests under ThreadSanitizer (all but LibTorch's part)
tsan: setup
	$(call build_preset,tsan,unit_tests)
	GTEST_FILTER='-DecoderReference.*:QuantModel.*' TSAN_OPTIONS=die_after_fork=0 ctest --test-dir build/tsan --output-on-failure --parallel $(JOBS) -L unit

## clang: unit tests of Clang's build, thread-safety analysis included
clang: setup
	$(call build_preset,clang,unit_tests)
	ctest --test-dir build/clang --output-on-failure --parallel $(JOBS) -L unit

## fuzz: every fuzz target for FUZZ_SECONDS (default 60)
fuzz: setup
	$(call build_preset,asan,fuzzers)
	FUZZ_SECONDS=$(FUZZ_SECONDS) ctest --test-dir build/asan --output-on-failure --parallel $(JOBS) -L fuzz

## bench: every measurement of bench/README.md, each ending in a line of JSON
bench: build-all
	scripts/setup --models smollm2-135m-instruct gemma-3-270m
	scripts/bench

## lint: formatting, layers, clang-tidy
lint: setup
	scripts/lint

## clean: removes build/ and with it the demo's workspace; base models stay in the cache
clean:
	rm -rf build

## help: this list
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)
