// SPDX-License-Identifier: MIT
/*
 * kmain: from the boot loader's hands to the first program, in a commented list of steps.
 *
 * It is where the rooms are put together, and so the one place in kernel/ that may include all.
 */
#include <asm/errno.h>

#include "arch/apic.h"
#include "arch/clock.h"
#include "arch/clock_reference.h"
#include "arch/cpu.h"
#include "arch/descriptors.h"
#include "arch/pkru.h"
#include "arch/power.h"
#include "boot/boot_main.h"
#include "bringup/crew.h"
#include "bringup/suite.h"
#include "fs/exec.h"
#include "fs/initramfs.h"
#include "fs/path.h"
#include "fs/root.h"
#include "fs/tmpfs.h"
#include "kernel/boot_log.h"
#include "kernel/channel.h"
#include "kernel/command_line.h"
#include "kernel/console.h"
#include "kernel/display.h"
#include "kernel/exec.h"
#include "kernel/firmware.h"
#include "kernel/futex.h"
#include "kernel/kernel_lock.h"
#include "kernel/ktest.h"
#include "kernel/log_limit.h"
#include "kernel/oom.h"
#include "kernel/panic.h"
#include "kernel/poller.h"
#include "kernel/process.h"
#include "kernel/sched.h"
#include "kernel/smp.h"
#include "kernel/stack_guard.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/tty.h"
#include "kernel/vdso.h"
#include "libc/core/parse.h"
#include "libc/include/stdio.h"
#include "libc/include/string.h"
#include "mm/address_space.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "mm/ram.h"
#include "mm/slab.h"

#define INIT_DEFAULT "/init"

/* linker.ld: physical bounds of the image. */
extern const char image_start[], image_end[];

static uint64_t entry_tsc;

static void say_unknown(const char *word)
{
    kprintf(KERN_WARNING "command    %s is not a word of Latchkey's; see docs/\n", word);
}

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

static void init_console(const struct boot_info *info)
{
    char value[COMMAND_LINE_VALUE_SIZE];
    uint64_t level;

    if (command_line_value("loglevel", value) && !parse_u64(value, &level))
        console_set_level(level < LEVEL_COUNT ? (unsigned int)level : LEVEL_COUNT);
    display_init(info);
    console_init(command_line_value("console", value) ? value : NULL);
}

/* The archive, and the image with the page array's seed, are not the allocator's to give out. */
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
    console_remap(device_map);
    display_log();
    slab_init();
    task_init();
    if (space_init())
        panic("not enough memory; Latchkey wants 32 MiB");
}

static void init_clocks(void)
{
    paddr_t registers;

    if (command_line_has("x2apic") && !apic_enter_x2apic())
        kprintf(KERN_WARNING "command    x2apic: this CPU has no x2APIC mode\n");
    apic_init(apic_is_memory_mapped(&registers) ? device_map(registers, PAGE_SIZE) : NULL);
    clock_references_init(firmware_acpi(), device_map);
    clock_calibrate(firmware_fadt()->has_rtc);
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
    if (!ram_holds(archive)) {
        kprintf(KERN_ERR "initramfs  the loader says that it is where there is no RAM\n");
        return;
    }
    initramfs_unpack(direct_map(info->initramfs), info->initramfs_size);
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
    if (!channel_is_connected())
        tty_init_console();
}

/* ---- the end ---- */

static void end_machine(bool success)
{
    char value[COMMAND_LINE_VALUE_SIZE] = "";

    command_line_value("exit", value);
    console_drain();
    if (!strcmp(value, "halt"))
        power_halt();
    if (success && strcmp(value, "debug") != 0)
        power_off();
    power_debug_exit(DEBUG_EXIT_FAILURE);
}

/* The host is told by the channel; where there is none, a person at the console. */
static void first_program_ended(int wait_status)
{
    log_limit_tell_all();
    if (channel_is_connected())
        channel_exit(wait_status);
    else if (wait_status & 0x7f)
        kprintf(KERN_NOTICE "first program ended by signal %d\n", wait_status & 0x7f);
    else
        kprintf(KERN_NOTICE "first program ended with status %d\n", wait_status >> 8);
    end_machine(wait_status == 0);
}

static void run_tests(void)
{
    char value[COMMAND_LINE_VALUE_SIZE];

    if (!command_line_value("test", value))
        return;
    unsigned int failed = ktest_run(value);
    if (!command_line_has("init"))
        end_machine(failed == 0);
}

/* onpass= or onfail= halts, reboots or powers off; without it the machine goes on, or ends. */
static void run_bringup(void)
{
    char value[COMMAND_LINE_VALUE_SIZE] = "";

    if (!command_line_has("bringup"))
        return;
    unsigned int failed = bringup_run();
    smp_wait_until_running();
    command_line_value(failed ? "onfail" : "onpass", value);
    console_drain();
    if (!strcmp(value, "halt"))
        power_halt();
    if (!strcmp(value, "reboot"))
        power_reboot();
    if (!strcmp(value, "poweroff"))
        power_off();
    if (*value)
        kprintf(KERN_WARNING "command    %s=%s is not halt, reboot or poweroff\n",
                failed ? "onfail" : "onpass", value);
    if (!command_line_has("init"))
        end_machine(failed == 0);
}

/* ---- the first program ---- */

