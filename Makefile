# Each target sets up what it needs: a virtual environment in .venv with the locked versions. Nothing outside .venv is installed.
#
#   make eval                       measure CWE-787 at strength 10 on the embedded model and corpus
#   make eval ARGS="-n 2"           more pytest arguments
#   make eval SELECT="-k cwe787 --strength 5 --layer 3"   another selection
#   make calibrate                  measure how often the gates are wrong, and write docs/calibration.md and what gates tell of it
#   make bench                      time a sweep beside what others do for one, write docs/performance.md, and fail where a ratio got worse
#   make bench ARGS=--update-baseline   commit to the ratios of this run
#   make bench ARGS="--models nano"     one model; the others keep their place on the page
#   make interop                    compare with repeng, which is installed for it alone
#   make test | make check

PYTHON ?= python3
SELECT ?= -k cwe787 --strength 10
ARGS ?=
BIN := .venv/bin
READY := .venv/.ready
PEERS := .venv/.peers

.PHONY: eval test check bench calibrate interop clean
.DELETE_ON_ERROR:

$(READY): pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[dev]'
	touch $(READY)

eval: $(READY)
	$(BIN)/python -m pytest evals $(SELECT) $(ARGS)

test: $(READY)
	$(BIN)/python -m pytest tests $(ARGS)

check: $(READY)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

$(PEERS): $(READY) benchmarks/peers.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r benchmarks/peers.txt
	touch $(PEERS)

bench: $(PEERS)
	$(BIN)/python -m pytest evals -k "speed and cwe787" --benchmark-only --benchmark-autosave --benchmark-compare
	$(BIN)/python -m benchmarks --out docs/performance.md --json benchmarks/measured.json --compare $(ARGS)

calibrate: $(READY)
	$(BIN)/python -m harness.calibration --jobs 2 --out docs/calibration.md --figures harness/numerics/calibration.json $(ARGS)

# --no-deps: repeng 0.4.0 asks for NumPy below 2 on account of one annotation; tests/vectors gives it the name it misses.
interop: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps repeng==0.4.0
	$(BIN)/python -m pytest tests/vectors $(ARGS)

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .benchmarks
