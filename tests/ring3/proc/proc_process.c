// SPDX-License-Identifier: MIT
/*
 * /proc/PID but for maps and mem: what is said of this process, of a child, and of a dead one.
 */
#include "tests/ring3/proc.h"
#include "tests/ring3/tasks.h"

#include <linux/futex.h>
#include <sys/stat.h>

#define FILE_PATH  "/tmp/latchkey process"
#define STAT_COUNT 52

/* ---- A child that waits ---- */

static char path_text[64];

/* The path of a process's file; good until the next call. */
static const char *path_in(pid_t process, const char *name)
{
    snprintf(path_text, sizeof(path_text), "/proc/%d/%s", process, name);
    return path_text;
}

static pid_t start_child(void)
{
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0)
        for (;;)
            usleep(100000);
    return child;
}

static void end_child(pid_t child)
{
    kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* Waits until /proc says that the process is in a state. */
static bool reaches_state(pid_t process, char state)
{
    for (int i = 0; i < 200; i++) {
        const char *at;

        read_file(path_in(process, "status"));
        at = behind_label(proc_text, "State:\t");
        if (at != NULL && *at == state)
            return true;
        usleep(10000);
    }
    return false;
}

/* ---- texts ---- */

static void status_of_this_process(void)
{
    EXPECT(read_file("/proc/self/status") > 0);
    EXPECT(behind_label(proc_text, "Name:\tproc_process\n") != NULL);
    EXPECT(behind_label(proc_text, "State:\tR (running)\n") != NULL);
    EXPECT_EQUAL(number_behind("Tgid:\t"), getpid());
    EXPECT_EQUAL(number_behind("Pid:\t"), getpid());
    EXPECT_EQUAL(number_behind("PPid:\t"), getppid());
    EXPECT_EQUAL(number_behind("TracerPid:\t"), 0);
    EXPECT_EQUAL(number_behind("Threads:\t"), 1);
}

static void memory_in_status(void)
{
    char *pages = map_pages(100, READ_WRITE);
    long size, resident, data;

    read_file("/proc/self/status");
    size = number_behind("VmSize:\t");
    resident = number_behind("VmRSS:\t");
    data = number_behind("VmData:\t");
    memset(pages, 1, 100 * PAGE);
    read_file("/proc/self/status");
    EXPECT_EQUAL(number_behind("VmSize:\t"), size);
    EXPECT(number_behind("VmRSS:\t") >= resident + 400 - 128); /* Linux counts in batches */
    munmap(pages, 100 * PAGE);
    read_file("/proc/self/status");
    EXPECT_EQUAL(number_behind("VmSize:\t"), size - 400);
    EXPECT_EQUAL(number_behind("VmData:\t"), data - 400);
}

static void ignore(int number)
{
    (void)number;
}

static uint64_t set_behind(const char *label)
{
    const char *at = behind_label(proc_text, label);

    return at != NULL ? strtoul(at, NULL, 16) : 0;
}

static void signals_in_status(void)
{
    sigset_t set, old;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    signal(SIGUSR1, ignore);
    signal(SIGUSR2, SIG_IGN);
    kill(getpid(), SIGUSR1);
    read_file("/proc/self/status");
    EXPECT_EQUAL(set_behind("SigBlk:\t") >> (SIGUSR1 - 1) & 1, 1);
    EXPECT_EQUAL(set_behind("SigCgt:\t") >> (SIGUSR1 - 1) & 1, 1);
    EXPECT_EQUAL(set_behind("SigIgn:\t") >> (SIGUSR2 - 1) & 1, 1);
    EXPECT_EQUAL((set_behind("SigPnd:\t") | set_behind("ShdPnd:\t")) >> (SIGUSR1 - 1) & 1, 1);
    sigprocmask(SIG_SETMASK, &old, NULL);
    read_file("/proc/self/status");
    EXPECT_EQUAL((set_behind("SigPnd:\t") | set_behind("ShdPnd:\t")) >> (SIGUSR1 - 1) & 1, 0);
    signal(SIGUSR1, SIG_DFL);
    signal(SIGUSR2, SIG_DFL);
}

/* Field number n of stat, from 4 on, which stand behind the name and the state. */
static long stat_field(unsigned int number)
{
    const char *at = strrchr(proc_text, ')');

    for (unsigned int i = 2; at != NULL && i < number; i++)
        at = strchr(at + 1, ' ');
    return at != NULL ? strtol(at, NULL, 10) : -1;
}

static void stat_of_this_process(void)
{
    unsigned int fields = 1;

    EXPECT(read_file("/proc/self/stat") > 0);
    EXPECT_EQUAL(strtol(proc_text, NULL, 10), getpid());
    EXPECT(strstr(proc_text, " (proc_process) R ") != NULL);
    EXPECT_EQUAL(stat_field(4), getppid());
    EXPECT_EQUAL(stat_field(20), 1); /* threads */
    for (const char *at = proc_text; *at != '\0'; at++)
        fields += *at == ' ';
    EXPECT_EQUAL(fields, STAT_COUNT);
    EXPECT(strchr(proc_text, '\n') == proc_text + strlen(proc_text) - 1);
}

static void statm_is_in_pages(void)
{
    long size;

    read_file("/proc/self/status");
    size = number_behind("VmSize:\t");
    EXPECT(read_file("/proc/self/statm") > 0);
    EXPECT_EQUAL(strtol(proc_text, NULL, 10) * 4, size);
}

/* Ticks that a process has run, in ring 3 and in the kernel. */
static long ticks_of(pid_t process)
{
    read_file(path_in(process, "stat"));
    return stat_field(14) + stat_field(15);
}

static void time_is_counted(void)
{
    long before = ticks_of(getpid());

    for (int i = 0; i < 20000 && ticks_of(getpid()) < before + 2; i++)
        read_file("/proc/self/smaps");
    EXPECT(ticks_of(getpid()) >= before + 2);
}

static void sleep_is_not_counted(void)
{
    pid_t child = start_child();

    usleep(100000);
    EXPECT(reaches_state(child, 'S'));
    EXPECT(ticks_of(child) < 10);
    end_child(child);
}

static void command_line_and_environment(void)
{
    char *const arguments[] = {"/proc/self/exe", "a b", "", "c", NULL};
    char *const environment[] = {"WHO=me", "EMPTY=", NULL};
    int ends[2];
    pid_t child;
    char byte;

    /* The child is this program again, which with "c" as its third argument reads its own /proc. */
    EXPECT_SUCCESS(pipe(ends));
    fflush(stdout);
    child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execve(arguments[0], arguments, environment);
        _exit(1);
    }
    close(ends[1]);
    memset(proc_text, 0, 256);
    for (size_t i = 0; i < 255 && read(ends[0], &byte, 1) == 1; i++)
        proc_text[i] = byte;
    close(ends[0]);
    waitpid(child, NULL, 0);
    EXPECT(memcmp(proc_text, "/proc/self/exe\0a b\0\0c\0|WHO=me\0EMPTY=\0|", 39) == 0);
}

