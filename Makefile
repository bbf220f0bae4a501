# perigee: build, run, test. `make help` lists the targets and their variables.

ifeq ($(origin CC),default)
  CC           = gcc
endif
SANITIZE      ?=
BUILD         ?= build$(if $(SANITIZE),/$(subst $(comma),-,$(SANITIZE)))
PREFIX        ?= /usr/local
SYSCONFDIR    ?= $(if $(filter /usr /usr/local,$(PREFIX)),/etc,$(PREFIX)/etc)
PYTHON        ?= /usr/bin/python3
SETUP         ?= conf/setup.sh

# What `make run` takes; tests/stack/__main__.py explains them.
PORT          ?= 8080
UPSTREAM      ?= sandbox
QUOTA         ?= 15/3600
WORKERS       ?= 2
REDIS         ?= private
RUN_DIR       ?= run
PERIGEE_BIN   ?= $(BUILD)/perigee

SUITES        ?=
FUZZ_SECONDS  ?= 60
FUZZ_TARGETS  ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

comma := ,

# ---- flags ------------------------------------------------------------------

WARNINGS  = -Wall -Wextra -Wvla -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes \
            -Wold-style-definition -Wformat=2 -Wshadow -Wundef -Wpointer-arith -Werror
# clang: `if (x && BUILD_OPTION)` is how all variants of the code stay compiled.
WARNINGS += -Wno-constant-logical-operand
CFLAGS   ?= -O2 -g
FLAGS     = -std=gnu17 -D_GNU_SOURCE -Igateway $(WARNINGS) -fno-common -fstack-protector-strong -fPIE -pthread
LINK      = -pie -pthread -Wl,-z,relro,-z,now
LIBS      = -lfcgi -lhiredis -lcurl -ljansson -lxxhash -ldeflate

ifdef SANITIZE
  # The first finding ends the program: a report that scrolls by is none.
  FLAGS += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
  LINK  += -fsanitize=$(SANITIZE)
else
  # Fortified string calls hide from AddressSanitizer what they are given.
  FLAGS += -D_FORTIFY_SOURCE=2
endif

# `make fuzz` calls itself with FUZZING set: the same sources, seen by libFuzzer.
ifdef FUZZING
  FLAGS    += -fsanitize=fuzzer-no-link
  FUZZ_MAIN = -fsanitize=fuzzer
else
  FUZZ_MAIN = $(BUILD)/tests/fuzz/replay.o
endif

# ---- files ------------------------------------------------------------------

objects = $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard $(1))))

