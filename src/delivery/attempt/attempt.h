// Attempt: one parcel brought to its site: an idle connection first, then host after host and
// address after address until somebody has said something about the mail (delivery.md 3.3: one
// attempt is one plan).
#pragma once

#include "delivery/attempt/story.h"
#include "delivery/client/connections.h"
#include "delivery/client/seven_bit.h"
#include "delivery/route/address_share.h"
#include "delivery/route/plan.h"
#include "delivery/rules/automation.h"
#include "delivery/shared.h"
#include "delivery/tls/tls_assurance.h"
#include "delivery/tls/tls_policy.h"

#include <map>
#include <string>
#include <vector>

namespace posthaste::delivery {

class Attempt {
  public:
    // All of it lives longer; `parcel` has at least one recipient.
    Attempt(Shared& shared, IdleConnections& idle, const queue::Parcel& parcel, const Route& route);

    runtime::Task<queue::ParcelReport> run();

    // Instead of `run`: what it would do. `plan` gets hosts, and what becomes of the mail without
    // any.
    runtime::Task<void> explain(Plan& plan);

    // After `run`: the indexes of those recipients about whose mail no host has said anything, so
    // that another route may be tried (never of mail that would come back to us).
    const std::vector<std::uint32_t>& unheard() const { return unheard_; }

  private:
    // A recipient, and what hosts said while nobody has decided about it.
    struct Case {
        const store::RecipientRow* row = nullptr;
        bool ended = false;
        bool passed_over = false;                // by the present host
        bool unheard = false;                    // ended by what is no word about its mail
        mail::Outcome outcome;                   // once it has ended
        std::optional<mail::Outcome> temporary;  // the last that was
        std::optional<mail::Outcome> permanent;  // counts only if every host said such a thing
    };

    struct Target {
        std::string name;
        std::uint16_t port = 25;
        bool best = true;  // no other host is preferred
        // The next hop whose host it is, what its CNAMEs led to, and whether DNS vouches for that.
        std::string domain{};
        std::string expanded{};
        bool secure = false;
        std::uint32_t level = 0;  // of preference
        bool by_system = false;   // its address is the operator's word: /etc/hosts too
        std::string socket{};     // a path on this machine instead of an address
    };

    // Who said something.
    struct Peer {
        std::string host;
        std::string ip;
        std::string tls;
        bool best = true;
        std::string policy{};  // Outcome::tls_policy
        std::string source_ip{};
    };

    // How we begin TLS: some hosts hang at what is usual (delivery.md 2.6).
    enum class Hello { usual, small, none };

    using Opened = Step<IdleConnections::Kept>;

    enum class Next { ended, next_address, next_host };

    using Indexes = std::vector<std::size_t>;  // of cases

    // attempt.cc
    runtime::Task<void> use_idle_connections(const std::vector<Target>& targets);
    runtime::Task<void> walk();
    runtime::Task<Next> try_target(Target target);
    runtime::Task<Next> try_address(Target target, IpAddress address, Seconds wait,
                                    const TlsPolicy& policy);
    bool is_over() const;
    Seconds longest() const;
    std::string out_of_time() const;
    mail::Outcome outcome_of_unheard() const;
    queue::ParcelReport conclude();

    // attempt/plan.cc
    runtime::Task<std::vector<Target>> find_targets();
    runtime::Task<std::vector<Target>> find_relay_targets();
    runtime::Task<bool> level_is_ours(std::vector<Target> level);
    runtime::Task<net::AddressAnswer> look_up(Target target);
    net::AddressAnswer not_looked_up(const Target& target) const;
    std::vector<IpAddress> usable_of(const net::AddressAnswer& answer,
                                     std::string_view& prohibited) const;
    runtime::Task<std::vector<IpAddress>> find_addresses(Target target);
    runtime::Task<std::size_t> count_behind(bool v4);
    bool v4_last(const std::vector<IpAddress>& addresses) const;
    void no_address(const Target& target, const net::AddressAnswer& answer,
                    std::string_view prohibited);
    void no_host(const mail::Outcome& outcome, const std::string& host);
    bool refused_family(const Case& about, const mail::Outcome& outcome) const;

    // attempt/explain.cc
    runtime::Task<void> explain_host(Target target, PlannedHost& host);
    void tell_bogus(const std::string& domain, const std::string& host) const;
    void shut_out_quietly(const Target& target, const TlsRefusal& refusal);

    // attempt/source.cc
    const Source* source_for(bool v4) const;
    std::string place_of(const Target& target, bool v4) const;
    runtime::Task<Step<std::unique_ptr<net::Stream>>> dial(Target target, IpAddress address,
                                                           Seconds wait);
    const std::string& our_name(const net::Stream& stream) const;

    // attempt/connect.cc
    runtime::Task<Opened> open(Target target, IpAddress address, Seconds wait,
                               const TlsPolicy& policy, Hello hello);
    runtime::Task<Step<>> set_up(ClientSession& session, const TlsPolicy& policy, Hello hello);
    bool wants_login() const;
    TlsLevel floor() const;