static void show_file(const char *path)
{
    long length = read_file(path);

    fwrite(proc_text, 1, length > 0 ? (size_t)length : 0, stdout);
    putchar('|');
}

static void comm_can_be_changed(void)
{
    EXPECT(read_file("/proc/self/comm") > 0);
    EXPECT(strcmp(proc_text, "proc_process\n") == 0);
    EXPECT_SUCCESS(write_file("/proc/self/comm", "a name that is too long"));
    read_file("/proc/self/comm");
    EXPECT(strcmp(proc_text, "a name that is \n") == 0);
    EXPECT_SUCCESS(write_file("/proc/self/comm", "proc_process"));
}

static void limits(void)
{
    EXPECT(read_file("/proc/self/limits") > 0);
    EXPECT(behind_label(proc_text, "Limit                     Soft Limit           Hard Limit"
                                   "           Units     \n") != NULL);
    EXPECT(behind_label(proc_text, "Max stack size            8388608 ") != NULL);
}

/* ---- links ---- */

static void exe_leads_to_the_program(void)
{
    struct stat by_link, by_path;
    char target[256];

    EXPECT(read_target("/proc/self/exe", target, sizeof(target)) > 0);
    EXPECT_SUCCESS(stat("/proc/self/exe", &by_link));
    EXPECT_SUCCESS(stat(target, &by_path));
    EXPECT_EQUAL(by_link.st_ino, by_path.st_ino);
    EXPECT(strcmp(strrchr(target, '/'), "/proc_process") == 0);
}