SCRIPTS    := $(BUILD)/gateway/io/scripts
STATUS     := $(BUILD)/gateway/app/status_files
MODULES    := $(call objects,gateway/*/*.c) $(SCRIPTS).o $(STATUS).o
MAIN       := $(BUILD)/gateway/main.o
FAKES      := $(call objects,tests/fake/*.c)
UNIT       := $(basename $(call objects,tests/unit/test_*.c))
FUZZ       := $(basename $(call objects,tests/fuzz/fuzz_*.c))
KEYS       := $(BUILD)/tests/keys/keys
LIBRARY    := $(BUILD)/libperigee.a

# ---- output: one short line per file, or with V=1 the commands --------------

ifeq ($(V),1)
  say =
  Q   =
else
  say = @printf '%-4s %s\n' $(1) $(2);
  Q   = @
endif

# All processors, unless the caller says -j (a make within make has it already).
ifeq (0,$(MAKELEVEL))
  ifeq (,$(filter -j%,$(MAKEFLAGS)))
    MAKEFLAGS += -j$(shell nproc)
  endif
endif
MAKEFLAGS += --no-builtin-rules --no-print-directory

.PHONY: all module install-module run test check soak bench newcomer fuzz fuzz-run programs fmt install deb clean help setup FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/perigee

# ---- packages ---------------------------------------------------------------
# Everything that is compiled comes after `setup`, which installs what the
# goals of this run need (conf/packages.txt). Nothing missing: about 20 ms.

groups-module  = build module
groups-install-module = build module
groups-run     = build run
groups-test    = build module run test lint
groups-check   = build test lint
groups-soak    = build module run test lint
groups-fuzz    = build fuzz
groups-fmt     = lint
groups-clean   = none
groups-help    = none
groups-bench   = build module run bench
groups-deb     = build module deb
groups-newcomer = run newcomer
needed_groups  = $(sort $(foreach goal,$(or $(MAKECMDGOALS),all),$(or $(groups-$(goal)),build)) \
                        $(if $(findstring clang,$(CC)),build fuzz))

setup:
	@$(SETUP) $(filter-out none,$(needed_groups))

# ---- compile and link -------------------------------------------------------

# The commands and the list of modules, as files that change only when these
# do: whatever was built in another way is built again.
$(BUILD)/flags:   text = $(CC) $(FLAGS) $(CFLAGS) $(CPPFLAGS) $(LINK) $(LDFLAGS) $(LIBS)
$(BUILD)/modules: text = $(MODULES) $(FAKES)
$(BUILD)/flags $(BUILD)/modules: FORCE
	@mkdir -p $(@D)
	@echo '$(text)' | cmp -s - $@ || echo '$(text)' >$@

COMPILE = $(CC) $(FLAGS) $(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/gateway/%.o: gateway/%.c $(BUILD)/flags | setup
	@mkdir -p $(@D)
	$(call say,CC,$<)$(COMPILE)

# Redis' scripts, as C strings of the same names.
CLOCK_LUA = gateway/io/lua/clock.lua
LUA       = $(filter-out $(CLOCK_LUA),$(sort $(wildcard gateway/io/lua/*.lua)))

$(SCRIPTS).c: $(CLOCK_LUA) $(LUA) Makefile
	@mkdir -p $(@D)
	$(call say,LUA,$@){ echo '#include "io/scripts.h"'; for lua in $(LUA); do \
		name=$${lua##*/}; echo "const char script_$${name%.lua}[] ="; \
		cat $(CLOCK_LUA) $$lua | sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/"&\\n"/'; echo ';'; \
	done; } >$@

