# Shouwang. A fresh machine needs Python >= 3.11 and make; everything else is set up here.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
DEMO_HOME ?= $(CURDIR)/var/demo
SERVE ?= 1
SMALL ?= 0
PORT ?= 8000
NAME ?=
# On PostgreSQL run what reads and writes rows; pages, addresses and words do not depend on the database.
ROOMS_WITH_ROWS := $(addprefix src/shouwang/,core org checkins cases tracing isolation surveys outreach command)

.PHONY: help setup demo serve test check spark bench e2e format lock clean
help:            ## this list
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(STAMP)  ## create .venv with every pinned dependency and the shouwang command

$(STAMP): requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Shouwang needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python tools/translations.py compile
	$(BIN)/python -c 'from shouwang.epi.contacts import warm_up; warm_up()'
	touch $@

demo: setup      ## synthesise a campus, run the whole story, serve it (SMALL=1 smaller, SERVE=0 without serving)
	@SHOUWANG_HOME=$${SHOUWANG_HOME:-$(DEMO_HOME)} $(BIN)/shouwang demo --fresh $(if $(filter 1,$(SMALL)),--small) $(if $(filter 0,$(SERVE)),--no-serve) --port $(PORT)

serve: setup     ## serve SHOUWANG_HOME (after shouwang init)
	$(BIN)/shouwang serve --port $(PORT)

test: setup      ## all tests, on SQLite and on a real PostgreSQL
	$(BIN)/python tools/translations.py compile
	$(BIN)/python -m pytest -n 2 --dist worksteal --nomigrations -m "not e2e and not bench and not spark"
	$(BIN)/python -m pytest --nomigrations -m spark src/shouwang/epi/tests src/shouwang/cli/tests
	$(BIN)/python tools/on_postgresql.py $(BIN)/python -m pytest -n 2 --dist worksteal $(ROOMS_WITH_ROWS) --ignore-glob="*_pages*" -m "postgresql or (not e2e and not bench and not slow and not files)"

check: setup     ## ruff, mypy --strict, import-linter, migrations, translations, OpenAPI, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/translations.py compile
	$(BIN)/python tools/translations.py check
	$(BIN)/python tools/openapi.py check
	$(BIN)/python -m django makemigrations --check --dry-run --settings shouwang.web.settings
	$(BIN)/python -m django check --settings shouwang.web.settings
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_docs.py tests/test_sizes.py

spark: $(VENV)/.spark  ## install the optional Spark engine (Java 17 must be there)

$(VENV)/.spark: $(STAMP) requirements/spark.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-build-isolation -r requirements/spark.txt
	touch $@

bench: setup     ## benchmarks against named peers (NAME=trace runs one)
	$(BIN)/python -m bench $(NAME)

e2e: setup       ## the whole story in a real browser
	$(BIN)/python -m pytest --nomigrations -m e2e tests/e2e

format: setup    ## format and sort
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: setup      ## recompile the hashed lock files (needs uv)
	cd requirements && for set in base dev spark; do uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $$set.in -o $$set.txt; done

clean:           ## remove what setup and demo made
	rm -rf $(VENV) var build .mypy_cache .ruff_cache .hypothesis
