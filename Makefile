# SPDX-License-Identifier: MIT
#
# Builds the kernel, its ring-3 programs and the ISO; runs and tests them. `make help` lists the
# targets.
#
# Four families of objects come from the same tree, each under a folder of its own in build/obj:
#   kernel  boot/ arch/ mm/ kernel/ fs/ bringup/ tests/kernel/ and the core of libc/, for ring 0;
#           sanitizers/ too, where a checker is asked for
#   vdso    vdso/, the shared object that the kernel maps into each program
#   user    user/ and tests/ring3/ with libc/, static programs for ring 3 of Latchkey
#   host    user/ and tests/ring3/ again, with the host's compiler and C library, for Linux
# The program set, tests/programs/, is built in one step each with glibc and with musl, and some of
# it dynamically.

# However it is spelt, one folder has one name, so that nothing is built again for a second one.
CHECKER_FOLDERS := $(if $(KASAN),/kasan)$(if $(UBSAN),/ubsan)$(if $(COVER),/cover)
WITHOUT_FOLDER := $(if $(WITHOUT),/without-$(subst /,-,$(WITHOUT)))
OPT_FOLDER := $(addprefix /,$(patsubst -%,%,$(firstword $(OPT))))
BUILD_DEFAULT := build$(if $(DEBUG),/debug)$(CHECKER_FOLDERS)$(WITHOUT_FOLDER)$(OPT_FOLDER)
override BUILD := $(patsubst $(CURDIR)/%,%,$(abspath $(or $(BUILD),$(BUILD_DEFAULT))))
# On a computer that is no x86-64, all that is built is for another than itself.
IS_X86 := $(filter x86_64 amd64,$(shell uname -m))
CROSS_COMPILE ?= $(if $(IS_X86),,x86_64-linux-gnu-)
export CROSS_COMPILE
ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)gcc
endif
ifeq ($(origin LD),default)
LD := $(CROSS_COMPILE)ld
endif
ifeq ($(origin AR),default)
AR := $(CROSS_COMPILE)ar
endif
NM ?= $(CROSS_COMPILE)nm
STRIP ?= $(CROSS_COMPILE)strip
NASM ?= nasm
# For Linux on x86-64, which is this computer's or that of the machine that judges.
HOSTCC ?= $(CROSS_COMPILE)gcc
MUSLCC ?= musl-gcc
PARSERCC ?= clang

Q := $(if $(V),,@)
SAY = $(if $(V),,@printf '  %-6s %s\n' $(1) $(2))

CHECKS := check-c check-python check-shell check-includes check-text check-warnings \
	check-symbols

.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
.PHONY: all help iso core media boards run test test-all test-long coverage fuzz soak parsers debug
.PHONY: selftest bench release release-files check format clean FORCE
.PHONY: $(CHECKS)

# ---- Sources ----------------------------------------------------------------------------------

