// SPDX-License-Identifier: MIT
#include "tests/fuzz/counters.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/fuzz/call.h"

#define COUNTERS_PATH "/sys/kernel/debug/latchkey/counters"
#define TEXT_SIZE     16384
#define PAUSE_NS      100000000
#define PAUSES        100 /* ten seconds in all: the computer may be busy */
#define PAUSES_LATER  2   /* after a leak, which is likely to come again with each run */

char *read_debug_text(const char *path)
{
    static char text[TEXT_SIZE];
    long fd = KERNEL(open, path, O_RDONLY);
    long size = 0, got;

    if (is_error(fd))
        return NULL;
    while ((got = KERNEL(read, fd, text + size, TEXT_SIZE - 1 - size)) > 0)
        size += got;
    text[size] = '\0';
    KERNEL(close, fd);
    return text;
}

char *next_line(char **rest)
{
    char *line = *rest;
    char *end = strchr(line, '\n');

    if (end == NULL)
        return NULL;
    *end = '\0';
    *rest = end + 1;
    return line;
}

/* A line is "NAME VALUE"; the name may have spaces. */
static void take_line(struct counters *counters, char *line)
{
    char *space = strrchr(line, ' ');
    size_t length;

    if (space == NULL || counters->count == COUNTERS_MAX)
        return;
    length = (size_t)(space - line);
    while (length > 0 && line[length - 1] == ' ')
        length--;
    snprintf(counters->lines[counters->count].name, COUNTER_NAME_SIZE, "%.*s", (int)length, line);
    counters->lines[counters->count].value = strtoul(space + 1, NULL, 10);
    counters->count++;
}

bool counters_read(struct counters *counters)
{
    char *text = read_debug_text(COUNTERS_PATH);
    char *rest = text;

    counters->count = 0;
    if (text == NULL)
        return false;
    for (char *line; (line = next_line(&rest)) != NULL;)
        take_line(counters, line);
    return counters->count > 0;
}

uint64_t counters_get(const struct counters *counters, const char *name)
{
    for (unsigned int i = 0; i < counters->count; i++)
        if (strcmp(counters->lines[i].name, name) == 0)
            return counters->lines[i].value;
    return 0;
}

/* Pages free, of objects and of kernel stacks: what is kept for the next use moves about. */
static bool may_differ(const char *name)
{
    return strcmp(name, "pages free") == 0 || strncmp(name, "pages of ", 9) == 0;
}

static bool compare(const struct counters *before, const struct counters *after, bool prints)
{
    bool equal = before->count == after->count;

    for (unsigned int i = 0; i < before->count && i < after->count; i++) {
        const char *name = after->lines[i].name;
        unsigned long was = before->lines[i].value;
        unsigned long is = after->lines[i].value;

        if (was == is || may_differ(name))
            continue;
        if (prints)
            printf("leak: %s: %lu before, %lu after\n", name, was, is);
        equal = false;
    }
    return equal;
}

bool counters_return(const struct counters *before, struct counters *after)
{
    static const struct timespec pause = {0, PAUSE_NS};
    static unsigned int pauses = PAUSES;

    for (unsigned int i = 0; i < pauses; i++) {
        if (!counters_read(after) || compare(before, after, false))
            break;
        KERNEL(nanosleep, &pause, NULL);
    }
    if (compare(before, after, true))
        return true;
    pauses = PAUSES_LATER;
    return false;
}

bool counters_are_calm(const struct counters *before, const struct counters *after)
{
    return compare(before, after, false);
}
