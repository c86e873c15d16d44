// Addresses as the machine's own set-up gives them. Blocking. For sources of net/ only.
#pragma once

#include "net/detail/dns_answer.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::net::detail {

// Runs such questions, two at a time, on threads that nobody waits for: the system's library may
// sit in one for half a minute, which must not hold up the end of the program. Thread-safe.
class SystemThreads {
  public:
    SystemThreads();
    ~SystemThreads();  // what waits is dropped, what runs is left alone

    // `work` owns what it touches. False when too many wait.
    bool try_run(std::move_only_function<void()> work);

  private:
    struct State;
    std::shared_ptr<State> state_;
};

// By getaddrinfo: /etc/hosts, search domains, mDNS, DNS, whatever nsswitch.conf says.
DnsAnswer ask_system(const std::string& host);

// The addresses of a name in the text of a hosts file.
std::vector<IpAddress> find_in_hosts(std::string_view hosts_file, std::string_view host);

}  // namespace posthaste::net::detail
