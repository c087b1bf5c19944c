# Everything a developer or a first-time user types. A fresh machine needs Python 3, Node 20 or newer, and make.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

UV := .tools/bin/uv
PYTHON := .venv/bin/python
LOCKS := $(addprefix requirements/,runtime.txt infra.txt cli.txt dev.txt)
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.13 --no-header --upgrade
# One more than the machine has cores: those that wait for the emulator leave theirs to another.
BESIDE := -n $(shell python3 -c 'import os; print((os.cpu_count() or 1) + 1)') --dist loadfile --no-loadscope-reorder

.PHONY: help setup test test-fast lint format bench demo up down clean lock

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: .venv/.ready .ministack/.ready node_modules/.ready ## Install Python 3.13, the locked dependencies, MiniStack and the CDK CLI

test: setup ## Run all tests, the end-to-end ones on MiniStack included
	$(PYTHON) -m pytest $(BESIDE)

test-fast: setup ## Run the tests that need no emulator
	$(PYTHON) -m pytest $(BESIDE) -m "not e2e and not ministack"

lint: setup ## Check style and types
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

format: setup ## Apply the style
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

bench: setup build/rivals/.ready ## Print cost, speed and size
	$(PYTHON) -m tests.bench

demo: setup ## Deploy to MiniStack, send real traffic, show scores, reasons and queues, clean up
	$(PYTHON) -m infra.local.demo

up: setup ## Deploy to MiniStack and leave it running; prints URLs and keys
	$(PYTHON) -m infra.local.up

down: setup ## Stop what `make up` started
	$(PYTHON) -m infra.local.down

clean: ## Delete everything that can be made again
	@test ! -e .leadscore/local.json || { echo "the local stack is up: run 'make down' first"; exit 1; }
	rm -rf .venv .ministack .tools node_modules build cdk.out .leadscore .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find functions infra shared tests -name __pycache__ -prune -exec rm -rf {} +

lock: .tools/.ready ## Resolve the dependencies anew (names no download address)
	$(COMPILE) requirements/tools.in -o requirements/tools.txt
	$(COMPILE) requirements/emulator.in -o requirements/emulator.txt
	$(COMPILE) --excludes requirements/excluded.in requirements/runtime.in -o requirements/runtime.txt
	$(COMPILE) -c requirements/runtime.txt requirements/infra.in -o requirements/infra.txt
	$(COMPILE) -c requirements/runtime.txt -c requirements/infra.txt requirements/cli.in -o requirements/cli.txt
	$(COMPILE) -c requirements/runtime.txt -c requirements/infra.txt -c requirements/cli.txt requirements/dev.in -o requirements/dev.txt
	$(COMPILE) -c requirements/runtime.txt -c requirements/infra.txt -c requirements/cli.txt -c requirements/dev.txt requirements/bench.in -o requirements/bench.txt
	npm install --package-lock-only --ignore-scripts

# From another directory: under pyenv, .python-version would ask `python3` for a 3.13 that the machine may not have yet.
# uv then takes the 3.13 it finds, or brings one.
.tools/.ready: requirements/tools.txt
	@test -x .tools/bin/python || (cd / && python3 -m venv "$(CURDIR)/.tools")
	.tools/bin/python -m pip install --quiet --require-hashes -r requirements/tools.txt
	@touch $@

.venv/.ready: .tools/.ready $(LOCKS) pyproject.toml .python-version
	@test -x $(PYTHON) || $(UV) venv --quiet --python "$$(cat .python-version)" .venv
	$(UV) pip sync --quiet --python $(PYTHON) --require-hashes $(LOCKS)
	$(UV) pip install --quiet --python $(PYTHON) --no-deps --editable .
	@touch $@

# Other engines to compare with: beside .venv, so that neither setup nor tests need them.
build/rivals/.ready: .venv/.ready requirements/bench.txt
	$(UV) pip sync --quiet --python $(PYTHON) --target build/rivals --require-hashes requirements/bench.txt
	@touch $@

.ministack/.ready: .tools/.ready requirements/emulator.txt .python-version
	@test -x .ministack/bin/python || $(UV) venv --quiet --python "$$(cat .python-version)" .ministack
	$(UV) pip sync --quiet --python .ministack/bin/python --require-hashes requirements/emulator.txt
	@touch $@

node_modules/.ready: package-lock.json .npmrc
	npm ci --silent --ignore-scripts
	@touch $@
