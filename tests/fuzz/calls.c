// SPDX-License-Identifier: MIT
// All tables of calls as one.

#include "tests/fuzz/call.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/counters.h"
#include "tests/fuzz/limits.h"
#include "tests/fuzz/random.h"

#define LIST_PATH "/sys/kernel/debug/latchkey/syscalls"

static const struct call_table *const tables[] = {
    &memory_calls,  &descriptor_calls, &event_calls,  &name_calls,
    &process_calls, &limit_calls,      &signal_calls, &time_calls,
};

unsigned int calls_count(void)
{
    unsigned int count = 0;

    for (unsigned int i = 0; i < COUNT(tables); i++)
        count += tables[i]->count;
    return count;
}

const struct call *calls_get(unsigned int index)
{
    unsigned int table = 0;

    for (; index >= tables[table]->count; table++)
        index -= tables[table]->count;
    return &tables[table]->calls[index];
}

unsigned int calls_index(const struct call *call)
{
    unsigned int before = 0;
    unsigned int table = 0;

    for (; call < tables[table]->calls || call >= tables[table]->calls + tables[table]->count;
         table++)
        before += tables[table]->count;
    return before + (unsigned int)(call - tables[table]->calls);
}

bool calls_is_by_path(const struct call *call)
{
    return call >= name_calls.calls && call < name_calls.calls + name_calls.count;
}

static bool is_fuzzed(int number)
{
    for (unsigned int i = 0; i < calls_count(); i++)
        if (calls_get(i)->number == number)
            return true;
    return false;
}

/* Lines of the kernel's list are "NUMBER NAME". */
bool calls_check_list(void)
{
    char *rest = read_debug_text(LIST_PATH);
    bool complete = true;

    if (rest == NULL)
        return true;
    for (char *line; (line = next_line(&rest)) != NULL;) {
        if (!is_fuzzed(atoi(line))) {
            printf("not fuzzed: %s\n", line);
            complete = false;
        }
    }
    return complete;
}
