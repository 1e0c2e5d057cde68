# `make demo` starts a simulated line, `make test` checks everything. Both set up what is missing and are quick the second time.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PACKAGE := packages/embedded/manifest.json

.PHONY: demo test setup package format
.NOTPARALLEL:

demo: $(VENV)/.base $(PACKAGE)
	$(BIN)/inspector demo

test: $(VENV)/.dev $(PACKAGE)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@if $(BIN)/python -c 'import torch' 2>/dev/null; then \
	  echo 'mypy: all folders'; $(BIN)/mypy; \
	else \
	  echo 'mypy: without tuning and its tests, which need the types of torch (pip install -e .[tuning])'; \
	  $(BIN)/mypy --follow-imports=silent inspector cameras models; \
	fi
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

setup: $(VENV)/.base

package: $(PACKAGE)

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# What a line PC needs, and with it the tools that check the code. A stamp is older than pyproject.toml: install again.
$(VENV)/.base: pyproject.toml setup.sh
	PYTHON="$(PYTHON)" sh setup.sh "$(VENV)"
	@touch $@

$(VENV)/.dev: pyproject.toml setup.sh
	PYTHON="$(PYTHON)" sh setup.sh "$(VENV)" dev
	@touch $(VENV)/.base $@

# The embedded package: the pinned base is fetched, merged with the tuned parts and verified byte for byte.
$(PACKAGE): $(wildcard models/embedded/*) | $(VENV)/.base
	$(BIN)/inspector assemble
	@touch $@