# The status page likewise: app/status/status.css is `status_css`.
PAGES = $(sort $(wildcard gateway/app/status/*))

$(STATUS).c: $(PAGES) Makefile
	@mkdir -p $(@D)
	$(call say,TEXT,$@){ echo '#include "app/status_files.h"'; for page in $(PAGES); do \
		echo "const char $$(basename $$page | tr . _)[] ="; \
		sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/"&\\n"/' $$page; echo ';'; \
	done; } >$@

$(SCRIPTS).o $(STATUS).o: %.o: %.c $(BUILD)/flags | setup
	$(call say,CC,$<)$(COMPILE)

# private: or the file of flags, as a prerequisite, would be made with these.
$(BUILD)/tests/%.o: private FLAGS += -Itests
# libFuzzer names the entry point, and has no header that declares it.
$(BUILD)/tests/fuzz/%.o: private FLAGS += -Itests -Wno-missing-prototypes
$(BUILD)/tests/%.o: tests/%.c $(BUILD)/flags | setup
	@mkdir -p $(@D)
	$(call say,CC,$<)$(COMPILE)

$(LIBRARY): $(MODULES) $(BUILD)/modules
	$(Q)rm -f $@
	$(call say,AR,$@)ar rcs $@ $(MODULES)

$(BUILD)/perigee: $(MAIN) $(LIBRARY)
	$(call say,LINK,$@)$(CC) $(LINK) $(LDFLAGS) -o $@ $(MAIN) $(LIBRARY) $(LIBS)

# Fakes are linked as objects: what they define wins over the library.
$(UNIT): %: %.o $(FAKES) $(LIBRARY)
	$(call say,LINK,$@)$(CC) $(LINK) $(LDFLAGS) -o $@ $< $(FAKES) $(LIBRARY) $(LIBS) -lcmocka

$(FUZZ): %: %.o $(filter %.o,$(FUZZ_MAIN)) $(FAKES) $(LIBRARY)
	$(call say,LINK,$@)$(CC) $(LINK) $(LDFLAGS) -o $@ $< $(FUZZ_MAIN) $(FAKES) $(LIBRARY) $(LIBS)

$(KEYS): %: %.o $(LIBRARY)
	$(call say,LINK,$@)$(CC) $(LINK) $(LDFLAGS) -o $@ $< $(LIBRARY) $(LIBS)

-include $(patsubst %,%.d,$(basename $(MODULES) $(MAIN) $(FAKES)) $(UNIT) $(FUZZ) $(KEYS)) \
         $(BUILD)/tests/fuzz/replay.d

# ThreadSanitizer of gcc 12 wants its address ranges for itself, and finds them
# taken on kernels that randomise more than 28 bits of them. Where setarch is
# not allowed (some containers) it has to do without.
ifneq (,$(findstring thread,$(SANITIZE)))
  FIXED_ADDRESSES := $(shell setarch -R true 2>/dev/null && echo setarch -R)
endif

# ---- nginx' module ----------------------------------------------------------
# Built as Debian builds its own: out of the sources that nginx-dev brings, with the options of the
# nginx that it is for. Never instrumented, since nginx is not.

NGINX_SRC    ?= /usr/share/nginx/src
NGINX_MODULE  = build/nginx/ngx_http_perigee_module.so
NGINX_BUILD   = $(CURDIR)/build/nginx/build
NGINX_CFLAGS  = -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2 -D_GNU_SOURCE

module: $(NGINX_MODULE)

$(NGINX_MODULE): nginx/module/config $(wildcard nginx/module/*.c gateway/base/*.[ch] gateway/http/*.[ch]) | setup
	@mkdir -p $(@D)
	$(call say,MOD,$@){ cd $(NGINX_SRC) && bash -c '. ./conf_flags && ./configure "$${NGX_CONF_FLAGS[@]}" \
		--with-cc-opt="$(NGINX_CFLAGS)" --with-ld-opt="-Wl,-z,relro -Wl,-z,now" \
		--add-dynamic-module=$(CURDIR)/nginx/module --builddir=$(NGINX_BUILD)' && \
		$(MAKE) -f $(NGINX_BUILD)/Makefile modules; } >$(@D)/build.log 2>&1 || \
		{ tail -n 30 $(@D)/build.log; exit 1; }
	@cp $(NGINX_BUILD)/$(@F) $@

# ---- run --------------------------------------------------------------------

# exec: the runner becomes make's own child, so that what make is told (TERM)
# or lets happen (INT, see tests/stack/parent.py) reaches it.
run: $(PERIGEE_BIN) | setup
	@PYTHONPATH=tests PERIGEE_BIN='$(abspath $(PERIGEE_BIN))' exec $(FIXED_ADDRESSES) $(PYTHON) -m stack \
		--with-parent --port '$(PORT)' --upstream '$(UPSTREAM)' --quota '$(QUOTA)' \
		--workers '$(WORKERS)' --redis '$(REDIS)' --run-dir '$(RUN_DIR)'

# ---- tests ------------------------------------------------------------------

RUN_TESTS = BUILD='$(BUILD)' SANITIZE='$(SANITIZE)' CC='$(CC)' \
            PERIGEE_BIN='$(abspath $(PERIGEE_BIN))' \
            $(FIXED_ADDRESSES) $(PYTHON) tests/run.py

programs: $(UNIT) $(FUZZ) $(KEYS)

test: $(PERIGEE_BIN) $(NGINX_MODULE) programs | setup
	@$(RUN_TESTS) $(SUITES)

check: $(PERIGEE_BIN) programs | setup
	@$(RUN_TESTS) $(or $(SUITES),lint unit fuzz)

# Those tests that would make `make test` half as long again.
soak: $(PERIGEE_BIN) $(NGINX_MODULE) | setup
	@$(RUN_TESTS) analysis simulation

bench: all $(NGINX_MODULE) | setup
	@test -x tests/bench/run || { echo 'make bench: there is no tests/bench/run yet' >&2; exit 1; }
	@BUILD='$(BUILD)' PERIGEE_BIN='$(abspath $(PERIGEE_BIN))' exec tests/bench/run

# WAYS: make-run, package, images; all of them.
newcomer: | setup
	@exec tests/newcomer/run $(WAYS)

fuzz: | setup
	@$(MAKE) CC=clang SANITIZE=address,undefined FUZZING=1 BUILD=build/fuzz SETUP=: fuzz-run

# What libFuzzer finds interesting stays in build/; what it breaks goes to the
# corpus, where `make check` replays it for ever.
fuzz-run: $(addprefix $(BUILD)/tests/fuzz/fuzz_,$(FUZZ_TARGETS))
	@set -e; for name in $(FUZZ_TARGETS); do \
		echo "FUZZ $$name, $(FUZZ_SECONDS) s"; \
		mkdir -p $(BUILD)/corpus/$$name tests/fuzz/corpus/$$name; \
		$(BUILD)/tests/fuzz/fuzz_$$name -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
			$$(test ! -e tests/fuzz/$$name.dict || echo -dict=tests/fuzz/$$name.dict) \
			-verbosity=1 -print_final_stats=1 \
			-artifact_prefix=tests/fuzz/corpus/$$name/ \
			$(BUILD)/corpus/$$name tests/fuzz/corpus/$$name \
			>$(BUILD)/corpus/$$name.log 2>&1 || { cat $(BUILD)/corpus/$$name.log; exit 1; }; \
		grep number_of_executed_units $(BUILD)/corpus/$$name.log; \
	done

fmt: | setup
	@find gateway nginx tests -name '*.[ch]' -print0 | xargs -0r clang-format -i

# ---- install ----------------------------------------------------------------

SHARE = $(PREFIX)/share/perigee
DOC   = $(PREFIX)/share/doc/perigee
ETC   = $(SYSCONFDIR)/perigee
LIB   = $(PREFIX)/lib

# What is installed says where things are then.
PLACED = sed -e 's|/usr/bin/perigee|$(PREFIX)/bin/perigee|; s|/usr/share/|$(PREFIX)/share/|' \
             -e 's|/etc/perigee|$(ETC)|; s|= conf/apis|= $(SHARE)/apis|'

# An edited configuration is never overwritten: the new one lies beside it.
install: all
	install -D -m 755 $(BUILD)/perigee $(DESTDIR)$(PREFIX)/bin/perigee
	install -D -m 644 -t $(DESTDIR)$(SHARE)/apis conf/apis/*.json
	install -D -m 644 -t $(DESTDIR)$(SHARE)/nginx nginx/*.conf
	install -D -m 644 -t $(DESTDIR)$(SHARE)/nginx/perigee nginx/perigee/*.conf
	install -D -m 644 -t $(DESTDIR)$(SHARE)/redis conf/redis/*.conf
	install -D -m 644 -t $(DESTDIR)$(SHARE)/prometheus conf/prometheus/*.yml
	install -D -m 644 -t $(DESTDIR)$(SHARE)/grafana conf/grafana/*.json
	install -D -m 644 conf/man/perigee.1 $(DESTDIR)$(PREFIX)/share/man/man1/perigee.1
	install -D -m 644 conf/completion/perigee.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/perigee
	install -D -m 644 conf/completion/_perigee \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_perigee
	install -D -m 644 -t $(DESTDIR)$(DOC) README.md CHANGELOG.md \
		conf/operations.md conf/capacity.md conf/problems.md
	install -D -m 644 conf/redis/README.md $(DESTDIR)$(DOC)/redis.md
	install -D -m 644 nginx/README.md $(DESTDIR)$(DOC)/nginx.md
	install -D -m 644 conf/systemd/perigee.sysusers $(DESTDIR)$(LIB)/sysusers.d/perigee.conf
	install -D -m 644 conf/systemd/perigee.tmpfiles $(DESTDIR)$(LIB)/tmpfiles.d/perigee.conf
	install -d $(DESTDIR)$(ETC) $(DESTDIR)$(LIB)/systemd/system
	for unit in perigee@.service perigee@.socket; do \
		$(PLACED) conf/systemd/$$unit >$(DESTDIR)$(LIB)/systemd/system/$$unit; \
		chmod 644 $(DESTDIR)$(LIB)/systemd/system/$$unit; \
	done
	$(PLACED) conf/perigee.conf >$(DESTDIR)$(ETC)/perigee.conf.new
	chmod 644 $(DESTDIR)$(ETC)/perigee.conf.new
	test -e $(DESTDIR)$(ETC)/perigee.conf || \
		mv $(DESTDIR)$(ETC)/perigee.conf.new $(DESTDIR)$(ETC)/perigee.conf

# Debian's places, wherever the rest is: nginx loads what is enabled there, and module.conf makes the site use it.
install-module: $(NGINX_MODULE)
	install -D -m 644 -t $(DESTDIR)/usr/lib/nginx/modules $(NGINX_MODULE)
	install -D -m 644 nginx/module/load.conf \
		$(DESTDIR)/etc/nginx/modules-enabled/50-mod-http-perigee.conf
	install -D -m 644 -t $(DESTDIR)/usr/share/perigee nginx/module/module.conf

# Packages of what the work tree holds. Debian wants its folder at the top, so that it is made in a
# copy; without debug symbols, which Debian keeps in packages of their own.
VERSION  = $(shell sed -n 's/.*PERIGEE_VERSION "\(.*\)"/\1/p' gateway/base/version.h)
DEB_TREE = build/deb/perigee-$(VERSION)

deb: | setup
	@rm -rf build/deb && mkdir -p $(DEB_TREE)
	@tar -c $$(test ! -d .git -a ! -f .git && echo --exclude=./build . || git ls-files) | \
		tar -x -C $(DEB_TREE)
	@cp -r conf/debian $(DEB_TREE)/debian
	@sed -i 's/@VERSION@/$(VERSION)/' $(DEB_TREE)/debian/changelog
	@cd $(DEB_TREE) && env -u MAKEFLAGS -u MAKELEVEL -u CFLAGS dpkg-buildpackage -b -us -uc \
		>../build.log 2>&1 || { tail -n 30 ../build.log; exit 1; }
	@ls build/deb/*.deb

# ---- the rest ---------------------------------------------------------------

# Not RUN_DIR: with UPSTREAM=live it remembers which calls have been made.
clean:
	rm -rf build
	find tests -name __pycache__ -prune -exec rm -rf {} +

help:
	@echo 'make             build $(BUILD)/perigee'
	@echo 'make run         nginx, worker, Redis and upstream in the foreground; Ctrl-C stops all'
	@echo '                   PORT=$(PORT) UPSTREAM=sandbox|live|URL QUOTA=$(QUOTA) WORKERS=$(WORKERS)'
	@echo '                   REDIS=private|unix:/path|redis://host:port RUN_DIR=$(RUN_DIR)'
	@echo 'make check       lints, unit tests, fuzz corpus: seconds'
	@echo 'make test        every test but make soak  SUITES="lint unit fuzz scripts keys sandbox stack bench e2e"'
	@echo 'make soak        what takes longest of the tests'
	@echo 'make bench       measured comparisons'
	@echo 'make module      $(NGINX_MODULE), with which nginx answers hits by itself'
	@echo 'make newcomer    from a clean Debian to an answer, as root  WAYS="make-run package images"'
	@echo 'make fuzz        look for new crashes  FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_TARGETS="name..."'
	@echo 'make fmt         format the C sources'
	@echo 'make install     DESTDIR= PREFIX=$(PREFIX) SYSCONFDIR=$(SYSCONFDIR)'
	@echo 'make install-module   into /usr/lib/nginx, /etc/nginx'
	@echo 'make deb         Debian packages, in build/deb/'
	@echo 'make clean       remove build/'
	@echo 'with any of them: CC=clang  SANITIZE=address,undefined|thread  V=1  SETUP=: (install nothing)'
