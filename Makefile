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
