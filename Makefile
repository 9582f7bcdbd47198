# Everything a developer runs. Tools and caches are kept outside the clone, see test/tools/cache.ts.
.DEFAULT_GOAL := help

SYSTEM_PATH := $(PATH)
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
# Without shell flags of our own make starts simple commands by itself, and looks for them in its own PATH.
.SHELLFLAGS := -ec

# npm writes this file last.
INSTALLED := node_modules/.package-lock.json
NPM_QUIET := --ignore-scripts --no-audit --no-fund --loglevel=error
# npm ci refuses a lock file that lacks packages of other platforms, which a registry without them brings about. npm install
# takes all that is in the file as it stands there, sha512 and all.
# Two makes side by side: the second waits, then finds the work done.
FLOCK := $(shell command -v flock >/dev/null && echo flock package-lock.json)
NODE_MISSING := Node 24 or later is needed: npm brings it on Linux (x64, arm64); elsewhere install it from https://nodejs.org and put it on PATH

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z_-]+:.*## / { gsub(/[$$][$$]/, "$$", $$2); printf "%-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(INSTALLED): package-lock.json
	@command -v npm >/dev/null || { echo "npm is needed to install the packages; it comes with Node: https://nodejs.org" >&2; exit 1; }
	@export PATH="$(SYSTEM_PATH)"; $(FLOCK) sh -ec 'test $@ -nt package-lock.json || { { npm ci $(NPM_QUIET) >/dev/null 2>&1 || npm install --no-save $(NPM_QUIET) >&2; } && touch $@; }'

.PHONY: node_modules
node_modules: $(INSTALLED) ## install the packages of package-lock.json
	@case "$$(node --version 2>/dev/null)" in v2[4-9].*|v[3-9][0-9].*) ;; *) echo "$(NODE_MISSING)" >&2; exit 1;; esac

.PHONY: tools
tools: node_modules ## get what the lab is made of; the first time takes minutes
	@node test/tools/get.ts

.PHONY: lab lab-up lab-down lab-env
lab: node_modules ## run a control plane and a registry until Ctrl-C
	@node test/lab/main.ts run
lab-up: node_modules ## start them in the background
	@node test/lab/main.ts up
lab-down: node_modules ## stop them
	@node test/lab/main.ts down
lab-env: node_modules ## print how to reach them: export $$(make -s lab-env)
	@node test/lab/main.ts env

.PHONY: build
build: .build/helm-engine .build/operator/operator.mjs ## build helm-engine and bundle the operator

# Helm tells templates its version; in a module it is set at link time.
HELM_VERSION := $(shell awk '$$1 == "helm.sh/helm/v4" || $$2 == "helm.sh/helm/v4" { print $$NF }' helm-engine/go.mod 2>/dev/null)
.build/helm-engine: $(shell find helm-engine -name testdata -prune -o \( -name '*.go' -o -name 'go.*' \) -print 2>/dev/null)
	@mkdir -p .build && echo "building helm-engine (the first time takes minutes)" >&2
	@cd helm-engine && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X helm.sh/helm/v4/internal/version.version=$(HELM_VERSION)" -o ../.build/helm-engine.$$$$ . && mv ../.build/helm-engine.$$$$ ../.build/helm-engine