static void cwd_and_root(void)
{
    char target[256];

    EXPECT_SUCCESS(syscall(__NR_chdir, "/tmp"));
    EXPECT(read_target("/proc/self/cwd", target, sizeof(target)) > 0);
    EXPECT(strcmp(target, "/tmp") == 0);
    EXPECT_SUCCESS(access("/proc/self/cwd/../proc", F_OK));
    EXPECT_EQUAL(read_target("/proc/self/root", target, sizeof(target)), 1);
    EXPECT_SUCCESS(access("/proc/self/root/proc/self/root/tmp", F_OK));
}

static void descriptors(void)
{
    char link[64], target[256];
    struct stat by_link, by_file;
    int file = open(FILE_PATH, O_RDWR | O_CREAT | O_TRUNC, 0600);
    int again;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
    EXPECT(read_target(link, target, sizeof(target)) > 0);
    EXPECT(strcmp(target, FILE_PATH) == 0);
    unlink(FILE_PATH);
    EXPECT(read_target(link, target, sizeof(target)) > 0);
    EXPECT(strcmp(target, FILE_PATH " (deleted)") == 0);
    EXPECT_SUCCESS(stat(link, &by_link));
    EXPECT_SUCCESS(fstat(file, &by_file));
    EXPECT_EQUAL(by_link.st_ino, by_file.st_ino);
    write(file, "deleted", 7);
    again = open(link, O_RDONLY);
    EXPECT_EQUAL(read(again, target, sizeof(target)), 7);
    close(again);
    close(file);
    EXPECT_ERROR(read_target(link, target, sizeof(target)), ENOENT);
}

