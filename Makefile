# Each target does all the set-up it needs. Everything that is made is kept in ~/.cache/backstaff (or $BACKSTAFF_CACHE).
PYTHON ?= python3
TOOLCHAIN = $(PYTHON) -m tools.toolchain
RUN = $(TOOLCHAIN) run --

# All shell scripts: by their name, or by their first line where they have no ending.
SHELL_PLACES = tools/box tools/registry tools/images/* tools/images/*/* .ci/run
SHELL_FILES = $(wildcard remote/*.sh local/*.sh) $(shell grep -lsE '^\#!.*\b(ba)?sh\b' $(SHELL_PLACES))
# What is fast enough to run after every change: no engine, no server.
FAST_TESTS = $(wildcard tests/unit tests/mocks tests/toolchain)

# More than the usual two cores: most tests wait for a server most of the time.
PROCESSES ?= 3

.DEFAULT_GOAL := help
.PHONY: help demo demo-clean config check test bench lint format schema lock clean-all

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

demo: ## a server in a container, the example app deployed to it, then replaced under load
	@$(TOOLCHAIN) ensure
	@$(RUN) python -m tools.demo

demo-clean: ## end the demo: destroy its stack, take its server and registry away
	@$(TOOLCHAIN) ensure venv engine language-host plugins docker
	@$(RUN) python -m tools.demo clean

config: ## the merged settings of a stack, each with where it is from: make config STACK=dev
	@$(TOOLCHAIN) ensure venv >&2
	@$(RUN) python -m settings $(or $(STACK),dev)

check: ## format, lint, types and the fast tests; under a minute
	@$(TOOLCHAIN) ensure venv
	@$(MAKE) --no-print-directory lint
	@$(RUN) python -m pytest -q -m "not slow" $(FAST_TESTS)

test: ## lint and every test
	@$(TOOLCHAIN) ensure
	@$(TOOLCHAIN) ensure aws
	@$(MAKE) --no-print-directory lint
	@$(TOOLCHAIN) run --aws -- python -m pytest --numprocesses $(PROCESSES) --dist loadscope --no-loadscope-reorder

bench: ## measure what a deploy costs, beside the same by hand: make bench [PARTS="noop deploy"] [DOCS=1]
	@$(TOOLCHAIN) ensure
	@$(TOOLCHAIN) ensure bench
	@$(RUN) python -m tests.bench $(PARTS) $(if $(DOCS),--docs)

lint:
	@$(RUN) ruff format --check --quiet
	@$(RUN) ruff check --quiet
	@$(RUN) mypy
	@$(RUN) shellcheck --external-sources $(SHELL_FILES)
	@$(RUN) shfmt -d -i 2 $(SHELL_FILES)

format: ## write the code as the linters want it
	@$(TOOLCHAIN) ensure venv
	@$(RUN) ruff format
	@$(RUN) ruff check --fix
	@$(RUN) shfmt -w -i 2 $(SHELL_FILES)

schema: ## write the settings' JSON Schemas anew after a change of the model
	@$(TOOLCHAIN) ensure venv
	@$(RUN) python -m settings.schema

lock: ## write the lock files anew after a change of pinned versions
	@$(TOOLCHAIN) lock

clean-all: ## take away whatever was made: boxes, registry, Docker daemon, cache
	@$(TOOLCHAIN) clean-all
