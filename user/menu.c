// SPDX-License-Identifier: MIT
/*
 * The first program at an interactive boot: says what Latchkey is, lists the programs that are
 * there, runs them by number or name and reports how each ended. It is no shell: words separated
 * by spaces, one program at a time.
 *
 * A program runs in a process group of its own, which has the terminal; so Ctrl-C ends it and not
 * the menu.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PROGRAMS  64
#define MAX_WORDS     16
#define COULD_NOT_RUN 127

/* What the menu says about the programs it knows; others are listed by name. */
static const struct description {
    const char *name;
    const char *text;
} descriptions[] = {
    {"pkey-demo", "a page under a protection key, step by step"},
    {"pkey-tour", "what a key can do: AD, WD, execute-only memory, 2 MiB pages"},
    {"sh", "a shell, with the usual small tools"},
};

struct folder {
    const char *path;
    const char *title;
};

static const struct folder folders[] = {
    {"/bin", "Demonstrations and tools"},
    {"/tests", "Tests (each prints a KTAP report)"},
};

#define FOLDERS (sizeof(folders) / sizeof(folders[0]))

struct program {
    const struct folder *folder;
    char name[32];
};

static struct program programs[MAX_PROGRAMS];
static size_t program_count;

/* ---- Which programs there are ---- */

static const char *describe(const char *name)
{
    for (size_t i = 0; i < sizeof(descriptions) / sizeof(descriptions[0]); i++) {
        if (strcmp(descriptions[i].name, name) == 0)
            return descriptions[i].text;
    }
    return NULL;
}

/* /bin may hold hundreds of tools: those that the menu can say something about are listed. */
static bool is_listed(const struct folder *folder, const char *name)
{
    return name[0] != '.' && (folder != &folders[0] || describe(name) != NULL);
}

/* Keeps each folder's programs in the order of their names. */
static void add_program(const struct folder *folder, const char *name)
{
    size_t at = program_count;

    if (program_count == MAX_PROGRAMS || strlen(name) >= sizeof(programs[0].name))
        return;
    while (at > 0 && programs[at - 1].folder == folder && strcmp(programs[at - 1].name, name) > 0) {
        programs[at] = programs[at - 1];
        at--;
    }
    programs[at].folder = folder;
    strcpy(programs[at].name, name);
    program_count++;
}

static void find_programs(void)
{
    for (size_t i = 0; i < FOLDERS; i++) {
        DIR *directory = opendir(folders[i].path);
        const struct dirent *entry;

        if (directory == NULL)
            continue;
        while ((entry = readdir(directory)) != NULL) {
            if (is_listed(&folders[i], entry->d_name))
                add_program(&folders[i], entry->d_name);
        }
        closedir(directory);
    }
}

/* ---- Talking ---- */

static void bold(bool on)
{
    if (isatty(STDOUT_FILENO))
        printf("\033[%sm", on ? "1" : "");
}

static void list_programs(void)
{
    const struct folder *folder = NULL;

    for (size_t i = 0; i < program_count; i++) {
        const char *text = describe(programs[i].name);

        if (programs[i].folder != folder) {
            folder = programs[i].folder;
            bold(true);
            printf("\n%s\n", folder->title);
            bold(false);
        }
        printf("%4zu  %-14s%s\n", i + 1, programs[i].name, text == NULL ? "" : text);
    }
    printf("\n");
}

static void greet(void)
{
    bold(true);
    printf("Latchkey, a small kernel about memory protection keys.\n");
    bold(false);
    printf("The programs below run in ring 3; a forbidden access is explained as it happens.\n");
}

static void help(void)
{
    list_programs();
    printf("Type a number or a name, with arguments if you like; /path/to/a/program works too.\n"
           "Ctrl-C ends a program. help shows this again; exit ends the session.\n\n");
}

static void report(const char *name, int status)
{
    if (WIFSIGNALED(status))
        printf("%s%s was ended by signal %d (%s)\n", WTERMSIG(status) == SIGINT ? "\n" : "", name,
               WTERMSIG(status), strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != COULD_NOT_RUN)
        printf("%s ended with status %d\n", name, WEXITSTATUS(status));
}

/* ---- Running ---- */

/* The path of the program that a word of the user's means, in path. */
static void find_path(const char *word, char *path, size_t size)
{
    char *end;
    unsigned long number = strtoul(word, &end, 10);

    if (*end == '\0' && number >= 1 && number <= program_count) {
        const struct program *program = &programs[number - 1];

        snprintf(path, size, "%s/%s", program->folder->path, program->name);
        return;
    }
    snprintf(path, size, "%s", word);
    for (size_t i = 0; i < FOLDERS && strchr(word, '/') == NULL; i++) {
        snprintf(path, size, "%s/%s", folders[i].path, word);
        if (access(path, X_OK) == 0)
            return;
    }
}

static void start(const char *path, char **words)
{
    setpgid(0, 0);
    tcsetpgrp(STDIN_FILENO, getpgrp());
    signal(SIGINT, SIG_DFL);
    signal(SIGTTOU, SIG_DFL);
    execv(path, words);
    printf("%s: %s\n", words[0], errno == ENOENT ? "there is no such program" : strerror(errno));
    fflush(stdout);
    _exit(COULD_NOT_RUN);
}

static void run(char **words)
{
    char path[256];
    int status = 0;
    pid_t child;

    find_path(words[0], path, sizeof(path));
    fflush(stdout);
    child = fork();
    if (child < 0) {
        printf("cannot start a process: %s\n", strerror(errno));
        return;
    }
    if (child == 0)
        start(path, words);
    setpgid(child, child); // parent and child both: whoever comes first
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    tcsetpgrp(STDIN_FILENO, getpgrp());
    report(path, status);
}

/* ---- The prompt ---- */

static void at_interrupt(int signal_number)
{
    (void)signal_number; // the read at the prompt ends with EINTR
}

static void set_up_signals(void)
{
    struct sigaction interrupt = {.sa_handler = at_interrupt};

    sigaction(SIGINT, &interrupt, NULL);
    signal(SIGTTOU, SIG_IGN); // so that the menu can take the terminal back
}

/* Reads a line. Returns false at the end of input. */
static bool read_line(char *line, size_t size)
{
    for (;;) {
        if (isatty(STDIN_FILENO))
            printf("latchkey> ");
        fflush(stdout);
        clearerr(stdin);
        if (fgets(line, (int)size, stdin) != NULL)
            return true;
        printf("\n");
        if (feof(stdin) || errno != EINTR)
            return false;
    }
}

static size_t split_words(char *line, char **words)
{
    size_t count = 0;
    char *rest;

    for (char *word = strtok_r(line, " \t\n", &rest); word != NULL && count < MAX_WORDS;
         word = strtok_r(NULL, " \t\n", &rest))
        words[count++] = word;
    words[count] = NULL;
    return count;
}

int main(void)
{
    char *words[MAX_WORDS + 1];
    char line[256];

    set_up_signals();
    find_programs();
    greet();
    help();
    while (read_line(line, sizeof(line))) {
        if (split_words(line, words) == 0)
            continue;
        if (strcmp(words[0], "exit") == 0)
            return words[1] == NULL ? EXIT_SUCCESS : atoi(words[1]);
        if (strcmp(words[0], "help") == 0)
            help();
        else
            run(words);
    }
    return EXIT_SUCCESS;
}
