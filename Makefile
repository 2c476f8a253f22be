# `make run` and `make test` do everything on a fresh machine; the other targets are their parts.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
# The same default as the settings have.
HELPLINE_INSTANCE_DIR ?= $(CURDIR)/instance
export HELPLINE_INSTANCE_DIR

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: help install run codes test test-threading test-postgres pictures test-tools system-tools lint format seeded translations wheel lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

# --- install ---------------------------------------------------------------------------------------------

install: .venv/.installed ## .venv with the locked requirements and the command .venv/bin/helpline

# A venv that was cut off half way has no stamp, so it is made anew.
.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit("Helpline needs Python 3.11 or newer.") if sys.version_info < (3, 11) else 0'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { $(call apt,python3-venv); }
	$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/.installed: requirements.txt pyproject.toml | .venv/.made
	$(PIP) --require-hashes -r requirements.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# --- run -------------------------------------------------------------------------------------------------

SIGN_INS := $(HELPLINE_INSTANCE_DIR)/demo-sign-ins.txt

# `helpline demo` keeps its sign-ins there, readable by the owner only, so every start shows them. Where it refuses
# (staff exist already) it says so and the site is served as it is.
run: install ## the site with its demo on http://127.0.0.1:8000/ (PORT=, HOST=)
	@if [ -e "$(SIGN_INS)" ]; then cat "$(SIGN_INS)"; else $(BIN)/helpline demo || true; fi
	@echo "Staff sign in at http://$(HOST):$(PORT)/console/sign-in; 'make codes' in another terminal prints the codes of this moment."
	@exec $(BIN)/helpline serve --host $(HOST) --port $(PORT)

# For whoever tries the demo without an authenticator at hand; the secrets stand in the table already.
codes: .venv/.installed ## the demo's sign-in codes of this moment
	@while read -r login password secret rest; do \
	  [ "$$login" = login ] || $(BIN)/python -c 'import pyotp, sys; print(sys.argv[1].ljust(8), pyotp.TOTP(sys.argv[2]).now())' "$$login" "$$secret"; \
	done < "$(SIGN_INS)"

# --- test ------------------------------------------------------------------------------------------------

# Two at a time, since half of the time of one is waiting; the tests of one file stay together, in the order that
# tests/conftest.py gives them.
PYTEST := $(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder
# What shows soonest that something leans on eventlet: the protocol on a real server, and how that starts and ends.
IN_THREADS := $(addprefix tests/journeys/test_,visitor_protocol.py crossing.py revocation.py) \
	tests/chat/test_sockets.py tests/test_serving.py

test: test-tools lint ## everything: lint, types, import rules, all tests, and a part of them with real threads
	$(PYTEST)
	HELPLINE_THREADING=true $(PYTEST) $(IN_THREADS)

test-threading: test-tools ## all tests, on servers with real threads instead of eventlet
	HELPLINE_THREADING=true $(PYTEST)

test-postgres: test-tools ## what runs on PostgreSQL
	$(PYTEST) -m postgres

pictures: test-tools ## takes the pictures of the README anew
	$(BIN)/python -m tests.browser.pictures

seeded: test-tools ## puts each seeded fault in and shows that its test turns red
	$(BIN)/python tests/faults/seeded/run.py

lint: .venv/.tested ## ruff, mypy, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: .venv/.tested ## puts the Python files in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test-tools: .venv/.tested node_modules/.installed system-tools ## what the tests need

.venv/.tested: .venv/.installed requirements-test.txt
	$(PIP) --require-hashes -r requirements-test.txt
	@touch $@

node_modules/.installed: package-lock.json package.json
	@command -v npm >/dev/null || { $(call apt,npm); }
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# $(call apt,PACKAGES): installs Debian packages as root, else says what is missing. No service among them is started:
# Debian asks that file first.
POLICY := /usr/sbin/policy-rc.d
apt = if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "installing: $(1)"; \
	    [ -e $(POLICY) ] || { trap 'rm -f $(POLICY)' EXIT; printf '\#!/bin/sh\nexit 101\n' > $(POLICY); chmod +x $(POLICY); }; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(1) >/dev/null; \
	  else echo "Missing: $(1). Please install it (Debian: apt-get install $(1)) and call make again." >&2; exit 1; fi

# CHROMIUM=/path/to/chromium names another browser. Debian's second one is the same engine without windows, at two thirds
# of the time; without it the tests do with the first.
system-tools:
	@[ -n "$${CHROMIUM:-}" ] || command -v chromium chromium-browser google-chrome >/dev/null || { $(call apt,chromium fonts-liberation); }
	@[ -n "$${CHROMIUM:-}" ] || command -v chromium-headless-shell >/dev/null || [ "$$(id -u)" != 0 ] || \
	  ! grep -qs '^ID=debian' /etc/os-release || ( $(call apt,chromium-headless-shell) ) || echo "The tests will take longer."
	@command -v strace >/dev/null || { $(call apt,strace); }
	@[ -x /usr/sbin/nginx ] || command -v nginx >/dev/null || { $(call apt,nginx-light); }
	@command -v systemd-analyze >/dev/null || { $(call apt,systemd); }

# --- upkeep ----------------------------------------------------------------------------------------------

# The texts of code and templates go into the catalogues; what has to be translated is left empty there.
translations: .venv/.installed ## brings the catalogues up to date with the texts in the code
	$(BIN)/pybabel -q extract -F translations/babel.cfg -k _l -k lazy_gettext --no-location --sort-output \
	  --project helpline --copyright-holder "the Helpline organisation" -o translations/messages.pot .
	$(BIN)/pybabel -q update -i translations/messages.pot -d translations --no-fuzzy-matching --ignore-obsolete

wheel: .venv/.tested ## dist/helpline-*.whl
	$(BIN)/python -m hatchling build --target wheel

# The order matters: the tests run on exactly the versions that the application is served with.
LOCK = $(BIN)/uv pip compile pyproject.toml --no-config --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet
lock: .venv/.tested ## newest versions that fit, with hashes
	$(LOCK) --upgrade --group build --output-file requirements.txt
	$(LOCK) --upgrade --group build --group test --constraint requirements.txt --output-file requirements-test.txt

clean: ## removes what the build made; the instance folder stays
	rm -rf .venv node_modules dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .artefacts
