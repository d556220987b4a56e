// SPDX-License-Identifier: MIT
/*
 * The C library on files: stdio streams, directory walks, globs and temporary files.
 */
#include "tests/programs/show.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <glob.h>
#include <libgen.h>
#include <sys/stat.h>
#include <wordexp.h>

static void streams(void)
{
    char line[64];
    FILE *file = fopen("text", "w+");

    section("streams");
    SHOW(fprintf(file, "line %d\nline %d\nend", 1, 2));
    SHOW(fseek(file, 0, SEEK_SET));
    SHOW(fgets(line, sizeof(line), file) == line);
    SHOW(strcmp(line, "line 1\n"));
    SHOW(ftell(file));
    SHOW(fseek(file, -3, SEEK_END));
    SHOW(fscanf(file, "%63s", line));
    SHOW(strcmp(line, "end"));
    SHOW(fgetc(file));
    SHOW(feof(file) != 0);
    clearerr(file);
    SHOW(ungetc('u', file));
    SHOW(fgetc(file));
    SHOW(fseek(file, 2, SEEK_SET));
    SHOW(fputc('X', file));
    SHOW(fflush(file));
    SHOW(fclose(file));
    SHOW(fopen("none/text", "r") == NULL);
    SHOW(fopen("text", "wx") == NULL);
    file = fopen("text", "a+");
    SHOW(fputs("+", file));
    rewind(file);
    SHOW(fread(line, 1, sizeof(line), file));
    say("%.18s", line);
    SHOW(fclose(file));
    file = fopen("text", "r");
    SHOW(fputc('x', file));
    SHOW(ferror(file) != 0);
    SHOW(fclose(file));
    file = fopen("/dev/full", "w");
    SHOW(fputs("full", file) >= 0);
    SHOW(fflush(file));
    SHOW(fclose(file));
    file = freopen("other", "w", fopen("text", "r"));
    SHOW(fwrite("12345678", 2, 4, file));
    SHOW(fclose(file));
    char *memory = NULL, *found = NULL;
    size_t size = 0;
    file = open_memstream(&memory, &size);
    fprintf(file, "%s-%05d", "memory", 42);
    fclose(file);
    say("%s, %zu", memory, size);
    free(memory);
    file = fopen("text", "r");
    size = 0;
    SHOW(getline(&found, &size, file));
    SHOW(getdelim(&found, &size, 'e', file));
    say("%s", found);
    free(found);
    fclose(file);
    SHOW(remove("other"));
    SHOW(rename("text", "moved"));
    SHOW(truncate("moved", 3));
}

static void large_file(void)
{
    FILE *file = fopen("large", "w+");
    unsigned long sum = 0;

    section("a stream of 3 MB");
    for (unsigned int i = 0; i < 300000; i++)
        fprintf(file, "%09u\n", i * 7919);
    SHOW(ftell(file));
    rewind(file);
    for (int c; (c = getc(file)) != EOF;)
        sum = sum * 31 + (unsigned int)c;
    say("%lx", sum);
    SHOW(fseek(file, 10 * 123456, SEEK_SET));
    unsigned int value = 0;
    SHOW(fscanf(file, "%u", &value));
    SHOW(value == 123456U * 7919U % 1000000000U || value == 123456U * 7919U);
    SHOW(fclose(file));
}

static void make(const char *name)
{
    close(open(name, O_WRONLY | O_CREAT, 0644));
}

static int entries, depth;

static int visit(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)path;
    entries += type == FTW_F || type == FTW_DP || type == FTW_SL;
    depth = where->level > depth ? where->level : depth;
    return type == FTW_NS || (type == FTW_F && !S_ISREG(status->st_mode));
}

static int clear(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

static void walks(void)
{
    char path[64] = "tree", link[80];

    section("walks");
    for (int i = 0; i < 6; i++) {
        if (mkdir(path, 0755))
            say("%s: %s", path, strerror(errno));
        snprintf(link, sizeof(link), "%s/link", path);
        if (symlink("..", link))
            say("%s: %s", link, strerror(errno));
        strcat(path, "/sub");
    }
    make("tree/a.c");
    make("tree/b.c");
    make("tree/sub/c.c");
    make("tree/.hidden.c");
    SHOW(nftw("tree", visit, 10, FTW_PHYS | FTW_DEPTH));
    SHOW(entries);
    SHOW(depth);
    glob_t found;
    SHOW(glob("tree/*.c", 0, NULL, &found));
    for (size_t i = 0; i < found.gl_pathc; i++)
        say("  %s", found.gl_pathv[i]);
    SHOW(glob("tree/*/*.c", GLOB_APPEND | GLOB_MARK, NULL, &found));
    SHOW(found.gl_pathc);
    globfree(&found);
    SHOW(glob("tree/*.none", 0, NULL, &found) == GLOB_NOMATCH);
    SHOW(glob("tree/s*", GLOB_MARK, NULL, &found));
    say("%s", found.gl_pathv[0]);
    globfree(&found);
    SHOW(fnmatch("*.[ch]", "file.c", 0));
    SHOW(nftw("tree", clear, 10, FTW_PHYS | FTW_DEPTH));
    SHOW(access("tree", F_OK));
}

int main(void)
{
    show_enter();
    streams();
    large_file();
    walks();
    show_leave();
    return 0;
}
