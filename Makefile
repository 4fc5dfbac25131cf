.DEFAULT_GOAL := help
.PHONY: lint types layers

lint: ## style and formatting
	.venv/bin/ruff check . && .venv/bin/ruff format --check .
types: ## mypy, strict
	.venv/bin/mypy
layers: ## the arrows between packages
	PYTHONPATH=src .venv/bin/lint-imports
