// SPDX-License-Identifier: MIT
#include "kernel/console/command_line.h"

#include "libc/include/string.h"

static const char *line = "";

void command_line_init(const char *text)
{
    line = text;
}

const char *command_line_text(void)
{
    return line;
}

/* What follows the name in the last word NAME=VALUE, or also NAME if not with_value; or NULL. */
static const char *find(const char *name, bool with_value)
{
    size_t length = strlen(name);
    const char *found = NULL;

    for (const char *at = line; *(at += strspn(at, " ")); at += strcspn(at, " ")) {
        if (strncmp(at, name, length))
            continue;
        char next = at[length];
        if (next == '=' || (!with_value && (next == ' ' || next == '\0')))
            found = at + length;
    }
    return found;
}

bool command_line_has(const char *name)
{
    return find(name, false);
}

bool command_line_value(const char *name, char value[COMMAND_LINE_VALUE_SIZE])
{
    const char *found = find(name, true);

    if (!found)
        return false;
    size_t length = strcspn(++found, " ");
    if (length > COMMAND_LINE_VALUE_SIZE - 1)
        length = COMMAND_LINE_VALUE_SIZE - 1;
    memcpy(value, found, length);
    value[length] = '\0';
    return true;
}
