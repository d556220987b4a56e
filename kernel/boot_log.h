// SPDX-License-Identifier: MIT
/* The boot log: what the machine is and what the kernel makes of it, in a fixed, aligned form. */
#ifndef KERNEL_BOOT_LOG_H
#define KERNEL_BOOT_LOG_H

#include "boot/boot_info.h"

/* The first lines: who speaks, and by which way it was started. */
void boot_log_banner(const struct boot_info *info);

/* Memory as the firmware told and as the allocator has it. */
void boot_log_memory(const struct boot_info *info);

/* The table of CPU features, the control registers, and the XSAVE layout. */
void boot_log_cpu(void);

void boot_log_clocks(void);

#endif
