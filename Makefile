PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONSTRAINTS := -c constraints.txt
record = PATH="$(CURDIR)/$(BIN):$$PATH" python benchmarks/record.py

.DEFAULT_GOAL := help
.PHONY: help quickstart test docs browser coverage versions faults fuzz lint check bench dist release clean

help:  ## List the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

quickstart: $(VENV)/model  ## Draw a small data set, build it, fine-tune the starter weights on it, show what that brought; again, it goes on
	$(BIN)/python pipelines/quickstart.py --out quickstart

test: $(VENV)/dev  ## Check style and types, then run the tests
	$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -n auto --dist loadfile

docs: $(VENV)/dev  ## Build the site, every warning an error: build/site/index.html
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -b html docs build/site
	@echo build/site/index.html

browser:  ## Set up headless Chromium, with which tests open pages; without it they are skipped and say so
	@$(chromium)

coverage: $(VENV)/dev  ## Run the tests and show which lines they reach
	$(BIN)/python -m pytest -n auto --dist loadfile --cov=htrdata --cov=htrmodel --cov-report=term:skip-covered

versions: $(VENV)/dev  ## Run the tests on every Python at hand, and with the lowest versions of everything
	$(BIN)/nox

faults: $(VENV)/dev  ## Kill, starve and damage everything: all of what the tests try a sample of; about an hour
	HTRDATA_FAULTS=all $(BIN)/python -m pytest tests/faults

fuzz: $(VENV)/dev  ## Fuzz every reader of bytes; hours. FUZZ='xml png' names some, and --runs N says how many inputs
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(CONSTRAINTS) -e '.[fuzz]'
	$(BIN)/python -m tests.fuzz $(FUZZ)

lint: $(VENV)/dev  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	MYPYPATH=benchmarks:.ci $(BIN)/mypy $(wildcard .ci/*.py) hubconf.py $(wildcard benchmarks/*.py)
	MYPYPATH=docs $(BIN)/mypy $(wildcard docs/*.py)

bench: $(VENV)/dev  ## Time the main jobs beside what the field does, and beside their limits; results go into benchmarks/RESULTS.md
	$(record) build_imgur5k -- python benchmarks/build_imgur5k.py --pages 72 --rounds 3
	$(record) build_imgur5k_workers -- python benchmarks/build_imgur5k.py --pages 24 --rounds 5
	$(record) build_iam -- python benchmarks/build_iam.py
	$(record) draw_words -- python benchmarks/draw_words.py --words 3000 --rounds 5
	$(record) verify -- python benchmarks/verify.py --rounds 7
	$(record) growth -- python benchmarks/growth.py --most 1000000 --rounds 2
	$(record) opening_store -- python benchmarks/opening_store.py
	$(record) training_reader -- python benchmarks/training_reader.py
	$(record) training_step -- python benchmarks/training_step.py
	$(record) training_step_128 -- python benchmarks/training_step.py --channels 128 --batch 64
	$(record) reading -- python benchmarks/reading.py --threads 1 --rounds 4
	@if $(BIN)/python -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then \
		$(record) gpu -- python benchmarks/gpu.py; else echo 'no GPU here: benchmarks/gpu.py is left out'; fi
	$(record) scale_costs -- python benchmarks/scale_costs.py

dist: $(VENV)/dist  ## Build what is published into dist/, check it, and try each set of extras in an empty environment
	$(BIN)/python .ci/dist.py

release: $(VENV)/dist  ## The same for a commit with the tag of its version, and for no other
	$(BIN)/python .ci/dist.py --tag

clean:  ## Remove everything that the other targets make
	rm -rf $(VENV) quickstart first fuzzing dist build *.egg-info weights/build weights/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/core: setup.cfg constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(CONSTRAINTS) -e .
	@$(opencv)
	@touch $@

$(VENV)/model: $(VENV)/core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(CONSTRAINTS) -e '.[model]'
	@touch $@

$(VENV)/dev: $(VENV)/core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(CONSTRAINTS) -e '.[model,onnx,openvino,fetch,browse,sheets,hf,hub,cluster,docs,dev]'
	@touch $@

$(VENV)/dist: $(VENV)/core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(CONSTRAINTS) -e '.[dist]'
	@touch $@

# opencv-python needs libGL, which a bare container lacks; the headless build of the same version does not.
define opencv
$(BIN)/python -c 'import cv2' 2>/dev/null || { \
	echo "libGL is missing: taking opencv-python-headless instead of opencv-python"; \
	$(BIN)/python -m pip uninstall --quiet --yes opencv-python; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(CONSTRAINTS) opencv-python-headless; }
endef

define chromium
for one in chromium chromium-browser google-chrome; do command -v $$one && break; done || { \
	echo "installing Chromium with apt-get"; \
	export DEBIAN_FRONTEND=noninteractive; \
	apt-get $(quickly) update >/dev/null && apt-get $(quickly) install -y --no-install-recommends chromium >/dev/null; \
	} || echo "no Chromium could be installed: tests of pages will be skipped. As root, or with another browser of its kind, try again"
endef
quickly := -qq -o Acquire::Retries=0 -o Acquire::http::Timeout=20
