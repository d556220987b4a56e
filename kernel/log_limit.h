// SPDX-License-Identifier: MIT
/*
 * What programs make the kernel write, at most: a program that crashes in a loop, or asks for
 * something impossible again and again, may not fill the log and the serial line.
 *
 * Of each kind ten messages may come at once, and then one every ten seconds; what was left out is
 * counted, and the count is written with the next message, or ten seconds later, or at the end of
 * the machine. So the first ones are never lost. Machine checks and panics have no limit: each ends
 * the machine. The kernel lock guards all of it.
 */
#ifndef KERNEL_LOG_LIMIT_H
#define KERNEL_LOG_LIMIT_H

#include <stdbool.h>

enum log_limit {
    LOG_LIMIT_REPORTS,       /* of fatal signals; the first program's is not counted */
    LOG_LIMIT_EXEC,          /* files that cannot be run */
    LOG_LIMIT_OUT_OF_MEMORY, /* who was ended for it */
    LOG_LIMIT_COUNT
};

/* Whether a message of this kind may be written now. If not, it is counted. */
bool log_limit_admits(enum log_limit kind);

/* Tells how many messages were left out, where that is due; or, at the machine's end, at once. */
void log_limit_tell_due(void);
void log_limit_tell_all(void);

/* reports=all: no report is left out. */
void log_limit_lift_reports(void);

#endif
