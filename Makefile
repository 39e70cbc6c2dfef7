# Needs Python 3.11 or later, Node 20 or later and make; everything else is installed into this directory.

VENV := .venv
BIN := $(VENV)/bin
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

PYTHONS := python3 python3.14 python3.13 python3.12 python3.11
PYTHON ?= $(shell for each in $(PYTHONS); do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)

# Files that tell when a step was last done, so that it is done again only when what it depends on has changed.
API_INSTALLED := $(VENV)/.installed
WEB_INSTALLED := web/node_modules/.installed
WEB_BUILT := web/build/index.html
# Asked of find, because make can't name files in folders like (app) and [id]; folders tell of files that are gone.
WEB_CHANGED := $(shell find web/src web/static web/*.json web/*.ts -newer $(WEB_BUILT) -print -quit 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help install run dev test test-api test-chaos test-scale bench bench-live bench-search bench-web test-web e2e lint lint-api lint-web typecheck format openapi lock clean FORCE

help: ## List what make can do here
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(API_INSTALLED) $(WEB_INSTALLED) ## Install the locked dependencies of API and web

run: $(API_INSTALLED) $(WEB_BUILT) ## Run everything on http://localhost:8080, with its data in .local/ (API_PORT, WEB_PORT)
	@exec $(BIN)/python -m tracker.local run

dev: install ## The same, taking changed files over at once
	@exec $(BIN)/python -m tracker.local run --reload

# First what all stand on, Python's beside Node's. Then the browser tests, one after another, beside the API's, three at a
# time because they often wait; linters and unit tests are nicer, and take what those leave.
# What each says comes in one piece where make can do that.
AT_ONCE = $(MAKE) --no-print-directory $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
test: ## Everything that has to pass: lint, API, web and browser tests
	+@$(AT_ONCE) --jobs=2 $(API_INSTALLED) $(WEB_BUILT)
	+@$(AT_ONCE) --jobs=3 NICE="nice -n 5" e2e test-api lint-web lint-api test-web

test-api: $(API_INSTALLED) ## The API's tests
	@.ci/nginx >/dev/null || [ $$? -eq 3 ]
	@clamd=$$(.ci/clamd); case $$? in \
		0 | 3) CLAMD="$$clamd" $(BIN)/pytest --numprocesses 3 --dist worksteal ;; \
		*) exit 1 ;; \
	esac

test-chaos: $(API_INSTALLED) ## The API's tests that take minutes and kill processes; needs nginx
	@.ci/nginx >/dev/null
	$(BIN)/pytest -m chaos --capture=no api/tests/chaos

test-scale: $(API_INSTALLED) ## Whether every statement has its index, in a database of 100,000 issues
	$(BIN)/pytest -m scale api/tests/scale

bench: $(API_INSTALLED) ## How requests hold up as issues grow (SIZES="10000 100000", BENCH="--only list --workers 2")
	cd api && ../$(BIN)/python -m bench.scale --sizes "$(or $(SIZES),10000 100000)" $(BENCH)

bench-live: $(API_INSTALLED) ## How live updates hold up under load: delay, processor time, memory
	cd api && ../$(BIN)/python -m bench.live

bench-search: $(API_INSTALLED) ## How well search finds what it should, in issues of a Jira file (FILE=issues.ndjson.gz)
	cd api && ../$(BIN)/python -m bench.relevance "$(abspath $(FILE))"

bench-web: $(API_INSTALLED) $(WEB_BUILT) ## How fast the app feels with 10,000 issues: first load, scrolling, own and others' changes; needs nginx
	@.ci/nginx >/dev/null
	@chromium=$$(CHROMIUM="$${CHROMIUM:-chromium}" .ci/chromium) && cd web && CHROMIUM="$$chromium" npx playwright test --config bench/playwright.config.ts

test-web: $(WEB_INSTALLED) ## The web app's unit tests
	cd web && $(NICE) npm run --silent test

e2e: $(API_INSTALLED) $(WEB_BUILT) ## The browser tests, in Chromium
	@chromium=$$(.ci/chromium); case $$? in \
		0) cd web && CHROMIUM="$$chromium" npm run --silent e2e ;; \
		3) ;; \
		*) exit 1 ;; \
	esac

lint: lint-api lint-web ## Style, types, layers, and whether generated files are up to date

lint-api: $(API_INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(NICE) $(BIN)/pyright
	$(BIN)/pip check
	@$(BIN)/tracker openapi | diff -u api/openapi.json - || { echo 'api/openapi.json is out of date: make openapi'; exit 1; }

lint-web: $(WEB_INSTALLED)
	cd web && $(NICE) npm run --silent lint
	cd web && $(NICE) npm run --silent check
	cd web && npm run --silent gen:check

typecheck: install ## Types only
	$(BIN)/pyright
	cd web && npm run --silent check

format: install ## Format and mend what can be mended
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	cd web && npm run --silent format

openapi: install ## Write api/openapi.json and the web app's types anew
	$(BIN)/tracker openapi > api/openapi.json
	cd web && npm run --silent gen

lock: $(API_INSTALLED) ## Lock the Python dependencies anew
	$(UV_COMPILE) pyproject.toml --extra tracing --output-file api/requirements.lock
	$(UV_COMPILE) pyproject.toml --all-extras --constraint api/requirements.lock --output-file api/requirements-dev.lock

clean: ## Remove what make has made, but not the data in .local/
	rm -rf $(VENV) web/node_modules web/build web/.svelte-kit web/test-results web/playwright-report
	rm -rf .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find api migrations -name __pycache__ -type d -prune -exec rm -rf {} +

$(API_INSTALLED): api/requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or later is needed; name one with PYTHON=…'; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement api/requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(WEB_INSTALLED): web/package-lock.json web/package.json web/.npmrc
	cd web && npm ci
	@touch $@

$(WEB_BUILT): $(WEB_INSTALLED) $(if $(WEB_CHANGED),FORCE)
	cd web && npm run --silent build -- --logLevel warn
	@touch $@

FORCE:
