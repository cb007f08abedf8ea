// libzmq, and the few Linux calls that Swift cannot import by itself: variadic ones (syscall,
// prctl), and those that would need pointer casts (socket addresses).

#ifndef TERN_CZEROMQ_SHIM_H
#define TERN_CZEROMQ_SHIM_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

/// Identifies the calling thread among all that run; never 0.
///
/// pthread_self() is declared const, so a compiler may keep its result across a Swift `await`,
/// after which the function may run on another thread. Volatile instructions are never merged, and
/// take a nanosecond where a system call takes a hundred.
static inline unsigned long tern_thread_id(void) {
    unsigned long id;
#if defined(__x86_64__)
    __asm__ volatile("movq %%fs:0, %0" : "=r"(id));
#elif defined(__aarch64__)
    __asm__ volatile("mrs %0, tpidr_el0" : "=r"(id));
#else
    id = (unsigned long)syscall(SYS_gettid);
#endif
    return id;
}

/// Names the calling thread; the kernel keeps the first 15 bytes.
static inline void tern_name_thread(const char *name) {
    prctl(PR_SET_NAME, (unsigned long)name, 0UL, 0UL, 0UL);
}

/// Opens a pipe that never blocks and that other programs do not inherit.
static inline int tern_open_pipe(int *reading, int *writing) {
    int ends[2];
    if (pipe(ends) != 0) return -1;
    for (int end = 0; end < 2; end++) {
        fcntl(ends[end], F_SETFD, FD_CLOEXEC);
        fcntl(ends[end], F_SETFL, O_NONBLOCK);
    }
    *reading = ends[0];
    *writing = ends[1];
    return 0;
}

/// Where the signal handler writes; -1 while signals are not caught.
static volatile int tern_signal_pipe = -1;

/// A signal and its time, in nanoseconds of the monotonic clock.
struct tern_signal {
    long long time;
    int number;
};

static inline void tern_note_signal(int signal) {
    int saved = errno;
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    struct tern_signal note = {.time = now.tv_sec * 1000000000LL + now.tv_nsec, .number = signal};
    // If the pipe is full, drop the signal: enough others wait to be read.
    ssize_t written = write(tern_signal_pipe, &note, sizeof note);
    (void)written;
    errno = saved;
}

/// Whether the process ignores a signal, as `nohup` makes it ignore SIGHUP.
static inline int tern_ignores_signal(int signal) {
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// Makes the process write each `signal`, as a struct tern_signal, to `pipe`.
///
/// The handler blocks all signals. Otherwise, of two pending signals, the kernel runs the second
/// one's handler on top of the first one's, and they are written in the wrong order.
static inline int tern_catch_signal(int signal, int pipe) {
    tern_signal_pipe = pipe;
    struct sigaction action = {.sa_handler = tern_note_signal, .sa_flags = SA_RESTART};
    sigfillset(&action.sa_mask);
    return sigaction(signal, &action, NULL);
}

/// The bytes received over a TCP connection; 0 if the socket is not one.
static inline unsigned long long tern_received_bytes(int socket) {
    // The first fields of Linux's struct tcp_info: glibc's ends before bytes_received, and the
    // kernel's own header conflicts with glibc's.
    struct {
        unsigned char states[8];
        unsigned int counters[24];
        unsigned long long pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
    } info = {0};
    socklen_t size = sizeof info;
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
    return info.bytes_received;
}

/// Limits the bytes that the kernel takes for a TCP connection before it can send them.
///
/// Without a limit they are up to four megabytes, which a message behind them waits for. What the network
/// has taken is not limited, so the connection is no slower.
static inline void tern_limit_unsent_bytes(int socket, int most) {
    setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most, sizeof most);
}

/// Ends a connection whose descriptor another owner still holds.
///
/// Received bytes that are not yet read are discarded, up to six megabytes over TCP; shutdown alone
/// would leave them to be read.
static inline void tern_end_connection(int socket) {
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (connect(socket, &nobody, sizeof nobody) != 0) shutdown(socket, SHUT_RDWR);
}

/// getaddrinfo's error for a known name without an address: EAI_NODATA, which glibc declares only
/// for GNU programs.
static const int tern_no_address = -5;

/// The flag of a network interface that is up.
static const unsigned int tern_interface_is_up = IFF_UP;

/// AF_INET or AF_INET6 for an address in the usual notation, without a scope; 0 for anything else.
static inline int tern_address_family(const char *text) {
    struct in6_addr address;
    if (inet_pton(AF_INET, text, &address) == 1) return AF_INET;
    return inet_pton(AF_INET6, text, &address) == 1 ? AF_INET6 : 0;
}

/// Writes an IP address in the usual notation, with its scope if it has one; nonzero if it is none.
static inline int tern_write_address(const struct sockaddr *address, char *text, socklen_t size) {
    socklen_t length;
    switch (address->sa_family) {
    case AF_INET: length = sizeof(struct sockaddr_in); break;
    case AF_INET6: length = sizeof(struct sockaddr_in6); break;
    default: return EAI_FAMILY;
    }
    return getnameinfo(address, length, text, size, NULL, 0, NI_NUMERICHOST);
}

/// The longest path, in bytes, that a Unix domain socket can have.
static inline size_t tern_longest_socket_path(void) {
    return sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
}

/// Whether a process listens at the Unix domain socket `path`.
static inline int tern_someone_listens_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) > tern_longest_socket_path()) return 0;
    strcpy(address.sun_path, path);
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe < 0) return 0;
    int result = connect(probe, (const struct sockaddr *)&address, sizeof address);
    // EAGAIN: a process listens, but the queue of pending connections is full.
    int listening = result == 0 || errno == EAGAIN;
    close(probe);
    return listening;
}

#endif
