# Everything here works on a machine that has only Python 3.11+, git and make.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed

.PHONY: demo test lint faults bench schemas reference docs tutorial clean

demo: $(STAMP)  ## validate, plan and apply the quickstart against the built-in sandbox
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/quickstart/demo.sh

test: $(STAMP)  ## the whole test suite
	$(BIN)/python -m pytest -q -n 2

faults: $(STAMP)  ## kill it at every boundary, let every fault befall every call, and write the tables
	rm -rf .faults
	FAULTS=full FAULTS_RESULTS=.faults $(BIN)/python -m pytest -q -n 2 --dist worksteal tests/faults --timeout 3000
	$(BIN)/python tests/faults/tables.py .faults docs/explanation

lint: $(STAMP)  ## style, types, and the arrows between the modules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)  ## this tool beside its peers, as ratios; QUICK=1 takes less than two minutes
	$(BIN)/python tests/bench/run.py $(if $(QUICK),--quick,--write docs/explanation/benchmarks.md)

schemas: $(STAMP)  ## write schemas/ anew from the kinds
	$(BIN)/reconciler schema --out schemas

reference: $(STAMP)  ## write docs/reference/ anew from the code
	$(BIN)/python docs/generate

docs: $(VENV)/.docs  ## build docs/ into build/docs; a warning or a dead link is an error
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --nitpicky --quiet -b html docs build/docs

tutorial:  ## install the package into a clean virtual environment, and follow the tutorial there to the letter
	rm -rf build/clean
	$(PYTHON) -m venv build/clean
	build/clean/bin/python -m pip install --quiet .
	env -u PYTHONPATH build/clean/bin/python tests/follow.py docs/tutorial/index.md "$(CURDIR)/build/clean/bin"

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[postgres]" --group dev
	@touch $@

$(VENV)/.docs: $(STAMP)
	$(BIN)/python -m pip install --quiet --group docs
	@touch $@
