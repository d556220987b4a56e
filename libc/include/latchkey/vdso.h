// SPDX-License-Identifier: MIT
/*
 * Finding functions of the vDSO, the shared object that the kernel maps into each program. Needs
 * nothing else of this library, so that programs for Linux can use it, too.
 */
#ifndef LATCHKEY_VDSO_H
#define LATCHKEY_VDSO_H

#include <elf.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

/* The versions that symbols have: Linux's, and that of Latchkey's own. */
#define VDSO_LINUX    "LINUX_2.6"
#define VDSO_LATCHKEY "LATCHKEY_1.0"

/* A version's definition, and its name (Linux Standard Base, Core: Symbol Versioning). */
struct vdso_definition {
    uint16_t revision, flags, index, names;
    uint32_t hash;
    uint32_t first_name, next; /* bytes from this one; next 0: it is the last */
};

struct vdso_version_name {
    uint32_t name, next;
};

/* The tables of the image, where they are in memory. */
struct vdso_tables {
    const char *base;
    const Elf64_Sym *symbols;
    const char *names;
    const uint32_t *hash; /* buckets, then symbols: how many */
    const uint16_t *versions;
    const char *definitions; /* of versions */
};

static inline void vdso_note_table(struct vdso_tables *tables, const Elf64_Dyn *entry)
{
    const char *at = tables->base + entry->d_un.d_ptr; /* nobody has relocated it */

    if (entry->d_tag == DT_SYMTAB)
        tables->symbols = (const Elf64_Sym *)at;
    else if (entry->d_tag == DT_STRTAB)
        tables->names = at;
    else if (entry->d_tag == DT_HASH)
        tables->hash = (const uint32_t *)at;
    else if (entry->d_tag == DT_VERSYM)
        tables->versions = (const uint16_t *)at;
    else if (entry->d_tag == DT_VERDEF)
        tables->definitions = at;
}

/* Whether the image at base has all the tables. */
static inline int vdso_read_tables(struct vdso_tables *tables, const char *base)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)base;
    const Elf64_Phdr *segments = (const Elf64_Phdr *)(base + header->e_phoff);

    *tables = (struct vdso_tables){.base = base};
    for (unsigned int i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type != PT_DYNAMIC)
            continue;
        const Elf64_Dyn *entry = (const Elf64_Dyn *)(base + segments[i].p_vaddr);
        for (; entry->d_tag != DT_NULL; entry++)
            vdso_note_table(tables, entry);
    }
    return tables->symbols && tables->names && tables->hash && tables->versions &&
           tables->definitions;
}

/* The index that symbols of this version have; 0 when there is no such version. */
static inline unsigned int vdso_version(const struct vdso_tables *tables, const char *name)
{
    const char *at = tables->definitions;

    for (;;) {
        const struct vdso_definition *definition = (const struct vdso_definition *)at;
        const struct vdso_version_name *first =
            (const struct vdso_version_name *)(at + definition->first_name);
        if (strcmp(tables->names + first->name, name) == 0)
            return definition->index;
        if (definition->next == 0)
            return 0;
        at += definition->next;
    }
}

/* The address of a function by its version and name; NULL without such a one, or without a vDSO. */
static inline void *vdso_function(const char *version, const char *name)
{
    const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
    struct vdso_tables tables;

    if (!base || !vdso_read_tables(&tables, base))
        return NULL;
    unsigned int wanted = vdso_version(&tables, version);
    for (uint32_t i = 1; wanted && i < tables.hash[1]; i++) {
        const Elf64_Sym *symbol = &tables.symbols[i];
        if (symbol->st_shndx != SHN_UNDEF && (tables.versions[i] & 0x7fff) == wanted &&
            strcmp(tables.names + symbol->st_name, name) == 0)
            return (void *)(base + symbol->st_value);
    }
    return NULL;
}

#endif
