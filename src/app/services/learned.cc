#include "app/services/learned.h"

#include "app/layer_options.h"

namespace posthaste::app {

namespace {

using Sources = std::vector<store::LazySource*>;

Sources with(Sources more, std::initializer_list<store::LazySource*> own) {
    more.insert(more.begin(), own);
    return more;
}

}  // namespace

Learned::Learned(const Settings& settings, store::Store& store, Log& log,
                 std::vector<store::LazySource*> more)
    : guard(guard_options(settings)),
      sent_marks({}, store.engine().server_secret()),
      delivered(store),
      writer(store.committer(),
             with(std::move(more), {&sign_ins, &guard, &sent_marks, &broken_tls, &delivered})) {
    const auto say = [&](std::string_view what, const Result<void>& loaded) {
        if (loaded) return;
        log.warning("learned.unreadable",
                    {{"what", what}, {"why", loaded.error().text}, {"mend", loaded.error().mend}});
    };
    say("sign-ins", sign_ins.load(store.engine()));
    say("known networks", guard.load(store.engine()));
    say("sent marks", sent_marks.load(store.engine()));
    say("hosts without working TLS", broken_tls.load(store.engine()));
}

}  // namespace posthaste::app
