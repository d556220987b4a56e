// SPDX-License-Identifier: MIT
/*
 * kmain: from the boot loader to the first program, in a commented list of steps. They are those of
 * the rooms below the line; rooms above it are told when it is their turn (kernel/start/events.h).
 */
#include <asm/errno.h>

#include "arch/cpu/bug.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/descriptors.h"
#include "arch/device/apic.h"
#include "arch/device/clock.h"
#include "arch/entry/idt.h"
#include "arch/mmu/pkru.h"
#include "arch/start/start.h"
#include "boot/boot_main.h"
#include "fs/node/path.h"
#include "fs/root/root.h"
#include "kernel/call/random.h"
#include "kernel/call/syscall.h"
#include "kernel/call/uname.h"
#include "kernel/channel/channel.h"
#include "kernel/console/command_line.h"
#include "kernel/console/console.h"
#include "kernel/futex/futex.h"
#include "kernel/report/panic.h"
#include "kernel/start/events.h"
#include "kernel/start/start.h"
#include "kernel/task/poller.h"
#include "kernel/task/sched.h"
#include "kernel/task/task.h"
#include "libc/core/parse.h"
#include "mm/page/page.h"
#include "mm/page/ram.h"
#include "mm/page/slab.h"
#include "mm/space/address_space.h"
#include "mm/table/kernel_map.h"

/* linker.ld: physical bounds of the image. */
extern const char image_start[], image_end[];

/* ---- what the boot log says ---- */

static void log_banner(const struct boot_info *info)
{
    kprintf("Latchkey, a kernel about memory protection keys\n\n");
    kprintf("version    %s\n", kernel_uname.version);
    kprintf("boot       %s, command line: %s%s\n", info->protocol,
            info->command_line[0] ? info->command_line : "(empty)",
            info->command_line_truncated ? " (cut)" : "");
}

static void log_keys(void)
{
    if (cpu_state.pku)
        kprintf("\nkeys       on: 16 keys, PKRU starts at %#x\n", pkru_init_value);
    else
        kprintf("\nkeys       off: %s\n", cpu_why_no_keys());
}

/* ---- the steps ---- */

static void read_init_pkru(void)
{
    char value[COMMAND_LINE_VALUE_SIZE];
    uint64_t pkru;

    if (!command_line_value("init_pkru", value))
        return;
    if (parse_u64(value, &pkru) || pkru > UINT32_MAX)
        kprintf(KERN_WARNING "command    init_pkru=%s is not a number of 32 bits; using %#x\n",
                value, pkru_init_value);
    else
        pkru_init_value = (uint32_t)pkru;
}

/* The page allocator must not give out the kernel image or the initramfs. */
static void init_memory(const struct boot_info *info)
{
    paddr_t initramfs_end = paddr_add(info->initramfs, info->initramfs_size);
    const struct page_range reserved[] = {
        {paddr((uintptr_t)image_start), paddr(align_up((uintptr_t)image_end, PAGE_SIZE))},
        {paddr(align_down(info->initramfs.value, PAGE_SIZE)),
         paddr(align_up(initramfs_end.value, PAGE_SIZE))},
    };

    if (page_init(info, reserved, info->initramfs_size ? 2 : 1))
        panic("not enough memory: %u ranges, none large enough for the page array; "
              "Latchkey wants 32 MiB",
              info->memory_count);
    if (kernel_map_init() || page_init_high())
        panic("not enough memory for the kernel's page tables; Latchkey wants 32 MiB");
    TELL(console_maps, CONSOLE_MAP_FINAL);
    slab_init();
    task_init();
    if (space_init())
        panic("not enough memory; Latchkey wants 32 MiB");
}

static void init_clocks(void)
{
    paddr_t registers;

    apic_init(apic_is_memory_mapped(&registers) ? device_map(registers, PAGE_SIZE) : NULL);
    clock_calibrate();
}

static void init_files(const struct boot_info *info)
{
    struct page_range archive = {
        paddr(align_down(info->initramfs.value, PAGE_SIZE)),
        paddr(align_up(info->initramfs.value + info->initramfs_size, PAGE_SIZE))};

    if (fs_init())
        panic("not enough memory for the root directory; Latchkey wants 32 MiB");
    if (info->initramfs_size == 0) {
        kprintf(KERN_WARNING
                "initramfs  there is none: no program can be run. Give one with GRUB's module2 or "
                "QEMU's -initrd.\n");
        return;
    }
    if (!ranges_hold(&ram, archive.start.value, archive.end.value)) {
        kprintf(KERN_ERR "initramfs  the loader says that it is where there is no RAM\n");
        return;
    }
    initramfs_unpack(path_root, direct_map(info->initramfs), info->initramfs_size);
    page_release_range(archive);
}

static void init_channel(void)
{
    char value[COMMAND_LINE_VALUE_SIZE];
    int error;

    if (command_line_value("channel", value)) {
        error = channel_open(value);
        if (!error)
            error = channel_connect();
        if (error)
            kprintf(KERN_WARNING "channel    %s: %s\n", value,
                    error == -EBUSY       ? "the console has that port"
                    : error == -ENODEV    ? "there is no such port on this machine"
                    : error == -ETIMEDOUT ? "nobody answered"
                                          : "not a port; channel=ttyS1 is");
    }
}

void kmain(const struct boot_info *info)
{
    descriptors_init(); /* GDT, TSS and GS: this CPU knows its number */
    idt_init();         /* exceptions end in a report */
    command_line_init(info->command_line);
    console_init(); /* kernel messages */
    log_banner(info);
    read_init_pkru();
    cpu_setup(!command_line_has("nopku")); /* CR0, CR4, EFER, XCR0, PKRU, SYSCALL */
    stack_guard_set(random_word());        /* by RDRAND, if the CPU has it */
    init_memory(info);                     /* pages, the final W^X map, kernel objects */
    firmware_init(info);                   /* ACPI's tables */
    TELL(boot_firmware);                   /* power, further clocks, the console's port */
    init_clocks();                         /* APIC, its timer, the TSC */
    TELL(boot_clocks, info);               /* the firmware's own devices */
    log_keys();
    futex_init();
    syscall_init();           /* the table from its section */
    sched_init();             /* this becomes the idle task */
    smp_start(info);          /* the other CPUs */
    TELL(boot_machine);       /* bringup: the suite for boards */
    smp_wait_until_running(); /* each with an idle task */
    init_files(info);         /* the root directory from the initramfs */
    TELL(boot_files);         /* test=: in ring 0, in KTAP */
    init_channel();           /* the host, if it has one */
    if (poller_start())       /* devices that do not interrupt */
        panic("not enough memory for the poller");
    TELL(boot_programs); /* whatever programs may lean on */
    first_program_create(info->entry_tsc);
    sched_start(); /* for good */
}
