# COMBO Lab. `make demo` and `make test` need Python 3.11 to 3.13, git and make; everything else goes into .venv.

PYTHON ?= python3
UV_VERSION := 0.13.8
CYCLONEDX_VERSION := 7.5.0
PIP_AUDIT_VERSION := 2.10.1
BIN := .venv/bin
DEMO := .demo
DEMO_CLIPS := 300
# Tests carry the number of the fault (F1 to F24) or abuse (A1 to A6) that they inject in their names.
FAULTS := $(patsubst %,test_f% or,1 2 3 4 5 6 7 8 9) $(patsubst %,test_a% or,1 2 3 4 5) test_a6

.DEFAULT_GOAL := help
.PHONY: help demo test test-faults lint bench sbom audit lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/installed ## Run the main job on this machine: data, sweep, tracking, Table 7
	@$(BIN)/combo data synth --subset s4 --out $(DEMO)/data --clips $(DEMO_CLIPS) --seed 0 --size 64
	@$(BIN)/combo run combo/table7 --scale demo --data $(DEMO)/data --storage $(DEMO)/storage --checkpoint-every 50
	@$(BIN)/combo report build combo/table7 --scale demo --data $(DEMO)/data --storage $(DEMO)/storage --out $(DEMO)/reports

test: .venv/installed lint ## Lint, then run all tests but those that take minutes; ROOM=reports runs one folder's
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 3 --dist loadscope --no-loadscope-reorder --durations 10 $(if $(ROOM),tests/$(ROOM))

test-faults: .venv/installed ## Inject every fault for real, those included that take minutes
	$(BIN)/pytest -m "minutes or not minutes" -k "$(FAULTS)"

lint: .venv/installed ## Style, types and the rooms' import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed ## Measure speed, overhead, and whether the demo model uses the sound (needs `make demo` first)
	$(BIN)/python tests/benchmarks/fscore.py
	$(BIN)/python tests/benchmarks/tpavi.py
	$(BIN)/python tests/benchmarks/tiled_correlation.py
	$(BIN)/python tests/benchmarks/plan_paper.py
	$(BIN)/python tests/benchmarks/plan_scale.py
	$(BIN)/python tests/benchmarks/report_scale.py
	$(BIN)/python tests/benchmarks/overhead.py
	$(BIN)/python tests/benchmarks/first_step.py
	$(BIN)/python tests/benchmarks/audio_ablation.py combo/table7 --data $(DEMO)/data --storage $(DEMO)/storage

sbom: .venv/installed ## List all installed packages with versions and licences as CycloneDX, in sbom.json
	$(BIN)/uv tool run --quiet --from cyclonedx-bom==$(CYCLONEDX_VERSION) cyclonedx-py environment $(BIN)/python \
		--pyproject pyproject.toml --mc-type application --output-reproducible --output-format JSON --output-file sbom.json

audit: .venv/uv ## Look for known vulnerabilities in the locked packages
	$(BIN)/uv tool run --quiet --from pip-audit==$(PIP_AUDIT_VERSION) pip-audit --disable-pip --require-hashes \
		--requirement requirements.lock

lock: .venv/uv ## Resolve pyproject.toml anew into the hash-pinned requirements.lock
	$(BIN)/uv pip compile --universal --python-version 3.11 --all-extras --generate-hashes --no-annotate --no-header \
		--no-emit-index-url --upgrade --quiet --output-file requirements.lock pyproject.toml

clean: ## Remove the environment, the demo and all caches
	rm -rf .venv $(DEMO) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

.venv/uv:
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11 to 3.13 is needed")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

# Bytecode is compiled once, here: without it every process of a Python that may not write it compiles all it imports.
.venv/installed: .venv/uv requirements.lock pyproject.toml
	$(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q -j 0 experiments model orchestrator reports
	@touch $@
