// SPDX-License-Identifier: MIT
/*
 * Why protection keys: a plugin that writes where it should only read. The host lets it look at the
 * settings; it cuts them apart to count them, as strtok() does. With --no-keys the host finds that
 * a setting has gone, if it looks. With a key round the settings, which all may read and the host
 * alone opens for writing, the plugin is stopped at its first write.
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

#define SETTINGS "root=/srv/www;user=www;log=on"

static char *settings; /* the host's */
static int key;

/* ---- the plugin, somebody else's code ---- */

/* The mistake: the text is not its own. */
__attribute__((noinline)) static int plugin_count(char *text)
{
    int count = 1;

    for (; *text; text++) {
        if (*text == ';') {
            *text = '\0';
            count++;
        }
    }
    return count;
}

/* ---- the host ---- */

static void change_settings(const char *text)
{
    fence_set(key, 0);
    strcpy(settings, text);
    fence_set(key, PKEY_DISABLE_WRITE);
}

static bool has_user(void)
{
    return strstr(settings, "user=") != NULL;
}

static void show_settings(void)
{
    story_line("The settings: \"%s\"", settings);
    story_line("So the server runs as %s.", has_user() ? "www" : "root: no user is set");
}

static void call_plugin(void)
{
    fence_before();
    int count = plugin_count(settings);
    fence_behind(key);
    story_line("The plugin: there are %d settings.", count);
    show_settings();
    ask_came(has_user() ? "nothing" : "settings are lost");
    story_expect(!has_user(), "expected settings to be lost, they are not");
    story_line("Nothing has been noticed, and the plugin's answer is right.");
}

int main(int argc, char **argv)
{
    key = fence_begin(argc, argv, "pkey-plugin: a plugin that writes where it should only read",
                      PKEY_DISABLE_WRITE);
    settings = fence_pages();
    story_require(pkey_mprotect(settings, FENCE_PAGE, PROT_READ | PROT_WRITE, key) == 0,
                  "pkey_mprotect");
    change_settings(SETTINGS);
    if (key >= 0)
        story_step("The host's settings are under key %d: all may read, nobody may write", key);
    else
        story_step("The host's settings are in memory like any other");
    show_settings();
    if (key >= 0)
        story_line("To change them the host opened the key, and closed it: two instructions.");

    ask_what("nothing|settings are lost|fault", "A plugin counts the settings. What comes of it?");
    story_step("A plugin is asked how many settings there are");
    call_plugin();
    return EXIT_SUCCESS;
}
