// SPDX-License-Identifier: MIT
// All tables of calls as one.

#include "tests/fuzz/call.h"

#include "tests/fuzz/limits.h"
#include "tests/fuzz/random.h"

static const struct call_table *const tables[] = {
    &memory_calls, &descriptor_calls, &name_calls, &process_calls,
    &limit_calls,  &signal_calls,     &time_calls,
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
