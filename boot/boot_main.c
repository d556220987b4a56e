// SPDX-License-Identifier: MIT
/*
 * boot_main: the first C function. It turns what the loader left into a boot_info and calls
 * kmain(). It runs on the early tables, which show the first 4 GiB in the direct map.
 */
#include "boot/boot_main.h"

#include "arch/cpu/check.h"
#include "arch/cpu/layout.h"

/* Plain digits, because the assembler reads the macro, too. */
#ifdef LATCHKEY_KASAN
#define BOOT_STACK_SIZE 32768
#else
#define BOOT_STACK_SIZE 16384
#endif

/*
 * The stack of the boot CPU, later its idle task's. linker.ld puts it above boot_stack_guard, a
 * page that the kernel's final map leaves out, so that an overflow faults.
 */
static char boot_stack[BOOT_STACK_SIZE] __attribute__((section(".bss.stack"), used));

/* Its top, where boot/entry.asm points RSP. */
#define TEXT_OF(macro) TEXT_AS_IS(macro)
#define TEXT_AS_IS(x)  #x
__asm__(".globl boot_stack_top\n.set boot_stack_top, boot_stack + " TEXT_OF(BOOT_STACK_SIZE));

static struct boot_info boot_info;

void boot_main(uint32_t protocol, uint64_t information, uint64_t entry_tsc)
{
    kasan_map_early();
    const struct boot_memory memory = {direct_map(paddr(0)), EARLY_DIRECT_MAP_SIZE};

    boot_info.entry_tsc = entry_tsc;
    boot_info.protocol = "an unknown protocol";
    if (protocol == BOOT_MULTIBOOT2)
        multiboot2_read(&memory, paddr(information), &boot_info);
    else
        pvh_read(&memory, paddr(information), &boot_info);
    kmain(&boot_info);
}
