# The front door. `make demo` and `make test` set up everything that they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint calibration image lock

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## make .venv with .venv/bin/qgate from the lock

$(STAMP): requirements/dev.lock requirements/uv.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.lock
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip sync --quiet --require-hashes requirements/dev.lock
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: setup ## gate the sample pull requests for real, on this machine
	$(BIN)/qgate demo

# The queue that is compared with a real server comes first: beside other tests its server has to wait for a processor.
test: setup ## the whole test suite
	$(BIN)/python -m pytest -q tests/unit/queueing/test_http_service.py
	$(BIN)/python -m pytest -n auto

lint: setup ## style, types, layers; action, workflow and Dockerfile linters
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/actionlint .github/workflows/*.yml examples/workflows/*.yml
	$(BIN)/zizmor --offline --persona pedantic .github/workflows action.yml
	$(BIN)/zizmor --offline --persona auditor examples/workflows/*.yml
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --check-metaschema schemas/*.schema.json

calibration: setup ## simulate every error rate that docs/statistics.md states, and write its tables (15 minutes)
	$(BIN)/python benchmarks/calibration.py --write docs/statistics.md

check: lint test ## lint and test

image: ## build the action's container image
	DOCKER_BUILDKIT=0 docker build --tag qgate:local .

lock: setup ## resolve the dependencies anew and pin them by hash
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --extra parquet \
	  --upgrade --custom-compile-command "make lock" --quiet --output-file requirements/runtime.lock
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --extra parquet \
	  --upgrade --custom-compile-command "make lock" --quiet --output-file requirements/dev.lock
	$(BIN)/python examples/relock.py
	echo 'hatchling>=1.27' | $(BIN)/uv pip compile - --universal --python-version 3.11 --generate-hashes \
	  --constraints requirements/dev.lock --custom-compile-command "make lock" --quiet --output-file requirements/build.lock
