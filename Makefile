# Two commands: `make run` and `make test`. Everything else is `veiviser --help`.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy VIRTUAL_ENV="$(CURDIR)/.venv" $(BIN)/uv pip install --quiet

.PHONY: run test lock notebooks

run: .venv/.run
	$(BIN)/veiviser run

test: .venv/.test
	$(BIN)/python tests/browser/install_chromium.py
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OPENBLAS_NUM_THREADS=1 $(BIN)/pytest --numprocesses=auto --dist=loadscope --no-loadscope-reorder  # a worker a core, and no more; short modules last

notebooks: .venv/.test
	$(BIN)/jupyter lab notebooks

# Locked with hashes; the files name no index, so a mirror serves as well as the public one.
lock: .venv/.uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		requirements/bootstrap.in --output-file requirements/bootstrap.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		pyproject.toml --output-file requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--extra dagster --constraint requirements/run.txt pyproject.toml --output-file requirements/dagster.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--extra test --constraint requirements/run.txt --constraint requirements/dagster.txt \
		pyproject.toml --output-file requirements/test.txt

.venv/.uv: requirements/bootstrap.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --requirement requirements/bootstrap.txt
	touch $@

.venv/.run: .venv/.uv requirements/run.txt pyproject.toml
	$(INSTALL) --require-hashes --requirement requirements/run.txt
	$(INSTALL) --no-deps --no-build-isolation --editable .
	touch $@

.venv/.test: .venv/.run requirements/test.txt
	$(INSTALL) --require-hashes --requirement requirements/test.txt
	touch $@
