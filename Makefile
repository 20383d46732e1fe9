# `make help` lists the targets. Every target first installs what it needs, only into this folder. Two exceptions:
# Firestore's emulator is downloaded into ~/.cache/firebase (local/firestore.py), and `make test` and `make nightly`, if
# root runs them, may install Chromium or its libraries as packages of the system (local/browser.py).

VENV := .venv
# The Python that installs everything: PYTHON=python3.12 if it is given, else the one in .venv, else the system's.
PYTHON ?= $(if $(wildcard $(VENV)/bin/python),$(VENV)/bin/python,python3)
RUN := $(VENV)/bin

# A shell may have these variables for other projects. They must not change what our targets do.
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONWARNINGS VIRTUAL_ENV LAYER_PYTHON LAYER_PYTHON_VERSION LAYER_PLATFORM
# These say whose accounts are meant: the two targets that change an account are asked for it, all others must not see it.
ifeq ($(filter deploy rollback,$(MAKECMDGOALS)),)
unexport AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
unexport AWS_REGION AWS_DEFAULT_REGION AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE
unexport GOOGLE_APPLICATION_CREDENTIALS
endif
unexport UV_PYTHON UV_SYSTEM_PYTHON UV_PROJECT_ENVIRONMENT UV_WORKING_DIRECTORY UV_CONSTRAINT UV_OVERRIDE
unexport GOOGLE_CLOUD_PROJECT FIRESTORE_DATABASE FIREBASE_AUTH_EMULATOR_HOST
unexport $(filter %_API_URL,$(.VARIABLES)) APIFY_PROXY_URL
export SAM_CLI_TELEMETRY := 0
export UV_SYSTEM_CERTS ?= true

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup up down demo dev unit one fmt test lint nightly build deploy rollback invoke bench picture chaos soak lock clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup: ## Install the environments (.venv, MiniStack, SAM, Node packages); quick when nothing has changed
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "error: $(PYTHON) was not found: install Python 3.11 or later, or name one (make PYTHON=python3.12 ...)." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "error: $(PYTHON) is older than Python 3.11, or does not run: name a later one (make PYTHON=python3.12 ...)." >&2; exit 1; }
	@$(PYTHON) -m local.environments

up: setup ## Start the local stack and deploy to it; run it again to update it; PICTURES=on for copies of pictures
	@$(RUN)/python -m cli local up

down: setup ## Stop the local stack
	@$(RUN)/python -m cli local down

demo: setup ## Run the main job of every platform on the local stack, and show it
	@$(RUN)/python -m cli.demo

dev: setup ## Serve the demo page with hot reload against the running stack; Ctrl-C ends the server alone
	@$(RUN)/python -m cli local dev

unit: setup ## Run the unit tests of Python, side by side
	@$(RUN)/pytest tests/unit -n auto -q

one: setup ## Run one test: make one T=tests/unit/test_fence.py, T=web/tests/unit/panel.test.tsx, or T="words of its name"
	@$(RUN)/python -m tests.checks one "$(T)"

fmt: setup ## Format all code and fix its style
	@$(RUN)/ruff check --fix-only --quiet
	@$(RUN)/ruff format
	@npm --prefix web run --silent format

test: setup ## Check and test everything, except what takes very long
	@unset FIRESTORE_EMULATOR_HOST; $(RUN)/python -m tests.checks test

lint: setup ## Check style, types and the template
	@unset FIRESTORE_EMULATOR_HOST; $(RUN)/python -m tests.checks lint

nightly: setup ## Test what takes very long: others' apps, each clause of the rules broken, the long property test, chaos, soak
	@unset FIRESTORE_EMULATOR_HOST; $(RUN)/python -m tests.checks nightly

build: setup ## Build for AWS (Python 3.13 on arm64) into .aws-sam
	@PATH="$(CURDIR)/$(RUN):$$PATH" .local/sam/bin/sam build --parallel

# Your shell's credentials of AWS and Google are used. YES=1 asks nothing, and ONLY_NEWER=1 refuses a commit that is older
# than the live release's, as a pipeline needs both.
deploy: setup ## Deploy to a stage of samconfig.toml: make deploy STAGE=staging
	@$(RUN)/python -m cli deploy $(if $(YES),--yes) $(if $(ONLY_NEWER),--only-newer) -- "$(STAGE)"

rollback: setup ## Go back to the release before: make rollback STAGE=staging; TO=RELEASE for another
	@$(RUN)/python -m cli rollback $(if $(YES),--yes) $(if $(TO),"--to=$(TO)") -- "$(STAGE)"

invoke: setup ## Run one function on one event: make invoke FUNCTION=process EVENT=events/fetch-account.json
	@$(RUN)/python -m cli.invoke "$(FUNCTION)" "$(EVENT)"

bench: setup ## Measure the figures of docs/figures.md
	@$(RUN)/python -m bench

picture: setup ## Take the README's pictures of the page
	@$(RUN)/python -m tests.e2e.browser.picture

# `chaos` and `soak` use their own stack, which is stopped at the end.
CHAOS = unset FIRESTORE_EMULATOR_HOST; TRACKING_LOCAL_STACK=chaos-stack $(RUN)/python -m

chaos: setup ## Kill, cut off or delay each step of a job's life, and show how it ends; POINTS="claim late" for some
	@$(CHAOS) tests.chaos $(POINTS)
	@$(RUN)/python -m pytest tests/unit/test_job_life.py --hypothesis-profile=long --timeout=1800

soak: setup ## Track JOBS (2000) accounts of all kinds, with doubled ticks and killed workers
	@$(CHAOS) tests.chaos.soak $(JOBS)

LOCK = UV_CUSTOM_COMPILE_COMMAND="make lock" $(RUN)/uv pip compile --quiet --universal --generate-hashes \
  --no-emit-index-url --python-version 3.11 $(UPGRADE)
lock: setup ## Refresh the lock files from pyproject.toml and the .in files; UPGRADE=--upgrade for newer versions
	$(LOCK) --group dev pyproject.toml -o requirements/dev.lock
	$(LOCK) requirements/uv.in -o requirements/uv.lock
	$(LOCK) requirements/ministack.in -o requirements/ministack.lock
	$(LOCK) requirements/sam.in -o requirements/sam.lock
	$(LOCK) requirements/checkov.in -o requirements/checkov.lock
	$(LOCK) -c requirements/dev.lock requirements/runtime.in -o requirements/runtime.lock
	$(LOCK) -c requirements/dev.lock layers/common/requirements.in -o layers/common/requirements.txt

clean: ## Stop the stack and remove everything that was installed or built
	@if [ -x $(RUN)/python ]; then $(RUN)/python -m cli local down; fi
	rm -rf $(VENV) .local .aws-sam web/node_modules web/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -not -path './web/*' -prune -exec rm -rf {} +
