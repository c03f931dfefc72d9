# COMBO Lab. `make demo` and `make test` need Python 3.11 to 3.13, git and make; everything else goes into .venv.

PYTHON ?= python3
UV_VERSION := 0.13.8
CYCLONEDX_VERSION := 7.5.0
PIP_AUDIT_VERSION := 2.10.1
BIN := .venv/bin
# `make demo TORCH=cpu` installs PyTorch without CUDA; the choice is kept in .venv/torch until another one is made.
TORCH ?= $(or $(shell cat .venv/torch 2>/dev/null),cuda)
$(if $(filter cpu cuda,$(TORCH)),,$(error TORCH is cpu or cuda, not '$(TORCH)'))
DOWNLOADS_cuda := about 3.7 GB, most of it CUDA; 7.7 GB on disk. Without a GPU, add TORCH=cpu: about 1 GB
DOWNLOADS_cpu := about 1 GB; 3 GB on disk
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --quiet
DEMO := .demo
DEMO_CLIPS := 300
# Tests carry the number of the fault (F1 to F24) or abuse (A1 to A6) that they inject in their names.
FAULTS := $(patsubst %,test_f% or,1 2 3 4 5 6 7 8 9) $(patsubst %,test_a% or,1 2 3 4 5) test_a6

.DEFAULT_GOAL := help
.PHONY: help demo docs site test test-faults lint bench bench-gpu gpu sbom audit lock clean install-cuda install-cpu FORCE

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# With half a core each, three one-worker trials share two cores: one after two others would leave a core idle.
demo: .venv/installed ## Run the main job on this machine: data, sweep, tracking, Table 7
	@$(BIN)/combo data synth --subset s4 --out $(DEMO)/data --clips $(DEMO_CLIPS) --seed 0 --size 64
	@$(BIN)/combo run combo/table7 --scale demo --data $(DEMO)/data --storage $(DEMO)/storage --checkpoint-every 50 \
		--cpus-per-worker 0.5
	@$(BIN)/combo report build combo/table7 --scale demo --data $(DEMO)/data --storage $(DEMO)/storage --out $(DEMO)/reports

# Lint is one of the tests, so that no processor waits for it.
# Tests may write bytecode: without it, each of the processes would compile all of them anew in every run.
test: .venv/installed ## Run lint and all tests but those that take minutes; ROOM=reports runs one folder's
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 3 --dist loadscope --no-loadscope-reorder --durations 10 $(if $(ROOM),tests/$(ROOM))

docs: .venv/installed ## Record docs/start/session.md anew, which takes minutes, then make the site
	@infra/record_session.sh >.session.md && mv .session.md docs/start/session.md
	@$(MAKE) --no-print-directory site

site: .venv/installed ## Make a site of the documents: .docs/index.html
	@$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet --doctree-dir .docs/.trees docs .docs
	@echo "The documentation is in .docs/index.html"

test-faults: .venv/installed ## Inject every fault for real, those included that take minutes
	$(BIN)/pytest -m "minutes or not minutes" -k "$(FAULTS)"

lint: .venv/installed ## Style, types and the rooms' import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed ## Measure speed, overhead, and whether the demo model uses the sound (needs `make demo` first)
	$(BIN)/python tests/benchmarks/compare.py --out $(DEMO)/benchmarks
	$(BIN)/python tests/benchmarks/plan_paper.py
	$(BIN)/python tests/benchmarks/plan_scale.py
	$(BIN)/python tests/benchmarks/control_plane.py
	$(BIN)/python tests/benchmarks/control_plane.py --trials 100 --bucket --without-mlflow
	$(BIN)/python tests/benchmarks/ray_trials.py --bare
	$(BIN)/python tests/benchmarks/storage_scale.py
	$(BIN)/python tests/benchmarks/report_scale.py
	$(BIN)/python tests/benchmarks/overhead.py
	$(BIN)/python tests/benchmarks/first_step.py
	$(BIN)/python tests/benchmarks/start_up.py combo/table7 --scale demo --data $(DEMO)/data --storage $(DEMO)/storage
	$(BIN)/python tests/benchmarks/audio_ablation.py combo/table7 --data $(DEMO)/data --storage $(DEMO)/storage

gpu: ## Test and measure on a GPU: at most 8 minutes, without network; .venv is used if it is there
	PYTHONPATH=. $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) tests/benchmarks/gpu.py --out docs/benchmarks

bench-gpu: gpu ## The same as gpu

sbom: .venv/installed ## List all installed packages with versions and licences as CycloneDX, in sbom.json
	$(BIN)/uv tool run --quiet --from cyclonedx-bom==$(CYCLONEDX_VERSION) cyclonedx-py environment $(BIN)/python \
		--pyproject pyproject.toml --mc-type application --output-reproducible --output-format JSON --output-file sbom.json

audit: .venv/uv ## Look for known vulnerabilities in the locked packages
	$(BIN)/uv tool run --quiet --from pip-audit==$(PIP_AUDIT_VERSION) pip-audit --disable-pip --require-hashes \
		--requirement requirements.lock

lock: .venv/uv ## Resolve pyproject.toml anew into hash-pinned locks: of everything, and of what the image needs
	$(COMPILE) --all-extras --upgrade --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra image --constraints requirements.lock --output-file infra/docker/requirements.lock pyproject.toml

clean: ## Remove the environment, the demo and all caches
	rm -rf .venv .docs $(DEMO) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

.venv/uv:
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11 to 3.13 is needed")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

.venv/torch: .venv/uv FORCE
	@[ "$$(cat $@ 2>/dev/null)" = $(TORCH) ] || \
		{ ! [ -e $@ ] || $(BIN)/uv pip uninstall --quiet torch torchvision; echo $(TORCH) >$@; }

# Bytecode is compiled once, here: without it every process of a Python that may not write it compiles all it imports.
.venv/installed: .venv/uv .venv/torch requirements.lock pyproject.toml
	@ls $(BIN)/combo >/dev/null 2>&1 || echo "Installing into .venv. To be downloaded, unless uv has it: $(DOWNLOADS_$(TORCH))."
	@$(MAKE) --no-print-directory install-$(TORCH)
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q -j 0 experiments model orchestrator reports
	@touch $@

install-cuda:
	@$(BIN)/uv pip sync --require-hashes --compile-bytecode requirements.lock

install-cpu:
	@$(BIN)/python infra/cpu_lock.py requirements.lock .venv/without-torch.lock .venv/torch.txt
	@$(BIN)/uv pip sync --require-hashes --compile-bytecode .venv/without-torch.lock
	@$(BIN)/uv pip install --torch-backend cpu --no-deps --compile-bytecode --requirements .venv/torch.txt

FORCE:
