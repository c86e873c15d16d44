// libunbound with its worker thread, and a thread of ours that takes its answers. For sources of
// net/ only.
#pragma once

#include "base/result.h"
#include "net/detail/dns_answer.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace posthaste::net::detail {

class Unbound {
  public:
    struct Options {
        std::vector<std::string>
            servers;  // "192.0.2.1@53"; empty: /etc/resolv.conf, else the root servers
        std::string trust_anchor_file;  // empty: nothing is validated
        bool keep = true;               // false: every question is asked anew
    };

    static Result<std::unique_ptr<Unbound>> make(const Options& options);
    ~Unbound();  // what is under way ends unasked

    using Done = std::move_only_function<void(RawAnswer)>;
    // Any thread. `done` is called once, on a thread of this object, or on the caller's when it
    // cannot be asked.
    void ask(DnsType type, const std::string& name, Done done);

    struct Impl;

  private:
    explicit Unbound(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// "192.0.2.1" or "[::1]:5353" as libunbound wants it. Errors: syntax.
Result<std::string> unbound_server(const std::string& text);

}  // namespace posthaste::net::detail
