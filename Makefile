# Commands for developers. `make` alone lists them.
# `check`, `build` and `lock` need Python 3.11 or newer with pip and venv, and no root. The others
# need root on Debian 12 or newer, and install what they need.

SHELL := /bin/bash
.SHELLFLAGS := -e -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
# Two states of .venv: with our dependencies, and with all that the tests need.
VENV := .venv/dependencies
STAMP := .venv/installed

# Debian packages that the tests use. The lab installs its own (tests/lab).
PACKAGES := python3-venv dash busybox openssh-server openssh-client vagrant xfsprogs \
	e2fsprogs acl git rsync mariadb-server-core mariadb-client postgresql

# The first Python of a list that has pip, TLS and venv (a pyenv build may lack them), in a range of
# versions. Evaluated when it is used: on a new machine `packages` installs python3-venv first.
first_python = $(shell for python in $(1); do \
	"$$python" -c 'import ensurepip, ssl, sys, venv; sys.exit(not $(2))' \
	2>/dev/null && echo "$$python" && break; done)
PYTHON = $(call first_python,/usr/bin/python3 python3.14 python3.13 python3.12 python3.11 python3,\
	sys.hexversion >= 0x30b0000)
# ansible-core 2.16 needs Python 3.10 to 3.12.
ANSIBLE_PYTHON = $(call first_python,/usr/bin/python3 python3.12 python3.11 python3.10,\
	0x30a0000 <= sys.hexversion < 0x30d0000)

LAB := $(BIN)/python tests/lab/lab.py

# Two processes for two cores. All tests of a file run in one process.
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder

# The tests of `make check`: quick ones that need no program of a Debian package.
QUICK_TESTS := tests/facts tests/language tests/loading tests/engine tests/reporters \
	tests/test_style.py tests/test_reference.py tests/test_documents.py tests/test_packaging.py \
	tests/test_workflows.py

# The tests of `make check-oldest` and `make check-newest`.
TESTS := tests/facts tests/language tests/loading tests/engine tests/reporters

.PHONY: help check check-static check-tests check-oldest check-newest format build setup packages test lint types unit \
	lab-test labs-down demo bench lock clean

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

check: $(VENV) ## lint, types, quick tests: a minute; no root, no apt, no Ansible
	@$(MAKE) -j2 check-static check-tests

check-static:
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary

check-tests:
	@$(BIN)/pytest $(PARALLEL) -m 'not lab and not tools' $(QUICK_TESTS)

check-oldest: RESOLUTION := lowest-direct
check-newest: RESOLUTION := highest
check-oldest: ## run TESTS with the oldest allowed dependencies
check-newest: ## run TESTS with the newest allowed dependencies
check-oldest check-newest:
	@rm -rf build/$@ && "$(PYTHON)" -m venv build/$@ && build/$@/bin/pip -qq install uv
	@build/$@/bin/uv pip compile --quiet --resolution $(RESOLUTION) --extra dask --extra json-query \
	    --python build/$@/bin/python --output-file build/$@/requirements.txt pyproject.toml
	@build/$@/bin/uv pip install --quiet --python build/$@/bin/python \
	    --requirement build/$@/requirements.txt pytest pytest-xdist hypothesis jsonschema
	@PYTHONPATH=. build/$@/bin/python -m pytest $(PARALLEL) -m 'not lab and not tools' $(TESTS)

format: $(VENV) ## format the code, and fix what ruff can fix
	@$(BIN)/ruff format --quiet
	@$(BIN)/ruff check --quiet --fix

build: $(VENV) ## build the wheel and the sdist in dist/, and check their metadata
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation >/dev/null
	@$(BIN)/twine check --strict dist/*

setup: packages $(STAMP) ## install all that the tests need, and .venv

packages:
	@missing=$$(for package in $(PACKAGES); do \
	    dpkg-query -W -f='$${db:Status-Status}\n' $$package 2>/dev/null | grep -qx installed || \
	    echo $$package; done); \
	if [ -n "$$missing" ]; then \
	    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1; \
	    apt-get -qq update; \
	    apt-get -qq install -y --no-install-recommends $$missing </dev/null >/dev/null; \
	fi

$(VENV): constraints.txt pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo 'no Python >= 3.11 with ssl and venv; name one: PYTHON=…'; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear .venv
	@$(PIP) install --require-hashes --requirement constraints.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# `packages` comes first, since python3-venv is one of them.
$(STAMP): constraints.txt pyproject.toml | packages
	@$(MAKE) $(VENV)
	@[ -n "$(ANSIBLE_PYTHON)" ] || { echo 'no Python 3.10 to 3.12 with ssl and venv for Ansible'; exit 1; }
	@"$(ANSIBLE_PYTHON)" -m venv --clear .venv/ansible
	@.venv/ansible/bin/pip -qq --disable-pip-version-check install 'ansible-core==2.16.*'
	@touch $@

test: types ## lint and every test, with those on lab hosts
	@trap 'make labs-down' EXIT; make labs-down; $(BIN)/pytest $(PARALLEL)

lint: types ## ruff, mypy, shellcheck, direction of imports
	@$(BIN)/pytest --no-header tests/test_style.py >$(STAMP).lint || { cat $(STAMP).lint; exit 1; }

types: setup check-static

unit: setup ## the tests that need no lab hosts
	@$(BIN)/pytest $(PARALLEL) -m 'not lab'

lab-test: setup ## the tests on lab hosts
	@trap 'make labs-down' EXIT; make labs-down; $(BIN)/pytest $(PARALLEL) -m lab

# Tests name their labs KIND-PID. A lab whose process has ended is left over. CI has the machine for
# itself and stops every lab.
labs-down:
	@if [ "$$CI" = true ]; then $(LAB) down --all; else \
	    $(LAB) list | sed -n 's/^\([^ ]*-[0-9]*\) .*/\1/p' | sort -u | while read -r lab; do \
	        [ -e /proc/$${lab##*-} ] || $(LAB) down --name "$$lab"; \
	    done; \
	fi

demo: setup ## Docker on three hosts of the lab, twice
	@bash docs/demo.sh

bench: setup ## measure against plain ssh and other tools (40 minutes; quiet machine)
	@$(BIN)/python -m benchmarks run && $(BIN)/python -m benchmarks report

lock: ## update constraints.txt to the newest allowed dependencies
	@rm -rf build/lock && "$(PYTHON)" -m venv build/lock && build/lock/bin/pip -qq install uv
	@build/lock/bin/uv pip compile --quiet --upgrade --generate-hashes \
	    --universal --python-version 3.11 --extra dev --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command 'make lock' --output-file constraints.txt pyproject.toml
	@rm -rf build/lock

clean: ## remove what make created (not the lab's cache)
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .vagrant
	@find . -name __pycache__ -prune -exec rm -rf {} +
