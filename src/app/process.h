// What a daemon does with its process: file limit, user, signals, the supervisor's notifications,
// the container.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <optional>
#include <string>

namespace posthaste::app {

// Raises the soft limit of open files to the hard one and gives it.
std::size_t raise_file_limit();

// How many connections `files` descriptors carry, after what the server itself needs. Errors:
// too_large (the limit is hopelessly low; the mend names LimitNOFILE and ulimit).
Result<std::size_t> connections_for(std::size_t files, std::size_t wanted);

// How many deliveries may run at once on what those leave over: each has a connection, and a file
// of content. From 16, to as many as the record of what is in flight has room for.
std::size_t deliveries_for(std::size_t files, std::size_t connections);

struct User {
    unsigned uid = 0;
    unsigned gid = 0;
    std::string name;
};

Result<User> find_user(const std::string& name);
std::optional<User> owner_of(const std::string& path);  // nothing if the path does not exist

// Who the server becomes: `configured`, else the owner of the store's folder, else "posthaste" if
// there is such a user, else whoever started it. Errors: not_found (no such user).
Result<User> service_user(const std::string& configured, const std::string& store_path);

// Makes `path` (0700) for `user` if it is missing; as root only the last component is given away.
Result<void> prepare_folder(const std::string& path, const User& user);

// Gives up root for good: groups, gid, uid, no_new_privs; no core file with message content. No
// effect when not root.
Result<void> become(const User& user);

// SIGPIPE is ignored; SIGTERM, SIGINT and SIGHUP are blocked in this and all later threads, for
// `wait_signal`.
void block_signals();
// Calls `what`, which must be async-signal-safe, when a fault or an abort ends the process. A
// sanitizer's own handlers stay.
void on_crash(void (*what)());
void unblock_signals();  // of the calling thread: a signal then ends the process
std::optional<int> wait_signal(int timeout_ms);  // the signal's number, or nothing

// One datagram to the supervisor ("READY=1"); no effect without NOTIFY_SOCKET (sd_notify(3)).
void notify_supervisor(const std::string& state);

bool in_container();
// The folder (or the nearest one above it that exists) lies on the writable layer of a container's
// image, which is thrown away with the container; a volume is a mount of its own.
bool on_container_layer(const std::string& path);

}  // namespace posthaste::app
