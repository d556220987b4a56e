// SPDX-License-Identifier: MIT
/*
 * Locks on files: whose they are when a descriptor is closed while somebody waits, and in a new
 * program, and what becomes of processes that wait for each other.
 *
 * Every process and thread here that sleeps does so in its wait for a lock, so one that is seen
 * asleep waits for it.
 */
#include "tests/ring3/proc.h"
#include "tests/ring3/scratch.h"
#include "tests/ring3/tasks.h"

#define STACK_SIZE     (16 * PAGE)
#define LONGEST_CYCLE  12 /* that Linux finds */
#define PARTNERS       LONGEST_CYCLE
#define INTERVAL       50000 /* microseconds */
#define FIELD_OF_STATE 2     /* characters behind the ')' of a stat file */

static const char *const names[] = {"file", "other"};
static char directory[64];

/* With all children. */
static struct {
    uint32_t holding; /* how many have their first lock */
    volatile int go;  /* wait for the second */
    volatile int let_go;
} * shared;

static void yield(void)
{
    raw_call(__NR_sched_yield, 0, 0, 0, 0);
}

static struct flock range(short type, long start, long length)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

static long lock(int file, int command, short type, long start)
{
    struct flock request = range(type, start, 1);

    return fcntl(file, command, &request);
}

/* F_UNLCK where the byte could be had, or the type of the lock in the way. */
static short in_the_way(int file, long start)
{
    struct flock request = range(F_WRLCK, start, 1);

    EXPECT_SUCCESS(fcntl(file, F_GETLK, &request));
    return request.l_type;
}

static void wait_until_asleep(long process, long task)
{
    char path[64];
    const char *name_end;

    snprintf(path, sizeof(path), "/proc/%ld/task/%ld/stat", process, task);
    do {
        yield();
        EXPECT(read_file(path) > 0);
        name_end = strrchr(proc_text, ')');
    } while (name_end && name_end[FIELD_OF_STATE] != 'S');
}

/* ---- children ---- */

struct part {
    long first, second; /* bytes of the file */
    int first_command;
    int second_command; /* 0: none */
    short first_type;
};

static pid_t partners[PARTNERS];
static unsigned int partner_count;

/* Has its first lock, then waits for its second; ends with the error. */
static void play(const struct part *part)
{
    int file = open("file", O_RDWR);
    long error = lock(file, part->first_command, part->first_type, part->first);

    __atomic_fetch_add(&shared->holding, 1, __ATOMIC_SEQ_CST);
    while (!shared->go)
        yield();
    if (!error && part->second_command)
        error = lock(file, part->second_command, F_WRLCK, part->second);
    while (!part->second_command && !shared->let_go)
        yield();
    _exit(error ? errno : 0);
}

static void start_part(struct part part)
{
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0)
        play(&part);
    partners[partner_count++] = child;
    while (__atomic_load_n(&shared->holding, __ATOMIC_SEQ_CST) < partner_count)
        yield();
}

/* From here on those wait that have something to wait for. */
static void let_wait(void)
{
    shared->go = 1;
}

static void wait_until_partner_sleeps(unsigned int number)
{
    wait_until_asleep(partners[number], partners[number]);
}

static void begin(void)
{
    partner_count = 0;
    shared->holding = 0;
    shared->go = shared->let_go = 0;
}

static void end_partner(unsigned int number, int error)
{
    int status = -1;

    while (waitpid(partners[number], &status, 0) < 0 && errno == EINTR)
        ;
    EXPECT_EQUAL(status, error << 8);
}

/* All get what they wait for once the caller's locks are gone. */
static void end_partners(int file)
{
    struct flock all = range(F_UNLCK, 0, 0);

    fcntl(file, F_SETLK, &all);
    fcntl(file, F_OFD_SETLK, &all);
    shared->let_go = 1;
    for (unsigned int i = 0; i < partner_count; i++)
        end_partner(i, 0);
}

/* ---- A thread that waits ---- */

static struct {
    int file, command;
    volatile long result;
    volatile uint32_t alive;
    long number;
    char *stack;
} waiter;

