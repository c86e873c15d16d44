/* Preloaded: ends the process by a fault when it is about to send the text of POISON. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define REAL(type, name, ...)                                    \
    static type (*real)(__VA_ARGS__);                            \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static void look(const void* octets, size_t count) {
    const char* text = getenv("POISON");
    if (text && count > 0 && memmem(octets, count, text, strlen(text))) raise(SIGSEGV);
}

ssize_t send(int fd, const void* octets, size_t count, int flags) {
    REAL(ssize_t, "send", int, const void*, size_t, int);
    look(octets, count);
    return real(fd, octets, count, flags);
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
    REAL(ssize_t, "sendmsg", int, const struct msghdr*, int);
    for (size_t i = 0; i < message->msg_iovlen; ++i) look(message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
    return real(fd, message, flags);
}
