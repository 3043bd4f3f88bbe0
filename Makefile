# The product's face: `make demo` and `make test` set up everything they need.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
# The run-time packages are installed; the tests' are, too.
READY_TO_RUN := $(VENV)/.ready-to-run
READY := $(VENV)/.ready

# Compiled once, whatever the shell says: a run and a test would otherwise compile all of it each time.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test world compat unit lint types contracts check secrets audit lock bench dev docs mutants clean

demo: $(READY_TO_RUN)
	$(BIN)/fbcheck demo

# Dagster's pages at port 3000 with the sandbox vendor and the sample lists; Ctrl-C ends everything.
dev: $(READY_TO_RUN)
	$(BIN)/fbcheck dev

# Three workers on two cores: the long tests mostly wait for processes of their own.
test: $(READY)
	$(BIN)/pytest -n 3 --dist worksteal tests

# Lists as the world's tools write them, damaged ones, hostile ones; minutes. The report's first lines name the seed:
# `make world SEED=15` draws others, `make world TIMES=10` ten times as many.
# The analysts' questions in Spark, where Java is, too: it is too large for `make test`, which leaves them out.
# The year comes by itself: its processes use both cores.
world: $(READY)
	! command -v java >/dev/null || test -d $(VENV)/spark || $(BIN)/python -m pip install --quiet --target $(VENV)/spark --group spark
	PYTHONPATH=$(VENV)/spark $(BIN)/pytest -q tests/integration/docs/test_questions.py -k spark
	WORLD_SEED=$(SEED) WORLD_TIMES=$(TIMES) $(BIN)/pytest -q -n 2 --dist worksteal tests/world --ignore tests/world/test_year.py
	WORLD_SEED=$(SEED) WORLD_TIMES=$(TIMES) $(BIN)/pytest -q tests/world/test_year.py

# The embedding tests and the demo with the oldest and the newest versions that the package admits; minutes.
compat: $(READY)
	.ci/compat

unit: $(READY)
	$(BIN)/pytest -q -n 2 --dist worksteal tests/unit

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	$(BIN)/lint-imports

check: lint types contracts

# No key, token or password in the files of the repository; offline.
secrets: $(READY)
	.ci/secrets

# Known vulnerabilities of the locked dependencies; says so and passes where the advisories cannot be reached.
audit: $(READY)
	.ci/audit

# The reference pages, from the code; a unit test says when they are no longer current.
docs: $(READY)
	$(BIN)/python -m docs.reference.generate

# The stages and the whole job beside plain phonenumbers and openpyxl, then the same work beside ever more finished lists; minutes.
bench: $(READY)
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench --history

# Breaks each guard of the fast path in turn; some test must notice.
mutants: $(READY)
	$(BIN)/python -m tests.mutation.fast_path

# Rewrites both lock files from pyproject.toml; no index is named in them. What runs has the same version in both.
LOCK := $(BIN)/uv pip compile pyproject.toml --generate-hashes --python-version 3.11 \
	--no-emit-index-url --no-header --no-annotate --no-strip-extras -q
lock: $(READY)
	$(LOCK) --all-extras --group dev -o requirements.lock
	$(LOCK) --extra standalone --group install -c requirements.lock -o requirements.run.lock

# uv installs a lock file several times as fast as pip, which brings uv. It asks the index that pip is configured to ask;
# where it reaches none, pip installs.
define install
	UV_DEFAULT_INDEX="$$($(PIP) config list | sed -n "s/.*\.index-url='\(.*\)'/\1/p" | tail -n 1)" \
		$(BIN)/uv pip install --python $(BIN)/python --compile-bytecode --no-deps --require-hashes -r $(1) \
		|| $(PIP) install --no-deps --require-hashes -r $(1)
endef
PIP := $(BIN)/python -m pip --quiet

$(READY_TO_RUN): requirements.run.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	sed -n '/^uv==/,/[^\\]$$/p' $< | $(PIP) install --no-deps --require-hashes -r /dev/stdin
	$(call install,$<)
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

$(READY): requirements.lock $(READY_TO_RUN)
	$(call install,$<)
	touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
