# Two commands are enough: `make run` shows the product, `make test` proves it.
PORT ?= 8000
GATEWAY_PORT ?= 8080
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help run test shuffle check bench interop endurance fuzz lock catalogs clean

help:
	@echo 'make run      start the demo on http://localhost:$(PORT)   (RESET=1 starts afresh)'
	@echo 'make test     set up and run every test'
	@echo 'make shuffle  the same in a random order'
	@echo 'make check    ruff, mypy --strict, import contracts, sizes'
	@echo 'make bench    us and a peer in the same run; writes benchmarks/results.json'
	@echo 'make interop  slower checks with foreign programs'
	@echo 'make endurance  every point of death and fault, not a sample'
	@echo 'make fuzz     strange bytes for every parser, for long; what breaks one is kept'
	@echo 'make lock     lock the dependencies anew'

run: .venv/run.stamp
	@scripts/system-packages run
	@$(if $(RESET),rm -rf var,true)
	@XINYIN_PORT=$(PORT) XINYIN_GATEWAY_PORT=$(GATEWAY_PORT) \
	 XINYIN_PUBLIC_URL=http://localhost:$(PORT) XINYIN_GATEWAY_URL=http://localhost:$(GATEWAY_PORT) \
	 exec $(BIN)/xinyin demo

test: .venv/test.stamp
	@scripts/system-packages test
	$(BIN)/pytest -q -n 2 --dist loadgroup --randomly-dont-reorganize --ignore=tests/interop

shuffle: .venv/test.stamp
	@scripts/system-packages test
	$(BIN)/pytest -q -n 2 --dist loadgroup --ignore=tests/interop

check: .venv/test.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_sizes.py

bench: .venv/test.stamp
	@scripts/system-packages test
	$(BIN)/python -m benchmarks

interop: .venv/test.stamp
	@scripts/system-packages test
	$(BIN)/pytest -q tests/interop

endurance: .venv/test.stamp
	@scripts/system-packages test
	XINYIN_ENDURANCE=1 $(BIN)/pytest -q -s tests/reliability

fuzz: .venv/test.stamp
	XINYIN_FUZZ_EXAMPLES=$(or $(EXAMPLES),20000) $(BIN)/pytest -q -n 2 -p no:timeout tests/verify/fuzz

.venv/run.stamp: requirements/run.txt
	@scripts/system-packages run
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo 'Installing the Python packages …'
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/test.stamp: .venv/run.stamp requirements/test.txt
	@echo 'Installing what the tests need …'
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@

lock:
	$(BIN)/pip install -q --disable-pip-version-check pip-tools
	for set in run test legacy-app; do CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile -q --generate-hashes --allow-unsafe \
	  --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	  -o requirements/$$set.txt requirements/$$set.in || exit 1; done

clean:
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build *.egg-info
