// The [winmail] section at work: policy, reader, and the threads that wait for the reader.
#pragma once

#include "app/config/settings.h"
#include "app/winmail/tnef_reader.h"
#include "runtime/offload.h"
#include "submission/winmail/winmail.h"

namespace posthaste::app {

submission::WinmailRules winmail_rules(const WinmailSettings& settings);

// Outlives the server that is given its service.
class WinmailDesk {
  public:
    explicit WinmailDesk(const WinmailSettings& settings)
        : service_{winmail_rules(settings),
                   [this](std::string_view file) { return reader_.read(file); }, pool_} {}

    const submission::WinmailService& service() const { return service_; }

    void stop() { pool_.stop(); }  // after the server's end

  private:
    static constexpr std::size_t kAtOnce = 2;    // processes
    static constexpr std::size_t kWaiting = 16;  // messages; more leave as they came

    TnefReader reader_;
    runtime::BlockingPool pool_{"winmail", kAtOnce, kWaiting};
    submission::WinmailService service_;
};

}  // namespace posthaste::app
