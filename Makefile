# What a developer runs. `make` alone lists it; everything is as root on Debian 12 or newer.

SHELL := /bin/bash
.SHELLFLAGS := -e -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
STAMP := .venv/installed

# Debian packages that the tests use. The lab installs its own (tests/lab).
PACKAGES := python3-venv shellcheck dash busybox openssh-server openssh-client vagrant xfsprogs \
	e2fsprogs acl git rsync mariadb-server-core mariadb-client postgresql

# The first Python that can make a virtual environment with TLS in it (a pyenv one may lack that).
# Asked for only when it is used: on a new machine the packages come first.
PYTHON = $(shell for python in /usr/bin/python3 python3.13 python3.12 python3.11 python3; do \
	"$$python" -c 'import ensurepip, ssl, sys, venv; sys.exit(sys.version_info < (3, 11))' \
	2>/dev/null && echo "$$python" && break; done)

LAB := $(BIN)/python tests/lab/lab.py

# Two processes for two cores; each file of tests is run by one of them.
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: help setup packages test lint types unit lab-test labs-down demo bench lock clean

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

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

$(STAMP): constraints.txt pyproject.toml | packages
	@[ -n "$(PYTHON)" ] || { echo 'no Python >= 3.11 with ssl and venv; name one: PYTHON=…'; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear .venv
	@$(PIP) install --require-hashes --requirement constraints.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@"$(PYTHON)" -m venv --clear .venv/ansible
	@.venv/ansible/bin/pip -qq --disable-pip-version-check install 'ansible-core==2.16.*'
	@touch $@

test: types ## lint and every test, those in the lab too
	@trap 'make labs-down' EXIT; make labs-down; $(BIN)/pytest $(PARALLEL)

lint: types ## ruff, mypy, shellcheck, import arrows
	@$(BIN)/pytest --no-header tests/test_style.py >$(STAMP).lint || { cat $(STAMP).lint; exit 1; }

types: setup
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary

unit: setup ## the tests that need no lab
	@$(BIN)/pytest $(PARALLEL) -m 'not lab'

lab-test: setup ## the tests on real hosts
	@trap 'make labs-down' EXIT; make labs-down; $(BIN)/pytest $(PARALLEL) -m lab

# Tests name their labs KIND-PID: those whose process is gone are left over. CI has the machine to
# itself, and takes down every lab.
labs-down:
	@if [ "$$CI" = true ]; then $(LAB) down --all; else \
	    $(LAB) list | sed -n 's/^\([^ ]*-[0-9]*\) .*/\1/p' | sort -u | while read -r lab; do \
	        [ -e /proc/$${lab##*-} ] || $(LAB) down --name "$$lab"; \
	    done; \
	fi

demo: setup ## Docker on three hosts of the lab, twice
	@bash docs/demo.sh

bench: setup ## measure against plain ssh and the peers (long; best on a quiet machine)
	@$(BIN)/python -m benchmarks run && $(BIN)/python -m benchmarks report

lock: ## choose newer versions of all dependencies and write constraints.txt
	@rm -rf build/lock && "$(PYTHON)" -m venv build/lock && build/lock/bin/pip -qq install uv
	@build/lock/bin/uv pip compile --quiet --upgrade --generate-hashes \
	    --universal --python-version 3.11 --extra dev --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command 'make lock' --output-file constraints.txt pyproject.toml
	@rm -rf build/lock

clean: ## remove what make made (not the lab's cache)
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .vagrant
	@find . -name __pycache__ -prune -exec rm -rf {} +