static void wait_in_thread(void *argument)
{
    struct flock request = range(F_WRLCK, 0, 1);

    (void)argument;
    if (waiter.command)
        waiter.result = raw_call(__NR_fcntl, waiter.file, waiter.command, (uintptr_t)&request, 0);
    else
        waiter.result = raw_call(__NR_flock, waiter.file, LOCK_EX, 0, 0);
}

/* command 0: flock. */
static void start_waiter(int file, int command)
{
    waiter.file = file;
    waiter.command = command;
    waiter.alive = 1;
    waiter.stack = map_pages(STACK_SIZE / PAGE, READ_WRITE);
    waiter.number = start_task(THREAD_TASK, waiter.stack + STACK_SIZE, wait_in_thread, NULL,
                               (uint32_t *)&waiter.alive);
    wait_until_asleep(getpid(), waiter.number);
}

static long end_waiter(void)
{
    while (waiter.alive)
        yield();
    munmap(waiter.stack, STACK_SIZE);
    return waiter.result;
}

/* A child has byte 0 while a thread waits for it by the descriptor that is returned. */
static int wait_for_partner(int command)
{
    int file = open("file", O_RDWR);

    begin();
    start_part((struct part){.first_command = F_SETLK, .first_type = F_WRLCK});
    start_waiter(file, command);
    return file;
}

static long let_partner_go(void)
{
    shared->go = shared->let_go = 1;
    end_partner(0, 0);
    return end_waiter();
}

/* ---- descriptors that are closed ---- */

static void ask_whether_free(void)
{
    int file = open("file", O_RDWR);

    EXPECT_EQUAL(in_the_way(file, 0), F_UNLCK);
    EXPECT_SUCCESS(lock(file, F_SETLK, F_WRLCK, 0));
    close(file);
}

static void closed(void)
{
    int file = wait_for_partner(F_SETLKW);

    close(file);
    EXPECT_EQUAL(let_partner_go(), -EBADF);
    run_in_child(ask_whether_free);
}

static void closed_and_opened(void)
{
    int file = wait_for_partner(F_SETLKW);

    close(file);
    EXPECT_EQUAL(open("file", O_RDWR), file);
    EXPECT_EQUAL(let_partner_go(), -EBADF);
    run_in_child(ask_whether_free);
    close(file);
}

static void replaced(void)
{
    int file = wait_for_partner(F_SETLKW), other = open("other", O_RDWR | O_CREAT, 0644);

    EXPECT_EQUAL(dup2(other, file), file);
    EXPECT_EQUAL(let_partner_go(), -EBADF);
    run_in_child(ask_whether_free);
    close(other);
    close(file);
}

/* By itself, or by another descriptor of the same open file. */
static void replaced_by_itself(void)
{
    int file = wait_for_partner(F_SETLKW), copy = fcntl(file, F_DUPFD, 0);

    EXPECT_EQUAL(dup2(copy, file), file);
    EXPECT_EQUAL(let_partner_go(), 0);
    close(copy);
    run_in_child(ask_whether_free);
    close(file);
}

/* What the process has locked by other descriptors meanwhile goes too. */
static void locks_since(void)
{
    int file = wait_for_partner(F_SETLKW), other;

    close(file);
    other = open("file", O_RDWR);
    EXPECT_EQUAL(fcntl(other, F_DUPFD, 100), 100);
    EXPECT_ERROR(lock(100, F_SETLK, F_WRLCK, 0), EAGAIN);
    EXPECT_SUCCESS(lock(100, F_SETLK, F_WRLCK, 5));
    EXPECT_EQUAL(let_partner_go(), -EBADF);
    run_in_child(ask_whether_free);
    close(other);
    close(100);
}

/* Their locks are the open file's, and go with it. */
static void locks_of_open_files(void)
{
    int file = wait_for_partner(F_OFD_SETLKW), holder = open("file", O_RDWR);

    close(file);
    EXPECT_EQUAL(let_partner_go(), 0);
    run_in_child(ask_whether_free);
    EXPECT_SUCCESS(syscall(__NR_flock, holder, LOCK_EX));
    file = open("file", O_RDWR);
    start_waiter(file, 0);
    close(file);
    close(holder);
    EXPECT_EQUAL(end_waiter(), 0);
    holder = open("file", O_RDWR);
    EXPECT_SUCCESS(syscall(__NR_flock, holder, LOCK_EX | LOCK_NB));
    close(holder);
}

