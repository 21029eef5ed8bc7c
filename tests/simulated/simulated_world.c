#include "simulated_world.h"

#include "cpumask.h"
#include "memory.h"
#include "vec.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_PID = 5000, FIRST_PIDFD = 30000000, SIGNALS = 65 };

struct living {
    struct simulated_process process;
    pid_t group;
    bool is_orphan;
    bool has_acted;
    bool has_ended;
    bool is_told; /* to the loop */
    bool is_reaped;
    bool is_watched;
    uint64_t token;
    int64_t started_ns;
    int64_t acts_at_ns;
    int64_t ends_at_ns;
    int64_t stopped_ns; /* since when; 0: it runs */
    int change;         /* as look tells it */
    struct child_end end;
};

struct due {
    int64_t at_ns;
    simulated_event *event;
    void *context;
};

static struct {
    struct simulated_programs programs;
    VEC(struct living *) all; /* by number of their start */
    VEC(struct due) dues;
    unsigned pending[SIGNALS]; /* signals to this program */
    int64_t timer_ns;
    bool is_hasty;
    unsigned pauses;
    int64_t stop_ns;
    size_t started;
    size_t looks;
    double load;
    uint64_t memory_left;
    size_t most_at_once;
    size_t shared_cpus;
    size_t limit;
    int limit_error;
    unsigned refused; /* starts until the one that is; 0: all, if there is an error */
    int refused_error;
    size_t open_files;
    int unbound;
} own;

static const struct world simulated_world_table;

/* ---- Processes ---- */

static char **copy_words(char *const *words)
{
    size_t count = 0;
    while (words[count] != NULL) {
        count++;
    }
    char **copy = mem_alloc((count + 1) * sizeof *copy);
    for (size_t i = 0; i < count; i++) {
        copy[i] = mem_copy(words[i], strlen(words[i]));
    }
    return copy;
}

static void free_words(char **words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        free(words[i]);
    }
    free(words);
}

static struct living *add(char *const *argv, char *const *environment)
{
    struct living *living = mem_alloc(sizeof *living);
    living->process.pid = (pid_t)(FIRST_PID + own.all.count);
    living->process.argv = copy_words(argv);
    living->process.environment = copy_words(environment);
    living->group = living->process.pid;
    living->started_ns = simulated_now();
    vec_push(&own.all, living);
    return living;
}

static bool is_alive(const struct living *living)
{
    return !living->has_ended;
}

/* It ends now. What it leaves behind is below this program from now on. */
static void end(struct living *living, int signal)
{
    unsigned cpus = living->process.is_bound ? cpumask_count(&living->process.cpus) : 1;
    living->has_ended = true;
    living->end = (struct child_end){
        .signalled = signal != 0,
        .status = signal != 0 ? signal : living->process.status,
        .cpu_seconds = (double)(simulated_now() - living->started_ns) / 1e9 * cpus,
    };
    own.pending[SIGCHLD] = 1;
    for (unsigned i = 0; i < living->process.leaves; i++) {
        struct living *left = add(living->process.argv, living->process.environment);
        left->group = living->group;
        left->is_orphan = true;
        left->has_acted = true;
        left->ends_at_ns = INT64_MAX;
        left->process.ignores_term = living->process.leaves_stubborn;
    }
}

static void stop(struct living *living)
{
    if (living->stopped_ns == 0) {
        living->stopped_ns = simulated_now();
        living->change = 1;
        own.pending[SIGCHLD] = living->is_orphan ? own.pending[SIGCHLD] : 1;
    }
}

static void resume(struct living *living)
{
    if (living->stopped_ns != 0) {
        int64_t lost_ns = simulated_now() - living->stopped_ns;
        living->stopped_ns = 0;
        living->change = -1;
        living->acts_at_ns += lost_ns;
        living->ends_at_ns += living->ends_at_ns == INT64_MAX ? 0 : lost_ns;
        own.pending[SIGCHLD] = living->is_orphan ? own.pending[SIGCHLD] : 1;
    }
}

