# make demo    install, then build a corpus, train, evaluate and predict
# make faults  kills, full disks, damaged model files: the long versions (docs/reliability.md)
# make test    install, then ruff, mypy --strict and pytest
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A folder that already holds the pinned wheels can be named through pip's own settings (PIP_FIND_LINKS).
INSTALLED := $(VENV)/.installed

.PHONY: install demo lint test slow fuzz browser docs benchmark clean

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(BIN)/python -m compileall -q src || true
	$(BIN)/python tools/warm_up.py
	touch $@

demo: install
	PATH="$(CURDIR)/$(BIN):$$PATH" sh tools/demo.sh

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/pytest -m "not slow" -n 2 --dist loadfile

faults: install
	$(BIN)/pytest -s -o timeout=3600 tests/faults

slow: install
	$(BIN)/pytest -m slow

# Chromium and its driver, for the tests of the report in a real browser (Debian, Ubuntu; as root).
browser:
	apt-get update
	apt-get install -y chromium chromium-driver

# Other examples for the tests by properties, then 100,000 cases with nothing but clean errors; some twenty minutes.
fuzz: install
	$(BIN)/pytest -m "not slow" -n 2 --dist loadfile --hypothesis-profile=explore
	$(BIN)/python -m tests.faults.fuzz.run --cases 20000

docs: install
	$(BIN)/python tools/reference.py

benchmark: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[benchmark]'
	$(BIN)/python benchmarks/compare.py $(DATA)

clean:
	rm -rf $(VENV) runs sample build dist
