.DEFAULT_GOAL := help
.PHONY: help setup run test check lint format types layers docs consistency bench sizes pins clean
PYTHON := .venv/bin/python

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while IFS='	' read -r name text; do printf '%-12s %s\n' "$$name" "$$text"; done
setup: ## make or refresh .venv, with the tools for development
	@bin/setup --dev
run: ## set up, load the sample shop, import one supplier's stock
	@bin/first-run
test: ## set up and run the whole suite
	@bin/test
check: setup lint types layers consistency test ## all that CI checks
lint: setup ## style and formatting
	$(PYTHON) -m ruff check . && $(PYTHON) -m ruff format --check .
format: setup ## put style and formatting right
	$(PYTHON) -m ruff check --fix . ; $(PYTHON) -m ruff format .
types: setup ## mypy, strict
	$(PYTHON) -m mypy && $(PYTHON) -m mypy docs/generate.py
layers: setup ## the arrows between packages
	PYTHONPATH=src .venv/bin/lint-imports
docs: setup ## write the generated parts of the docs anew
	PYTHONPATH=src $(PYTHON) docs/generate.py
consistency: setup ## generated docs are what the code says
	PYTHONPATH=src $(PYTHON) docs/generate.py --check
bench: ## time start-up, imports, locks and metrics, also on servers (an hour)
	bin/setup --bench && $(PYTHON) -m bench
sizes: setup ## where the tree stands beside the house's figures
	$(PYTHON) tests/architecture/sizes.py
pins: setup ## resolve requirements/*.txt anew from pyproject.toml
	bin/pins
clean: ## remove caches, environment and fetched servers; var/ with its database stays
	rm -rf .venv .servers .*_cache .import_linter_cache .coverage* build && find src tests -name __pycache__ -exec rm -rf {} +