static void take_signal(struct living *living, int signal)
{
    if (signal == SIGKILL) {
        end(living, signal);
    } else if (signal == SIGSTOP) {
        stop(living);
    } else if (signal == SIGCONT) {
        resume(living);
    } else if (signal != 0 && !living->process.ignores_term) {
        if (living->process.term_ns == 0) { /* while it is stopped it waits for a CONT */
            living->process.killed_by = signal;
        }
        living->has_acted = true;
        living->ends_at_ns = living->process.term_ns +
                             (living->stopped_ns != 0 ? living->stopped_ns : simulated_now());
        living->process.ignores_term = true;
    }
}

/* ---- Time ---- */

/* The next moment of a process; INT64_MAX: none by itself. */
static int64_t moment_of(const struct living *living)
{
    return !is_alive(living) || living->stopped_ns != 0 ? INT64_MAX
           : !living->has_acted                         ? living->acts_at_ns
                                                        : living->ends_at_ns;
}

static void do_next(struct living *living)
{
    if (!living->has_acted) {
        living->has_acted = true;
        if (own.programs.act != NULL) {
            own.programs.act(own.programs.context, &living->process);
        }
    } else {
        end(living, living->process.killed_by);
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t next_moment(struct living **living, struct due **due)
{
    int64_t next = INT64_MAX;
    *living = NULL;
    *due = NULL;
    vec_each (struct living *, one, &own.all) {
        if (moment_of(*one) < next) {
            next = moment_of(*one);
            *living = *one;
        }
    }
    vec_each (struct due, one, &own.dues) {
        if (one->at_ns < next) {
            next = one->at_ns;
            *due = one;
            *living = NULL;
        }
    }
    return next;
}

static void move_clock(int64_t to_ns)
{
    if (to_ns > simulated_now()) {
        simulated_pass(to_ns - simulated_now());
    }
}

/* Lets happen what happens next, if it does by then. */
static bool take_step(int64_t until_ns)
{
    struct living *living;
    struct due *due;
    int64_t next = next_moment(&living, &due);
    if (next > until_ns || next == INT64_MAX) {
        return false;
    }
    move_clock(next);
    if (living != NULL) {
        do_next(living);
    } else {
        struct due one = *due;
        *due = own.dues.at[--own.dues.count];
        one.event(one.context);
    }
    return true;
}

static void pass_until(int64_t until_ns)
{
    while (take_step(until_ns)) {
    }
    move_clock(until_ns);
}

static int64_t monotonic_ns(void)
{
    return simulated_now();
}

static int64_t wall_s(void)
{
    return simulated_now() / 1000000000;
}

/* Who waits long enough sees even a coarse clock go on. */
static void pause_for(int64_t ns)
{
    enum { PAUSES_OF_A_TICK = 4096 };
    if (!own.is_hasty || ++own.pauses > PAUSES_OF_A_TICK) {
        pass_until(simulated_now() + ns);
    }
}

/* ---- Starting and ending ---- */

static size_t count_alive(bool orphans_too)
{
    size_t count = 0;
    vec_each (struct living *, one, &own.all) {
        count += is_alive(*one) && (orphans_too || !(*one)->is_orphan);
    }
    return count;
}

static int why_refused(void)
{
    if (own.refused_error != 0 && own.refused == 0) {
        return own.refused_error;
    }
    if (own.refused > 0 && --own.refused == 0) {
        int error = own.refused_error;
        own.refused_error = 0;
        return error;
    }
    return own.limit > 0 && count_alive(true) >= own.limit ? own.limit_error : 0;
}

static void note_sharing(const struct living *started)
{
    vec_each (struct living *, one, &own.all) {
        own.shared_cpus += *one != started && is_alive(*one) && !(*one)->is_orphan &&
                           (*one)->process.is_bound && started->process.is_bound &&
                           cpumask_intersects(&(*one)->process.cpus, &started->process.cpus);
    }
}

static int start(const struct spawn_request *request, struct child *child)
{
    int error = why_refused();
    if (error != 0) {
        errno = error;
        return -1;
    }
    struct living *living = add(request->argv, request->envp);
    living->process.output = request->output;
    living->process.is_bound = request->bind != NULL && own.unbound == 0;
    if (request->bind != NULL) {
        living->process.cpus = *request->bind;
    }
    if (own.programs.start != NULL) {
        own.programs.start(own.programs.context, &living->process);
    }
    living->acts_at_ns = living->started_ns + living->process.acts_ns;
    living->ends_at_ns = living->started_ns + living->process.lasts_ns;
    note_sharing(living);
    own.started++;
    size_t running = count_alive(false);
    own.most_at_once = running > own.most_at_once ? running : own.most_at_once;
    *child = (struct child){.pid = living->process.pid,
                            .pidfd = FIRST_PIDFD + (living->process.pid - FIRST_PID),
                            .unbound = request->bind != NULL ? own.unbound : 0};
    return 0;
}

static void give_up(const char *what)
{
    (void)fprintf(stderr, "simulated world: %s\n", what);
    abort();
}

static struct living *find(pid_t pid)
{
    size_t number = (size_t)(pid - FIRST_PID);
    if (pid < FIRST_PID || number >= own.all.count) {
        give_up("there is no such process");
    }
    return own.all.at[number];
}

static int reap(struct child *child, struct child_end *ending)
{
    struct living *living = find(child->pid);
    if (is_alive(living)) {
        return 1;
    }
    *ending = living->end;
    living->is_reaped = true;
    child->pidfd = -1;
    return 0;
}

static int look(const struct child *child)
{
    struct living *living = find(child->pid);
    int change = living->change;
    living->change = 0;
    return change;
}

static bool group_lives(pid_t leader)
{
    bool lives = false;
    vec_each (struct living *, one, &own.all) {
        lives = lives || (is_alive(*one) && (*one)->group == leader);
    }
    return lives;
}

/* What a signal leaves behind doesn't get it: as many as there are now. */
static unsigned signal_some(pid_t group, int signal)
{
    unsigned count = 0;
    for (size_t i = 0, all = own.all.count; i < all; i++) {
        struct living *living = own.all.at[i];
        if (is_alive(living) && (group == 0 || living->group == group)) {
            take_signal(living, signal);
            count++;
        }
    }
    return count;
}

static void signal_child(const struct child *child, int signal)
{
    (void)signal_some(child->pid, signal);
}

static bool signal_named(const struct child *child, const char *name, int signal)
{
    (void)child;
    (void)name;
    (void)signal;
    return false;
}

static bool sample(const pid_t *pids, size_t count, struct usage *usage)
{
    (void)pids;
    (void)count;
    (void)usage;
    return false;
}

/* ---- Descendants ---- */

static void do_nothing(void)
{
}

static size_t list_orphans(pid_t **pids)
{
    size_t count = 0;
    *pids = mem_alloc((own.all.count + 1) * sizeof **pids);
    vec_each (struct living *, one, &own.all) {
        if (is_alive(*one) && (*one)->is_orphan) {
            (*pids)[count++] = (*one)->process.pid;
        }
    }
    return count;
}

static const char *value_of(const struct living *living, const char *name)
{
    size_t len = strlen(name);
    for (char **entry = living->process.environment; *entry != NULL; entry++) {
        if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=') {
            return *entry + len + 1;
        }
    }
    return NULL;
}

static bool read_variable(pid_t pid, const char *name, struct buf *value)
{
    const char *text = value_of(find(pid), name);
    if (text != NULL) {
        buf_add_string(value, text);
    }
    return text != NULL;
}

static unsigned kill_orphans(const char *mark)
{
    unsigned count = 0;
    struct slice name = slice_make(mark, strcspn(mark, "="));
    struct buf copy = BUF_EMPTY;
    buf_add_slice(&copy, name);
    vec_each (struct living *, one, &own.all) {
        const char *value = value_of(*one, buf_string(&copy));
        if (is_alive(*one) && (*one)->is_orphan && value != NULL &&
            strcmp(value, mark + name.len + 1) == 0) {
            end(*one, SIGKILL);
            count++;
        }
    }
    buf_release(&copy);
    return count;
}

static unsigned signal_descendants(int signal)
{
    return signal_some(0, signal);
}

/* ---- This program ---- */

static void stop_self(void)
{
    pass_until(simulated_now() + own.stop_ns);
    own.pending[SIGCONT] = 1;
}

static size_t raise_open_files(size_t wanted, struct rlimit *before)
{
    *before = (struct rlimit){0};
    return own.open_files > 0 && own.open_files < wanted ? own.open_files : wanted;
}

static void restore_open_files(const struct rlimit *before)
{
    (void)before;
}

static void block_signals(sigset_t *before, bool takes_stops)
{
    (void)takes_stops;
    sigemptyset(before);
}

static void restore_signals(const sigset_t *before)
{
    (void)before;
}

/* ---- Waiting ---- */

static struct loop *open_loop(bool takes_stops)
{
    (void)takes_stops;
    own.timer_ns = 0;
    return mem_alloc(1);
}

static void close_loop(struct loop *loop)
{
    free(loop);
}

static int watch(struct loop *loop, int fd, uint64_t token)
{
    (void)loop;
    struct living *living = find((pid_t)(fd - FIRST_PIDFD + FIRST_PID));
    living->is_watched = true;
    living->is_told = false;
    living->token = token;
    return 0;
}

static void unwatch(struct loop *loop, int fd)
{
    (void)loop;
    find((pid_t)(fd - FIRST_PIDFD + FIRST_PID))->is_watched = false;
}

static void set_timer(struct loop *loop, int64_t at_ns)
{
    (void)loop;
    own.timer_ns = at_ns;
}

static int take_events(struct loop_event *events, size_t limit)
{
    size_t count = 0;
    for (int signal = 1; signal < SIGNALS && count < limit; signal++) {
        if (own.pending[signal] > 0) {
            own.pending[signal] = 0;
            events[count++] = (struct loop_event){
                .kind = LOOP_SIGNAL, .token = (uint64_t)signal, .tells_stop = signal == SIGCHLD};
        }
    }
    vec_each (struct living *, one, &own.all) {
        if (count < limit && (*one)->is_watched && (*one)->has_ended) {
            events[count++] = (struct loop_event){.kind = LOOP_CHILD, .token = (*one)->token};
        }
    }
    if (count < limit && own.timer_ns != 0 && own.timer_ns <= simulated_now()) {
        own.timer_ns = 0;
        events[count++] = (struct loop_event){.kind = LOOP_TIMER};
    }
    return (int)count;
}

static int wait_for(struct loop *loop, struct loop_event *events, size_t limit, int timeout_ms)
{
    (void)loop;
    int64_t end_ns = timeout_ms < 0 ? INT64_MAX : simulated_now() + timeout_ms * INT64_C(1000000);
    int count;
    while ((count = take_events(events, limit)) == 0) {
        int64_t until_ns = own.timer_ns != 0 ? earlier(own.timer_ns, end_ns) : end_ns;
        if (!take_step(until_ns)) {
            if (until_ns == INT64_MAX) {
                give_up("the run waits, and nothing will happen any more");
            }
            move_clock(until_ns);
            if (until_ns == end_ns) {
                return take_events(events, limit);
            }
        }
    }
    return count;
}

static double load_average(void)
{
    own.looks++;
    return own.load;
}

static uint64_t memory_left(void)
{
    own.looks++;
    return own.memory_left > 0 ? own.memory_left : UINT64_MAX;
}

static int run_program(const struct program_request *request, struct program_answer *answer)
{
    (void)request;
    (void)answer;
    errno = ENOENT;
    return -1;
}

/* ---- The test's own ---- */

void simulated_world_begin(const struct simulated_programs *programs)
{
    memset(&own, 0, sizeof own);
    own.programs = *programs;
    world_use(&simulated_world_table);
}

static void forget_processes(void)
{
    vec_each (struct living *, one, &own.all) {
        free_words((*one)->process.argv);
        free_words((*one)->process.environment);
        free(*one);
    }
    own.all.count = 0;
    memset(own.pending, 0, sizeof own.pending);
}

void simulated_world_end(void)
{
    forget_processes();
    vec_release(&own.all);
    vec_release(&own.dues);
    world_use(&world_of_kernel);
}

void simulated_world_crash(void)
{
    forget_processes();
    own.dues.count = 0;
}

void simulated_after(int64_t ns, simulated_event *event, void *context)
{
    vec_push(&own.dues, (struct due){simulated_now() + ns, event, context});
}

void simulated_signal(int signal)
{
    own.pending[signal] = 1;
}

void simulated_set_stop(int64_t ns)
{
    own.stop_ns = ns;
}

void simulated_hold(int64_t ns, bool all, bool tells)
{
    if (all) {
        (void)signal_some(0, SIGSTOP);
    }
    pass_until(simulated_now() + ns);
    if (all) {
        (void)signal_some(0, SIGCONT);
    }
    own.pending[SIGCONT] = own.pending[SIGCONT] || tells;
}

void simulated_signal_process(size_t nth, int signal)
{
    if (nth < own.all.count && is_alive(own.all.at[nth])) {
        take_signal(own.all.at[nth], signal);
    }
}

void simulated_set_hasty(bool is_hasty)
{
    own.is_hasty = is_hasty;
    own.pauses = 0;
}

void simulated_limit_processes(size_t most, int error)
{
    own.limit = most;
    own.limit_error = error;
}

void simulated_refuse_start(unsigned nth, int error)
{
    own.refused = nth;
    own.refused_error = error;
}

void simulated_refuse_binding(int error)
{
    own.unbound = error;
}

void simulated_set_open_files(size_t limit)
{
    own.open_files = limit;
}

size_t simulated_started(void)
{
    return own.started;
}

size_t simulated_alive(void)
{
    return count_alive(true);
}

size_t simulated_most_at_once(void)
{
    return own.most_at_once;
}

void simulated_set_load(double load)
{
    own.load = load;
}

void simulated_set_memory_left(uint64_t bytes)
{
    own.memory_left = bytes;
}

size_t simulated_looks(void)
{
    return own.looks;
}

size_t simulated_shared_cpus(void)
{
    return own.shared_cpus;
}

static const struct world simulated_world_table = {
    .monotonic_ns = monotonic_ns,
    .load_average = load_average,
    .memory_left = memory_left,
    .wall_s = wall_s,
    .pause = pause_for,
    .start = start,
    .reap = reap,
    .look = look,
    .group_lives = group_lives,
    .signal = signal_child,
    .signal_named = signal_named,
    .sample = sample,
    .become_reaper = do_nothing,
    .reap_orphans = do_nothing,
    .list_orphans = list_orphans,
    .kill_orphans = kill_orphans,
    .signal_descendants = signal_descendants,
    .read_variable = read_variable,
    .stop_self = stop_self,
    .raise_open_files = raise_open_files,
    .restore_open_files = restore_open_files,
    .block_signals = block_signals,
    .restore_signals = restore_signals,
    .open_loop = open_loop,
    .close_loop = close_loop,
    .watch = watch,
    .unwatch = unwatch,
    .set_timer = set_timer,
    .wait = wait_for,
    .run_program = run_program,
};
