# Everything here works on a machine that has only Python 3.11+, git and make.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
RELEASE = .venv-release/bin
STAMP = $(VENV)/.installed
# How many tests run beside each other; `auto` is two for each core, since many of them wait (tests/conftest.py). Whoever
# is idle takes tests from the others, so that the end waits for none of them.
WORKERS ?= auto
SUITE = -m pytest -q -n $(WORKERS) --dist worksteal
# The suite starts thousands of processes: each module is compiled once, and not in each of them, whatever is set outside.
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo test dates lint faults simulate bench office schemas reference docs tutorial coverage mutants oldest release audit clean

demo: $(STAMP)  ## validate, plan and apply the quickstart against the built-in sandbox
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/quickstart/demo.sh

test: $(STAMP)  ## the whole test suite
	$(BIN)/python $(SUITE)

dates: $(STAMP)  ## what depends on time, at many dates and in many time zones; the demo and the tutorial in 400 days
	$(BIN)/python tests/support/dates.py

faults: $(STAMP)  ## kill it at every boundary, try every fault on every call, and write the tables
	rm -rf .faults
	FAULTS=full FAULTS_RESULTS=.faults $(BIN)/python $(SUITE) tests/crash tests/unit/planfile/test_plan_mutations.py tests/bench/test_import_figures.py tests/unit/ledger/test_lazy.py --timeout 3000
	$(BIN)/python tests/crash/tables.py .faults docs/explanation
	$(BIN)/python -m tests.simulation.matrix --write docs/explanation/late-matrix.md
	$(BIN)/python docs/generate

simulate: $(STAMP)  ## play worlds that a seed draws until the promise breaks: SEEDS=100000 of them from FIRST=0, or SEED=17 alone
	$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),1000) --first $(or $(FIRST),0))

lint: $(STAMP)  ## style, types, and the arrows between the modules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --strict docs/generate
	$(BIN)/lint-imports

bench: $(STAMP)  ## this tool beside its peers, as ratios; QUICK=1 takes less than two minutes
	$(BIN)/python tests/bench/run.py $(if $(QUICK),--quick,--write docs/explanation/benchmarks.md)
	$(if $(QUICK),,$(BIN)/python docs/generate)

office: $(STAMP)  ## spreadsheets that LibreOffice opened and saved come back through `set --from`; it needs soffice
	$(BIN)/python tests/support/office.py

schemas: $(STAMP)  ## rewrite schemas/ from the kinds
	$(BIN)/reconciler schema --out schemas

reference: $(STAMP)  ## rewrite docs/reference/ from the code
	$(BIN)/python docs/generate

docs: $(VENV)/.docs  ## build docs/ into build/docs; a warning or a dead link is an error
	$(BIN)/python -m sphinx --fresh-env --fail-on-warning --keep-going --nitpicky --quiet -b html docs build/docs

tutorial:  ## install the package into a clean virtual environment, and follow the tutorial there to the letter
	rm -rf build/clean
	$(PYTHON) -m venv build/clean
	build/clean/bin/python -m pip install --quiet .
	env -u PYTHONPATH build/clean/bin/python tests/support/follow.py docs/tutorial/index.md "$(CURDIR)/build/clean/bin"

coverage: $(STAMP)  ## branch coverage of the whole suite, its child processes too; docs/explanation/coverage.md explains the gaps
	rm -f .coverage .coverage.*
	$(BIN)/coverage run $(SUITE) -m "not unmeasured"
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

mutants: $(STAMP)  ## mutate what must not break, and see that a test notices; SAMPLE=60 draws so many of each module
	nice $(BIN)/python tests/mutation/run.py $(if $(SAMPLE),--sample $(SAMPLE))

oldest: $(RELEASE)/.installed  ## the suite with the oldest versions that pyproject.toml allows
	mkdir -p build
	$(RELEASE)/uv pip compile --quiet pyproject.toml --extra objectstore --extra postgres --resolution lowest-direct -o build/oldest.txt
	$(RELEASE)/uv venv --quiet --clear --python $(PYTHON) .venv-oldest
	$(RELEASE)/uv pip install --quiet --python .venv-oldest/bin/python -c build/oldest.txt -e ".[objectstore,postgres]" --group dev
	$(RELEASE)/uv pip uninstall --quiet --python .venv-oldest/bin/python check-jsonschema # it needs a newer click than it asks for
	.venv-oldest/bin/python $(SUITE)

release: $(RELEASE)/.installed  ## build twice and find the same bytes, check, write the list of what it is made of
	rm -rf dist build/again build/clean
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(RELEASE)/python -m build --outdir dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(RELEASE)/python -m build --outdir build/again
	diff -r dist build/again
	$(RELEASE)/twine check --strict dist/*
	$(RELEASE)/hadolint Dockerfile
	$(PYTHON) -m venv build/clean
	build/clean/bin/python -m pip install --quiet "$$(echo dist/*.whl)[objectstore,postgres]"
	$(RELEASE)/cyclonedx-py environment --output-reproducible --mc-type application --pyproject pyproject.toml \
	    --output-file dist/criteo-reconciler.cdx.json build/clean/bin/python

audit: $(RELEASE)/.installed  ## known weaknesses of what is installed; it asks an advisory service
	mkdir -p build
	$(RELEASE)/uv pip compile --quiet pyproject.toml --extra objectstore --extra postgres --generate-hashes -o build/newest.txt
	$(RELEASE)/pip-audit --requirement build/newest.txt --disable-pip --strict

clean:
	rm -rf $(VENV) .venv-release .venv-oldest build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[objectstore,postgres]" --group dev
	@touch $@

$(RELEASE)/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-release
	$(RELEASE)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(RELEASE)/python -m pip install --quiet --group release
	@touch $@

$(VENV)/.docs: $(STAMP)
	$(BIN)/python -m pip install --quiet --group docs
	@touch $@
