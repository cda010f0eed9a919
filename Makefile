# Two commands for a fresh machine: `make demo`, `make test`. Needs only Python 3.11, make and a package index.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check -qq
# Quick folders first. Two processes, a file never split between them; what starts Airflow and looks at the clock runs alone.
FAST = tests/unit tests/feeds tests/sql tests/dags
# Those that start and stop it themselves, then those that share one.
OWN = tests/e2e/test_airflow_demo.py tests/e2e/test_airflow_feeds.py
AIRFLOW = $(OWN) $(filter-out $(OWN),$(sort $(wildcard tests/e2e/test_airflow_*.py)))
LONGER = tests/faults tests/connectors tests/history tests/upgrade tests/clerks tests/publish $(filter-out $(AIRFLOW),$(sort $(wildcard tests/e2e/test_*.py)))
FIGURES ?=
UNUSED = /tests?/|/example_dags/|/(altair|hypothesis|mypy|pip|setuptools)/
export AIRFLOW_HOME = $(CURDIR)

.PHONY: demo up test faults fuzz missing deltas check format bench env lock clean

demo: env
	@$(BIN)/python -m warehouse.upkeep.demo

up: env
	@exec $(BIN)/python -m warehouse.upkeep.up

test: env
	@$(BIN)/python -m pytest $(PYTEST) -n 2 --dist loadfile $(FAST)
	@$(BIN)/python -m pytest $(PYTEST) -n 2 --dist loadfile $(LONGER)
	@$(BIN)/python -m pytest $(PYTEST) $(AIRFLOW)

# Every call that touches disk or database, before and after: hours.
faults: env
	@FUPIN_EVERY_FAULT=1 $(BIN)/python -m pytest tests/faults -s

# The whole corpus of damaged files; a seeded tenth is among the tests. Minutes.
fuzz: env
	@FUPIN_EVERY_FUZZ=1 $(BIN)/python -m pytest tests/connectors/test_fuzz_files.py

# Sixty rounds of deliveries, each built in part and whole: minutes.
deltas: env
	@FUPIN_EVERY_DELTA=1 $(BIN)/python -m pytest tests/e2e/test_incremental.py

# Every feed missing once, every rule asked: minutes.
missing: env
	@FUPIN_EVERY_FEED=1 $(BIN)/python -m pytest tests/e2e/test_missing_feeds.py

check: env
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m mypy

format: env
	@$(BIN)/python -m ruff format .
	@$(BIN)/python -m ruff check --fix .

bench: env
	@$(BIN)/python -m tests.bench $(if $(FIGURES),--figures $(FIGURES))

env: $(VENV)/.ready

# --no-deps: the lock is complete, so pip need not resolve again. Compiling on all cores afterwards, without what is never
# imported, is faster than pip's own; without it four components would compile the same files at the same time.
$(VENV)/.ready: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: no python3.11 or python3 found" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' \
	  || { echo "make: $(PYTHON) is not Python 3.11 or 3.12; set PYTHON=…" >&2; exit 1; }
	@echo "environment: installing $(VENV) (about two minutes, once)"
	@"$(PYTHON)" -m venv $(VENV)
	@$(PIP) install --require-hashes --no-deps --no-compile -r requirements.lock
	@$(PIP) install --no-build-isolation --no-deps --no-compile --editable .
	@$(BIN)/python -m compileall -q -j 0 -x '$(UNUSED)' $(VENV)/lib >/dev/null || true
	@touch $@

# Versions stay where the lock has them unless pyproject.toml says otherwise; needs uv. No address of an index is recorded.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --extra dev --quiet --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
