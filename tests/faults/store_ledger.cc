// A store under load with a ledger of what it acknowledged, and the check of a store against such a
// ledger.
//
//   store_ledger run FOLDER LEDGER MESSAGES [floor-octets reserve-octets]
//   store_ledger fill FOLDER LEDGER [floor-octets reserve-octets]
//   store_ledger check FOLDER LEDGER
//
// `run` adds messages, every 40th with a body in a file, and settles two of three a while later; it
// goes on when it is refused. `fill` adds until the store is full, settles what is there, waits
// until mail is taken again, and ends. The ledger has a line for each step, written before or after
// it as its word says; power_cut.so gets the same lines:
//   acked ID            the addition was acknowledged
//   refused ID KIND     it was not, and nothing may be there unless KIND is store_failed
//   settling ID         the end was submitted
//   settled ID          the end was acknowledged
//   full, recovered, failed        the store's health, when it changed
#include "base/checksum.h"
#include "base/file.h"
#include "store/store.h"

#include <charconv>
#include <condition_variable>
#include <deque>
#include <dlfcn.h>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::store {
namespace {

constexpr std::size_t kInFlight = 20;
constexpr std::size_t kSettleAfter = 60;

class Ledger {
  public:
    explicit Ledger(const char* path)
        : fd_(open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)),
          mark_(reinterpret_cast<void (*)(const char*)>(dlsym(RTLD_DEFAULT, "power_cut_mark"))) {}

    void write(const std::string& line) {
        if (mark_ != nullptr) mark_(line.c_str());
        const std::string whole = line + '\n';
        if (::write(fd_.get(), whole.data(), whole.size()) != static_cast<ssize_t>(whole.size()))
            std::abort();
    }

  private:
    const FileDescriptor fd_;
    void (*mark_)(const char*);
};

// A body that says which message it belongs to.
std::string body_of(const QueueId& id, std::size_t octets) {
    const std::string name = id.to_string() + "\r\n";
    std::string body;
    while (body.size() < octets) body += name;
    return body;
}

class Load {
  public:
    Load(Store& store, Ledger& ledger) : store_(store), ledger_(ledger) {}

    // False when the store has no room, or has failed.
    bool add(std::size_t number) {
        const QueueId id = QueueId::make();
        auto message = make(id, number % 40 == 7 ? kInlineBody + 10'000 : 200 + number * 37 % 9000);
        if (!message) {
            refused(id, message.error());
            return false;
        }
        start();
        store_.committer().submit({std::move(*message)}, [this, id](Result<void> done) {
            if (done) {
                ledger_.write("acked " + id.to_string());
                const std::lock_guard lock(mutex_);
                acked_.push_back(id);
            } else {
                refused(id, done.error());
            }
            end();
        });
        const std::lock_guard lock(mutex_);
        return !refused_;
    }

    void settle_oldest(std::size_t keep, std::size_t number) {
        QueueId id;
        {
            const std::lock_guard lock(mutex_);
            if (acked_.size() <= keep) return;
            id = acked_.front();
            acked_.pop_front();
        }
        if (number % 3 == 0) return;  // stays
        Settlement settlement{.id = id, .updates = {}};
        for (std::uint32_t index = 0; index < 2; ++index) {
            RecipientUpdate update;
            update.to = RecipientUpdate::To::done;
            update.index = index;
            settlement.updates.push_back(update);
        }
        ledger_.write("settling " + id.to_string());
        start();
        store_.committer().submit({std::move(settlement)}, [this, id](const Result<void>& done) {
            if (done) ledger_.write("settled " + id.to_string());
            if (!done)
                ledger_.write(
                    fmt::format("unsettled {} {}", id.to_string(), to_string(done.error().kind)));
            end();
        });
    }

    void wait_for_all() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return in_flight_ == 0; });
    }

    std::size_t open() {
        const std::lock_guard lock(mutex_);
        return acked_.size();
    }

    void forget_refusal() {
        const std::lock_guard lock(mutex_);
        refused_ = false;
    }

  private:
    Result<AddMessage> make(const QueueId& id, std::size_t octets) {
        AddMessage add;
        ContentWriter writer = store_.write_content(id);
        const std::string body = body_of(id, octets);
        for (std::size_t at = 0; at < body.size(); at += 30'000) {
            writer.append(std::string_view(body).substr(at, 30'000));
            if (writer.wants_flush()) PH_CHECK(writer.flush());
        }
        PH_TRY(add.row.body, writer.finish());
        add.row.id = id;
        add.row.account = "ledger@example.com";
        add.row.header = std::make_shared<const std::string>("Subject: " + id.to_string() + "\r\n");
        add.row.expires = QueueTime(std::chrono::days(5));
        for (std::uint32_t index = 0; index < 2; ++index) {
            RecipientRow recipient;
            recipient.index = index;
            recipient.address = *mail::Mailbox::parse(fmt::format("r{}@example.net", index));
            add.recipients.push_back(std::move(recipient));
        }
        return add;
    }

    void refused(const QueueId& id, const Error& error) {
        ledger_.write(fmt::format("refused {} {}", id.to_string(), to_string(error.kind)));
        const std::lock_guard lock(mutex_);
        refused_ = true;
    }

    void start() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return in_flight_ < kInFlight; });
        ++in_flight_;
    }

    void end() {
        const std::lock_guard lock(mutex_);
        --in_flight_;
        changed_.notify_all();
    }

    Store& store_;
    Ledger& ledger_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<QueueId> acked_;
    std::size_t in_flight_ = 0;
    bool refused_ = false;
};

