# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PYTEST_FLAGS ?=

.PHONY: setup demo test check docs picture fuzz soak bench mutants changelog clean

setup: $(STAMP)

$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Darkwake needs Python 3.11 or newer; found " + sys.version.split()[0] + ". Run: make setup PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[dev,frames]'
	@touch $@

demo: setup
	@$(BIN)/darkwake demo

test: setup check
	@$(BIN)/python -m pytest --numprocesses auto --dist worksteal $(PYTEST_FLAGS)

check: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

soak: setup
	@DARKWAKE_KILLS=2000 $(BIN)/python -m pytest tests/stories/test_kills_and_shuffles.py -k random_kills -p no:cacheprovider

picture: setup
	@$(BIN)/python docs/picture.py

bench: setup
	@$(BIN)/python benchmarks/decode.py
	@$(BIN)/python benchmarks/lake.py
	@$(BIN)/python benchmarks/detectors.py
	@$(BIN)/python benchmarks/engines.py
	@$(BIN)/python benchmarks/minutes.py

mutants: setup
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[mutants]'
	@$(BIN)/python tests/mutants.py

fuzz: setup
	@$(BIN)/python tests/fuzz/fuzz.py --seconds 120

docs: setup
	@$(BIN)/python docs/generate.py

changelog: setup
	@test -n "$(VERSION)" || (echo "Name the version: make changelog VERSION=0.3.0" >&2; exit 2)
	@$(BIN)/towncrier build --yes --version "$(VERSION)"

clean:
	rm -rf $(VENV) demo .pytest_cache .mypy_cache .ruff_cache