/* Its main thread closes the descriptor that another one waits by, and all end. */
static void close_and_end(void)
{
    int file = open("file", O_RDWR);

    start_waiter(file, F_SETLKW);
    close(file);
    shared->let_go = 1;
    end_waiter();
}

static void locks_of_the_dead(void)
{
    int file;

    for (int i = 0; i < 3; i++) {
        begin();
        let_wait();
        start_part((struct part){.first_command = F_SETLK, .first_type = F_WRLCK});
        EXPECT_EXITED(close_and_end, 0);
        end_partner(0, 0);
        file = open("file", O_RDWR);
        EXPECT_EQUAL(in_the_way(file, 0), F_UNLCK);
        close(file);
    }
}

/* ---- new programs ---- */

#define HOLD "hold" /* the argument with which this program only stays */

static char *const hold_arguments[] = {"locks", HOLD, NULL};

static void execute(void)
{
    raw_call(__NR_execve, (uintptr_t) "/proc/self/exe", (uintptr_t)hold_arguments,
             (uintptr_t)environ, 0);
}

static void stay(void)
{
    for (;;)
        raw_call(__NR_pause, 0, 0, 0, 0);
}

static void execute_in_thread(void *unused)
{
    (void)unused;
    execute();
}

static void stay_in_thread(void *unused)
{
    (void)unused;
    stay();
}

static void lock_and_execute(void (*thread)(void *))
{
    static uint32_t alive;
    char *stack = map_pages(STACK_SIZE / PAGE, READ_WRITE);

    if (lock(open("file", O_RDWR), F_SETLK, F_WRLCK, 0))
        _exit(1);
    if (thread)
        start_task(THREAD_TASK, stack + STACK_SIZE, thread, NULL, &alive);
    if (thread == execute_in_thread)
        stay();
    execute();
    _exit(1);
}

/* A descriptor that the new program no longer has tells when it runs. */
static void expect_lock_kept(void (*thread)(void *))
{
    int file = open("file", O_RDWR), ends[2];
    char byte;
    pid_t child;

    EXPECT_SUCCESS(syscall(__NR_pipe2, ends, O_CLOEXEC));
    fflush(stdout);
    child = fork();
    if (child == 0)
        lock_and_execute(thread);
    close(ends[1]);
    EXPECT_EQUAL(read(ends[0], &byte, 1), 0);
    EXPECT_EQUAL(in_the_way(file, 0), F_WRLCK);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    EXPECT_EQUAL(in_the_way(file, 0), F_UNLCK);
    close(ends[0]);
    close(file);
}

static void kept_by_exec(void)
{
    expect_lock_kept(NULL);
}

static void kept_without_threads(void)
{
    expect_lock_kept(stay_in_thread);
    expect_lock_kept(execute_in_thread);
}

/* ---- processes that wait for each other ---- */

static void nothing(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
}

/* Signals come again and again from here on, so that no wait lasts; or no longer. */
static void interrupt_every(long microseconds)
{
    long times[] = {0, microseconds, 0, microseconds}; /* struct itimerval */

    handle(SIGALRM, nothing, 0);
    syscall(__NR_setitimer, 0, times, NULL);
}

static void expect_endless(long result)
{
    int error = errno;

    interrupt_every(0);
    EXPECT_EQUAL(result, -1);
    EXPECT_EQUAL(error, EINTR);
}

