# SPDX-License-Identifier: MIT
#
# Builds the kernel, its ring-3 programs and the ISO; runs and tests them. `make help` lists the targets.
#
# Three families of objects come from the same tree, each under a folder of its own in build/obj:
#   kernel  boot/ arch/ mm/ kernel/ fs/ tests/kernel/ and the freestanding core of libc/, for ring 0
#   user    user/ and tests/ring3/ with libc/, static programs for ring 3 of Latchkey
#   host    user/ and tests/ring3/ again, with the host's own compiler and C library, for Linux
#
#   V=1             print whole commands
#   CC=clang        build with clang instead of gcc
#   CROSS_COMPILE=  prefix of the tools, for example x86_64-linux-gnu-
#   BUILD=          where everything made goes (default build)

BUILD ?= build
CROSS_COMPILE ?=
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
HOSTCC ?= gcc
NASM ?= nasm

Q := $(if $(V),,@)
SAY = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
.PHONY: all help iso run test debug bench check format clean FORCE

# ---- Sources ----------------------------------------------------------------------------------

LIBC_CORE := $(wildcard libc/core/*.c)
KERNEL_ROOMS := boot arch mm kernel fs tests/kernel
KERNEL_SOURCES := $(foreach room,$(KERNEL_ROOMS),$(wildcard $(room)/*.c $(room)/*.asm)) $(LIBC_CORE)
LIBC_SOURCES := $(LIBC_CORE) $(wildcard libc/*.c libc/*.asm)
USER_PROGRAMS := $(patsubst user/%.c,%,$(wildcard user/*.c))
RING3_TESTS := $(patsubst tests/ring3/%.c,%,$(wildcard tests/ring3/*.c))

objects = $(addprefix $(BUILD)/obj/$(1)/,$(addsuffix .o,$(basename $(2))))
KERNEL_OBJECTS := $(call objects,kernel,$(KERNEL_SOURCES))
LIBC_OBJECTS := $(call objects,user,$(LIBC_SOURCES))
PROGRAMS := $(addprefix $(BUILD)/user/,$(USER_PROGRAMS)) $(addprefix $(BUILD)/tests/,$(RING3_TESTS))
HOST_PROGRAMS := $(addprefix $(BUILD)/host/,$(USER_PROGRAMS) $(RING3_TESTS))

# ---- Flags ------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef -Werror
COMMON_CFLAGS := -std=gnu11 -O2 -g -fno-common $(WARNINGS)
# The only headers from outside the tree: the compiler's own and Linux's uapi (with libbsd's lists and trees).
OUTSIDE_HEADERS := -nostdinc -isystem $(shell $(CC) -print-file-name=include) -isystem $(BUILD)/uapi

KERNEL_CFLAGS := $(COMMON_CFLAGS) $(OUTSIDE_HEADERS) -I. -ffreestanding \
	-mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fno-pic -fno-pie \
	-fno-omit-frame-pointer -fno-strict-aliasing -fno-asynchronous-unwind-tables -fcf-protection=none \
	-fstack-protector-strong -mstack-protector-guard=global
KERNEL_LDFLAGS := -nostdlib -static -z noexecstack -z max-page-size=4096 --build-id=none

USER_CFLAGS := $(COMMON_CFLAGS) $(OUTSIDE_HEADERS) -Ilibc/include -I. -D_GNU_SOURCE \
	-fno-pic -fno-pie -fno-asynchronous-unwind-tables -fcf-protection=none -fno-stack-protector
USER_LDFLAGS := -nostdlib -static -z noexecstack -z max-page-size=4096 --build-id=none -u _start
LIBGCC := $(shell $(CC) -print-libgcc-file-name)

HOST_CFLAGS := $(COMMON_CFLAGS) -D_GNU_SOURCE -I$(BUILD)/host/include -I.
NASMFLAGS := -f elf64 -I. -g -F dwarf -w+all -Werror

# ---- Targets ----------------------------------------------------------------------------------

all: $(BUILD)/latchkey.elf $(BUILD)/initramfs.cpio $(BUILD)/latchkey.iso $(HOST_PROGRAMS) ## build everything (the default)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

iso: $(BUILD)/latchkey.iso ## build build/latchkey.iso, which boots on BIOS and on UEFI

clean: ## remove everything that was made
	rm -rf $(BUILD)

# ---- Headers of Linux and libbsd -----------------------------------------------------------------

UAPI := $(addprefix $(BUILD)/uapi/,linux asm asm-generic bsd)
MULTIARCH_ASM = $(firstword $(wildcard /usr/include/x86_64-linux-gnu/asm /usr/x86_64-linux-gnu/include/asm))

$(BUILD)/uapi/asm:
	@mkdir -p $(@D)
	@ln -sfn $(or $(MULTIARCH_ASM),$(error Linux's uapi headers are missing: run tools/deps)) $@

$(BUILD)/uapi/%:
	@mkdir -p $(@D)
	@ln -sfn /usr/include/$* $@

# ---- Objects ------------------------------------------------------------------------------------

# Rewritten only when the commands change, so that objects made by other commands are made again.
FLAGS_IN_USE := $(CC) $(LD) $(HOSTCC) $(NASMFLAGS) $(KERNEL_CFLAGS) $(KERNEL_LDFLAGS) $(USER_CFLAGS) \
	$(USER_LDFLAGS) $(HOST_CFLAGS)

$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS_IN_USE)' > $@.new; cmp -s $@.new $@ || mv $@.new $@

$(BUILD)/obj/kernel/%.o: %.c $(BUILD)/flags | $(UAPI)
	$(call SAY,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/user/%.o: %.c $(BUILD)/flags | $(UAPI)
	$(call SAY,CC,"$< (ring 3)")
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/kernel/%.o $(BUILD)/obj/user/%.o: %.asm $(BUILD)/flags
	$(call SAY,NASM,$<)
	@mkdir -p $(@D)
	$(Q)$(NASM) $(NASMFLAGS) -MD $(@:.o=.d) -MP -MT $@ -o $@ $<

$(BUILD)/obj/host/%.o: %.c $(BUILD)/flags | $(BUILD)/host/include/ktap.h
	$(call SAY,CC,"$< (Linux)")
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(HOST_CFLAGS) -MMD -MP -c -o $@ $<

# ---- The kernel -----------------------------------------------------------------------------------

# Linked twice: first with an empty table of symbols, then with the table made from that first link. The
# table stands behind everything executable, so no function moves; the last line makes sure of it.
KERNEL_LINK = $(LD) $(KERNEL_LDFLAGS) -T linker.ld -o

$(BUILD)/symbols/pass1.c:
	@mkdir -p $(@D)
	@tools/mksymbols < /dev/null > $@

$(BUILD)/symbols/pass1.elf: $(KERNEL_OBJECTS) $(BUILD)/symbols/pass1.o linker.ld
	$(Q)$(KERNEL_LINK) $@ $(filter %.o,$^)

$(BUILD)/symbols/pass2.c: $(BUILD)/symbols/pass1.elf tools/mksymbols
	$(Q)$(NM) -n $< | tools/mksymbols > $@

$(BUILD)/symbols/%.o: $(BUILD)/symbols/%.c kernel/symbols.h $(BUILD)/flags
	$(Q)$(CC) $(KERNEL_CFLAGS) -c -o $@ $<

$(BUILD)/latchkey.elf: $(KERNEL_OBJECTS) $(BUILD)/symbols/pass2.o linker.ld
	$(call SAY,LD,$@)
	$(Q)$(KERNEL_LINK) $@ $(filter %.o,$^)
	$(Q)$(NM) -n $@ | tools/mksymbols | cmp - $(BUILD)/symbols/pass2.c

# ---- Programs -------------------------------------------------------------------------------------

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

$(BUILD)/tests/%: $(BUILD)/obj/user/tests/ring3/%.o $(BUILD)/obj/user/libc.a
	$(link_user)

# Only this one header of libc/ may be seen next to the host's C library.
$(BUILD)/host/include/ktap.h:
	@mkdir -p $(@D)
	@ln -sfn $(abspath libc/include/ktap.h) $@

define link_host
$(call SAY,LD,"$@")
@mkdir -p $(@D)
$(Q)$(HOSTCC) -static -o $@ $^
endef

$(BUILD)/host/%: $(BUILD)/obj/host/user/%.o $(BUILD)/obj/host/libc/ktap.o
	$(link_host)

$(BUILD)/host/%: $(BUILD)/obj/host/tests/ring3/%.o $(BUILD)/obj/host/libc/ktap.o
	$(link_host)

# ---- Images ---------------------------------------------------------------------------------------

$(BUILD)/initramfs.cpio: $(PROGRAMS) tools/initramfs
	$(call SAY,CPIO,$@)
	$(Q)tools/initramfs $@ $(foreach program,$(USER_PROGRAMS),bin/$(program)=$(BUILD)/user/$(program)) \
		$(foreach test,$(RING3_TESTS),tests/$(test)=$(BUILD)/tests/$(test))

$(BUILD)/latchkey.iso: $(BUILD)/latchkey.elf $(BUILD)/initramfs.cpio boot/grub.cfg
	$(call SAY,ISO,$@)
	$(Q)rm -rf $(BUILD)/iso && mkdir -p $(BUILD)/iso/boot/grub
	$(Q)cp boot/grub.cfg $(BUILD)/iso/boot/grub/
	$(Q)cp $(BUILD)/latchkey.elf $(BUILD)/initramfs.cpio $(BUILD)/iso/boot/
	$(Q)grub-mkrescue -o $@ $(BUILD)/iso > $(BUILD)/iso.log 2>&1 || { cat $(BUILD)/iso.log; exit 1; }

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
