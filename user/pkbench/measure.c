// SPDX-License-Identifier: MIT
#include "user/pkbench/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAMPLES    200
#define EVENT_FILE "/sys/kernel/debug/latchkey/events"

static const char *const event_names[] = {"INVLPG", "CR3 loads", "shootdown IPIs", "pages zeroed"};

#define EVENTS COUNT(event_names)

bool as_json, with_events;
int keys[2];

void require(bool condition, const char *what)
{
    if (condition)
        return;
    fflush(stdout);
    fprintf(stderr, "pkbench: %s: error %d\n", what, errno);
    _exit(EXIT_FAILURE);
}

unsigned long event_count(const char *name)
{
    char text[1024];
    int file = open(EVENT_FILE, O_RDONLY);
    ssize_t size = file < 0 ? 0 : read(file, text, sizeof(text) - 1);

    if (file >= 0)
        close(file);
    text[size > 0 ? size : 0] = '\0';
    const char *line = strstr(text, name);
    return line ? strtoul(line + strlen(name), NULL, 10) : 0;
}

static inline uint64_t ticks(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static uint64_t median(uint64_t *values, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint64_t value = values[i];
        size_t at = i;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
    return values[count / 2];
}

static uint64_t median_ticks(const struct operation *operation)
{
    static uint64_t values[SAMPLES];

    for (int turn = 0; turn < SAMPLES; turn++) {
        if (operation->prepare)
            operation->prepare(turn);
        uint64_t start = ticks();
        operation->run(turn);
        values[turn] = ticks() - start;
        if (operation->check)
            operation->check(turn);
    }
    return median(values, SAMPLES);
}

/* Events are those of all that was done, prepare and check too, for each measurement. */
void measure(const struct operation *operation)
{
    unsigned long events[EVENTS];

    for (size_t i = 0; with_events && i < EVENTS; i++)
        events[i] = event_count(event_names[i]);
    unsigned long value = median_ticks(operation);
    for (size_t i = 0; with_events && i < EVENTS; i++)
        events[i] = (event_count(event_names[i]) - events[i] + SAMPLES / 2) / SAMPLES;
    if (!as_json) {
        printf("%-52s %10lu\n", operation->name, value);
        return;
    }
    printf("{\"operation\": \"%s\", \"ticks\": %lu", operation->name, value);
    for (size_t i = 0; with_events && i < EVENTS; i++)
        printf(", \"%s\": %lu", event_names[i], events[i]);
    printf("}\n");
}

void measure_all(const struct operation *operations, size_t count)
{
    for (size_t i = 0; i < count; i++)
        measure(&operations[i]);
}
