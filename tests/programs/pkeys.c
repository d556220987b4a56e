// SPDX-License-Identifier: MIT
/*
 * Protection keys as their manual pages promise them: pkeys(7), pkey_alloc(2), pkey_mprotect(2).
 */
#include "tests/programs/keys.h"

#include <fcntl.h>
#include <sys/syscall.h>

/* ---- Allocation ---- */

static void allocation(void)
{
    bool seen[16] = {false}, each_once = true;
    int count = 0, key;

    VALUE("pkey_alloc with flags", key_alloc(1, 0));
    VALUE("pkey_alloc with rights 4", key_alloc(0, 4));
    VALUE("pkey_alloc with rights -1", key_alloc(0, ~0u));
    VALUE("pkey_free of -1", key_free(-1));
    VALUE("pkey_free of 16", key_free(16));
    VALUE("pkey_free of a key that is not allocated", key_free(9));
    while (count < 20 && (key = key_alloc(0, count % 4)) >= 0) {
        each_once &= key > 0 && key < 16 && !seen[key] && rights_of(key) == (unsigned int)count % 4;
        seen[key] = true;
        count++;
    }
    VALUE("keys that can be allocated", count);
    TRUTH("each once, with the rights asked for", each_once);
    VALUE("one more", key_alloc(0, 0));
    VALUE("pkey_free of 5", key_free(5));
    VALUE("pkey_free of 5 once more", key_free(5));
    VALUE("pkey_alloc gives the one that is free", key_alloc(0, DISABLE_WRITE));
    VALUE("with its rights", rights_of(5));
    for (key = 1; key < 16; key++)
        key_free(key);
    VALUE("the lowest is given first", key_alloc(0, 0));
    set_rights(1, DISABLE_ACCESS);
    VALUE("pkey_free", key_free(1));
    VALUE("leaves the rights as they are", rights_of(1));
    VALUE("and pkey_alloc sets them", key_alloc(0, 0));
    VALUE("to what was asked for", rights_of(1));
    key_free(1);
}

/* ---- pkey_mprotect ---- */

static void protecting(void)
{
    char *pages = new_pages(4);
    int key = key_alloc(0, 0);

    VALUE("pkey_mprotect with a key", key_protect(pages, PAGE, PROT_READ | PROT_WRITE, key));
    VALUE("with key 0", key_protect(pages, PAGE, PROT_READ | PROT_WRITE, 0));
    VALUE("with key -1", key_protect(pages, PAGE, PROT_READ, -1));
    VALUE("with a key that is not allocated", key_protect(pages, PAGE, PROT_READ, key + 1));
    VALUE("with key 16", key_protect(pages, PAGE, PROT_READ, 16));
    VALUE("with key -2", key_protect(pages, PAGE, PROT_READ, -2));
    VALUE("at an odd address", key_protect(pages + 1, PAGE, PROT_READ, key));
    VALUE("with an unknown protection", key_protect(pages, PAGE, 0x100, key));
    VALUE("of no bytes with a bad key", key_protect(pages, 0, PROT_READ, 99));
    VALUE("of part of a page", key_protect(pages, 1, PROT_READ | PROT_WRITE, key));
    VALUE("beyond the end of memory", key_protect(pages, ~0ul - PAGE, PROT_READ, key));
    munmap(pages + 2 * PAGE, PAGE);
    set_rights(key, DISABLE_ACCESS);
    VALUE("with a hole", key_protect(pages, 4 * PAGE, PROT_READ | PROT_WRITE, key));
    say_access("what is before the hole has the key", pages + PAGE, false);
    say_access("what is behind it has not", pages + 3 * PAGE, false);
    VALUE("where nothing is", key_protect(pages + 2 * PAGE, PAGE, PROT_READ, key));
    set_rights(key, 0);
    munmap(pages, 4 * PAGE);
    key_free(key);
    int file = open("/proc/self/exe", O_RDONLY);
    char *shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
    key = key_alloc(0, 0);
    VALUE("of a file open for reading, to be written",
          key_protect(shared, PAGE, PROT_READ | PROT_WRITE, key));
    VALUE("to be read", key_protect(shared, PAGE, PROT_READ, key));
    munmap(shared, PAGE);
    close(file);
    key_free(key);
}

/* ---- Accesses ---- */

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
    VALUE("and pkey_alloc gives it again", key_alloc(0, 0) == key ? 0 : -1);
    say_access("to whom the page opens", again, true);
    key_protect(again, PAGE, PROT_READ | PROT_WRITE, 0);
    set_rights(key, DISABLE_ACCESS);
    say_access("key 0 takes it off", again, true);
    munmap(again, PAGE);
    key_free(key);
}

/* ---- System calls on memory under a key ---- */

static void system_calls(void)
{
    char *page = new_pages(2), buffer[PAGE] = "";
    int ends[2], key = key_alloc(0, 0);

    (void)!pipe(ends);
    strcpy(page, "text");
    key_protect(page, PAGE, PROT_READ | PROT_WRITE, key);
    set_rights(key, DISABLE_WRITE);
    VALUE("write() from what may be read", write(ends[1], page, 4));
    VALUE("read() into what may not be written", read(ends[0], page, 4));
    VALUE("the bytes are still there", read(ends[0], buffer, sizeof(buffer)));
    set_rights(key, DISABLE_ACCESS);
    VALUE("write() from what may not be read", write(ends[1], page, 4));
    VALUE("open() of a path under the key", open(page, O_RDONLY));
    VALUE("uname() into it", syscall(SYS_uname, page));
    VALUE("pkey_mprotect needs no right", key_protect(page, PAGE, PROT_READ, key));
    VALUE("madvise neither", madvise(page, PAGE, MADV_DONTNEED));
    VALUE("munmap neither", munmap(page, 2 * PAGE));
    key_free(key);
}

/* ---- Execute-only memory ---- */

static void execute_only(void)
{
    char *page = new_pages(1);
    int key;

    memcpy(page, "\xb8\x2a\x00\x00\x00\xc3", 6); /* mov $42, %eax; ret */
    VALUE("mprotect to PROT_EXEC", mprotect(page, PAGE, PROT_EXEC));
    say_access("reading it", page, false);
    say_access("writing it", page, true);
    VALUE("running it", ((int (*)(void))(uintptr_t)page)());
    VALUE("a key is gone", (key = key_alloc(0, 0)));
    VALUE("which pkey_free does not take", key_free(1));
    VALUE("nor pkey_mprotect", key_protect(page, PAGE, PROT_READ, 1));
    VALUE("mprotect to PROT_READ | PROT_EXEC", mprotect(page, PAGE, PROT_READ | PROT_EXEC));
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