/* Each has a byte and waits for the next one's, the last for the first's. */
static void cycle_of(unsigned int count)
{
    int file = open("file", O_RDWR);

    begin();
    EXPECT_SUCCESS(lock(file, F_SETLK, F_WRLCK, 0));
    for (unsigned int i = 1; i < count; i++)
        start_part((struct part){.first = i,
                                 .second = (i + 1) % count,
                                 .first_command = F_SETLK,
                                 .second_command = F_SETLKW,
                                 .first_type = F_WRLCK});
    let_wait();
    for (unsigned int i = 0; i < partner_count; i++)
        wait_until_partner_sleeps(i);
    EXPECT_ERROR(lock(file, F_SETLKW, F_WRLCK, 1), EDEADLK);
    EXPECT_ERROR(lock(file, F_SETLK, F_WRLCK, 1), EAGAIN);
    EXPECT_EQUAL(in_the_way(file, 1), F_WRLCK);
    end_partners(file);
    close(file);
}

static void cycles(void)
{
    cycle_of(2);
    cycle_of(3);
    cycle_of(LONGEST_CYCLE);
}

/* Both may read the byte and want to write it. */
static void two_readers(void)
{
    int file = open("file", O_RDWR);

    begin();
    EXPECT_SUCCESS(lock(file, F_SETLK, F_RDLCK, 0));
    start_part(
        (struct part){.first_command = F_SETLK, .second_command = F_SETLKW, .first_type = F_RDLCK});
    let_wait();
    wait_until_partner_sleeps(0);
    EXPECT_ERROR(lock(file, F_SETLKW, F_WRLCK, 0), EDEADLK);
    end_partners(file);
    close(file);
}

/* A wait goes over to another's lock, and that closes a cycle. */
static void cycle_during_wait(void)
{
    int file = open("file", O_RDWR);
    pid_t waker;

    begin();
    start_part((struct part){.first_command = F_SETLK, .first_type = F_RDLCK});
    EXPECT_SUCCESS(lock(file, F_SETLK, F_WRLCK, 1));
    start_part((struct part){
        .first_command = F_SETLK, .second = 1, .second_command = F_SETLKW, .first_type = F_RDLCK});
    let_wait();
    wait_until_partner_sleeps(1);
    waker = fork();
    if (waker == 0) {
        wait_until_asleep(getppid(), getppid());
        shared->let_go = 1;
        _exit(0);
    }
    EXPECT_ERROR(lock(file, F_SETLKW, F_WRLCK, 0), EDEADLK);
    waitpid(waker, NULL, 0);
    end_partners(file);
    close(file);
}

/* A wait of one thread is its process's. */
static void cycle_through_a_thread(void)
{
    int file = open("file", O_RDWR);

    begin();
    EXPECT_SUCCESS(lock(file, F_SETLK, F_WRLCK, 1));
    start_part((struct part){
        .first_command = F_SETLK, .second = 1, .second_command = F_SETLKW, .first_type = F_WRLCK});
    start_waiter(file, F_SETLKW);
    let_wait();
    end_partner(0, EDEADLK);
    EXPECT_EQUAL(end_waiter(), 0);
    close(file);
}

/* A partner has byte 1 and waits for byte 0; the caller has that and asks for byte 1. */
static int cross(int holding_0, int holding_1, int waiting_for_0)
{
    int file = open("file", O_RDWR);

    begin();
    EXPECT_SUCCESS(lock(file, holding_0, F_WRLCK, 0));
    start_part((struct part){.first = 1,
                             .second = 0,
                             .first_command = holding_1,
                             .second_command = waiting_for_0,
                             .first_type = F_WRLCK});
    let_wait();
    wait_until_partner_sleeps(0);
    return file;
}

/* Open files are nobody's, so who waits for their locks does not count; their own waits do. */
static void cycles_with_open_files(void)
{
    int file = cross(F_SETLK, F_OFD_SETLK, F_OFD_SETLKW);

    EXPECT_ERROR(lock(file, F_SETLKW, F_WRLCK, 1), EDEADLK);
    end_partners(file);
    close(file);

    file = cross(F_SETLK, F_SETLK, F_SETLKW);
    interrupt_every(INTERVAL);
    expect_endless(lock(file, F_OFD_SETLKW, F_WRLCK, 1));
    end_partners(file);
    close(file);

    file = cross(F_OFD_SETLK, F_SETLK, F_SETLKW);
    interrupt_every(INTERVAL);
    expect_endless(lock(file, F_SETLKW, F_WRLCK, 1));
    interrupt_every(INTERVAL);
    expect_endless(lock(file, F_OFD_SETLKW, F_WRLCK, 1));
    end_partners(file);
    close(file);
}

