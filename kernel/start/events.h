// SPDX-License-Identifier: MIT
/*
 * The machine's start and its end, as rooms above the line are told of it (arch/cpu/attach.h): the
 * places are in kmain() and kernel/start/first_program.c. None of these may fail; who finds no
 * memory panics. Each is told once, but those of a CPU.
 *
 * The room owns kmain(), the table of CPUs, what the firmware's tables say, the first program and
 * the machine's end. It leaves each step to the room of its subject, and starting one CPU to
 * arch/start/.
 */
#ifndef KERNEL_START_EVENTS_H
#define KERNEL_START_EVENTS_H

#include <stdint.h>

#include "arch/cpu/attach.h"

struct ap_slot;
struct boot_info;
struct process;

/*
 * Memory can be allocated and mapped, and ACPI's tables can be found (kernel/start/start.h). The
 * clocks have not been calibrated yet. There is one CPU, with interrupts off, and no task.
 */
EVENT(boot_firmware, void, void);

/* The clocks run; the rest is as before. */
EVENT(boot_clocks, void, const struct boot_info *info);

/*
 * Asked of each CPU that the firmware lists and that can be reached, when so many are used: not 0
 * if it is to be left alone. On the boot CPU, with interrupts off.
 */
EVENT(cpu_is_left_out, int, unsigned int used);

/*
 * Another CPU is ready and about to be admitted; smp_call() (arch/start/start.h) makes it run a
 * function. Told on the boot CPU, with interrupts off. It may not fail.
 */
EVENT(cpu_is_ready, void, struct ap_slot *slot);

/*
 * A CPU that the firmware lists cannot be used. reason says why, as the rest of a sentence that
 * starts with its name, and stays valid. Told on the boot CPU, with interrupts off.
 */
EVENT(cpu_is_missing, void, uint32_t apic_id, const char *reason);

/*
 * A CPU other than the boot CPU has been admitted, and enters the scheduler when this returns,
 * however late that is. Told on that CPU, on its own stack, with interrupts off, while the boot CPU
 * goes on. It has a number but no task: it may take spinlocks and must not sleep.
 */
EVENT(cpu_joins, void, void);

/*
 * All CPUs that can be used have been admitted; they may still be in cpu_joins. System calls and
 * the scheduler are set up, and nothing runs yet. There are no files. A room that ends the machine
 * here calls machine_end() (kernel/start/start.h).
 */
EVENT(boot_machine, void, void);

/* The tree of files is there; the rest is as before. */
EVENT(boot_files, void, void);

/*
 * The channel is connected if there is a host, and the first program is about to be made: the last
 * moment to set up what programs rely on.
 */
EVENT(boot_programs, void, void);

/*
 * The process of the first program has been made: it leads its session and its process group, has
 * no files yet and does not run. The terminal becomes its controlling one.
 */
EVENT(first_program_is_made, void, struct process *process);

/*
 * The first program has ended, and the machine is about to: last output to the console is written
 * now. Under the kernel lock; the host has not been told yet. Not told when tests in ring 0 end the
 * machine.
 */
EVENT(first_program_ends, void, void);

#endif
