// SPDX-License-Identifier: MIT
/*
 * Protection keys as their manual pages promise them: pkeys(7), pkey_alloc(2), pkey_mprotect(2).
 */
#include "tests/programs/keys/keys.h"

#include <fcntl.h>
#include <sys/syscall.h>

/* ---- allocation ---- */

static void allocation(void)
{
    bool seen[16] = {false}, each_once = true;
    int count = 0, key;

    SHOW(key_alloc(1, 0));   /* pkey_alloc with flags */
    SHOW(key_alloc(0, 4));   /* pkey_alloc with rights 4 */
    SHOW(key_alloc(0, ~0u)); /* pkey_alloc with rights -1 */
    SHOW(key_free(-1));
    SHOW(key_free(16));
    SHOW(key_free(9)); /* pkey_free of a key that is not allocated */
    while (count < 20 && (key = key_alloc(0, count % 4)) >= 0) {
        each_once &= key > 0 && key < 16 && !seen[key] && rights_of(key) == (unsigned int)count % 4;
        seen[key] = true;
        count++;
    }
    SHOW(count);           /* keys that can be allocated */
    SHOW(each_once);       /* once, with the rights asked for */
    SHOW(key_alloc(0, 0)); /* one more */
    SHOW(key_free(5));
    SHOW(key_free(5));                 /* pkey_free of 5 once more */
    SHOW(key_alloc(0, DISABLE_WRITE)); /* pkey_alloc gives the one that is free */
    SHOW(rights_of(5));
    for (key = 1; key < 16; key++)
        key_free(key);
    SHOW(key_alloc(0, 0)); /* the lowest is given first */
    set_rights(1, DISABLE_ACCESS);
    SHOW(key_free(1));
    SHOW(rights_of(1));    /* leaves the rights as they are */
    SHOW(key_alloc(0, 0)); /* and pkey_alloc sets them */
    SHOW(rights_of(1));    /* to what was asked for */
    key_free(1);
}

/* ---- pkey_mprotect ---- */

static void protecting(void)
{
    char *pages = new_pages(4);
    int key = key_alloc(0, 0);

    SHOW(key_protect(pages, PAGE, PROT_READ | PROT_WRITE, key)); /* pkey_mprotect with a key */
    SHOW(key_protect(pages, PAGE, PROT_READ | PROT_WRITE, 0));
    SHOW(key_protect(pages, PAGE, PROT_READ, -1));
    SHOW(key_protect(pages, PAGE, PROT_READ, key + 1)); /* with a key that is not allocated */
    SHOW(key_protect(pages, PAGE, PROT_READ, 16));
    SHOW(key_protect(pages, PAGE, PROT_READ, -2));
    SHOW(key_protect(pages + 1, PAGE, PROT_READ, key));       /* at an odd address */
    SHOW(key_protect(pages, PAGE, 0x100, key));               /* with an unknown protection */
    SHOW(key_protect(pages, 0, PROT_READ, 99));               /* of no bytes with a bad key */
    SHOW(key_protect(pages, 1, PROT_READ | PROT_WRITE, key)); /* of part of a page */
    SHOW(key_protect(pages, ~0ul - PAGE, PROT_READ, key));    /* beyond the end of memory */
    munmap(pages + 2 * PAGE, PAGE);
    set_rights(key, DISABLE_ACCESS);
    SHOW(key_protect(pages, 4 * PAGE, PROT_READ | PROT_WRITE, key)); /* with a hole */
    say_access("what is before the hole has the key", pages + PAGE, false);
    say_access("what is behind it has not", pages + 3 * PAGE, false);
    SHOW(key_protect(pages + 2 * PAGE, PAGE, PROT_READ, key)); /* where nothing is */
    set_rights(key, 0);
    munmap(pages, 4 * PAGE);
    key_free(key);
    int file = open("/proc/self/exe", O_RDONLY);
    char *shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
    key = key_alloc(0, 0);
    /* of a file open for reading, to be written */
    SHOW(key_protect(shared, PAGE, PROT_READ | PROT_WRITE, key));
    SHOW(key_protect(shared, PAGE, PROT_READ, key));
    munmap(shared, PAGE);
    close(file);
    key_free(key);
}

/* ---- accesses ---- */