static void flock_crosswise(void)
{
    int file = open("file", O_RDWR), other = open("other", O_RDWR | O_CREAT, 0644);
    pid_t child;

    begin();
    EXPECT_SUCCESS(syscall(__NR_flock, file, LOCK_EX));
    child = fork();
    if (child == 0) {
        int own = open("other", O_RDWR);

        syscall(__NR_flock, own, LOCK_EX);
        shared->go = 1;
        _exit(syscall(__NR_flock, open("file", O_RDWR), LOCK_EX) ? 1 : 0);
    }
    while (!shared->go)
        yield();
    wait_until_asleep(child, child);
    interrupt_every(INTERVAL);
    expect_endless(syscall(__NR_flock, other, LOCK_EX));
    EXPECT_SUCCESS(syscall(__NR_flock, file, LOCK_UN));
    partners[0] = child;
    end_partner(0, 0);
    close(file);
    close(other);
}

/* ---- arguments ---- */

static void order_of_errors(void)
{
    int file = open("file", O_RDWR), reader = open("file", O_RDONLY);
    struct flock beyond = range(77, 0x7fffffffffffffff, 5);
    struct flock pid = {.l_type = F_WRLCK, .l_len = 1, .l_pid = 5};

    EXPECT_ERROR(fcntl(file, F_SETLK, NULL), EFAULT);
    EXPECT_ERROR(fcntl(file, F_SETLK, &beyond), EOVERFLOW);
    EXPECT_ERROR(fcntl(file, F_OFD_GETLK, &beyond), EOVERFLOW);
    EXPECT_ERROR(fcntl(file, F_GETLK, &beyond), EINVAL);
    beyond.l_type = F_UNLCK;
    EXPECT_ERROR(fcntl(file, F_GETLK, &beyond), EINVAL);
    EXPECT_ERROR(fcntl(reader, F_OFD_SETLK, &pid), EBADF);
    EXPECT_ERROR(fcntl(file, F_OFD_SETLK, &pid), EINVAL);
    EXPECT_ERROR(fcntl(file, F_OFD_GETLK, &pid), EINVAL);
    pid.l_type = F_UNLCK;
    EXPECT_ERROR(fcntl(reader, F_OFD_SETLK, &pid), EINVAL);
    EXPECT_SUCCESS(fcntl(reader, F_SETLK, &pid));
    close(file);
    close(reader);
}

static const struct ktap_test tests[] = {
    {"no lock comes to a descriptor that was closed meanwhile", closed},
    {"nor to one that was opened again", closed_and_opened},
    {"nor to one that is another file's by then", replaced},
    {"it comes to one that is the same open file's", replaced_by_itself},
    {"all that came since the close goes with it", locks_since},
    {"an open file takes its locks along", locks_of_open_files},
    {"no lock outlives its process", locks_of_the_dead},
    {"execve keeps them", kept_by_exec},
    {"and it does when it ends other threads, or the main thread", kept_without_threads},
    {"processes that wait in a circle: EDEADLK", cycles},
    {"two readers that want to write: EDEADLK", two_readers},
    {"a circle that is closed during a wait: EDEADLK", cycle_during_wait},
    {"a circle by a wait of another thread: EDEADLK", cycle_through_a_thread},
    {"circles by locks of open files are not looked for", cycles_with_open_files},
    {"nor those by flock", flock_crosswise},
    {"errors have an order", order_of_errors},
};

int main(int argc, char **argv)
{
    int status;

    if (argc > 1 && strcmp(argv[1], HOLD) == 0)
        stay();
    probe_init();
    shared = mmap(NULL, PAGE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    enter_scratch(directory, sizeof(directory));
    close(make_file("file", "0123456789abcdef"));
    status = ktap_run(tests, COUNT(tests), NULL);
    leave_scratch(directory, names, COUNT(names));
    return status;
}
