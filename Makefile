# Lá Chắn. `make help` lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
# Compiled once, not anew by each of the hundreds of processes that a run of the tests starts.
unexport PYTHONDONTWRITEBYTECODE
# Long groups first, then cheap tests; one browser and one whole instance at a time (conftest.py).
PYTEST := $(BIN)/python -m pytest -q -n auto --dist loadgroup --no-loadscope-reorder

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s'|'

.PHONY: setup
setup: .venv/.ready ## prepare .venv to run: packages by hash, compiled texts and kernels

.PHONY: setup-dev
setup-dev: .venv/.ready-dev ## and what checks, tests and benchmarks need on top

# The same pins whether uv or pip installs them.
.venv/.ready: requirements/base.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/it" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { rm -rf .venv; bash requirements/bootstrap.sh $(PYTHON); }
	@bash requirements/install.sh base
	@$(BIN)/python -m lachan warm
	@touch $@

# Nothing that runs is replaced: dev.txt names the same versions (tests/architecture).
.venv/.ready-dev: .venv/.ready requirements/dev.txt
	@bash requirements/install.sh dev
	@touch $@

.PHONY: run
run: setup ## start the product; Ctrl-C stops it
	@exec $(BIN)/python -m lachan up

.PHONY: demo
demo: setup ## the whole loop once, in a throw-away instance
	@exec $(BIN)/python -m lachan demo

.PHONY: test
test: setup-dev lint ## every check and every test, on SQLite and on PostgreSQL
	@bash tests/system.sh
	@$(PYTEST)
	@echo "Once more, on PostgreSQL, what touches the database:"
	@LACHAN_TEST_DB=postgresql $(PYTEST) --only-db

.PHONY: test-room
test-room: setup-dev ## ROOM=cases: a room's tests, and its neighbours' that enter it; no browser, no faults
	@tests=$$($(BIN)/python tools/room_tests.py "$(ROOM)") && $(PYTEST) -m "not browser and not faults" $$tests

.PHONY: lint
lint: setup-dev ## style, types, floors
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

.PHONY: bench
bench: setup-dev ## every benchmark, one JSON object each
	@for program in benchmarks/*.py; do echo "$$program"; $(BIN)/python $$program || exit 1; done

.PHONY: check-deploy
check-deploy: setup-dev ## the wheel's whole walk, and the container (root, debootstrap, buildah, a network)
	@$(BIN)/python deploy/check_wheel.py --demo
	@$(BIN)/python deploy/container/check.py

.PHONY: pictures
pictures: setup-dev ## take the README's screenshots anew
	@PYTHONPATH=. $(BIN)/python docs/pictures/make.py

.PHONY: lock
lock: setup ## resolve the dependencies anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade pyproject.toml -o requirements/base.txt -q
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade pyproject.toml --group dev -c requirements/base.txt -o requirements/dev.txt -q

.PHONY: clean
clean: ## remove what was made, but not var/
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