std::uint64_t number(const char* text) {
    std::uint64_t value = 0;
    std::from_chars(text, text + std::string_view(text).size(), value);
    return value;
}

Result<std::unique_ptr<Store>> open_store(int argc, char** argv, int first_option, Log& log) {
    Store::Options options;
    options.path = argv[2];
    options.committer.floor_octets = argc > first_option ? number(argv[first_option]) : 0;
    options.committer.reserve_octets =
        argc > first_option + 1 ? number(argv[first_option + 1]) : 1 << 16;
    auto store = Store::open(options, log);
    if (!store)
        fmt::print(stderr, "store_ledger: {} ({})\n", store.error().text, store.error().mend);
    return store;
}

int run(int argc, char** argv) {
    Log log({});
    Ledger ledger(argv[3]);
    auto store = open_store(argc, argv, 5, log);
    if (!store) return 2;
    Load load(**store, ledger);
    const std::size_t messages = number(argv[4]);
    for (std::size_t i = 0; i < messages; ++i) {
        load.add(i);
        load.settle_oldest(kSettleAfter, i);
    }
    load.wait_for_all();
    if ((*store)->committer().health() == Health::failed) {
        ledger.write("failed");
        fmt::print(stderr, "store_ledger: {}\n", (*store)->committer().health_text());
    }
    return 0;
}

bool wait_for(Store& store, Health health, Seconds longest) {
    const auto give_up = Deadline::after(longest);
    while (store.committer().health() != health && !give_up.passed())
        std::this_thread::sleep_for(Milliseconds(20));
    return store.committer().health() == health;
}

int fill(int argc, char** argv) {
    Log log({});
    Ledger ledger(argv[3]);
    auto store = open_store(argc, argv, 4, log);
    if (!store) return 2;
    Load load(**store, ledger);
    for (std::size_t i = 0; load.add(i) || (*store)->committer().health() != Health::full; ++i) {
        if (i == 100'000) return 3;
        load.forget_refusal();
    }
    load.wait_for_all();
    ledger.write("full");
    for (std::size_t i = 1; load.open() > 0; ++i) load.settle_oldest(0, i);
    load.wait_for_all();
    ledger.write("drained");
    if (!wait_for(**store, Health::ok, Seconds(30))) return 4;
    ledger.write("recovered");
    load.forget_refusal();
    for (std::size_t i = 0; i < 20; ++i)
        if (!load.add(i)) return 5;
    load.wait_for_all();
    return 0;
}

enum class Fate { acked, refused, unknown, settling, settled };

std::map<std::string, Fate> read_ledger(const char* path) {
    std::map<std::string, Fate> fates;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string what, id, kind;
        words >> what >> id >> kind;
        if (what == "acked") fates[id] = Fate::acked;
        if (what == "refused") fates[id] = kind == "store_failed" ? Fate::unknown : Fate::refused;
        if (what == "settling") fates[id] = Fate::settling;
        if (what == "settled") fates[id] = Fate::settled;
    }
    return fates;
}

// Empty when the message is as it was written.
std::string fault_of(Store& store, const QueueId& id) {
    auto message = store.engine().message(id);
    if (!message) return message.error().text;
    if (!*message) return "is gone";
    auto reader = store.read_content((**message).row);
    if (!reader) return reader.error().text;
    std::string body;
    for (;;) {
        auto piece = reader->next();
        if (!piece) return piece.error().text;
        if (piece->empty()) break;
        body += *piece;
    }
    if (body != body_of(id, body.size())) return "has the body of another";
    return {};
}

int check(int argc, char** argv) {
    Log log({});
    auto store = open_store(argc, argv, 4, log);
    if (!store) return 2;
    std::size_t faults = 0;
    std::size_t present = 0;
    const auto complain = [&](const std::string& id, std::string_view what) {
        fmt::print(stderr, "store_ledger: {} {}\n", id, what);
        ++faults;
    };
    const auto fates = read_ledger(argv[3]);
    for (const auto& [name, fate] : fates) {
        const auto id = QueueId::parse(name);
        if (!id) return 2;
        const auto found = (*store)->engine().message(*id);
        const bool there = found && found->has_value();
        present += there ? 1 : 0;
        if (fate == Fate::settled && there) complain(name, "had ended, and is back");
        if (fate == Fate::refused && there) complain(name, "was refused, and is there");
        if (fate == Fate::acked || there) {
            if (const std::string fault = fault_of(**store, *id); !fault.empty())
                complain(name, fault);
        }
    }
    if (!(*store)->engine().for_each_open([](const OpenRecipient&) {}))
        complain("the queue", "cannot be read");
    Ledger null("/dev/null");
    Load load(**store, null);
    if (!load.add(0)) complain("a new message", "is refused");
    load.wait_for_all();
    fmt::print("{} messages in the ledger, {} there, {} faults\n", fates.size(), present, faults);
    return faults == 0 ? 0 : 1;
}

}  // namespace
}  // namespace posthaste::store

int main(int argc, char** argv) {
    const std::string_view command = argc > 3 ? argv[1] : "";
    if (command == "run" && argc > 4) return posthaste::store::run(argc, argv);
    if (command == "fill") return posthaste::store::fill(argc, argv);
    if (command == "check") return posthaste::store::check(argc, argv);
    fmt::print(stderr, "usage: store_ledger run|fill|check FOLDER LEDGER ...\n");
    return 2;
}
