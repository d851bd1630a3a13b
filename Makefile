# Everything from a clean clone: Python 3.11 or newer, pip and make are enough.
#   make demo   a whole release window on two real servers, told as a story
#   make test   linters, types, layers and the whole test suite
#   make soak   two hundred random windows over a living production (a quarter of an hour)
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml README.md $(shell find egrow_replica sql -type f -name '*.py' -o -type f -name '*.sql' -o -type f -name '*.po')
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: install demo test unit soak lint format clean requirements reference

install: $(VENV)/.installed

# Some systems ship venv without ensurepip; then the system's own pip fills the environment.
$(VENV)/.python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) 2>/dev/null || { \
	  $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip -q --python $(BIN)/python install pip; }
	@touch $@

$(VENV)/.requirements: requirements.txt $(VENV)/.python
	$(BIN)/python -m pip install -q --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.installed: $(SOURCES) $(VENV)/.requirements
	$(BIN)/python -m pip install -q --force-reinstall --no-deps --no-build-isolation .
	@touch $@

demo: install
	$(BIN)/egrow-replica demo

test: lint unit

# Most tests wait for servers, so two halves run side by side; a new directory of tests belongs to the second.
FIRST_HALF := backup cli differential doctor effects fingerprint guard init packaging plan rehearsal settings soak streaks \
  tamper wal
FIRST_HALF := $(addprefix tests/,$(FIRST_HALF))

unit: install
	@$(BIN)/pytest -p no:cacheprovider $(FIRST_HALF) >.first-half.log 2>&1 & first=$$!; \
	$(BIN)/pytest $(addprefix --ignore=,$(FIRST_HALF)); second=$$?; \
	wait $$first; first=$$?; cat .first-half.log; test $$first -eq 0 -a $$second -eq 0

# Two hundred random windows over a living production: the evidence must never raise a false alarm. Then three
# productions for five minutes, which one dev feeds.
soak: install
	EGROW_SOAK=200 EGROW_SOAK_LANES=1 EGROW_SOAK_SECONDS=300 $(BIN)/pytest tests/soak

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Pins with hashes and names no index, so that it works with any mirror. Needs pip-tools. The second is what the image of
# the controller needs: no tests, no linters, the same versions.
LOCK := pip-compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --strip-extras \
  --no-header --extra lab
requirements:
	$(LOCK) --extra dev --output-file requirements.txt pyproject.toml
	$(LOCK) --no-annotate --constraint requirements.txt --output-file requirements-runtime.txt pyproject.toml

# The page of the configuration, from the program's own model.
reference: install
	$(BIN)/python -m egrow_replica.settings.reference > docs/configuration.md

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
