# What makes and checks a release, in an environment of its own.
RELEASE := .venv-release
WHEELS = $(wildcard dist/*.whl)

.PHONY: dist test-wheel audit sbom licences lint-deploy container-test

dist: $(RELEASE)/.ready ## build wheel and sdist into dist/, with bills of materials and checksums
	rm -rf build dist
	$(RELEASE)/bin/python -m build --no-isolation --outdir dist .
	$(RELEASE)/bin/python -m tools.release.contents
	$(RELEASE)/bin/python -m tools.release.sbom dist
	cd dist && sha256sum *.whl *.tar.gz *.json > SHA256SUMS

test-wheel: dist ## run the tests with the wheel of dist/ in an empty environment, not with the checkout
	$(RELEASE)/bin/python -m tools.release.wheel_tests $(ARGS)

audit: $(RELEASE)/.ready ## look up known weaknesses of what the lock files pin; fails where it cannot
	$(RELEASE)/bin/python -m tools.release.audit $(ARGS)

sbom: $(RELEASE)/.ready ## write what a release consists of into dist/, as CycloneDX JSON
	$(RELEASE)/bin/python -m tools.release.sbom dist

licences: $(VENV)/.piper ## list the licence of everything installed, and of the libraries in its wheels
	$(BIN)/python -m tools.licences $(ARGS)

lint-deploy: $(RELEASE)/.ready ## check the Dockerfile, compose.yaml and the workflows
	$(RELEASE)/bin/hadolint deploy/container/Dockerfile
	$(RELEASE)/bin/check-jsonschema --builtin-schema vendor.compose-spec deploy/container/compose.yaml deploy/container/shards.yaml
	$(RELEASE)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

container-test: $(VENV)/.dev ## opt-in: run the container's scripts in a clean directory (CONTAINER_ENGINE=nano; minutes)
	$(BIN)/python -m pytest -n 0 -s -m container tests/deploy $(ARGS)

$(RELEASE)/.ready: requirements/release.txt
	$(PYTHON) -m venv $(RELEASE)
	$(RELEASE)/bin/python -m pip --disable-pip-version-check --quiet install --no-compile --require-hashes -r $<
	@touch $@