    // attempt/tls.cc
    runtime::Task<std::expected<TlsPolicy, TlsRefusal>> find_policy(Target target);
    runtime::Task<void> ask_policy_again();
    void shut_out(const Target& target, const TlsRefusal& refusal);
    runtime::Task<Step<>> start_tls(ClientSession& session, const TlsPolicy& policy, Hello hello,
                                    bool implicit);

    // How a session began, for the reports: known before TLS, of which it may die.
    struct Beginning {
        std::string helo;
        IpAddress ours;
        IpAddress theirs;
    };

    static Beginning beginning_of(const ClientSession& session);
    void tell_session(const Beginning& began, const TlsPolicy& policy, TlsResult result,
                      std::string reason) const;
    bool may_drop_tls(const Target& target, const TlsPolicy& policy) const;
    Hello first_hello(const Target& target, const TlsPolicy& policy) const;

    // attempt/send.cc
    runtime::Task<Next> use(ClientSession& session, bool reused, bool best,
                            const TlsPolicy& policy);
    runtime::Task<bool> fit_content(const ClientSession& session);
    void find_misfits(const ClientSession& session, const Peer& peer);
    bool message_needs_smtputf8() const;
    std::uint64_t wire_size() const;
    Seconds time_left() const;
    bool come_too_late();
    Indexes choose(const ClientSession& session);
    bool one_each() const;
    mail::ReversePath sender_for(const Indexes& some) const;
    Outgoing make_outgoing(const Indexes& some, ContentSource& body) const;
    void apply(ClientSession& session, const Indexes& some, const TransactionEnd& end,
               const Peer& peer);
    void delivered(const ClientSession& session, Case& to, const smtp::Reply& reply,
                   const Peer& peer);

    // attempt/judge.cc
    Indexes open_cases() const;
    PathName path_name() const;
    void remember_provider(const std::vector<Target>& targets);
    void prefer_former_host(std::vector<Target>& targets) const;
    bool put_off();
    bool hold_up_account(const PathOverrides& overrides);
    bool wait_for_warm_up();
    std::string_view home_source() const;
    std::string_view former_source() const;
    void tell_warm_up(const queue::ParcelReport& report) const;
    void apply_automation(const Incident& incident, const Peer& peer, const Judgement& judgement);
    Circumstances circumstances(const Case& about, const Peer& peer) const;
    Judgement note(const Incident& incident, const Peer& peer, const Indexes& about,
                   std::size_t accepted = 0);
    void note_one(Case& about, const Judgement& judgement, const Peer& peer);
    void end(Case& about, mail::Outcome outcome);
    void learn(queue::SiteSignal signal);
    IdleConnections::Keep keep() const;
    runtime::Task<bool> may_connect(const Target& target);
    void stop_route(const Judgement& judgement, const Peer& peer);

    Shared& shared_;
    IdleConnections& idle_;
    const queue::Parcel& parcel_;
    const Route& route_;
    std::shared_ptr<const PathLimits> limits_;
    std::string source_key_;
    Seconds age_{};
    Deadline until_{};  // of all this, but for the answer to a final dot
    std::vector<Case> cases_;
    std::optional<SevenBit> seven_bit_;  // once a host without 8BITMIME was met
    bool encoding_ = false;              // and this session is with one that is to get it so
    std::size_t batch_;                  // recipients of one transaction; O-15 lowers it
    static constexpr std::size_t kMostAddresses = 5;
    AddressShare share_{kMostAddresses};

    // What DNS was asked of hosts, each once an attempt.
    struct LookUps {
        std::map<std::string, net::AddressAnswer> known{};  // by `key_of`
        std::size_t hosts = 0;                              // those that have addresses, or did
                                                            // not say
        SteadyTime::duration spent{};
    };

    LookUps look_ups_;
    std::vector<Target> behind_;  // the present host, in their order
    std::size_t sessions_ = 0;    // in which a transaction was begun
    bool others_left_ = false;    // hosts or addresses of this plan
    bool began_ = false;          // some host heard MAIL
    bool shut_ = false;           // some host turned the connection away, by a word or at once
    bool other_trouble_ = false;  // something else went wrong
    bool broken_off_ = false;     // our own trouble, or the route is stopped
    bool died_in_tls_ = false;    // the last session, before it took a recipient
    AttemptStory story_;
    std::uint32_t queue_ms_ = 0;
    std::string sts_domain_;  // whose MTA-STS policy an attempt kept to
    std::optional<queue::SiteSignal> signal_;
    std::optional<std::size_t> learned_max_;
    std::size_t broken_group_ = 0;
    std::optional<Seconds> suspend_;
    std::string_view instead_of_home_;              // a warm source that takes this mail over
    bool explaining_ = false;                       // nothing is tried, so nobody is told
    bool limits_changed_ = false;                   // a rule has changed what this path may do
    std::optional<Automation::Effect> automation_;  // of the reply that is being noted
    std::string provider_;        // whose hosts all of the site's are; may be empty
    bool both_families_ = false;  // the present host has addresses of both
    std::vector<std::uint32_t> unheard_;
};

}  // namespace posthaste::delivery
