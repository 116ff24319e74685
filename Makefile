# Bare `make` lists the tasks. The first task that needs it makes .venv.
SHELL := /bin/bash
.DEFAULT_GOAL := help
# The system's Python, if it will do: distributions build theirs with a profile of its work, version managers mostly do
# not, and that is a fifth of our CPU (docs/performance.md).
SYSTEM_PYTHON := /usr/bin/python3
WILL_DO := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell $(SYSTEM_PYTHON) -c '$(WILL_DO)' 2>/dev/null && echo $(SYSTEM_PYTHON) || echo python3)
UV_VERSION := 0.13.9
VENV := .venv
RUN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=
SECONDS ?= 60
SEED ?= 1
MINUTES ?= 30
WORKERS ?= 2# tests wait more than they compute; each worker has a Kafka and a Postgres of its own

.PHONY: help demo up test test-fast check fix bench chaos soak fuzz kills brokers replay-proof lock clean

help: ## list the tasks
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Ticketwire needs Python 3.11 or newer; this is %d.%d. Say which one with: make PYTHON=python3.12" % sys.version_info[:2])'
	@$(PYTHON) -m venv --clear $(VENV) || { echo "python3 cannot make virtual environments: install your system's python3-venv package, or name another Python with: make PYTHON=..."; exit 1; }
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(RUN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements-dev.lock
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(RUN)/uv pip install --quiet --no-deps --editable .
	@$(RUN)/python -m compileall -q schemas runtime dialects store ingest processors publishers replays console embedded cli # where bytecode is not written, every start would compile anew
	@touch $@

demo: $(READY) ## the whole main job on this machine, and the addresses to look at (ARGS=--exit checks itself and ends)
	@$(RUN)/ticketwire demo $(ARGS)

up: $(READY) ## Kafka, Postgres and every service on this machine, until Ctrl-C
	@$(RUN)/ticketwire up $(ARGS)

test: $(READY) ## every test, on real Kafka and Postgres (WORKERS=1 runs them one after the other)
	@$(RUN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

test-fast: $(READY) ## the unit tests: no services, seconds
	@$(RUN)/pytest -n $(WORKERS) --dist loadfile tests/unit $(ARGS)

check: $(READY) ## lint, formatting, types, import arrows, dependencies, docs that can fail
	@$(RUN)/ruff check .
	@$(RUN)/ruff format --check .
	@$(RUN)/mypy
	@$(RUN)/lint-imports
	@$(RUN)/deptry .
	@$(RUN)/pytest -q tests/docs

fix: $(READY) ## mend what lint and formatting can mend by themselves
	@$(RUN)/ruff check --fix .
	@$(RUN)/ruff format .
	@$(RUN)/python -m tests.docs.reference

bench: $(READY) ## measure each step and the whole way on this machine, every id reconciled (ARGS="--events 50000")
	@$(RUN)/ticketwire bench $(ARGS)

chaos: $(READY) ## faults by a seed while a stream flows, then the oracle: nothing lost, nothing twice (SECONDS=300 SEED=7)
	@$(RUN)/python -m tests.chaos --seconds $(SECONDS) --seed $(SEED) $(ARGS)

soak: $(READY) ## steady load for long; red when memory, files, tables or waiting times grow (MINUTES=30)
	@$(RUN)/python -m tests.chaos.soak --minutes $(MINUTES) $(ARGS)

fuzz: $(READY) ## hostile input by a seed against ingest and console, and isolation measured (ARGS="--cases 100000 --seed 1")
	@$(RUN)/python -m tests.hostile $(ARGS)

brokers: $(READY) ## three brokers, of which one is killed in mid-stream and stays away for a minute
	@TICKETWIRE_TEST_BROKER_AWAY_SECONDS=60 $(RUN)/python -m pytest -q tests/services/kafka_three -k away

kills: $(READY) ## kill every service at every point of its work, then the oracle (ARGS="--seeds 1 2 --nth 1 2 3", --alone: one by one)
	@$(RUN)/python -m tests.proof.kill_points $(ARGS)

replay-proof: $(READY) ## a wrong decoder's day found, mended and replayed, every run killed once, live undisturbed (ARGS="--events 100000")
	@$(RUN)/python -m tests.replay_proof $(ARGS)

lock: $(READY) ## resolve the dependencies anew into the lock files
	@$(RUN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --upgrade pyproject.toml -o requirements.lock
	@$(RUN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --extra embedded --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## remove what was built here (.venv, caches, embedded data); downloads cached for the user stay
	@rm -rf $(VENV) .ticketwire build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
