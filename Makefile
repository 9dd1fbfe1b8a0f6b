# Python 3.11, 3.12 or 3.13
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
export RUNTIME__DLTHUB_TELEMETRY := false

DAGSTER := DAGSTER_HOME=$(CURDIR)/data/dagster $(BIN)/dagster
DAGSTER_PORT ?= 3000

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-report transform report docs sandbox schema dagster dagster-sandbox local-start local-stop local-clean \
	test lint format bench clean tools \
	cloud-plan cloud-deploy cloud-run cloud-backfill cloud-logs cloud-destroy cloud-rehearsal

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED)  ## create .venv with the pinned dependencies

$(INSTALLED): requirements.txt requirements-dagster.txt requirements-dev.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11, 3.12 or 3.13 is needed, this is " + sys.version.split()[0] + "; try: make setup PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the dependencies into $(VENV) (once, a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch $@

demo: $(INSTALLED)  ## load, model and report a made-up catalogue: sandbox API → lake → DuckDB → marts → page; needs no key
	@$(BIN)/python pipelines/rawg.py --sandbox
	@$(BIN)/python pipelines/rawg.py --sandbox --resources game_details > /dev/null
	@$(BIN)/python pipelines/transform.py --sandbox
	@$(BIN)/python -m reports.market --sandbox

demo-report: $(INSTALLED)  ## show the report on the made-up games in the browser
	@$(BIN)/python -m reports.market --sandbox --open

transform: $(INSTALLED)  ## build the dbt models on what was loaded
	@$(BIN)/python pipelines/transform.py

report: $(INSTALLED)  ## build the market report from the marts and show it in the browser
	@$(BIN)/python -m reports.market --open

# without a warehouse dbt would make an empty one
DOCUMENTED := $(if $(wildcard data/warehouse.duckdb),../data/warehouse.duckdb,:memory:)

docs: $(INSTALLED)  ## write the documentation of the models to dbt/target/static_index.html
	@cd dbt && DBT_PROFILES_DIR=. DBT_DUCKDB_PATH="$(or $(DBT_DUCKDB_PATH),$(DOCUMENTED))" \
		../$(BIN)/dbt docs generate --static --quiet > /dev/null
	@echo "Documentation dbt/target/static_index.html"

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
	@$(BIN)/python -m benchmarks.compare

tools:  ## get the linters of the cloud's definitions (checkov, asl-validator, Snowflake's schema), which tests use
	@test -x .tools/checkov/bin/checkov || { $(PYTHON) -m venv .tools/checkov && \
		.tools/checkov/bin/python -m pip install --quiet --disable-pip-version-check checkov==3.3.30; }
	@npm install --fetch-retries=0 --fetch-timeout=30000 --silent --no-audit --no-fund --no-save --ignore-scripts --legacy-peer-deps --prefix .tools \
		asl-validator@4.0.0 @cdktf/provider-snowflake@15.9.1

# What follows needs Terraform, the AWS CLI and docker, and what docs/cloud_deployment.md says

TERRAFORM := terraform -chdir=infra
MACHINE = $$($(TERRAFORM) output -json aws | $(PYTHON) -c 'import json, sys; print(json.load(sys.stdin)["state_machine_arn"])')
LOGS = $$($(TERRAFORM) output -json aws | $(PYTHON) -c 'import json, sys; print(json.load(sys.stdin)["log_group"])')

cloud-plan:  ## show what a deployment would change
	@$(TERRAFORM) init -input=false && $(TERRAFORM) plan

cloud-deploy:  ## build and push the image, then apply; asks before it changes anything but the image
	@$(TERRAFORM) init -input=false && infra/push_image && $(TERRAFORM) apply

cloud-run:  ## start a run; INPUT='{"max_requests": 500}' says what it does
	@aws stepfunctions start-execution --state-machine-arn "$(MACHINE)" --input '$(or $(INPUT),{})'

cloud-backfill:  ## load games that changed from FROM=2024-01 to TO=2024-12, month by month
	@input=$$($(PYTHON) infra/backfill.py "$(FROM)" "$(TO)") && \
		aws stepfunctions start-execution --state-machine-arn "$(MACHINE)" --input "$$input"

cloud-logs:  ## follow the log of the tasks
	@aws logs tail "$(LOGS)" --follow --since 1h

cloud-destroy:  ## delete everything in AWS and Snowflake; asks
	@$(TERRAFORM) destroy

cloud-rehearsal: $(INSTALLED)  ## apply to a stand-in for AWS on this machine and run the state machine, to watch
	@$(BIN)/python -m pytest -n0 -v -s tests/cloud/test_rehearsal.py

clean:  ## delete the sandbox's data and all caches (real data stays)
	rm -rf data/sandbox .pytest_cache .mypy_cache .ruff_cache .hypothesis
