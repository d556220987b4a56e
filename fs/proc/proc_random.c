// SPDX-License-Identifier: MIT
/*
 * /proc/sys/kernel/random: random numbers as text, one that changes with each reading and one that
 * stays until the next boot.
 */
#include "fs/proc/proc.h"
#include "kernel/call/random.h"

struct uuid {
    unsigned char bytes[16];
};

/* A random one: RFC 9562, section 5.4, says which bits are fixed. */
static struct uuid make_uuid(void)
{
    struct uuid uuid;

    random_bytes(uuid.bytes, sizeof(uuid.bytes));
    uuid.bytes[6] = (uuid.bytes[6] & 0x0f) | 0x40;
    uuid.bytes[8] = (uuid.bytes[8] & 0x3f) | 0x80;
    return uuid;
}

static void put_uuid(struct text *text, const struct uuid *uuid)
{
    for (unsigned int i = 0; i < sizeof(uuid->bytes); i++)
        text_print(text, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", uuid->bytes[i]);
    text_put(text, "\n", 1);
}

static int show_uuid(const struct pseudo_node *node, struct text *text)
{
    struct uuid uuid = make_uuid();

    (void)node;
    put_uuid(text, &uuid);
    return 0;
}

/* Made by its first reader; the kernel lock is held. */
static int show_boot_id(const struct pseudo_node *node, struct text *text)
{
    static struct uuid boot_id;

    (void)node;
    if (!boot_id.bytes[8])
        boot_id = make_uuid();
    put_uuid(text, &boot_id);
    return 0;
}

/* As Linux since 5.18, whose generator never runs dry either. */
const struct pseudo_entry proc_random_entries[] = {
    PSEUDO_TEXT("boot_id", show_boot_id),
    PSEUDO_CONSTANT("entropy_avail", "256\n"),
    PSEUDO_CONSTANT("poolsize", "256\n"),
    PSEUDO_TEXT("uuid", show_uuid),
    PSEUDO_END,
};
