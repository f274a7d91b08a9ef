# Every target explains itself: make help
.DEFAULT_GOAL := help
.PHONY: help install demo browser test test-fast lint bench chaos audit pins
PYTHON ?= python3
BIN := .venv/bin
# One stamp per requirements file: the packages are installed again only when the pins change.
RUN_STAMP := .venv/.installed
DEV_STAMP := .venv/.installed-dev
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
# Installs what a file pins; prints a line for every twentieth package, because it takes minutes.
define install_pins
	@echo "Installing the $$(grep -c == $(1)) packages that $(1) pins."
	@{ $(BIN)/python -u -m pip --disable-pip-version-check install --require-hashes --requirement $(1) || echo FAILED; } \
		| { n=0; while read -r word rest; do case $$word in \
			Collecting|Requirement) n=$$((n + 1)); test $$((n % 20)) != 0 || echo "  $$n downloaded or found" ;; \
			Installing) echo "  unpacking" ;; \
			FAILED) exit 1 ;; esac; done; }
endef
# Three workers keep two cores busy, because tests often wait for other processes.
PYTEST := $(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder
BROWSER := $(BIN)/python -m hunter_pipeline_tests.web.browser
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-emit-index-url --no-annotate --no-header pyproject.toml --group build

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

install: $(RUN_STAMP) ## .venv with the `hunter` command, from the pinned requirements
	@echo "Installed: $(BIN)/hunter --help"

demo: $(RUN_STAMP) ## the whole pipeline on a sandbox of Partner Center, until Ctrl-C
	@$(BIN)/hunter demo

test: $(DEV_STAMP) ## the whole test suite
	@echo "The whole test suite: PostgreSQL, HTTPS, Dagster and a browser, all real; about 18 minutes on two cores."
	@$(PYTEST)

test-fast: $(DEV_STAMP) ## the test suite without the slow end-to-end tests
	@echo "The test suite without its slow end-to-end tests: about 90 seconds on two cores."
	@$(PYTEST) -m "not slow" --hypothesis-profile "few examples"

browser: $(DEV_STAMP) ## install a browser for the tests of the lead desk, if the machine has none
	@$(BROWSER) || { test "$$(id -u)" = 0 && apt-get update && apt-get install -y --no-install-recommends chromium && $(BROWSER); } \
		|| { $(BIN)/playwright install chromium && $(BROWSER); }

lint: $(DEV_STAMP) ## linters, type checker, layers, SQL, dependencies, Dagster's definitions
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/basedpyright --level error
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/sqlfluff lint --disable-progress-bar sql/queries sql/views
	@$(BIN)/deptry .
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive hunter_pipeline
	@DAGSTER_HOME=$$(mktemp -d) $(BIN)/python -W ignore -m dagster definitions validate --workspace workspace.yaml

bench: $(DEV_STAMP) .venv-bench/.installed ## a sync beside dlt, an ORM and a bare COPY; N=100000 for another size
	@$(BIN)/python -m bench $(N)

# dlt has an environment of its own: the product does not need it.
.venv-bench/.installed: bench/requirements.txt
	@test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip --disable-pip-version-check --quiet --quiet install --require-hashes --requirement $<
	@touch $@

chaos: $(DEV_STAMP) ## HTTP faults and kill -9, with a report in docs/resilience.md; about ten minutes
	@$(BIN)/python -m chaos

audit: $(DEV_STAMP) ## known vulnerabilities of the pinned packages, from PyPI's advisories
	@$(BIN)/pip-audit --progress-spinner off --disable-pip --require-hashes --requirement requirements.txt

pins: $(DEV_STAMP) ## compile requirements*.txt from pyproject.toml
	@$(COMPILE) --upgrade --output-file requirements.txt
	@$(COMPILE) --upgrade --group dev --output-file requirements-dev.txt

$(RUN_STAMP): requirements.txt pyproject.toml hunter_pipeline/__init__.py
	@test -x $(BIN)/python || { echo "Making .venv; this takes two minutes."; $(PYTHON) -m venv .venv; }
	$(call install_pins,requirements.txt)
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_STAMP): requirements-dev.txt $(RUN_STAMP)
	$(call install_pins,requirements-dev.txt)
	@touch $@
