// SPDX-License-Identifier: MIT
/*
 * The first program of a Linux that judges: runs the commands of /commands, one after another, and
 * sends what each did to the second serial port.
 *
 * A line of /commands is a path and arguments, separated by tabs. Each command runs as tools/run
 * runs a program: in a session of its own, without input, in an empty folder on a tmpfs. It may
 * take TIME_LIMIT_S; what it leaves running is killed. For each, in their order, goes out:
 *
 *     STATUS STDOUT-BYTES STDERR-BYTES newline, then the bytes
 *
 * where STATUS is as a shell has it, 128 + N for signal N, or -1 at the time limit. "end" and a
 * newline follow the last one, and the machine powers off.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS     "/commands"
#define REPORT_PORT  "/dev/ttyS1"
#define TIME_LIMIT_S 120
#define WORDS_MAX    127

static FILE *report;

static void fail(const char *what)
{
    perror(what);
    sync();
    reboot(RB_POWER_OFF);
    _exit(1);
}

static void set_up(void)
{
    static const struct {
        const char *type, *place;
    } mounts[] = {{"proc", "/proc"},
                  {"sysfs", "/sys"},
                  {"devtmpfs", "/dev"},
                  {"devpts", "/dev/pts"},
                  {"debugfs", "/sys/kernel/debug"},
                  {"tmpfs", "/tmp"}};
    struct termios settings;

    for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
        mkdir(mounts[i].place, 0755);
        if (mount(mounts[i].type, mounts[i].place, mounts[i].type, 0, NULL))
            fail(mounts[i].place);
    }
    chmod("/tmp", 01777);
    report = fopen(REPORT_PORT, "we");
    if (!report || tcgetattr(fileno(report), &settings))
        fail(REPORT_PORT);
    cfmakeraw(&settings);
    tcsetattr(fileno(report), TCSANOW, &settings);
}

/* ---- one command ---- */

static void redirect(const char *path, int flags, int descriptor)
{
    int fd = open(path, flags, 0600);

    if (fd < 0 || dup2(fd, descriptor) < 0)
        _exit(126);
    close(fd);
}

static void run(char **words)
{
    static char *environment[] = {"PATH=/bin", "HOME=/", "TERM=dumb", NULL};
    static const struct rlimit no_core = {0, 0};

    setsid();
    setrlimit(RLIMIT_CORE, &no_core);
    redirect("/dev/null", O_RDONLY, 0);
    redirect("/out", O_WRONLY | O_CREAT | O_TRUNC, 1);
    redirect("/err", O_WRONLY | O_CREAT | O_TRUNC, 2);
    execve(words[0], words, environment);
    _exit(127);
}

/* The status of the child, -1 at the time limit; others that end meanwhile are orphans. */
static int wait_for(pid_t child)
{
    time_t end = time(NULL) + TIME_LIMIT_S;
    int status;

    while (time(NULL) < end) {
        pid_t ended = waitpid(-1, &status, WNOHANG);
        if (ended == child)
            return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        if (ended <= 0)
            nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return -1;
}

/* All come to this process when their parents are gone. The kernel's own threads do not mind. */
static void kill_what_is_left(void)
{
    do
        kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0);
}

/* A folder of its own for each, so that none finds another's files. */
static void enter_folder(unsigned int number)
{
    char folder[32];

    snprintf(folder, sizeof(folder), "/tmp/%u", number);
    if (mkdir(folder, 0755) || chdir(folder))
        fail(folder);
}

/* ---- the report ---- */

static long size_of(const char *path)
{
    struct stat status;

    return stat(path, &status) ? 0 : (long)status.st_size;
}

static void send_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char bytes[4096];
    size_t count;

    while (file && (count = fread(bytes, 1, sizeof(bytes), file)) > 0)
        fwrite(bytes, 1, count, report);
    if (file)
        fclose(file);
}

static void judge(char *line, unsigned int number)
{
    char *words[WORDS_MAX + 1] = {NULL};
    size_t count = 0;

    for (char *word = strtok(line, "\t\n"); word && count < WORDS_MAX; word = strtok(NULL, "\t\n"))
        words[count++] = word;
    enter_folder(number);
    pid_t child = fork();
    if (child == 0)
        run(words);
    int status = wait_for(child);
    kill_what_is_left();
    fprintf(report, "%d %ld %ld\n", status, size_of("/out"), size_of("/err"));
    send_file("/out");
    send_file("/err");
    fflush(report);
}

int main(void)
{
    char line[4096];
    unsigned int number = 0;

    set_up();
    FILE *commands = fopen(COMMANDS, "re");
    if (!commands)
        fail(COMMANDS);
    while (fgets(line, sizeof(line), commands))
        judge(line, number++);
    fprintf(report, "end\n");
    fclose(report);
    sync();
    reboot(RB_POWER_OFF);
    return 1;
}
