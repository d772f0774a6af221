# The tasks of this repository. `make` alone lists them; each one sets up what it needs.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# How many tests run at once: as many as there are cores.
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help setup demo test soak lint types layers docs postgres browser ci bench clean

help:  ## list the tasks
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP)  ## create .venv and install the package with its development tools

# Done again only when the dependencies change. The first line says it before pip would fail obscurely; pip is
# upgraded because dependency groups need 25.1.
$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version). Say: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[postgres]' --group dev
	@touch $@

demo: setup  ## validate, plan, apply, audit and plan again, against the sandbox org
	PATH="$(CURDIR)/$(BIN):$$PATH" sh scripts/demo.sh

test: setup  ## run the tests
	$(BIN)/pytest -n $(WORKERS) --maxprocesses 8

soak: setup  ## run every combination, where `make test` samples; takes long
	$(BIN)/pytest -m soak -n $(WORKERS)

lint: setup  ## check style and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: setup  ## check types
	$(BIN)/mypy

layers: setup  ## check which module may import which
	$(BIN)/lint-imports

docs: setup  ## check that the documents' links lead somewhere
	$(BIN)/pytest -q tests/architecture/test_documents.py

# The store's tests start a PostgreSQL server of their own; `make test` skips them where there is none.
postgres: setup
	@$(BIN)/python -m tests.postgres || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >/dev/null \
	  && $(BIN)/python -m tests.postgres; } \
	|| { echo "The tests need a PostgreSQL server (initdb, pg_ctl, postgres): install postgresql." >&2; exit 1; }

# The HTML report's tests drive a headless Chromium; `make test` skips them where there is none.
browser: setup
	@$(BIN)/python -m tests.browser.chromium || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq \
	  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium chromium-driver >/dev/null \
	  && $(BIN)/python -m tests.browser.chromium; } \
	|| { echo "The tests need a browser and its driver: install chromium and chromium-driver." >&2; exit 1; }

ci: export RECONCILER_REQUIRE_ALL = 1
ci: postgres browser lint types layers test docs  ## everything a change must pass; what a test needs and lacks fails it here

bench: setup  ## measure the claims of docs/performance.md
	$(BIN)/python -m benchmarks

clean:  ## remove the environment, caches and builds, but no state
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find reconciler tests -name __pycache__ -type d -prune -exec rm -rf {} +
