# make help lists the targets. ENV picks config/$(ENV).yaml; CORES the cores to use.

ENV ?=
CORES ?= all
PORT ?= 8000
PYTHON ?= python3
VENV := .venv
RUNS_PORT ?= 8000
# Runs tell the page of runs what they do, where one is served (make dev, make runs).
IS_SERVED = import http.client as http; server = http.HTTPConnection("127.0.0.1", $(RUNS_PORT), timeout=0.3); \
	server.request("GET", "/api/service-info"); exit(b"running" not in server.getresponse().read())
WATCHED = $(shell $(VENV)/bin/python -c '$(IS_SERVED)' 2>/dev/null && \
	echo --logger $(LOGGERS) panoptes --logger-panoptes-timeout 2)
SNAKEMAKE = $(VENV)/bin/snakemake $(WATCHED) --cores $(CORES)
ENVIRONMENTS = $(filter-out config,$(notdir $(basename $(wildcard config/*.yaml *.yaml))))
CONFIG = $(if $(ENV),$(or $(firstword $(wildcard config/$(ENV).yaml $(ENV).yaml)),$(error \
	ENV=$(ENV): there is no config/$(ENV).yaml, nor $(ENV).yaml. There are: $(ENVIRONMENTS))))
OVERLAY = $(if $(ENV),--configfile $(CONFIG))
# Steps and the end of a run say what there is to know; Snakemake adds how many steps are done.
QUIET := --quiet host reason rules

# Said before the run, so that nobody waits for pages that cannot be served.
define PORT_IS_FREE
import socket, sys
port, target = sys.argv[1:]
try:
    number = int(port)
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
        trial.bind(("127.0.0.1", number))
except (ValueError, OverflowError):
    sys.exit(f"PORT={port}: expected a number from 1024 to 65535, such as: make {target} PORT=8001")
except OSError as error:
    other = number + 1 if number < 65535 else 8000
    sys.exit(f"Port {port} cannot be used: {error.strerror}. Take another: PORT={other} make {target}")
endef
export PORT_IS_FREE
# What a run is called everywhere, and how to go on after a failure.
RUN_TARGETS := demo dev init check run-internal-preprocessing run-internal-ml run-external-preprocessing \
	run-external-ml run-merging run-full monitor refresh
RUN := $(shell date -u +%Y%m%dT%H%M%S)-$(shell od -An -N2 -tx1 /dev/urandom | tr -d ' \n')
$(RUN_TARGETS): export STORE_CLUSTERS_RUN ?= $(RUN)
$(RUN_TARGETS): export STORE_CLUSTERS_COMMAND = make $@ $(MAKEOVERRIDES)
$(RUN_TARGETS): export SNAKEMAKE_LOGGER_PANOPTES_ADDRESS = http://127.0.0.1:$(RUNS_PORT)
$(RUN_TARGETS): export SNAKEMAKE_LOGGER_PANOPTES_WORKFLOW_ID = $(or $(ENV),$@) $(STORE_CLUSTERS_RUN)

.DEFAULT_GOAL := help
.PHONY: help setup demo dev runs readable init check history test test-all lint format lock report run-internal-preprocessing run-internal-ml \
	run-external-preprocessing run-external-ml run-merging run-full monitor refresh unlock dictionary reference \
	clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 30
	@echo
	@echo 'ENV=dev|staging|prod lays config/ENV.yaml over config/config.yaml, else ENV.yaml.'
	@echo 'DATA_DIR, INTERNAL_DATA_DIR, EXTERNAL_DATA_DIR say where the data is,'
	@echo 'MERGING_DATA_DIR where the final tables go. PORT is where dev and runs serve pages.'

$(VENV)/installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12 setup")'
	@echo 'Creating the environment in $(VENV) (a minute or two) ...'
	@$(PYTHON) -m venv --clear $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --requirement requirements.lock
	@$(VENV)/bin/python -m compileall -q -j 0 $(VENV)/lib >/dev/null 2>&1 || true  # on all cores; pip uses one
	@touch $@

setup: $(VENV)/installed  ## create the environment, .venv, from the lock file

demo: setup  ## cluster the demo retailer and make all its pages
	@$(SNAKEMAKE) --quiet all

dev: ENV := dev
dev: RUNS_PORT = $(PORT)
dev: WATCHED = --logger panoptes --logger-panoptes-timeout 2
dev: setup  ## run the demo with config/dev.yaml beside a live page of runs, which also serves its pages
	@$(VENV)/bin/python -c "$$PORT_IS_FREE" $(PORT) $@
	@$(VENV)/bin/python resources/serve_runs.py --port $(PORT) --results results/dev/report -- $(SNAKEMAKE) --quiet all $(OVERLAY)

runs: setup  ## serve the live page of runs on localhost, for runs of other terminals
	@$(VENV)/bin/python -c "$$PORT_IS_FREE" $(PORT) $@
	@$(VENV)/bin/python resources/serve_runs.py --port $(PORT)

# Snakemake says of a file that is no YAML only that it is none.
readable: setup  ## say where the configuration of ENV is no YAML
	@$(if $(ENV),PYTHONPATH=scripts $(VENV)/bin/python -m store_clusters.settings.readable $(CONFIG),:)

init: setup  ## write a first configuration from what is in DATA=<folder>, as NAME.yaml
	@$(if $(DATA),,$(error make init needs the folder of your data: make init DATA=/data/retail NAME=my-chain))
	@$(SNAKEMAKE) init --quiet all --config 'data=$(DATA)' 'name=$(or $(NAME),my-chain)'

check: readable  ## say what each input is, and whether they fit together, before a run
	@$(SNAKEMAKE) check --quiet all $(OVERLAY)

history: setup  ## the runs until now, or those of ENV: when, who, how long, what came of them
	@PYTHONPATH=scripts $(VENV)/bin/python -m store_clusters.tables.history $(CONFIG)

run-internal-preprocessing: readable  ## sales to components, per category
	@$(SNAKEMAKE) run_internal_preprocessing $(QUIET) $(OVERLAY)

run-internal-ml: readable  ## internal clusters and their profiles
	@$(SNAKEMAKE) run_internal_ml $(QUIET) $(OVERLAY)

run-external-preprocessing: readable  ## external sources to components
	@$(SNAKEMAKE) run_external_preprocessing $(QUIET) $(OVERLAY)

run-external-ml: readable  ## external clusters and their profiles
	@$(SNAKEMAKE) run_external_ml $(QUIET) $(OVERLAY)

run-merging: readable  ## final clusters
	@$(SNAKEMAKE) run_merging $(QUIET) $(OVERLAY)

run-full: readable  ## everything, with account and page
	@$(SNAKEMAKE) $(QUIET) $(OVERLAY)

monitor: LOGGERS := rich
monitor: readable  ## run-full with a live view: what runs, what is left, how long it takes
	@$(SNAKEMAKE) $(if $(WATCHED),,--logger rich) $(OVERLAY)

refresh: readable  ## run-full with all months and tables of databases asked for again
	@$(SNAKEMAKE) --forcerun query_database $(QUIET) $(OVERLAY)

unlock: setup  ## after a run was killed: a dead run cannot remove its lock
	@$(VENV)/bin/snakemake --cores $(CORES) --unlock $(OVERLAY)

report: setup  ## Snakemake's report of the last full run, as snakemake-report.html
	@$(VENV)/bin/snakemake --cores $(CORES) $(OVERLAY) --report snakemake-report.html

test: setup lint  ## lint, type checks and tests, in some twenty minutes
	@$(VENV)/bin/pytest

test-all: setup lint  ## all tests, with those of the benchmarks that run the whole workflow
	@$(VENV)/bin/pytest -m ''

lint: setup  ## linters, formatters and type checks, changing nothing
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/snakefmt --check workflow
	@$(VENV)/bin/mypy
	@$(VENV)/bin/snakemake --lint

format: setup  ## format the code
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/snakefmt workflow

lock: setup  ## resolve pyproject.toml to requirements.lock anew (needs uv)
	@uv pip compile pyproject.toml --extra dev --extra watch --universal --python-version 3.11 \
		--fork-strategy fewest --generate-hashes --no-header --no-emit-index-url \
		--output-file requirements.lock

dictionary: setup  ## write docs/tables.md from the contracts of the tables
	@$(VENV)/bin/python docs/make_tables.py

reference: setup  ## write config/config.yaml, its schema and the tables of config/README.md
	@$(VENV)/bin/python docs/make_configuration.py

clean:  ## remove results and the demo retailer; the environment and the history of runs stay
	@find results -mindepth 1 -type f ! -name '.gitkeep' ! -name 'history*.parquet' -delete
	@find results -mindepth 1 -type d -empty -delete
	@rm -rf .snakemake resources/demo