# The other side of make fuzz, which is never shipped.
.build/archive-tree: $(wildcard helm-engine/testdata/archive-tree/*.go) $(wildcard helm-engine/go.*)
	@mkdir -p .build && cd helm-engine && CGO_ENABLED=0 go build -trimpath -o ../.build/archive-tree ./testdata/archive-tree

.build/operator/operator.mjs: $(INSTALLED) $(shell find src -name '*.ts' -not -name '*.test.ts' 2>/dev/null) build.mjs package.json
	@node build.mjs

# The image that manifests name, and where they go.
IMAGE ?= tagalong:dev
DIST ?= dist
KUBECTL ?= kubectl
KIND_CLUSTER := tagalong

.PHONY: manifests image kind
manifests: ## write dist/install.yaml, all that a cluster needs (IMAGE=registry/name:tag, DIST=folder, KUBECTL=program)
	@command -v $(KUBECTL) >/dev/null || { echo "make manifests needs kubectl: https://kubernetes.io/docs/tasks/tools (or KUBECTL=path)" >&2; exit 1; }
	@mkdir -p $(DIST) && $(KUBECTL) kustomize config/default >$(DIST)/default.yaml
	@sed 's|image: tagalong:dev$$|image: $(IMAGE)|' $(DIST)/default.yaml >$(DIST)/install.yaml && rm $(DIST)/default.yaml

image: ## build the image with Docker (IMAGE=registry/name:tag)
	@docker info >/dev/null 2>&1 || { echo "make $@ needs a Docker that runs: docker info fails; https://docs.docker.com/get-docker" >&2; exit 1; }
	@docker build -t $(IMAGE) .

kind: ## a kind cluster with the operator in it; kind delete cluster --name tagalong removes it
	@command -v kind >/dev/null || { echo "make $@ needs kind: https://kind.sigs.k8s.io/docs/user/quick-start" >&2; exit 1; }
	@$(MAKE) --no-print-directory image manifests
	@kind get clusters 2>/dev/null | grep -qx $(KIND_CLUSTER) || kind create cluster --config config/kind.yaml
	@kind load docker-image $(IMAGE) --name $(KIND_CLUSTER)
	@$(KUBECTL) --context kind-$(KIND_CLUSTER) apply --server-side -f $(DIST)/install.yaml
	@$(KUBECTL) --context kind-$(KIND_CLUSTER) --namespace tagalong-system rollout status deployment/tagalong-operator --timeout 3m

.PHONY: operator
operator: node_modules .build/helm-engine ## run the operator of the working tree against the lab of make lab-up
	@node test/lab/main.ts env >/dev/null
	@$(KUBECTL) --kubeconfig .lab/kubeconfig apply --server-side -k crds >&2
	@exec node src/main/operator.ts --kubeconfig .lab/kubeconfig --config .lab/operator.yaml --helm-engine .build/helm-engine

.PHONY: demo
demo: node_modules .build/helm-engine ## push a chart, move its tag, and watch the cluster follow (KEEP=1 leaves it up)
	@node test/demo/main.ts

.PHONY: bench bench-render
bench: node_modules build ## seconds, CPU, memory and writes of N releases (100) that follow one tag; JSON=FILE writes figures
	@node test/bench/main.ts
bench-render: node_modules .build/helm-engine ## the time of a render, against stock helm as a process
	@node test/bench/render.ts

.PHONY: fleet
fleet: node_modules .build/helm-engine ## bad digests under 200 releases, and 1000 that fail at once: who rolls, who comes back, requests a second (N, MAX_ROLLING, MANY)
	@node test/fleet/main.ts

.PHONY: soak
soak: node_modules .build/helm-engine ## 200 releases (N), tags that move and faults for HOURS (1): does memory, or anything else, pile up (SEED=n READINGS=file)
	@node test/soak/main.ts

.PHONY: leader
leader: node_modules .build/helm-engine ## a leader is stopped in the middle of its work, again and again, and goes on too late (TIMES=n, SEED=n); KILLS=n kills and stops with default times
	@node test/leader/main.ts

.PHONY: crash
crash: node_modules .build/helm-engine ## kill the operator about every write of 12 scenarios in 4 ways, by etcd's history (SCENARIO=a,b, COUNT=n, DOUBLE=n, SEED=n, REPLAY=point)
	@node test/crash/main.ts

.PHONY: sim sim-model
sim: node_modules ## random courses of the operator in a simulated cluster, by SEEDS (100000), FIRST (0), WORKERS (one a core); SEED=n shows one
	@node test/sim/main.ts
sim-model: node_modules .build/helm-engine ## the simulated API server against the real one: TRACES (10000) of random requests, from SEED on
	@TRACES="$${TRACES:-10000}" vitest run --project integration test/sim/model.int.test.ts

.PHONY: faults
faults: node_modules .build/helm-engine ## faults of the API server and around it, and Sieve's patterns: late, missed and interrupted (ONLY=text of a run's name, SEED=n)
	@node test/faults/main.ts

.PHONY: oracle
oracle: node_modules .build/helm-engine ## helm-engine against stock helm on many charts (SEED=n COUNT=n change values, DIR=folder takes its charts)
	@node test/oracle/main.ts $(DIR)

.PHONY: fuzz
fuzz: node_modules .build/archive-tree ## foreign input: credentials along CHAINS (10000) of redirects, TEXTS (20000), COUNT (200000) archives from SEED on, as Helm reads them
	@FUZZ_RUNS="$${CHAINS:-10000}" vitest run --project unit src/adapters/registry/credential-leaks.test.ts --reporter=dot
	@node test/fuzz/main.ts

.PHONY: drift-sweep
drift-sweep: node_modules .build/helm-engine ## every chart of the corpus looked at 100 times (VISITS=n), a webhook at work: no drift
	@VISITS="$${VISITS:-100}" vitest run --project integration test/integration/drift-quiet.int.test.ts

.PHONY: generate
generate: node_modules ## write what is generated from src/api: the CRD and the references in docs/spec
	@node src/main/generate.ts

.PHONY: test lint types layers dead-code current unit integration engine-test
test: node_modules .build/helm-engine .build/archive-tree ## everything that CI runs: lint, types, layers, dead code, unit, simulation, integration, demo
	@node test/run.ts

lint: node_modules ## format and lint rules
	@biome check
types: node_modules ## what tsc says
	@tsc -p tsconfig.json
layers: node_modules ## who may import whom
	@depcruise --config .dependency-cruiser.mjs src test
dead-code: node_modules ## what nobody uses
	@knip
current: node_modules ## that generated files are what src/api says
	@node src/main/generate.ts --check
unit: node_modules ## without a cluster
	@vitest run --project unit
integration: node_modules .build/helm-engine .build/archive-tree ## on a lab of its own
	@vitest run --project integration
engine-test: node_modules ## the tests of helm-engine, against stock helm
	@export HELM="$$(node test/tools/get.ts helm 2>/dev/null | awk '{ print $$NF }')" CGO_ENABLED=0 GOFLAGS="$$GOFLAGS -trimpath"; cd helm-engine && go vet ./... && go test ./...
