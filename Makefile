# Python 3.11, 3.12 or 3.13
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
export RUNTIME__DLTHUB_TELEMETRY := false

DAGSTER := DAGSTER_HOME=$(CURDIR)/data/dagster $(BIN)/dagster
DAGSTER_PORT ?= 3000

.DEFAULT_GOAL := help
.PHONY: help setup demo transform docs sandbox schema dagster dagster-sandbox local-start local-stop local-clean test lint format bench clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED)  ## create .venv with the pinned dependencies

$(INSTALLED): requirements.txt requirements-dagster.txt requirements-dev.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11, 3.12 or 3.13 is needed, this is " + sys.version.split()[0] + "; try: make setup PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the dependencies into $(VENV) (once, a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch $@

demo: $(INSTALLED)  ## load and model a made-up catalogue: sandbox API → lake → DuckDB → marts; needs no key
	@$(BIN)/python pipelines/rawg.py --sandbox
	@$(BIN)/python pipelines/rawg.py --sandbox --resources game_details > /dev/null
	@$(BIN)/python pipelines/transform.py --sandbox

transform: $(INSTALLED)  ## build the dbt models on what was loaded
	@$(BIN)/python pipelines/transform.py

docs: $(INSTALLED)  ## write the documentation of the models to dbt/target/static_index.html
	@cd dbt && DBT_PROFILES_DIR=. ../$(BIN)/dbt docs generate --static --quiet

sandbox: $(INSTALLED)  ## serve the RAWG look-alike alone on http://127.0.0.1:8000/api
	@$(BIN)/python -m sources.rawg.sandbox --port 8000

schema: $(INSTALLED)  ## write what the project knows of RAWG's fields to sources/rawg/known_schema.yaml
	@$(BIN)/python -m sources.rawg.export_schema

data/dagster/dagster.yaml: orchestration/dagster.yaml
	@mkdir -p $(@D) && cp $< $@

dagster: $(INSTALLED) data/dagster/dagster.yaml  ## schedule, backfill and look at lineage on http://localhost:3000
	@$(DAGSTER) dev -m orchestration.definitions -h 127.0.0.1 -p $(DAGSTER_PORT)

# settings of the made-up games, as `pipelines/rawg.py --sandbox` has them
SANDBOX := RAWG_API_KEY=any-key-will-do SOURCES__RAWG__BASE_URL=http://127.0.0.1:8000/api \
	SOURCES__RAWG__REQUESTS_PER_SECOND=1000 SOURCES__RAWG__MONTHLY_REQUESTS=1000000 \
	DESTINATION__LAKE__BUCKET_URL=data/sandbox/lake DESTINATION__WAREHOUSE__DATABASE_FILE=data/sandbox/warehouse.duckdb

dagster-sandbox: $(INSTALLED) data/dagster/dagster.yaml  ## the same over made-up games; needs no key
	@$(BIN)/python -m sources.rawg.sandbox --port 8000 --games 5000 & trap "kill $$!" EXIT; \
		$(SANDBOX) $(DAGSTER) dev -m orchestration.definitions -h 127.0.0.1 -p $(DAGSTER_PORT)

local-start:  ## start MinIO and Dagster in containers; http://localhost:3000
	@docker compose up --detach --build --wait
	@echo "Dagster is at http://localhost:3000"

local-stop:  ## stop them; the data stays
	@docker compose down

local-clean:  ## stop them and delete their data, after a question
	@printf 'Delete the lake, the warehouse and the history of runs of the local stack? [y/N] '; read answer; \
		test "$$answer" = y || { echo "Nothing was deleted."; exit 1; }
	@docker compose down --volumes

test: $(INSTALLED)  ## run the test suite
	@$(BIN)/python -m pytest

lint: $(INSTALLED)  ## check style, imports and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(INSTALLED)  ## format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(INSTALLED)  ## measure requests, time and memory
	@$(BIN)/python -m benchmarks.core

clean:  ## delete the sandbox's data and all caches (real data stays)
	rm -rf data/sandbox .pytest_cache .mypy_cache .ruff_cache .hypothesis
