// SPDX-License-Identifier: MIT
#include "kernel/cpus/command_check.h"

#include <stdbool.h>

#include "arch/cpu/types.h"
#include "kernel/console/command_line.h"
#include "kernel/console/console.h"
#include "kernel/start/events.h"
#include "libc/core/format.h"
#include "libc/include/string.h"

static const char *const known_names[] = {"console",  "channel", "init",   "init_pkru", "nopku",
                                          "maxcpus",  "x2apic",  "test",   "exit",      "bringup",
                                          "reports",  "tests",   "seed",   "minutes",   "limit",
                                          "loglevel", "onpass",  "onfail", "trace"};

static bool is_known(const char *name, size_t length)
{
    for (unsigned int i = 0; i < array_size(known_names); i++)
        if (strlen(known_names[i]) == length && !memcmp(name, known_names[i], length))
            return true;
    return false;
}

void command_line_check(void (*unknown)(const char *word))
{
    char word[COMMAND_LINE_VALUE_SIZE];
    size_t length;

    for (const char *at = command_line_text(); *(at += strspn(at, " ")); at += length) {
        length = strcspn(at, " ");
        if (is_known(at, strcspn(at, " =")))
            continue;
        snprintf(word, sizeof(word), "%.*s", (int)length, at);
        unknown(word);
    }
}

static void say_unknown(const char *word)
{
    kprintf(KERN_WARNING "command    %s is not a word of Latchkey's; see docs/\n", word);
}

static void check_command_line(void)
{
    command_line_check(say_unknown);
}

ATTACH(boot_firmware, check_command_line);