static void accesses(void)
{
    static const struct {
        const char *name;
        int protection;
    } protections[] = {{"PROT_READ | PROT_WRITE", PROT_READ | PROT_WRITE},
                       {"PROT_READ", PROT_READ},
                       {"PROT_NONE", PROT_NONE}};
    char what[100];
    int key = key_alloc(0, 0);

    for (int touched = 0; touched < 2; touched++) {
        for (size_t i = 0; i < 3; i++) {
            char *page = new_pages(1);
            if (touched)
                page[0] = 1;
            key_protect(page, PAGE, protections[i].protection, key);
            for (unsigned int rights = 0; rights < 4; rights++) {
                set_rights(key, rights);
                for (int write = 0; write < 2; write++) {
                    snprintf(what, sizeof(what), "%s of a %s page, %s, rights %u",
                             write ? "writing" : "reading", touched ? "used" : "new",
                             protections[i].name, rights);
                    say_access(what, page, write);
                }
            }
            set_rights(key, 0);
            munmap(page, PAGE);
        }
    }
    key_free(key);
}

static void keys_and_mprotect(void)
{
    char *page = new_pages(2);
    int key = key_alloc(0, 0);

    key_protect(page, PAGE, PROT_READ | PROT_WRITE, key);
    mprotect(page, PAGE, PROT_READ);
    set_rights(key, DISABLE_ACCESS);
    say_access("mprotect keeps the key", page, false);
    mprotect(page, PAGE, PROT_NONE);
    mprotect(page, PAGE, PROT_READ | PROT_WRITE);
    say_access("through PROT_NONE, too", page, false);
    say_access("the next page has key 0", page + PAGE, true);
    char *moved = mremap(page, PAGE, 3 * PAGE, MREMAP_MAYMOVE);
    say_access("mremap keeps the key", moved + 2 * PAGE, false);
    munmap(moved, 3 * PAGE);
    char *again =
        mmap(moved, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    say_access("munmap and mmap drop it", again, true);
    key_protect(again, PAGE, PROT_READ | PROT_WRITE, key);
    key_free(key);
    say_access("pkey_free leaves the page its key", again, false);
    SHOW(key_alloc(0, 0) == key ? 0 : -1); /* and pkey_alloc gives it again */
    say_access("to whom the page opens", again, true);
    key_protect(again, PAGE, PROT_READ | PROT_WRITE, 0);
    set_rights(key, DISABLE_ACCESS);
    say_access("key 0 takes it off", again, true);
    munmap(again, PAGE);
    key_free(key);
}

/* ---- system calls on memory under a key ---- */

static void system_calls(void)
{
    char *page = new_pages(2), buffer[PAGE] = "";
    int ends[2], key = key_alloc(0, 0);

    (void)!pipe(ends);
    strcpy(page, "text");
    key_protect(page, PAGE, PROT_READ | PROT_WRITE, key);
    set_rights(key, DISABLE_WRITE);
    SHOW(write(ends[1], page, 4));               /* from what may be read */
    SHOW(read(ends[0], page, 4));                /* into what may not be written */
    SHOW(read(ends[0], buffer, sizeof(buffer))); /* the bytes are still there */
    set_rights(key, DISABLE_ACCESS);
    SHOW(write(ends[1], page, 4)); /* from what may not be read */
    SHOW(open(page, O_RDONLY));    /* of a path under the key */
    SHOW(syscall(SYS_uname, page));
    SHOW(key_protect(page, PAGE, PROT_READ, key)); /* pkey_mprotect needs no right */
    SHOW(madvise(page, PAGE, MADV_DONTNEED));
    SHOW(munmap(page, 2 * PAGE));
    key_free(key);
}

/* ---- execute-only memory ---- */

static void execute_only(void)
{
    char *page = new_pages(1);
    int key;

    memcpy(page, "\xb8\x2a\x00\x00\x00\xc3", 6); /* mov $42, %eax; ret */
    SHOW(mprotect(page, PAGE, PROT_EXEC));
    say_access("reading it", page, false);
    say_access("writing it", page, true);
    SHOW(((int (*)(void))(uintptr_t)page)());    /* running it */
    SHOW((key = key_alloc(0, 0)));               /* a key is gone */
    SHOW(key_free(1));                           /* which pkey_free does not take */
    SHOW(key_protect(page, PAGE, PROT_READ, 1)); /* nor pkey_mprotect */
    SHOW(mprotect(page, PAGE, PROT_READ | PROT_EXEC));
    say_access("reading it", page, false);
    key_free(key);
    munmap(page, PAGE);
}

int main(void)
{
    need_keys();
    allocation();
    protecting();
    accesses();
    keys_and_mprotect();
    system_calls();
    in_child("execute-only", execute_only);
    return 0;
}
