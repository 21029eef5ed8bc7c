/* rowbuild-rank [NAME=VALUE]… PROGRAM [ARGUMENT]…: started by an MPI launcher for each rank, and by
 * srun for a process on another host of the job.
 *
 * Learns from the launcher its number among the processes of its node, moves to the cores of this
 * process, tells the program its number, and becomes the program. Knows nothing about rowbuild
 * except these variables, which it removes:
 *
 * - ROWBUILD_RANK_PLACES, "{0,4},{1,5};{2,6},{3,7}": for each process (separated by `;`) its cores,
 *   and for each core the kernel's CPU numbers. If it isn't set, nothing is bound.
 * - ROWBUILD_RANK_OPENMP: if set, the places become the program's OMP_PLACES.
 * - ROWBUILD_RANK_CUDA, "0,1;2,3": for each process its CUDA_VISIBLE_DEVICES.
 * - ROWBUILD_RANK_ROCR: likewise ROCR_VISIBLE_DEVICES.
 * - ROWBUILD_RANK_STEP, "ranks" or "process": set if srun started rowbuild-rank, which then stays
 *   and runs the program as its child. srun can't pass on SIGTERM (it kills the step), but it can
 *   pass on SIGUSR2, which is sent to the program as SIGTERM. All processes of a step get the
 *   signals that srun passes on, so the program starts with SIGUSR2 ignored. "process" means the
 *   only process of its step, which keeps its ACTION_PROCESS_INDEX.
 *
 * The program gets ACTION_PROCESS_INDEX, and ACTION_CORES, OMP_PLACES, CUDA_VISIBLE_DEVICES and
 * ROCR_VISIBLE_DEVICES if they are known. Words like NAME=VALUE before the program are set as by
 * env(1), so that launchers that consist of such words can follow the one for MPI. */
#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MOST_CPUS = 1024,
    LONGEST_LIST = 8 * MOST_CPUS,
    STATUS_NOT_FOUND = 127,
    STATUS_NOT_STARTED = 126,
    STATUS_USAGE = 2,
    STATUS_SIGNALLED = 128,
};

/* The number in the first of these variables that is set; -1 if none is set. */
static long number_from(const char *const *names)
{
    for (; *names != NULL; names++) {
        const char *text = getenv(*names);
        char *end;
        if (text == NULL || !isdigit((unsigned char)*text)) {
            continue;
        }
        errno = 0;
        long number = strtol(text, &end, 10);
        if (errno == 0 && *end == '\0') {
            return number;
        }
    }
    return -1;
}

/* This process's number among those on this machine, for any launcher. PMIX_RANK and PMI_RANK count
 * over all machines, which gives the same number if there is only one. SLURM_LOCALID comes last: a
 * batch script has it too, and processes started there by mpirun inherit it. */
static long local_rank(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_LOCAL_RANK",
                                        "MPI_LOCALRANKID",
                                        "PMIX_RANK",
                                        "PMI_RANK",
                                        "SLURM_LOCALID",
                                        NULL};
    return number_from(names);
}

static long global_rank(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK",
                                        "SLURM_PROCID", NULL};
    long rank = number_from(names);
    return rank >= 0 ? rank : local_rank();
}

/* A newly allocated copy of the list's part with this number; NULL if there is none. */
static char *part_of(const char *list, long number)
{
    for (; list != NULL && number > 0; number--) {
        list = strchr(list, ';');
        list = list != NULL ? list + 1 : NULL;
    }
    return list != NULL ? strndup(list, strcspn(list, ";")) : NULL;
}

static void add_cpus(const char *places, cpu_set_t *cpus)
{
    while (*places != '\0') {
        if (isdigit((unsigned char)*places)) {
            char *end;
            unsigned long cpu = strtoul(places, &end, 10);
            if (cpu < MOST_CPUS) {
                CPU_SET(cpu, cpus);
            }
            places = end;
        } else {
            places++;
        }
    }
}

/* Writes the list in the kernel's form: "0-1,4". */
static void format_cpus(const cpu_set_t *cpus, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t first = 0; first < MOST_CPUS; first++) {
        size_t last = first;
        if (!CPU_ISSET(first, cpus)) {
            continue;
        }
        while (last + 1 < MOST_CPUS && CPU_ISSET(last + 1, cpus)) {
            last++;
        }
        int added =
            last == first
                ? snprintf(out + len, size - len, "%s%zu", len > 0 ? "," : "", first)
                : snprintf(out + len, size - len, "%s%zu-%zu", len > 0 ? "," : "", first, last);
        if (added < 0 || (size_t)added >= size - len) {
            return;
        }
        len += (size_t)added;
        first = last;
    }
}

