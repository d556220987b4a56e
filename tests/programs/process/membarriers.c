// SPDX-License-Identifier: MIT
/* Memory barriers that one thread makes in others: which there are, and who may. */
#include "tests/programs/show.h"

#include <sys/syscall.h>

#define QUERY                      0
#define GLOBAL                     1
#define GLOBAL_EXPEDITED           2
#define REGISTER_GLOBAL_EXPEDITED  4
#define PRIVATE_EXPEDITED          8
#define REGISTER_PRIVATE_EXPEDITED 16
#define SYNC_CORE                  32
#define REGISTER_SYNC_CORE         64
#define GET_REGISTRATIONS          512

static int membarrier(int command)
{
    return (int)syscall(SYS_membarrier, command, 0, 0);
}

static void answers(void)
{
    section("answers");
    SHOW(membarrier(QUERY) & 0x27f);
    SHOW(syscall(SYS_membarrier, QUERY, 1, 0));
    SHOW(membarrier(GLOBAL));
    SHOW(membarrier(GLOBAL_EXPEDITED));
    SHOW(membarrier(PRIVATE_EXPEDITED));
    SHOW(membarrier(REGISTER_PRIVATE_EXPEDITED));
    SHOW(membarrier(PRIVATE_EXPEDITED));
    SHOW(membarrier(SYNC_CORE));
    SHOW(membarrier(GET_REGISTRATIONS));
    SHOW(membarrier(3));
    SHOW(membarrier(1024));
    SHOW(membarrier(-1));
}

static void of_a_child(void)
{
    section("a child's");
    SHOW(membarrier(GET_REGISTRATIONS));
    SHOW(membarrier(REGISTER_SYNC_CORE));
    SHOW(membarrier(SYNC_CORE));
    SHOW(membarrier(REGISTER_GLOBAL_EXPEDITED));
    SHOW(membarrier(GET_REGISTRATIONS));
}

int main(void)
{
    answers();
    SHOW_CHILD(of_a_child());
    SHOW(membarrier(GET_REGISTRATIONS));
    return 0;
}
