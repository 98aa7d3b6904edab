# make run   start everything; needs only Python >= 3.11 and make
# make test  every check and test, in parallel
# make proof the same with many more generated cases, all instances of the pacing oracle, every page at every width
#            (pictures in .screenshots/), and mutation testing of the pacing engine; takes hours
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test proof mutate check fmt lock front clean

run: $(VENV)/.run front
	@$(BIN)/portal run

test: check
	@$(BIN)/python -m pytest -n 2

proof: check
	@PROOF=1 $(BIN)/python -m pytest -s -p no:xdist tests/unit/pacing/oracle
	@PROOF=1 $(BIN)/python -m pytest -n 2 --ignore tests/unit/pacing/oracle
	@$(MAKE) mutate

# The surviving mutants of portal/pacing are listed; `.venv/bin/mutmut show NAME` shows one. Kept between runs in mutants/.
mutate: $(VENV)/.test
	@$(BIN)/mutmut run --max-children 2
	@$(BIN)/mutmut results

check: $(VENV)/.test front
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache > .lint-imports.log 2>&1 || { cat .lint-imports.log; exit 1; }
	@$(BIN)/python -m portal.cli.browser

fmt: $(VENV)/.test
	@$(BIN)/ruff check --fix -q .
	@$(BIN)/ruff format -q .

lock: $(VENV)/.test
	@$(BIN)/pip install -q uv
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade --group dev pyproject.toml -o requirements-dev.lock

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python requirements.lock pyproject.toml
	@echo "Installing packages (once)…"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements-dev.lock
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# Node.js builds the front end: the system's when it is new enough, else the one in the virtual environment.
front: $(VENV)/.run
	@$(BIN)/python portal/static/build.py

clean:
	@rm -rf $(VENV) node_modules portal/static/dist