static void bind(long rank)
{
    char *places = part_of(getenv("ROWBUILD_RANK_PLACES"), rank);
    char list[LONGEST_LIST];
    cpu_set_t cpus;
    if (places == NULL) {
        return;
    }
    CPU_ZERO(&cpus);
    add_cpus(places, &cpus);
    if (CPU_COUNT(&cpus) > 0) {
        if (sched_setaffinity(0, sizeof cpus, &cpus) == 0) {
            format_cpus(&cpus, list, sizeof list);
            setenv("ACTION_CORES", list, 1);
            if (getenv("ROWBUILD_RANK_OPENMP") != NULL) {
                setenv("OMP_PLACES", places, 1);
                setenv("OMP_PROC_BIND", "close", 1);
            }
        } else { /* the rank may have been started on another machine */
            fprintf(stderr, "rowbuild-rank: rank %ld is not bound to its cores: %s\n", rank,
                    strerror(errno));
        }
    }
    free(places);
}

static void show_gpus(long rank, const char *lists, const char *variable)
{
    char *gpus = part_of(getenv(lists), rank);
    if (gpus != NULL) {
        setenv(variable, gpus, 1);
    }
    free(gpus);
}

static void tell_index(void)
{
    char index[32];
    long rank = global_rank();
    if (rank >= 0) {
        snprintf(index, sizeof index, "%ld", rank);
        setenv("ACTION_PROCESS_INDEX", index, 1);
    }
}

/* The rank in a step of srun. With several hosts it is the number among all processes, since cores
 * are listed in that order. */
static long step_rank(void)
{
    static const char *const names[] = {"SLURM_PROCID", NULL};
    return number_from(names);
}

/* ---- Staying as the program's parent ---- */

static volatile sig_atomic_t program; /* the program's process group */

static void hand_on(int number)
{
    int error = errno;
    if (program > 0) {
        (void)kill(-(pid_t)program, number == SIGUSR2 ? SIGTERM : number);
        (void)kill(-(pid_t)program, SIGCONT);
    }
    errno = error;
}

static void become(char **argv)
{
    execvp(argv[0], argv);
    int error = errno;
    fprintf(stderr, "rowbuild-rank: `%s` can't be started: %s\n", argv[0], strerror(error));
    _exit(error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_STARTED);
}

/* Starts the program in its own process group, which signals to this process don't reach, passes
 * signals on to it, and ends with the program's status. */
static int stay_beside(char **argv)
{
    static const int handed_on[] = {SIGUSR2, SIGTERM};
    struct sigaction action = {.sa_handler = hand_on, .sa_flags = SA_RESTART};
    sigset_t all;
    sigset_t before;
    int status;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    pid_t child = fork();
    if (child < 0) {
        fprintf(stderr, "rowbuild-rank: can't start a process: %s\n", strerror(errno));
        return STATUS_NOT_STARTED;
    }
    (void)setpgid(child, child); /* in both processes, so that the order doesn't matter */
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
        signal(SIGUSR2, SIG_IGN);
        sigprocmask(SIG_SETMASK, &before, NULL);
        become(argv);
    }
    program = (sig_atomic_t)child;
    for (size_t i = 0; i < sizeof handed_on / sizeof handed_on[0]; i++) {
        sigaction(handed_on[i], &action, NULL);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFSIGNALED(status) ? STATUS_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool is_assignment(const char *word)
{
    size_t len = strcspn(word, "=");
    if (word[len] != '=' || len == 0 || isdigit((unsigned char)word[0])) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)word[i]) && word[i] != '_') {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    const char *step = getenv("ROWBUILD_RANK_STEP");
    bool in_step = step != NULL;
    bool is_alone = in_step && strcmp(step, "process") == 0;
    long rank = is_alone ? 0 : in_step ? step_rank() : local_rank();
    int first = 1;
    if (rank >= 0) {
        bind(rank);
        show_gpus(rank, "ROWBUILD_RANK_CUDA", "CUDA_VISIBLE_DEVICES");
        show_gpus(rank, "ROWBUILD_RANK_ROCR", "ROCR_VISIBLE_DEVICES");
    }
    if (!is_alone) {
        tell_index();
    }
    unsetenv("ROWBUILD_RANK_STEP");
    unsetenv("ROWBUILD_RANK_PLACES");
    unsetenv("ROWBUILD_RANK_OPENMP");
    unsetenv("ROWBUILD_RANK_CUDA");
    unsetenv("ROWBUILD_RANK_ROCR");
    while (first < argc && is_assignment(argv[first])) {
        putenv(argv[first++]);
    }
    if (first >= argc) {
        fprintf(stderr, "usage: rowbuild-rank [NAME=VALUE]... PROGRAM [ARGUMENT]...\n");
        return STATUS_USAGE;
    }
    if (in_step) {
        return stay_beside(argv + first);
    }
    become(argv + first);
    return STATUS_NOT_STARTED;
}
