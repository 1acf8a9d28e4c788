# make setup   everything that is needed, on a machine that has git, make and Python 3.11 or newer
# make demo    three residents, one city, and what each of them sees     (ONCE=1: end after the transcript)
# make test    all tests
# make crash   200 kills at random moments (KILLS=, SEED= to replay)
# make check   format, lint, types, import contracts, dependencies against their lock
# make audit   the lock against a list of known vulnerabilities (needs pipx and network)
# make bench   the measurements that take time, each beside its floor or baseline
#              (CORPORA=folder: the services' too, on reports that are not part of this repository;
#              MESSAGES=200000: memory over so many, some three hours)
# make docs    the transcripts in the documentation, from what really runs
# make lock    the lock files, from pyproject.toml (needs uv)

PYTHON ?= python3
WORKERS ?= 2
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check install --quiet --no-deps --require-hashes

export OPENBLAS_NUM_THREADS ?= 2

.PHONY: setup demo test crash check audit format bench docs lock

setup: .venv/.ready
	@$(BIN)/open311-bridge models build

.venv/.ready: requirements-build.lock requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it with PYTHON=..."; exit 1; }
	@echo "setting up .venv (about a minute the first time)"
	@$(PYTHON) -m venv .venv
	@$(PIP) -r requirements-build.lock
	@$(PIP) --no-build-isolation -r requirements.lock
	@$(BIN)/pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	@$(BIN)/open311-bridge demo

test: setup
	@$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

KILLS ?= 200
crash: setup
	@CRASH_KILLS=$(KILLS) CRASH_SEED=$(SEED) $(BIN)/pytest -p no:xdist -s tests/e2e/crash

check: .venv/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.audit

audit:
	pipx run pip-audit --disable-pip --require-hashes --requirement requirements.lock

format: .venv/.ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

MESSAGES ?= 12000
bench: setup
	@$(BIN)/python -m tests.bench.intake
	@$(BIN)/python -m tests.bench.console
	@$(BIN)/python -m tests.bench.places
	@$(BIN)/python -m tests.bench.tracking 20000 1
	@$(BIN)/python -m tests.bench.growth
	@$(BIN)/python -m tests.bench.stop
	@$(BIN)/python -m tests.bench.load
	@$(BIN)/python -m tests.bench.storm
	@$(BIN)/python -m tests.bench.memory $(MESSAGES)
	@$(BIN)/python -m tests.bench.emergencies
	@if [ -d "$(CORPORA)/reports" ]; then $(BIN)/python -m tests.bench.services_corpora "$(CORPORA)"; \
	else echo "services: skipped, as no folder of corpora is named (make bench CORPORA=folder)"; fi

docs: setup
	@$(BIN)/open311-bridge demo --write README.md
	@$(BIN)/open311-bridge console screenshots docs/console
	@$(BIN)/python -m tests.conversations.pages

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header
lock:
	$(LOCK) --group build -o requirements-build.lock
	$(LOCK) pyproject.toml --group build --group dev -o requirements.lock
