# `make demo` and `make test` are the two commands; each sets up what it needs in .venv and runs.

PYTHON ?= python3
PORT ?= 8000
# What the demo's training notebook needs: torch and MONAI, the largest part of the installation. EXTRAS= leaves it out.
EXTRAS ?= [training]
# How many processes run the tests, a file each: three on two cores take about half the time. 0: one after the other.
WORKERS ?= 3
VENV := .venv
DEMO := $(VENV)/.demo$(if $(EXTRAS),-training)
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
BESIDE := -n $(WORKERS) --no-loadscope-reorder
PROXY := $(VENV)/share/ccds/proxy
AIRFLOW := $(VENV)/share/ccds/airflow
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
# A module is compiled once, not by each process that a test starts: an image may say that nothing is to be kept.
export PYTHONDONTWRITEBYTECODE :=

# What an editable install copies instead of linking: a change means a new install.
COPIED := $(wildcard ccds_kernel/session/kernelspec/* ccds_kernel/session/*_extension/* \
	ccds_kernel/session/*_extension/static/* notebooks/templates/ccds/* notebooks/templates/ccds/static/*)

.PHONY: help demo site install test coverage test-cluster lint soak bench screenshots components clean

help:
	@echo "make demo         the synthetic hospital on http://127.0.0.1:$(PORT)   (another port: make demo PORT=8010)"
	@echo "make site         what a real site runs: see docs/running.md"
	@echo "make test         all tests                make lint         style, types, imports"
	@echo "make test-cluster the tests on schedulers: this machine, a real Slurm, a stand-in for LSF"
	@echo "make soak         the long, brutal runs    make bench        the timings behind the README's figures"
	@echo "make coverage     all tests, with the share of lines and branches that they run"
	@echo "make screenshots  the README's pictures    make clean        removes .venv and .demo"

demo: $(DEMO)
	@exec $(BIN)/ccds demo --folder .demo --port $(PORT)

# A real site: what the demo needs, and the extras that it names.
site: $(DEMO)

install: $(VENV)/.dev

test: install components
	$(BIN)/python -m pytest $(BESIDE)

# What `make test` runs, counted: which makes Python that runs in the tests themselves more than twice as slow.
coverage: install components
	$(BIN)/python -m pytest $(BESIDE) --cov --cov-report=term:skip-covered

# Part of `make test` as well: the scheduler's contract on each scheduler, and what the hub does on them.
test-cluster: install components
	$(BIN)/python -m pytest $(BESIDE) tests/batch tests/cluster

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

soak: install components
	@for script in tests/soak/soak_*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

bench: install components
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

screenshots: install components
	PYTHONPATH=tests $(BIN)/python tests/browser/screenshots.py

# Programs that tests and benchmarks start and Python doesn't bring: installed where that is possible without asking. And
# Airflow, which needs other versions of what we need, in an environment of its own.
components: $(AIRFLOW)/.installed
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		PATH="$$PATH:$$(echo /usr/lib/postgresql/*/bin | tr ' ' :)"; \
		for program in Orthanc:orthanc-dicomweb chromium:chromium dockerd:docker.io getfacl:acl initdb:postgresql nft:nftables rg:ripgrep sbatch:slurm-wlm munged:munge slapd:slapd dcmqrscp:dcmtk sudo:sudo; do \
			command -v $${program%%:*} >/dev/null || missing="$$missing $${program##*:}"; \
		done; \
		if [ -n "$$missing" ]; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
		fi; \
	fi

clean:
	rm -rf $(VENV) .demo

# The stamp, not the interpreter, says that it is complete: what an interrupt left half made is made anew.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "expected Python 3.11 or newer; found $$($(PYTHON) --version 2>&1); name one: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "expected Python's venv module; found none; install it (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@echo "setting up $(VENV): a few minutes, once"
	@rm -rf $(VENV) && $(PYTHON) -m venv $(VENV)
	@$(PIP) install --upgrade "pip>=25"
	@touch $@

$(PROXY)/.installed: hub/proxy/package.json hub/proxy/package-lock.json
	@mkdir -p $(PROXY) && cp hub/proxy/package.json hub/proxy/package-lock.json hub/proxy/.npmrc $(PROXY)/
	@cd $(PROXY) && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent && touch .installed

$(AIRFLOW)/.installed: $(VENV)/.made images/airflow/requirements.txt images/airflow/constraints.txt
	@rm -rf $(AIRFLOW) && $(BIN)/python -m venv $(AIRFLOW) && $(AIRFLOW)/bin/python -m pip install --quiet --upgrade "pip>=25"
	@PIP_CONSTRAINT=images/airflow/constraints.txt $(AIRFLOW)/bin/python -m pip --disable-pip-version-check --quiet install \
		-r images/airflow/requirements.txt
	@touch $@

$(DEMO): $(VENV)/.made pyproject.toml constraints.txt $(COPIED)
	@$(PIP) install --editable '.$(EXTRAS)'
	@$(MAKE) --no-print-directory $(PROXY)/.installed
	@touch $@

$(VENV)/.dev: $(DEMO)
	@$(PIP) install --editable '.[dev]'
	@touch $@
