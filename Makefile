# Redress. `make` alone lists the targets. Nothing is installed outside .venv and node_modules.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps
# The tests start Python some hundreds of times: what each has compiled is kept for the next.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

.PHONY: run
run: $(STAMPS)/run assets ## Set up what is missing and run the product on http://127.0.0.1:8000 (PORT, DATA_DIR)
	@exec $(BIN)/python -m web.serve

.PHONY: run-scaled
run-scaled: $(STAMPS)/run assets ## The same with PostgreSQL, two web processes and two workers (docs/production.md)
	@sh .ci/need-postgres
	@exec $(BIN)/python -m web.scaled

.PHONY: test
test: $(STAMPS)/test tools ## Set up what is missing and run every check and test
	@sh .ci/need-browser || test "$$CI_BROWSER" != needed
	@$(MAKE) --no-print-directory --jobs 2 lint test-sqlite
	@$(MAKE) --no-print-directory test-postgres
	@sh .ci/need-browser 2>/dev/null || echo "SKIPPED: the tests in a browser"

# A file of tests stays with one process, for what its tests share. In their own order, which begins with long files
# and ends with short ones: ordered by their number of tests, the long ones would come last, on one processor.
PYTEST := pytest -n auto --dist loadfile --no-loadscope-reorder

.PHONY: test-sqlite
test-sqlite: $(STAMPS)/test
	@echo "Running the tests on SQLite (about eight minutes on two cores)"
	@$(BIN)/python -m $(PYTEST) --ignore tests/scaled

# What asks the database for something that the two could answer differently; the rest is the same code on both.
ON_POSTGRES := tests/scaled tests/faults tests/migrations tests/processes/test_random_walks.py \
  $(filter-out tests/engine/test_spiff_% $(addprefix tests/engine/test_, conformance.py runner.py form_rules.py), \
    $(wildcard tests/engine/test_*.py)) \
  $(addprefix tests/web/test_, case_page.py intake.py tasks.py operations.py evidence.py reopening.py access.py backup.py)

.PHONY: test-postgres
test-postgres: $(STAMPS)/test ## The tests on PostgreSQL alone
	@if sh .ci/need-postgres; then \
	  echo "Running the tests on PostgreSQL (about three minutes)"; \
	  $(BIN)/python -m tests.postgres $(PYTEST) $(ON_POSTGRES); \
	else \
	  echo "SKIPPED: the tests on PostgreSQL"; test "$$CI_POSTGRES" != needed; \
	fi

.PHONY: backup
backup: $(STAMPS)/run ## Back up the database, the spool and the key, while people work (DATABASE_URL, DATA_DIR)
	@$(BIN)/python -m web.backup

.PHONY: check
check: $(STAMPS)/run ## Check processes/ and tell every scenario; prints what they cover
	@$(BIN)/flask --app web check processes
	@$(BIN)/flask --app web scenarios

.PHONY: lint
lint: $(STAMPS)/test ## Ruff, mypy --strict and the layers between packages
	@echo "Checking style, types and layers"
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

.PHONY: bench
bench: $(STAMPS)/bench ## Measure everything beside what it is compared with; writes bench/RESULTS.md (25 minutes; AGAIN=yes goes on after a failure)
	@$(BIN)/python -m bench $(if $(AGAIN),--again)

.PHONY: soak
soak: $(STAMPS)/test tools ## The long forms: a million random steps, whole reviews in a browser, faults, attacks on pages (SOAK_STEPS, SOAK_SEEDS=12-20)
	@$(BIN)/python -m tests.soak
	@$(BIN)/python -m $(PYTEST) -m long
	@$(MAKE) faults attacks restarts

.PHONY: restarts
restarts: $(STAMPS)/test ## Replace, then kill every process while people work, on PostgreSQL (RESTARTS=20, KILL_ROUNDS=1, FAULT_SEED)
	@sh .ci/need-postgres
	@$(BIN)/python -m tests.postgres tests.scaled.rolling $(or $(RESTARTS),20)
	@$(BIN)/python -m tests.postgres tests.scaled.killed_workers $(or $(FAULT_SEED),20261122) $(or $(KILL_ROUNDS),1)
	@$(BIN)/python -m tests.postgres tests.scaled.new_release

.PHONY: attacks
attacks: $(STAMPS)/test ## Send every page and form what nobody would send, for ten minutes (ATTACK_SEED, ATTACK_MINUTES)
	@$(BIN)/python -m tests.security.soak --seed $(or $(ATTACK_SEED),1) --minutes $(or $(ATTACK_MINUTES),10)

.PHONY: faults
faults: $(STAMPS)/test ## Kill the product at every point and by chance, for half an hour (FAULT_SEED, FAULT_MINUTES)
	@$(BIN)/python -m tests.faults.soak --seed $(or $(FAULT_SEED),20261122) --minutes $(or $(FAULT_MINUTES),5)

.PHONY: screenshots
screenshots: $(STAMPS)/test assets browser ## Make a picture of every page, wide and narrow, in screenshots/
	@$(BIN)/python -m tests.browser.pictures screenshots

.PHONY: mutants
mutants: $(STAMPS)/test ## Take out each safeguard, one after the other, and see its test fail
	@$(BIN)/python -m tests.faults.mutants

.PHONY: lock
lock: ## Write requirements*.txt from requirements*.in: every package, its version and the hashes of its files
	@sh .ci/lock $(PYTHON)

.PHONY: audit
audit: ## Ask for known weaknesses in what is installed; says so when nobody could be asked
	@sh .ci/audit $(PYTHON)

.PHONY: assets
assets: $(STAMPS)/run
	@$(BIN)/python -m web.assets

.PHONY: tools
tools: $(STAMPS)/test
	@$(BIN)/python -m web.assets --tools

.PHONY: browser
browser:
	@sh .ci/need-browser

.PHONY: clean
clean: ## Remove what set-up made (not DATA_DIR)
	rm -rf $(VENV) $(STAMPS) node_modules web/static/dist

$(STAMPS)/venv:
	@sh .ci/need-python $(PYTHON)
	@echo "Making the virtual environment"
	@$(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/run: $(STAMPS)/venv requirements.txt
	@echo "Installing what the product runs on"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(STAMPS)/test: $(STAMPS)/run requirements-dev.txt
	@echo "Installing what the tests need"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

$(STAMPS)/bench: $(STAMPS)/test requirements-bench.txt
	@echo "Installing what is measured beside us"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	@touch $@