/* The strings of a file as /run/argv has them, each with its NUL; false when it is not there. */
static bool read_strings(const char *path, char **strings, size_t *size, unsigned int *count)
{
    struct file *file;

    if (fs_open_kernel(path, &file))
        return false;
    char *buffer = kmalloc(EXEC_ARGUMENTS_MAX);
    long got = buffer ? file_read_kernel(file, buffer, EXEC_ARGUMENTS_MAX, 0) : -1;
    file_put(file);
    if (got <= 0 || buffer[got - 1] != '\0') {
        kfree(buffer);
        return false;
    }
    *strings = buffer;
    *size = (size_t)got;
    *count = 0;
    for (long i = 0; i < got; i++)
        *count += buffer[i] == '\0';
    return true;
}

static void first_arguments(const char *path, struct exec_arguments *arguments)
{
    static const char default_environment[] = "PATH=/bin\0HOME=/\0TERM=linux";
    char *argv = NULL, *envp = NULL;
    size_t argv_size, envp_size;

    arguments->path = path;
    if (!read_strings("/run/argv", &argv, &argv_size, &arguments->argc)) {
        argv_size = strlen(path) + 1;
        arguments->argc = 1;
    }
    if (!read_strings("/run/envp", &envp, &envp_size, &arguments->envc)) {
        envp_size = sizeof(default_environment);
        arguments->envc = 3;
    }
    arguments->size = argv_size + envp_size;
    arguments->strings = kmalloc(arguments->size);
    if (!arguments->strings)
        panic("not enough memory for the first program's arguments");
    memcpy(arguments->strings, argv ? argv : path, argv_size);
    memcpy(arguments->strings + argv_size, envp ? envp : default_environment, envp_size);
    kfree(argv);
    kfree(envp);
}

/* Says why on the console, and to the host as the program's standard error. */
static void __attribute__((noreturn))
refuse_first_program(const char *path, const struct exec_arguments *arguments, int error)
{
    const char *problem = arguments->problem ? arguments->problem
                          : error == -ENOENT ? "it is not there"
                          : error == -EACCES ? "it is no file that may be executed"
                                             : "not enough memory";
    char message[256];
    struct iovec segment = {message, 0};
    struct io_iter from;

    snprintf(message, sizeof(message), "latchkey: %s cannot be run: %s\n", path, problem);
    kprintf(KERN_ERR "%s", message);
    if (channel_is_connected()) {
        segment.iov_len = strlen(message);
        io_iter_kernel(&from, &segment);
        channel_write(2, &from, 0);
    }
    process_exit((error == -ENOENT ? 127 : 126) << 8);
}

/* Runs as the first task, in the kernel; its return goes to ring 3. */
static void start_first_program(void *path)
{
    struct exec_arguments arguments = {0};

    irq_enable();
    kernel_lock();
    first_arguments(path, &arguments);
    int error = exec_path(path_root, path, &arguments);
    kfree(arguments.strings);
    if (error)
        refuse_first_program(path, &arguments, error);
    kernel_unlock();
    irq_disable();
    kprintf("entry      %lu TSC ticks from the first instruction to ring 3\n\n",
            rdtsc() - entry_tsc);
}

/* Whoever wants to see every program die says so. */
static void read_reports(void)
{
    char value[COMMAND_LINE_VALUE_SIZE];

    if (command_line_value("reports", value) && !strcmp(value, "all"))
        log_limit_lift_reports();
}

static void create_first_program(void)
{
    static char path[COMMAND_LINE_VALUE_SIZE] = INIT_DEFAULT;

    command_line_value("init", path);
    read_reports();
    tmpfs_start_limits();
    oom_init();
    struct task *task = process_create();
    if (!task || fs_open_standard(task->files, task->tid))
        panic("not enough memory for the first program");
    process_set_last_words(first_program_ended);
    task_set_kernel_function(task, start_first_program, path);
    sched_add(task);
}

void kmain(const struct boot_info *info)
{
    entry_tsc = info->entry_tsc;
    descriptors_init(); /* exceptions end in a report, and this CPU knows its number */
    command_line_init(info->command_line);
    init_console(info); /* kernel messages */
    boot_log_banner(info);
    command_line_check(say_unknown);
    read_init_pkru();
    cpu_setup(!command_line_has("nopku")); /* CR0, CR4, EFER, XCR0, PKRU, SYSCALL */
    stack_guard_init();                    /* by RDRAND, if the CPU has it */
    init_memory(info);                     /* pages, the final W^X map, kernel objects */
    firmware_init(info);                   /* ACPI's tables */
    console_find_uart(firmware_acpi());    /* if console= has not named it */
    firmware_init_power();                 /* S5 and the reset register */
    init_clocks();                         /* APIC, its timer, the TSC */
    firmware_init_bmc(info);               /* a watchdog that runs is stopped */
    boot_log_memory(info);
    boot_log_clocks();
    boot_log_cpu();
    futex_init();
    syscall_init(); /* the table from its section */
    sched_init();   /* this becomes the idle task */
    smp_start(info, command_line_has("bringup") ? crew_serve : NULL); /* the other CPUs */
    if (vdso_init()) /* for programs to map, now that all TSCs have been compared */
        panic("not enough memory for the vDSO; Latchkey wants 32 MiB");
    run_bringup();    /* bringup: the suite for boards */
    init_files(info); /* the root directory from the initramfs */
    run_tests();      /* test=: in ring 0, in KTAP */
    init_channel();   /* the host, or else the console, as terminal */
    if (poller_start())
        panic("not enough memory for the poller");
    create_first_program();
    sched_start(); /* for good */
}
