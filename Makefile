# Every target sets up what it needs: Python 3.11+ and make are enough, no root, Docker or Java.
BIN := .venv/bin
# what is measured with branches: the rules, and all of a service that is pure
PURE := --include='shared/rules/**,services/**' --omit='services/*/app.py,services/*/api.py,services/*/api/**,services/*/cli.py,services/*/cli/**,services/*/handlers.py,services/*/handlers/**,services/*/imports/run/**'

.DEFAULT_GOAL := help
.PHONY: help demo test check bench faults browser docs sbom audit lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.ready ## the main job: start all, import trials, play the chain, show the timeline, stop
	$(BIN)/trialwire demo

test: .venv/.ready ## unit, contract, integration, end-to-end and the short fault tests
	$(BIN)/pytest tests/unit tests/contract --cov --cov-report=
	$(BIN)/coverage report $(PURE) --precision=1 --fail-under=99.9
	$(BIN)/pytest tests/integration tests/e2e tests/faults -m 'not long'

check: .venv/.ready ## lint, format, types, import rules, licences, the bill of materials and the rules of this repository
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy shared services tests bench docs deploy
	$(BIN)/lint-imports
	$(BIN)/pytest tests/unit/test_repository.py
	$(BIN)/python -m deploy.sbom

bench: .venv/.ready ## benchmarks beside the raw limits and the peers; writes bench/results.json
	$(BIN)/python -m bench

faults: .venv/.ready ## every fault test, the long ones too; servers stay frozen for 30 s, sessions last 10 s
	TRIALWIRE_TEST_PAUSE=30 TRIALWIRE_TEST_SESSION=10 $(BIN)/pytest tests/faults --timeout=600

browser: .venv/.ready ## pages in a real Chromium (the system's; CHROMIUM names another)
	$(BIN)/pytest tests/browser

docs: .venv/.ready ## docs/events, a JSON Schema for each event type, docs/roles.md and docs/states.md
	$(BIN)/python -m docs.build

sbom: .venv/.ready ## build/sbom.json, the locked packages as CycloneDX
	$(BIN)/python -m deploy.sbom

audit: .venv/.ready ## known faults of the locked packages, where an advisory database is reachable
	$(BIN)/python -m deploy.audit

lock: .venv/.ready ## newest allowed versions into requirements.txt and requirements-dev.txt
	$(BIN)/uv pip compile pyproject.toml --upgrade $(LOCK) --output-file requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra dev --constraint requirements.txt --upgrade $(LOCK) \
		--output-file requirements-dev.txt
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate

clean: ## remove what was built here; the stack's data stay (trialwire reset wipes those)
	rm -rf .venv .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info

.venv/.ready: requirements-dev.txt pyproject.toml deploy/environment.sh
	@PYTHON='$(PYTHON)' sh deploy/environment.sh
