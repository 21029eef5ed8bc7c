#include "listener.h"

#include "foresee.h"
#include "watched_call.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

/* The kernel of a later version may know larger ones. */
enum { ROOM = 1024 };
union notification {
    struct seccomp_notif it;
    char room[ROOM];
};
union response {
    struct seccomp_notif_resp it;
    char room[ROOM];
};

struct listening {
    int listener;
    uint64_t id; /* of the call that is being looked at */
    struct watcher watcher;
    struct trace_numbers numbers;
    struct watched_call call;
};

/* ---- Passing the descriptor ---- */

union passed {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
};

int listener_send(int socket, int listener)
{
    char byte = 0;
    union passed passed;
    struct iovec text = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &text, .msg_iovlen = 1, .msg_control = &passed, .msg_controllen = sizeof passed};
    memset(&passed, 0, sizeof passed);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof listener);
    memcpy(CMSG_DATA(header), &listener, sizeof listener);
    return sendmsg(socket, &message, MSG_NOSIGNAL) == 1 ? 0 : errno;
}

int listener_receive(int socket, int *listener)
{
    char byte;
    union passed passed;
    struct iovec text = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &text, .msg_iovlen = 1, .msg_control = &passed, .msg_controllen = sizeof passed};
    ssize_t got;
    while ((got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
    }
    if (got < 0) {
        return errno;
    }
    const struct cmsghdr *header = got == 1 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header == NULL || header->cmsg_type != SCM_RIGHTS) {
        return EPIPE;
    }
    memcpy(listener, CMSG_DATA(header), sizeof *listener);
    return 0;
}

/* ---- Listening ---- */

static bool is_at_call(void *context)
{
    const struct listening *listening = context;
    return ioctl(listening->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &listening->id) == 0;
}

static void look(struct listening *listening, const struct seccomp_notif *notification)
{
    enum trace_call which;
    uint64_t arguments[6];
    if (!trace_numbers_find(&listening->numbers, notification->data.arch, notification->data.nr,
                            &which)) {
        return;
    }
    for (size_t i = 0; i < 6; i++) {
        arguments[i] = notification->data.args[i];
    }
    listening->id = notification->id;
    if (call_begin(&listening->watcher, &listening->call, (pid_t)notification->pid, which,
                   arguments)) {
        call_foresee(&listening->watcher, &listening->call);
    }
}

static void let_go(int listener, uint64_t id)
{
    union response response;
    memset(&response, 0, sizeof response);
    response.it.id = id;
    response.it.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) != 0 && errno == EINVAL) {
        response.it.flags = 0; /* a kernel before 5.5 can't let it continue */
        response.it.error = -ENOSYS;
        (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
    }
}

static void nothing(int number)
{
    (void)number;
}

/* A call may be gone between being announced and being taken. Then older kernels wait for another one,
 * even if no process is left; a signal ends that. */
static void interrupt_often(void)
{
    struct sigaction action = {.sa_handler = nothing};
    struct itimerval every = {.it_interval = {.tv_sec = 1}, .it_value = {.tv_sec = 1}};
    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGALRM, &action, NULL);
    (void)setitimer(ITIMER_REAL, &every, NULL);
}

/* Whether a process is left. */
static bool listen_once(struct listening *listening)
{
    union notification notification;
    struct pollfd polled = {.fd = listening->listener, .events = POLLIN};
    if (poll(&polled, 1, -1) < 0) {
        return errno == EINTR;
    }
    if ((polled.revents & POLLIN) == 0) {
        return false;
    }
    memset(&notification, 0, sizeof notification);
    if (ioctl(listening->listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) == 0) {
        look(listening, &notification.it);
        let_go(listening->listener, notification.it.id);
        return true;
    }
    return errno == EINTR || errno == ENOENT;
}

void listener_follow(int listener, struct trace_writer *writer, const struct watch_options *options)
{
    struct listening listening = {
        .listener = listener,
        .watcher = {
            .writer = writer, .options = options, .foresees = true, .is_at_call = is_at_call}};
    listening.watcher.context = &listening;
    trace_numbers_init(&listening.numbers);
    /* Since Linux 6.6: a call wakes this process on its own core, as it waits anyway. */
    (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
    interrupt_often();
    while (listen_once(&listening)) {
    }
}