static void pipes_can_be_opened_again(void)
{
    char link[64], target[64];
    struct stat status;
    int ends[2], again;
    char byte = 0;

    EXPECT_SUCCESS(pipe(ends));
    fstat(ends[0], &status);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", ends[1]);
    EXPECT(read_target(link, target, sizeof(target)) > 0);
    snprintf(link, sizeof(link), "pipe:[%lu]", (unsigned long)status.st_ino);
    EXPECT(strcmp(target, link) == 0);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", ends[1]);
    again = open(link, O_WRONLY);
    close(ends[1]);
    EXPECT_EQUAL(write(again, "x", 1), 1);
    EXPECT_EQUAL(read(ends[0], &byte, 1), 1);
    EXPECT_EQUAL(byte, 'x');
    close(again);
    EXPECT_EQUAL(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

/* The record of getdents64, which libc has no name for. */
struct record {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

/* How many entries of a directory are numbers; or the one that is the number, if it is there. */
static long count_numbers(const char *path, long wanted)
{
    char buffer[512] __attribute__((aligned(8)));
    int directory = open(path, O_RDONLY | O_DIRECTORY);
    long count = 0;
    long got;

    while ((got = syscall(__NR_getdents64, directory, buffer, sizeof(buffer))) > 0) {
        for (long at = 0; at < got; at += ((struct record *)(buffer + at))->length) {
            const char *name = ((struct record *)(buffer + at))->name;

            if (*name >= '0' && *name <= '9')
                count += wanted < 0 || strtol(name, NULL, 10) == wanted;
        }
    }
    close(directory);
    return count;
}

static void directories(void)
{
    pid_t child = start_child();
    int file;

    EXPECT_EQUAL(count_numbers("/proc", getpid()), 1);
    EXPECT_EQUAL(count_numbers("/proc", child), 1);
    EXPECT_EQUAL(count_numbers("/proc/self/task", -1), 1);
    EXPECT_EQUAL(count_numbers("/proc/self/task", getpid()), 1);
    file = open("/tmp", O_RDONLY);
    EXPECT_EQUAL(count_numbers("/proc/self/fd", file), 1);
    close(file);
    EXPECT_EQUAL(count_numbers("/proc/self/fd", file + 1), 0);
    end_child(child);
    EXPECT_EQUAL(count_numbers("/proc", child), 0);
    EXPECT_ERROR(access(path_in(child, ""), F_OK), ENOENT);
}

/* ---- threads ---- */

static uint32_t thread_tid, thread_leave;

static void wait_for_leave(void *unused)
{
    (void)unused;
    while (!__atomic_load_n(&thread_leave, __ATOMIC_SEQ_CST))
        raw_call(__NR_futex, (uintptr_t)&thread_leave, FUTEX_WAIT, 0, 0);
}

static const char *path_of_thread(long tid, const char *name)
{
    static char path[64];

    snprintf(path, sizeof(path), "/proc/self/task/%ld/%s", tid, name);
    return path;
}

static long number_after(const char *label)
{
    const char *line = strstr(proc_text, label);

    return line ? strtol(line + strlen(label), NULL, 10) : -1;
}

static void threads(void)
{
    char *stack = map_pages(4, READ_WRITE);
    long tid;

    thread_tid = 1;
    tid = start_task(THREAD_TASK, stack + 4 * PAGE, wait_for_leave, NULL, &thread_tid);
    EXPECT(tid > 0);
    EXPECT_EQUAL(count_numbers("/proc/self/task", -1), 2);
    EXPECT_EQUAL(count_numbers("/proc/self/task", tid), 1);
    EXPECT_EQUAL(count_numbers("/proc/self/task", getpid()), 1);
    EXPECT_EQUAL(count_numbers("/proc", tid), 0);
    EXPECT(read_file(path_of_thread(tid, "status")) > 0);
    EXPECT_EQUAL(number_after("\nTgid:"), getpid());
    EXPECT_EQUAL(number_after("\nPid:"), tid);
    EXPECT_EQUAL(number_after("\nThreads:"), 2);
    EXPECT(read_file(path_of_thread(tid, "stat")) > 0);
    EXPECT_EQUAL(strtol(proc_text, NULL, 10), tid);
    EXPECT_SUCCESS(write_file(path_of_thread(tid, "comm"), "other"));
    EXPECT(read_file(path_of_thread(tid, "comm")) > 0);
    EXPECT(strcmp(proc_text, "other\n") == 0);
    EXPECT(read_file("/proc/self/comm") > 0);
    EXPECT(strcmp(proc_text, "other\n") != 0);
    EXPECT_ERROR(access(path_of_thread(getppid(), ""), F_OK), ENOENT);
    EXPECT_ERROR(access(path_of_thread(tid, "task"), F_OK), ENOENT);

    __atomic_store_n(&thread_leave, 1, __ATOMIC_SEQ_CST);
    syscall(__NR_futex, &thread_leave, FUTEX_WAKE, 1, NULL, NULL, 0);
    while (__atomic_load_n(&thread_tid, __ATOMIC_SEQ_CST))
        syscall(__NR_futex, &thread_tid, FUTEX_WAIT, 1, NULL, NULL, 0);
    for (int i = 0; i < 1000 && count_numbers("/proc/self/task", -1) > 1; i++)
        usleep(1000);
    EXPECT_EQUAL(count_numbers("/proc/self/task", -1), 1);
    EXPECT_ERROR(access(path_of_thread(tid, ""), F_OK), ENOENT);
    munmap(stack, 4 * PAGE);
}

/* ---- children ---- */

static void states(void)
{
    pid_t child = start_child();

    EXPECT(reaches_state(child, 'S'));
    kill(child, SIGSTOP);
    EXPECT(reaches_state(child, 'T'));
    kill(child, SIGCONT);
    EXPECT(reaches_state(child, 'S'));
    kill(child, SIGKILL);
    EXPECT(reaches_state(child, 'Z'));
    EXPECT_EQUAL(number_behind("PPid:\t"), getpid());
    EXPECT_EQUAL(number_behind("VmSize:\t"), -1);
    EXPECT_EQUAL(read_file(path_in(child, "cmdline")), 0);
    EXPECT_EQUAL(read_file(path_in(child, "maps")), 0);
    end_child(child);
}

static void files_of_the_dead(void)
{
    pid_t child = start_child();
    int file = open(path_in(child, "status"), O_RDONLY);
    int memory = open(path_in(child, "mem"), O_RDONLY);
    char byte;

    EXPECT_EQUAL(pread(memory, &byte, 1, (off_t)(uintptr_t)&byte), 1);
    end_child(child);
    EXPECT_ERROR(read(file, &byte, 1), ESRCH);
    EXPECT_EQUAL(pread(memory, &byte, 1, (off_t)(uintptr_t)&byte), 0);
    close(file);
    close(memory);
}

/* What is in memory, and what a process has its hands on, is for whoever may trace it. */
static void look_as_a_stranger(void)
{
    static const char *const closed[] = {"auxv",  "environ",      "fdinfo/0", "maps", "mem",
                                         "smaps", "smaps_rollup", "cwd/.",    "exe",  "root/."};
    static const char *const links[] = {"cwd", "exe", "root"};
    static const char *const open_to_all[] = {"cmdline", "comm", "limits", "stat", "status"};
    char target[256];
    pid_t parent = getppid();

    EXPECT_SUCCESS(syscall(__NR_setresgid, 1000, 1000, 1000));
    EXPECT_SUCCESS(syscall(__NR_setresuid, 1000, 1000, 1000));
    for (unsigned int i = 0; i < COUNT(closed); i++)
        EXPECT_ERROR(open(path_in(parent, closed[i]), O_RDONLY), EACCES);
    for (unsigned int i = 0; i < COUNT(links); i++)
        EXPECT_ERROR(syscall(__NR_readlink, path_in(parent, links[i]), target, sizeof(target)),
                     EACCES);
    for (unsigned int i = 0; i < COUNT(open_to_all); i++)
        EXPECT_SUCCESS(open(path_in(parent, open_to_all[i]), O_RDONLY));
}

static void strangers(void)
{
    if (syscall(__NR_geteuid) != 0) {
        ktap_skip("only root can become somebody else");
        return;
    }
    run_in_child(look_as_a_stranger);
}

static const struct ktap_test tests[] = {
    {"status: who it is", status_of_this_process},
    {"status: how much memory", memory_in_status},
    {"status: signals blocked, caught, ignored and pending", signals_in_status},
    {"stat: 52 fields on a line", stat_of_this_process},
    {"statm: in pages", statm_is_in_pages},
    {"stat: time that is used is counted", time_is_counted},
    {"stat: time asleep is not", sleep_is_not_counted},
    {"cmdline and environ, after exec", command_line_and_environment},
    {"comm: the name, which can be changed, up to 15 characters", comm_can_be_changed},
    {"limits", limits},
    {"exe leads to the program", exe_leads_to_the_program},
    {"cwd and root", cwd_and_root},
    {"fd: a file, also when it is deleted", descriptors},
    {"fd: a pipe, which can be opened again", pipes_can_be_opened_again},
    {"the directories of processes, threads and descriptors", directories},
    {"task/ has all threads, each with its own number and name", threads},
    {"the states of a child: S, T, S, Z", states},
    {"open files of a process that has died", files_of_the_dead},
    {"memory, folders and files are for whoever may trace it: EACCES", strangers},
};

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[3], "c") == 0) {
        show_file("/proc/self/cmdline");
        show_file("/proc/self/environ");
        return 0;
    }
    mkdir("/tmp", 0777);
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
