# One target, one thing. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

CACHE   := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/inferometer
VENV    := .venv
BIN     := $(VENV)/bin
UV_VENV := $(CACHE)/bootstrap
UV      := $(UV_VENV)/bin/uv
LOCKS   := requirements/dev.txt requirements/runtime.txt requirements/bootstrap.txt
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test unit integration e2e lint crds dashboards dashboard-pictures images cluster-up cluster-down bench \
        bench-peak bench-operator lock wheel-test clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 20

demo: $(VENV)/.synced ## set up everything and run a real benchmark on the embedded cluster
	@dev/demo

test: lint unit wheel-test integration e2e ## set up everything and pass all tests

unit: $(VENV)/.synced ## the tests without I/O
	@$(BIN)/pytest tests/unit

integration: $(VENV)/.synced ## the tests on a real Triton and a real API server
	@dev/with-parts $(BIN)/pytest tests/integration

e2e: $(VENV)/.synced ## the tests on real nodes
	@dev/with-parts $(BIN)/pytest tests/e2e

lint: $(VENV)/.synced ## style, types, layers, generated files
	@$(BIN)/ruff check --no-cache .
	@$(BIN)/ruff format --no-cache --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m inferometer_operator.api.generate --check
	@PYTHONPATH=dev $(BIN)/python -m inferometer_dev.dashboards.generate --check

crds: $(VENV)/.synced ## generate crds/ and docs/reasons.md from the classes
	@$(BIN)/python -m inferometer_operator.api.generate

dashboards: $(VENV)/.synced ## generate the chart's dashboards from dev/inferometer_dev/dashboards
	@PYTHONPATH=dev $(BIN)/python -m inferometer_dev.dashboards.generate

dashboard-pictures: $(VENV)/.synced ## draw the dashboards from PROMETHEUS=URL into build/dashboards (ARGS="--help" has more)
	@PYTHONPATH=dev $(BIN)/python -m inferometer_dev.dashboards.pictures --prometheus "$(PROMETHEUS)" $(ARGS)

images: ## build the images (without Docker) into the cache
	@dev/images build

cluster-up: ## start the embedded Kubernetes cluster
	@dev/cluster up

cluster-down: ## stop the embedded Kubernetes cluster, leaving nothing behind
	@dev/cluster down

bench: $(VENV)/.synced ## our client beside its peers: CPU, throughput, pacing, memory; about 6 minutes
	@dev/need wrk
	@dev/need libb64.so.0d libb64-0d
	@PYTHONPATH=dev $(BIN)/python -m benchmarks

bench-peak: $(VENV)/.synced ## findPeak beside perf_analyzer's binary search, on a queue; about 7 minutes
	@dev/need libb64.so.0d libb64-0d
	@PYTHONPATH=dev $(BIN)/python -m benchmarks.peak

bench-operator: $(VENV)/.synced ## what the operator costs with 200 runs and 20 schedules when nothing happens; about 5 minutes
	@PYTHONPATH=dev $(BIN)/python -m benchmarks.at_rest

wheel-test: $(VENV)/.synced ## build the wheel and run the unit tests against it as installed
	@dev/wheel-test

lock: $(UV) ## make the lock files anew
	@dev/lock

clean: ## remove what the targets made in this folder
	@rm -rf build dist .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(UV): requirements/bootstrap.txt
	@dev/find-python >/dev/null
	@rm -rf $(UV_VENV); "$$(dev/find-python)" -m venv $(UV_VENV)
	@$(UV_VENV)/bin/pip install --quiet --require-hashes --requirement requirements/bootstrap.txt
	@touch $(UV)

$(VENV)/.synced: $(UV) pyproject.toml requirements/dev.txt
	@[ -x $(BIN)/python ] || $(UV) venv --quiet --python "$$(dev/find-python)" $(VENV)
	@$(UV) pip sync --quiet --require-hashes --python $(BIN)/python requirements/dev.txt
	@$(UV) pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $@
