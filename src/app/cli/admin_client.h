// AdminClient: the admin API for a command, over the admin socket of the running server, or in
// process on the store itself when none runs (then as the store's owner, leaving no file of
// root's).
#pragma once

#include "app/cli/command.h"
#include "app/config/settings.h"
#include "base/result.h"
#include "formats/json.h"

#include <functional>
#include <memory>
#include <string>

namespace posthaste::app::cli {

// Somebody answers on the admin socket.
bool server_runs(const Settings& settings);

class AdminClient {
  public:
    // Errors: refused (a server runs but its socket cannot be used: the mend says why), and those
    // of opening the store.
    static Result<std::unique_ptr<AdminClient>> open(const Settings& settings);
    // Of a running server or none: never takes the store. Errors: not_found, refused.
    static Result<std::unique_ptr<AdminClient>> running(const Settings& settings);
    ~AdminClient();

    bool live() const;      // a server answers
    bool is_there() const;  // of `live`: it still listens; it may have been restarted since

    // An answer of the API; its errors come back as Error with text and mend. `wait` bounds one
    // call.
    Result<formats::JsonValue> call(const std::string& method, const std::string& target,
                                    const std::string& body = {}, Seconds wait = Seconds(90));

  private:
    struct Impl;
    explicit AdminClient(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// Configuration, client, and `work`, with errors printed: the frame of every admin command. `work`
// gives the exit code.
int with_admin(const Arguments& arguments, const std::function<Result<int>(AdminClient&)>& work);

}  // namespace posthaste::app::cli
