// SPDX-License-Identifier: MIT
/*
 * Why protection keys: a server that answers with more than it was sent, as OpenSSL did in 2014
 * (Heartbleed), and a private key that lies behind the request. With --no-keys the reply has the
 * private key in it. With a key round it, which is closed but while the server signs, the copy
 * ends at the fence.
 *
 * Uses nothing of Latchkey but its headers and does the same on Linux.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "user/fence.h"

#define SECRET "-----BEGIN PRIVATE KEY----- 6f1c0d99 a2b7e410"

static char *requests; /* a page, and at its end the last request */
static char *secret;   /* the page behind it */
static int key;

/* The one place that needs the private key; it stands for a signature. */
static unsigned int sign(const char *text)
{
    unsigned int sum = 0;

    fence_set(key, 0);
    for (size_t i = 0; text[i]; i++)
        sum = sum * 31 + (unsigned char)(text[i] ^ secret[i % (sizeof(SECRET) - 1)]);
    fence_set(key, PKEY_DISABLE_ACCESS);
    return sum;
}

/* The mistake: how many bytes were sent is what the client says, and nobody looks. */
__attribute__((noinline)) static void answer(char *reply, const char *request, size_t said)
{
    memcpy(reply, request, said);
}

static void serve(const char *payload, size_t said)
{
    char reply[64] = "";
    char *request = secret - strlen(payload);

    memcpy(request, payload, strlen(payload));
    fence_before();
    answer(reply, request, said);
    story_line("The reply: \"%.*s\"", (int)said, reply);
    bool has_secret = memchr(reply, '-', said) != NULL;
    ask_came(has_secret ? "private key" : "no more than it sent");
    if (said > strlen(payload)) {
        fence_behind(key);
        story_expect(has_secret, "expected the private key in the reply, it is not there");
        story_line("The private key is on its way to the client, and nothing has been noticed.");
    }
}

int main(int argc, char **argv)
{
    key = fence_begin(argc, argv, "pkey-overread: a reply that is longer than its request",
                      PKEY_DISABLE_ACCESS);
    requests = fence_pages();
    secret = requests + FENCE_PAGE;
    memcpy(secret, SECRET, sizeof(SECRET));
    story_require(pkey_mprotect(secret, FENCE_PAGE, PROT_READ | PROT_WRITE, key) == 0,
                  "pkey_mprotect");
    if (key >= 0)
        story_step("The private key is under key %d, which is closed", key);
    else
        story_step("The private key is in memory like any other");
    story_line("The page in front of it is where requests are put.");

    story_step("The server signs a message: %08x", sign("hello"));
    if (key >= 0)
        story_line("For that it opens the key, and closes it again: two instructions.");

    story_step("A client sends 4 bytes and says so");
    serve("PING", 4);

    ask_what("private key|fault", "A client sends 4 bytes and says that they are 50. What comes?");
    story_step("A client sends 4 bytes and says that they are 50");
    serve("PING", 50);
    return EXIT_SUCCESS;
}