LIBC_CORE := $(wildcard libc/core/*.c)
KERNEL_FOLDERS := boot arch mm kernel fs bringup sanitizers tests/kernel
KERNEL_SOURCES := $(wildcard $(foreach folder,$(KERNEL_FOLDERS),\
	$(addprefix $(folder)/,*.c *.asm */*.c */*.asm))) $(LIBC_CORE)
# What is for builds that check themselves alone: DEBUG=1, KASAN=1, either, UBSAN=1 and COVER=1.
DEBUG_SOURCES := arch/cpu/check.c arch/mmu/tlb_check.c arch/lock/lock_check.c
POISON_SOURCES := sanitizers/poison_check.c
KASAN_SOURCES := $(wildcard sanitizers/kasan*.c tests/kernel/memory/kasan*.c)
FAIL_NTH_SOURCES := sanitizers/fail_nth.c sanitizers/proc_fail_nth.c
UBSAN_SOURCES := sanitizers/ubsan.c
COVER_SOURCES := sanitizers/coverage.c sanitizers/kcov.c
LEFT_OUT := $(if $(DEBUG),,$(DEBUG_SOURCES)) $(if $(KASAN),,$(KASAN_SOURCES)) \
	$(if $(DEBUG),$(if $(KASAN),$(POISON_SOURCES)),$(POISON_SOURCES)) \
	$(if $(DEBUG)$(KASAN),,$(FAIL_NTH_SOURCES)) \
	$(if $(UBSAN),,$(UBSAN_SOURCES)) $(if $(COVER),,$(COVER_SOURCES))
ifdef WITHOUT
WITHOUT_SOURCES := $(shell tools/rooms --without $(WITHOUT))
LEFT_OUT += $(or $(WITHOUT_SOURCES),$(error WITHOUT=$(WITHOUT) is no room above the line))
endif
KERNEL_SOURCES := $(filter-out $(LEFT_OUT),$(KERNEL_SOURCES))
# What stands below the line of docs/architecture.md.
CORE_ROOMS := $(shell sed -n '/^| \*\*the line/,/^$$/s/^| \([a-z/]*\)\/ |.*/\1/p' \
	docs/architecture.md)
CORE_SOURCES := $(filter $(CORE_ROOMS:%=%/%),$(KERNEL_SOURCES))
VDSO_SOURCES := $(wildcard vdso/*.c vdso/*.asm)
LIBC_SOURCES := $(LIBC_CORE) $(wildcard libc/*.c libc/*.asm)
USER_PROGRAMS := $(patsubst user/%.c,%,$(wildcard user/*.c)) pkbench
# In a folder for each subject; what is made of them is called by their own names alone.
RING3_SOURCES := $(wildcard tests/ring3/*/*.c)
RING3_TESTS := $(sort $(notdir $(basename $(RING3_SOURCES))))
PROGRAM_SOURCES := $(wildcard tests/programs/*/*.c)
PROGRAM_SET := $(sort $(notdir $(basename $(PROGRAM_SOURCES))))
# Those of it that are built dynamically too.
DYNAMIC_SET := exec fork futexes memory_mmap pipes pkeys pkeys_processes ptrace signals threads
FUZZ_SOURCES := $(wildcard tests/fuzz/*.c)

# The parsers that are tried alone, each with the kernel's sources that its harness gives bytes to.
PARSER_elf := kernel/process/elf.c
PARSER_cpio := fs/root/cpio.c libc/core/parse.c
PARSER_boot := boot/boot_info.c mm/page/ram.c tests/parsers/support/boot_result.c
PARSER_multiboot2 := boot/multiboot2.c arch/screen/loader_screen.c $(PARSER_boot)
PARSER_pvh := boot/pvh.c $(PARSER_boot)
PARSER_acpi := $(addprefix arch/acpi/,acpi.c madt.c) \
	$(addprefix arch/chipset/,acpi_address.c fadt.c rsdp.c) \
	$(addprefix arch/board/,spcr.c ipmi.c smbios.c)
PARSER_smbios := arch/board/smbios.c arch/acpi/acpi.c arch/chipset/acpi_address.c arch/board/ipmi.c
PARSER_command_line := kernel/console/command_line.c kernel/cpus/command_check.c \
	arch/board/uart_words.c libc/core/parse.c
PARSER_frames := kernel/channel/frame_reader.c
PARSER_kcs := arch/board/kcs.c arch/board/smbios.c arch/board/ipmi.c arch/acpi/acpi.c \
	arch/chipset/acpi_address.c
PARSERS := $(patsubst tests/parsers/%.c,%,$(wildcard tests/parsers/*.c))

objects = $(addprefix $(BUILD)/obj/$(1)/,$(addsuffix .o,$(basename $(2))))
VDSO_OBJECTS := $(call objects,vdso,$(VDSO_SOURCES))
KERNEL_OBJECTS := $(call objects,kernel,$(KERNEL_SOURCES)) $(BUILD)/font/font.o
CORE_OBJECTS := $(call objects,kernel,$(CORE_SOURCES))
LIBC_OBJECTS := $(call objects,user,$(LIBC_SOURCES))
BUILT_PROGRAMS := $(USER_PROGRAMS:%=$(BUILD)/user/%) $(RING3_TESTS:%=$(BUILD)/tests/%)
HOST_PROGRAMS := $(addprefix $(BUILD)/host/,$(USER_PROGRAMS) $(RING3_TESTS) fuzz)
STOCK_PROGRAMS := $(foreach libc,glibc musl,$(PROGRAM_SET:%=$(BUILD)/programs/$(libc)/%)) \
	$(DYNAMIC_SET:%=$(BUILD)/programs/dynamic/%)

# ---- Flags ------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef \
	$(if $(WERROR),-Werror)
# A release's debug information does not tell where it was built: its sources lie in the folder in
# which GDB is started.
MAPPED := $(if $(RELEASE),-ffile-prefix-map=$(CURDIR)=.)
COMMON_CFLAGS := -std=gnu11 $(or $(OPT),-O2) -g -fno-common $(WARNINGS) $(MAPPED)
# The only headers from outside the tree: the compiler's, Linux's uapi, libbsd's lists and trees.
OUTSIDE_HEADERS := -nostdinc -isystem $(shell $(CC) -print-file-name=include) -isystem $(BUILD)/uapi
# Code without the tables and landing pads that nothing here reads.
PLAIN_CODE := -fno-pic -fno-pie -fno-asynchronous-unwind-tables -fcf-protection=none

# The checker of addresses. Not checked are what runs before there is a shadow, the checker, the
# allocator that writes into what is free, and the memory functions, whose ranges it checks whole.
KASAN_OFFSET := 0xdffffc0000000000
KASAN_DEFINES := -DLATCHKEY_KASAN -DKASAN_SHADOW_OFFSET=$(KASAN_OFFSET)ul
KASAN_CFLAGS := -fsanitize=kernel-address -fasan-shadow-offset=$(KASAN_OFFSET) \
	--param asan-globals=1 --param asan-stack=1
KASAN_LEAVES_OUT := boot/% sanitizers/% mm/page/slab.c libc/core/memory.c
# The checker of what C leaves undefined: all of -fsanitize=undefined, that is overflow, shifts,
# bounds, alignment, null, sizes of objects, bool, enum, lengths of arrays, what cannot be reached
# and pointers that wrap. It has nothing of floating point, which the kernel has none of, nor of
# aliasing, which -fno-strict-aliasing allows. Left out are the checks of C that is defined:
# -fsanitize=bounds-strict of arrays that a structure ends in, and clang's of unsigned overflow and
# of conversions, which hashes and checksums live by.
UBSAN_CFLAGS := -fsanitize=undefined -fno-sanitize-recover=undefined
UBSAN_LEAVES_OUT := sanitizers/%
# The trace of what is reached is without optimisation: so each statement has code of its own, in
# the order of the lines, and even a block that only chooses what is returned has its call. From
# -Og on such blocks are moves in the middle of another's code, and one in ten of the lines is told
# wrongly.
COVER_CFLAGS := -O0 -fsanitize-coverage=trace-pc
# A call for each byte that is copied would take most of the time, and tell nothing.
COVER_LEAVES_OUT := sanitizers/% libc/core/%
# The flags of one source of the kernel's for the checkers of this build.
checkers = $(if $(KASAN),$(if $(filter-out $(KASAN_LEAVES_OUT),$(1)),$(KASAN_CFLAGS))) \
	$(if $(UBSAN),$(if $(filter-out $(UBSAN_LEAVES_OUT),$(1)),$(UBSAN_CFLAGS))) \
	$(if $(COVER),$(if $(filter-out $(COVER_LEAVES_OUT),$(1)),$(COVER_CFLAGS)))

# For GDB, OPT=-Og: even so GCC forgets an argument or a variable after its last use. So the files
# of the reading path, which the table in docs/README.md names, are not optimized at all.
READ_SOURCES := $(if $(filter -Og,$(OPT)),$(wildcard kernel/entry/*.c mm/fast/*.c) \
	$(shell sed -n 's/^| *[0-9]* *| \[\([a-z_/]*\.c\)\].*/\1/p' docs/README.md))

# A section for each function and variable: the link of the core leaves out what it has no use for.
KERNEL_CFLAGS := $(COMMON_CFLAGS) $(OUTSIDE_HEADERS) -I. $(PLAIN_CODE) -ffreestanding \
	-ffunction-sections -fdata-sections \
	-mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fno-omit-frame-pointer \
	-fno-strict-aliasing -fstack-protector-strong -mstack-protector-guard=global \
	$(if $(DEBUG),-DLATCHKEY_DEBUG) $(if $(KASAN),$(KASAN_DEFINES))
# Linked for no address; with tables for debuggers to unwind by, and a program's floating point
# is left alone.
VDSO_CFLAGS := $(COMMON_CFLAGS) $(OUTSIDE_HEADERS) -I. -fPIC -ffreestanding -mgeneral-regs-only \
	-fasynchronous-unwind-tables -fcf-protection=none -fno-stack-protector -fno-jump-tables
USER_CFLAGS := $(COMMON_CFLAGS) $(OUTSIDE_HEADERS) -Ilibc/include -I. $(PLAIN_CODE) \
	-D_GNU_SOURCE -fno-stack-protector
HOST_CFLAGS := $(COMMON_CFLAGS) -D_GNU_SOURCE -I$(BUILD)/host/include -I.
# As a person would who has never heard of this kernel.
STOCK_CFLAGS := -std=gnu11 -O2 -g $(WARNINGS) $(MAPPED) -D_GNU_SOURCE -I.

# For the host, with the kernel's headers but for those of the machine that a harness stands for.
PARSER_CFLAGS = $(COMMON_CFLAGS) -O1 -nostdinc -isystem $(shell $(PARSERCC) \
	-print-file-name=include) -isystem $(BUILD)/uapi -Itests/parsers/machine -I. -ffreestanding \
	-fno-pie -fno-strict-aliasing -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address \
	-fsanitize=undefined -fno-sanitize-recover=undefined

COMMON_LDFLAGS := -nostdlib -static -z noexecstack -z max-page-size=4096 --build-id=none \
	$(if $(WERROR),--fatal-warnings)
# Functions that the linker puts others in front of, of sanitizers/.
WRAPS := $(if $(KASAN),memcpy memmove memset memcmp memchr) \
	$(if $(DEBUG)$(KASAN),page_alloc slab_alloc slab_alloc_zeroed kmalloc kzalloc return_to_user) \
	$(if $(COVER),trap_dispatch task_release_resources)
KERNEL_LDFLAGS := $(COMMON_LDFLAGS) -T linker.ld $(addprefix --wrap=,$(WRAPS))
VDSO_LDFLAGS := -shared -nostdlib -soname linux-vdso.so.1 --hash-style=both --eh-frame-hdr \
	-Bsymbolic -z noexecstack -z max-page-size=4096 --build-id=none --no-undefined -T vdso/vdso.ld
USER_LDFLAGS := $(COMMON_LDFLAGS) -u _start
LIBGCC := $(shell $(CC) -print-libgcc-file-name)

# nasm 2.16.03 can warn of each address that is in another section, where the linker makes sure that
# it fits: not wanted, and an older nasm is not to warn that it knows no such warning.
# Its lines for debuggers name the folder, which it cannot map: a release has none of assembly.
NASMFLAGS := -f elf64 -I. $(if $(RELEASE),,-g -F dwarf) -w+all -w-unknown-warning -w-reloc \
	$(if $(WERROR),-Werror) $(if $(DEBUG),-DLATCHKEY_DEBUG)

# ---- Everything -------------------------------------------------------------------------------

IMAGES := $(BUILD)/latchkey.elf $(BUILD)/initramfs.cpio $(BUILD)/latchkey.iso
CORE_IMAGES := $(BUILD)/core/latchkey.elf $(BUILD)/core/initramfs.cpio $(BUILD)/core/latchkey.iso

ALL := $(IMAGES) $(addprefix $(BUILD)/tests/,fuzz exhaust failnth soak victims)
# What Linux runs and what a stock C library makes are the same for every kernel.
ifeq ($(KASAN)$(OPT),)
ALL += $(HOST_PROGRAMS) $(STOCK_PROGRAMS)
endif
ifeq ($(DEBUG)$(KASAN)$(UBSAN)$(COVER)$(WITHOUT)$(OPT),)
ALL += $(CORE_IMAGES)
endif

all: $(ALL) ## build everything (the default)

help: ## list the targets and the variables
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo '  V=1             print whole commands'
	@echo '  CC=clang        build the kernel and its programs with clang'
	@echo '  CROSS_COMPILE=  prefix of the tools, for example x86_64-linux-gnu-'
	@echo '  WORDS=          the kernel command line of make media, which then boots at once'
	@echo '  AT_ONCE=        how many boards or tests run at the same time (2; one for each CPU)'
	@echo '  ONLY=           the tests whose names fit, as the -k of pytest takes them'
	@echo '  PROGRAMS=       your own files and folders to have in the machine with make run'
	@echo '  MACHINE=        options of tools/run for make run and make fuzz: --show-log, for the'
	@echo '                  messages of the boot, or "--bochs --append nopku"'
	@echo '  DEBUG=1         a kernel that checks its locks and invalidations, in build/debug'
	@echo '  KASAN=1         a kernel that checks each of its accesses to memory, in build/kasan'
	@echo '  UBSAN=1         a kernel that checks itself for undefined behaviour, in build/ubsan'
	@echo '  COVER=1         a kernel that tells which of its code was reached, in build/cover'
	@echo '  WITHOUT=ROOM    a kernel without a room above the line, and those that use it: kernel/tty'
	@echo '  OPT=-Og         a kernel whose variables GDB can always show (make debug), in build/Og'
	@echo '  WERROR=1        a warning ends the build, as it ends make check'
	@echo '  BUILD=          the folder for everything made (default build)'

iso: $(BUILD)/latchkey.iso ## build build/latchkey.iso, which boots on BIOS and on UEFI

core: ## build the core, the kernel of what stands below the line alone, in build/core
	@$(call ready,,$(CORE_IMAGES))
	@tools/core $(BUILD)

clean: ## remove everything that was made
	rm -rf $(BUILD)

# ---- Running and testing ----------------------------------------------------------------------

export LATCHKEY_BUILD := $(abspath $(BUILD))

# Installs what is missing, if anything, and only then lets another make look at the tools: the
# groups of tools/packages that are needed, and the targets.
ready = tools/deps $(1) && $(MAKE) --no-print-directory -j$(shell nproc) $(or $(2),all)

run: ## boot the ISO in QEMU: to a story and a shell at a terminal, otherwise through the story
	@$(call ready,,iso)
	@echo 'Latchkey boots in QEMU, through GRUB. Its messages go to $(BUILD)/run.log.' >&2
	@if [ -t 0 ]; then program=/first; else program=/bin/pkey-demo; fi; \
	tools/run --iso --log $(BUILD)/run.log --show-reports $(MACHINE) \
		$(addprefix --add ,$(PROGRAMS)) --inside $$program

# Each size of tests/host/conftest.py, by two processes or more.
run_tests = $(call ready,test debug bench boards coverage release,all parser-programs) && \
	/usr/bin/python3 -B -m pytest --size=$(1) -n $(or $(AT_ONCE),$(shell nproc)) \
	--dist loadgroup tests/host $(if $(ONLY),-k "$(ONLY)")

test: ## test all about keys, and one of each way in, in ten minutes (with ONLY=: of all tests)
	@$(call run_tests,$(if $(ONLY),all,test))

test-all: ## test everything, as CI does, within an hour on two cores
	@$(call run_tests,all)

test-long: ## test what takes hours; stopped and started again, it goes on where it was
	@$(call run_tests,long)

coverage: ## run the tests on a kernel of COVER=1: what they reach, by line, in build/coverage
	@$(call ready,test debug bench boards coverage,COVER=1 BUILD=$(BUILD)/cover all)
	@tools/coverage $(if $(ONLY),-k "$(ONLY)")

release: ## build what is handed on, in build/release: media, kernel, pages, hashes; in one archive
	@export SOURCE_DATE_EPOCH="$$(tools/version --time)" && \
	$(call ready,release,RELEASE=1 BUILD=$(BUILD)/release/objects release-files)

boards: ## bring up the boards of a labgrid environment (ENV=FILE; by default four QEMU machines)
	@$(call ready,boards,iso)
	@LG_BUILD=$(LATCHKEY_BUILD) /usr/bin/python3 -B -m pytest -v -p no:cacheprovider --tb=short \
		-n $(or $(AT_ONCE),2) --lg-env $(or $(ENV),tests/boards/qemu.yaml) tests/boards \
		$(if $(ONLY),-k "$(ONLY)")

fuzz: ## make random system calls: 20 seeds with 50000 each, or FUZZ="--seeds 9 --calls 1000000"
	@$(call ready)
	@tools/run $(MACHINE) --cpus $(or $(CPUS),1) --memory 1G --log $(BUILD)/fuzz.log \
		$(BUILD)/tests/fuzz $(or $(FUZZ),--seed 1 --seeds 20)

soak: ## run everything mixed for MINUTES=30 on CPUS=4: nothing may fail, hang or leak
	@$(call ready)
	@tools/run --cpus $(or $(CPUS),4) --memory 1G --log $(BUILD)/soak.log \
		--timeout $$(($(or $(MINUTES),30) * 60 + 600)) \
		$(BUILD)/tests/soak --seconds $$(($(or $(MINUTES),30) * 60)) $(SOAK)

parsers: ## fuzz each parser alone, built for the host, for SECONDS=10 (ONLY=NAME: one of them)
	@$(call ready,test,parser-programs)
	@tools/parsers $(addprefix --seconds ,$(SECONDS)) $(or $(ONLY),$(PARSERS))

debug: ## start QEMU stopped at the kernel's entry, with GDB attached (PROGRAM=FILE, OPT=-Og)
	@$(call ready,debug)
	@tools/debug $(or $(PROGRAM),$(BUILD)/user/pkey-demo)

selftest: ## run Linux's own selftest of keys in Latchkey and on this Linux (WAYS=linux: in QEMU)
	@$(call ready)
	@tools/selftest $(WAYS)

bench: ## measure size, memory, and what calls cost beside Linux (PARTS=small, compare, count)
	@$(call ready,bench)
	@tools/bench $(PARTS)

# ---- Style ------------------------------------------------------------------------------------

C_FILES = $(shell git ls-files '*.c' '*.h')
PYTHON_FILES = $(shell git ls-files '*.py'; git grep -l '^\#!/usr/bin/python3' -- tools)
SHELL_FILES = $(shell git grep -l -e '^\#!/bin/sh' -e '^\#!/bin/bash' -- tools .ci)

check: ## check style, the order of the rooms, scripts, licence lines and for warnings
	@tools/deps check && $(MAKE) --no-print-directory $(CHECKS)

# Other versions of clang-format see hundreds of lines otherwise.
check-c:
	$(call SAY,CHECK,C)
	$(Q)if clang-format --version | grep -q 'version 14\.'; then \
		clang-format --dry-run -Werror $(C_FILES); \
	else echo 'The form of C is left out: clang-format 14 judges it, which Debian 12 has.'; fi

check-python:
	$(call SAY,CHECK,Python)
	$(Q)black --quiet --check --line-length 100 $(PYTHON_FILES)
	$(Q)pyflakes3 $(PYTHON_FILES)

check-shell:
	$(call SAY,CHECK,shell)
	$(Q)shellcheck $(SHELL_FILES)

check-includes:
	$(call SAY,CHECK,includes)
	$(Q)tools/check-includes $(C_FILES)

check-text:
	$(call SAY,CHECK,text)
	$(Q)tools/check-text

# A compiler newer than ours may warn of more: that is to end this, and nobody's first build. It
# costs a build in a folder of its own, but not where WERROR is set for all that is built.
CHECKED_BUILD := $(BUILD)$(if $(WERROR),,/werror)

check-warnings:
	$(call SAY,CHECK,warnings)
	$(Q)$(MAKE) --no-print-directory -j$(shell nproc) SAY= WERROR=1 \
		BUILD=$(CHECKED_BUILD) all

# Of the same build: what the linker sees, whatever the includes say.
check-symbols: check-warnings
	$(call SAY,CHECK,symbols)
	$(Q)tools/check-symbols $(CHECKED_BUILD)/obj/kernel

format: ## format the C and Python sources in place
	clang-format -i $(C_FILES)
	black --quiet --line-length 100 $(PYTHON_FILES)

# ---- Headers of Linux and libbsd --------------------------------------------------------------

UAPI := $(addprefix $(BUILD)/uapi/,linux asm asm-generic bsd)
UAPI_ASM = $(firstword $(wildcard $(addsuffix /asm,/usr/include/x86_64-linux-gnu \
	/usr/x86_64-linux-gnu/include)))
# Of a cross compiler's headers all, else those that every architecture shares.
UAPI_REST = $(patsubst %/asm,%,$(filter /usr/x86_64-linux-gnu/%,$(UAPI_ASM)))
# The same for every architecture, but in the folder of one since Debian 13.
UAPI_BSD = $(firstword $(wildcard /usr/include/bsd /usr/include/*-linux-gnu/bsd))

$(BUILD)/uapi/asm:
	@mkdir -p $(@D)
	@ln -sfn $(or $(UAPI_ASM),$(error Linux's uapi headers are missing: run tools/deps)) $@

$(BUILD)/uapi/bsd:
	@mkdir -p $(@D)
	@ln -sfn $(or $(UAPI_BSD),$(error libbsd's headers are missing: run tools/deps)) $@

$(BUILD)/uapi/%:
	@mkdir -p $(@D)
	@ln -sfn $(or $(UAPI_REST),/usr/include)/$* $@

# ---- Objects ----------------------------------------------------------------------------------

# Changes only when the commands do, so that objects made by other commands are made again.
FLAGS_IN_USE := $(CC) $(LD) $(NASMFLAGS) $(KERNEL_CFLAGS) $(READ_SOURCES) \
	$(if $(KASAN),$(KASAN_CFLAGS)) $(if $(UBSAN),$(UBSAN_CFLAGS)) $(if $(COVER),$(COVER_CFLAGS)) \
	$(KERNEL_LDFLAGS) $(VDSO_CFLAGS) $(VDSO_LDFLAGS) $(USER_CFLAGS) $(USER_LDFLAGS) \
	$(HOSTCC) $(HOST_CFLAGS) $(MUSLCC) $(STOCK_CFLAGS)

$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS_IN_USE)' > $@.new; cmp -s $@.new $@ || mv $@.new $@

# What the kernel says that it is: this too changes only when its content does.
$(BUILD)/version: FORCE
	@mkdir -p $(@D)
	@tools/version > $@.new; cmp -s $@.new $@ || mv $@.new $@

$(BUILD)/obj/kernel/kernel/call/uname.o: $(BUILD)/version
$(BUILD)/obj/kernel/kernel/call/uname.o: KERNEL_CFLAGS += \
	-DLATCHKEY_VERSION="\"$$(cat $(BUILD)/version)\""

$(BUILD)/obj/kernel/%.o: %.c $(BUILD)/flags | $(UAPI)
	$(call SAY,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) $(call checkers,$<) $(if $(filter $<,$(READ_SOURCES)),-O0) \
		-MMD -MP -c -o $@ $<

$(BUILD)/obj/vdso/%.o: %.c $(BUILD)/flags | $(UAPI)
	$(call SAY,CC,"$< (vDSO)")
	@mkdir -p $(@D)
	$(Q)$(CC) $(VDSO_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/user/%.o: %.c $(BUILD)/flags | $(UAPI)
	$(call SAY,CC,"$< (ring 3)")
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) -MMD -MP -c -o $@ $<

define assemble
$(call SAY,NASM,$<)
@mkdir -p $(@D)
$(Q)$(NASM) $(NASMFLAGS) -MD $(@:.o=.d) -MP -MT $@ -o $@ $<
endef

$(BUILD)/obj/kernel/%.o: %.asm $(BUILD)/flags
	$(assemble)

$(BUILD)/obj/vdso/%.o: %.asm $(BUILD)/flags
	$(assemble)

$(BUILD)/obj/user/%.o: %.asm $(BUILD)/flags
	$(assemble)

$(BUILD)/obj/host/%.o: %.c $(BUILD)/flags | $(BUILD)/host/include/ktap.h
	$(call SAY,CC,"$< (Linux)")
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(HOST_CFLAGS) -MMD -MP -c -o $@ $<

# ---- The vDSO ---------------------------------------------------------------------------------

# With its symbols; what the kernel has inside it is the other, as small as can be.
$(BUILD)/vdso/linux-vdso.so.1.debug: $(VDSO_OBJECTS) vdso/vdso.ld
	$(call SAY,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(LD) $(VDSO_LDFLAGS) -o $@ $(VDSO_OBJECTS)

VDSO := $(BUILD)/vdso/linux-vdso.so.1

$(VDSO): %: %.debug
	$(Q)$(STRIP) -o $@ $<

$(BUILD)/obj/kernel/kernel/vdso/vdso_image.o: NASMFLAGS += -DVDSO_IMAGE='"$(VDSO)"'
$(BUILD)/obj/kernel/kernel/vdso/vdso_image.o: $(VDSO)

# ---- The kernel -------------------------------------------------------------------------------

# Linked twice: first with an empty table of symbols, then with the table made from the first link.
# The table stands behind everything executable, so no function moves; the last line makes sure.

$(BUILD)/symbols/pass1.c: tools/mksymbols
	@mkdir -p $(@D)
	@tools/mksymbols < /dev/null > $@

# $(call kernel_image,NAME,ELF file,objects,flags of the linker)
define kernel_image
$(BUILD)/symbols/$(1)-pass1.elf: $(3) $(BUILD)/symbols/pass1.o linker.ld
	$$(Q)$$(LD) $$(KERNEL_LDFLAGS) $(4) -o $$@ $$(filter %.o,$$^)

$(BUILD)/symbols/$(1)-pass2.c: $(BUILD)/symbols/$(1)-pass1.elf tools/mksymbols
	$$(Q)$$(NM) -n $$< | tools/mksymbols > $$@

$(2): $(3) $(BUILD)/symbols/$(1)-pass2.o linker.ld
	$$(call SAY,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(LD) $$(KERNEL_LDFLAGS) $(4) $(if $(4),-Map=$(2:.elf=.map)) -o $$@ $$(filter %.o,$$^)
	$$(Q)$$(NM) -n $$@ | tools/mksymbols | cmp - $(BUILD)/symbols/$(1)-pass2.c
endef

$(eval $(call kernel_image,latchkey,$(BUILD)/latchkey.elf,$(KERNEL_OBJECTS)))
$(eval $(call kernel_image,core,$(BUILD)/core/latchkey.elf,$(CORE_OBJECTS),--gc-sections))

$(BUILD)/symbols/%.o: $(BUILD)/symbols/%.c kernel/console/symbols.h $(BUILD)/flags | $(UAPI)
	$(Q)$(CC) $(KERNEL_CFLAGS) -c -o $@ $<

# The font of the framebuffer console: of Debian's console-setup, and not in the tree.
FONT := /usr/share/consolefonts/Lat15-VGA16.psf.gz

$(BUILD)/font/font.c: $(FONT) tools/mkfont tools/lib/psf.py
	@mkdir -p $(@D)
	$(Q)tools/mkfont $< > $@

$(BUILD)/font/font.o: $(BUILD)/font/font.c arch/screen/font.h $(BUILD)/flags | $(UAPI)
	$(Q)$(CC) $(KERNEL_CFLAGS) -c -o $@ $<

# ---- Programs ---------------------------------------------------------------------------------

$(BUILD)/obj/user/libc.a: $(LIBC_OBJECTS)
	$(call SAY,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

define link_user
$(call SAY,LD,$@)
@mkdir -p $(@D)
$(Q)$(LD) $(USER_LDFLAGS) -o $@ $^ $(LIBGCC)
endef

$(BUILD)/user/%: $(BUILD)/obj/user/user/%.o $(BUILD)/obj/user/libc.a
	$(link_user)

define ring3_test
$(BUILD)/tests/%: $(BUILD)/obj/user/$(1)%.o $(BUILD)/obj/user/libc.a
	$$(link_user)

$(BUILD)/host/%: $(BUILD)/obj/host/$(1)%.o $(BUILD)/obj/host/libc/ktap.o
	$$(link_host)
endef

$(foreach folder,$(sort $(dir $(RING3_SOURCES))),$(eval $(call ring3_test,$(folder))))

$(addprefix $(BUILD)/obj/,$(addsuffix /tests/fuzz/explore.o,user host)): \
	tests/fuzz/corpus/sequences.txt

$(BUILD)/tests/fuzz: $(call objects,user,$(FUZZ_SOURCES)) $(BUILD)/obj/user/libc.a
	$(link_user)

PKBENCH_SOURCES := $(wildcard user/pkbench/*.c)

$(BUILD)/user/pkbench: $(call objects,user,$(PKBENCH_SOURCES)) $(BUILD)/obj/user/libc.a
	$(link_user)

SOAK_SOURCES := $(wildcard tests/soak/*.c) $(filter-out tests/fuzz/main.c,$(FUZZ_SOURCES))

$(BUILD)/tests/soak: $(call objects,user,$(SOAK_SOURCES)) $(BUILD)/obj/user/libc.a
	$(link_user)

EXHAUST_SOURCES := tests/memory/exhaust.c tests/fuzz/counters.c tests/fuzz/tree.c

$(BUILD)/tests/exhaust: $(call objects,user,$(EXHAUST_SOURCES)) $(BUILD)/obj/user/libc.a
	$(link_user)

VICTIMS_SOURCES := tests/memory/victims.c tests/fuzz/counters.c

$(BUILD)/tests/victims: $(call objects,user,$(VICTIMS_SOURCES)) $(BUILD)/obj/user/libc.a
	$(link_user)

FAILNTH_SOURCES := $(wildcard tests/memory/failnth*.c) tests/fuzz/counters.c tests/fuzz/tree.c

$(BUILD)/tests/failnth: $(call objects,user,$(FAILNTH_SOURCES)) $(BUILD)/obj/user/libc.a
	$(link_user)

# The one header of libc/ that is seen in place of the host's own.
$(BUILD)/host/include/ktap.h:
	@mkdir -p $(@D)
	@ln -sfn $(abspath libc/include/ktap.h) $@

define link_host
$(call SAY,LD,$@)
@mkdir -p $(@D)
$(Q)$(HOSTCC) -static -o $@ $^
endef

$(BUILD)/host/%: $(BUILD)/obj/host/user/%.o $(BUILD)/obj/host/libc/ktap.o
	$(link_host)

$(BUILD)/host/pkbench: $(call objects,host,$(PKBENCH_SOURCES))
	$(link_host)

$(BUILD)/host/fuzz: $(call objects,host,$(FUZZ_SOURCES))
	$(link_host)

# ---- The program set --------------------------------------------------------------------------

define build_stock
$(call SAY,CC,"$< ($(word 2,$(subst /, ,$(@:$(BUILD)/%=%))))")
@mkdir -p $(@D) $(BUILD)/obj/$(@:$(BUILD)/%/$*=%)
$(Q)$(1) $(STOCK_CFLAGS) -MMD -MP -MF $(@:$(BUILD)/%=$(BUILD)/obj/%.d) -o $@ $<
endef

define program_of_set
$(BUILD)/programs/glibc/%: $(1)%.c $(BUILD)/flags
	$$(call build_stock,$$(HOSTCC) -static)

$(BUILD)/programs/musl/%: $(1)%.c $(BUILD)/flags
	$$(call build_stock,$$(MUSLCC) -static)

$(BUILD)/programs/dynamic/%: $(1)%.c $(BUILD)/flags
	$$(call build_stock,$$(HOSTCC))
endef

$(foreach folder,$(sort $(dir $(PROGRAM_SOURCES))),$(eval $(call program_of_set,$(folder))))

# ---- Images -----------------------------------------------------------------------------------

# The shell and the small tools are Debian's busybox: one program, under a link for each tool.
BUSYBOX := $(if $(IS_X86),/bin/busybox,$(BUILD)/amd64/bin/busybox)
# This computer's own tells what it has, in the same version.
TOOLS = $(filter-out busybox,$(shell /bin/busybox --list 2>/dev/null))
ROOT_FILES := $(shell find user/root -type f)

# Programs go without symbols, which would be nine tenths of the image: GDB has those in build/.
STRIPPED := $(BUILT_PROGRAMS:$(BUILD)/%=$(BUILD)/stripped/%)

$(BUILD)/stripped/%: $(BUILD)/%
	@mkdir -p $(@D)
	$(Q)$(STRIP) -o $@ $<

OWN_PROGRAMS = $(foreach name,$(USER_PROGRAMS),bin/$(name)=$(BUILD)/stripped/user/$(name)) \
	$(foreach name,$(RING3_TESTS),tests/$(name)=$(BUILD)/stripped/tests/$(name))
IN_INITRAMFS = $(OWN_PROGRAMS) \
	$(foreach file,$(ROOT_FILES),$(file:user/root/%=%)=$(file)) \
	bin/busybox=$(BUSYBOX) $(foreach name,$(TOOLS),'bin/$(name)->busybox')
# The core has neither terminals nor scripts for a shell.
IN_CORE_INITRAMFS = $(OWN_PROGRAMS) init=$(BUILD)/stripped/user/pkey-demo

$(BUILD)/amd64/bin/busybox:
	$(call SAY,DEB,busybox-static:amd64)
	@mkdir -p $(BUILD)/amd64
	$(Q)cd $(BUILD)/amd64 && apt-get --quiet --quiet download busybox-static:amd64 && \
		dpkg-deb --extract busybox-static_*_amd64.deb .

$(BUILD)/initramfs.cpio: $(ROOT_FILES) $(BUSYBOX)
$(BUILD)/initramfs.cpio: $(STRIPPED) tools/initramfs tools/lib/cpio.py
	$(call SAY,CPIO,$@)
	$(Q)tools/initramfs $@ $(IN_INITRAMFS)

$(BUILD)/core/initramfs.cpio: $(STRIPPED) tools/initramfs tools/lib/cpio.py
	$(call SAY,CPIO,$@)
	@mkdir -p $(@D)
	$(Q)tools/initramfs $@ $(IN_CORE_INITRAMFS)

ISO_PARTS := $(BUILD)/latchkey.elf $(BUILD)/initramfs.cpio boot/grub.cfg

$(BUILD)/latchkey.iso: $(ISO_PARTS) tools/mkiso tools/lib/iso.py tools/lib/grub.py
	$(call SAY,ISO,$@)
	$(Q)tools/mkiso $@ $(ISO_PARTS)

CORE_ISO_PARTS := $(BUILD)/core/latchkey.elf $(BUILD)/core/initramfs.cpio boot/core.cfg

$(BUILD)/core/latchkey.iso: $(CORE_ISO_PARTS) tools/mkiso tools/lib/iso.py tools/lib/grub.py
	$(call SAY,ISO,$@)
	$(Q)tools/mkiso $@ $(CORE_ISO_PARTS)

media: $(ISO_PARTS) ## build all that a board boots from, in build/media (WORDS=: without a menu)
	$(call SAY,MEDIA,$(BUILD)/media)
	$(Q)tools/mkmedia $(if $(WORDS),--words '$(subst ','\'',$(WORDS))') $(BUILD)/media $(ISO_PARTS)

# What `make release` builds in a folder of its own, with RELEASE=1.
release-files: $(BUILD)/latchkey.elf $(BUILD)/initramfs.cpio $(USER_PROGRAMS:%=$(BUILD)/user/%)
	$(call SAY,PAGES,$(dir $(BUILD)))
	$(Q)tools/release $(BUILD) $(dir $(BUILD))

# ---- Parsers alone ----------------------------------------------------------------------------

.PHONY: parser-programs
parser-programs: $(PARSERS:%=$(BUILD)/parsers/%)

$(BUILD)/obj/parsers/%.o: %.c Makefile | $(UAPI)
	$(call SAY,CC,"$< (alone)")
	@mkdir -p $(@D)
	$(Q)$(PARSERCC) $(PARSER_CFLAGS) -MMD -MP -c -o $@ $<

.SECONDEXPANSION:
$(BUILD)/parsers/%: $$(call objects,parsers,tests/parsers/$$*.c tests/parsers/support/harness.c \
		$$(PARSER_$$*))
	$(call SAY,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(PARSERCC) -no-pie -fsanitize=fuzzer,address,undefined -o $@ $^

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
