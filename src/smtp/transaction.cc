#include "smtp/transaction.h"

#include "base/assert.h"

#include <utility>

namespace posthaste::smtp {

Order Transaction::may_starttls() const {
    if (chunking_) return Order::in_chunks;
    return tls_ ? Order::already_tls : Order::ok;
}

Order Transaction::may_auth() const {
    if (chunking_) return Order::in_chunks;
    if (guarded_ && !tls_) return Order::need_tls;
    if (!greeted_) return Order::need_greeting;
    if (authenticated_) return Order::already_authenticated;
    return open_ ? Order::nested_mail : Order::ok;
}

Order Transaction::may_send() const {
    if (guarded_ && !tls_) return Order::need_tls;
    if (!greeted_) return Order::need_greeting;
    return guarded_ && !authenticated_ ? Order::need_auth : Order::ok;
}

Order Transaction::may_mail() const {
    if (chunking_) return Order::in_chunks;
    if (const Order order = may_send(); order != Order::ok) return order;
    return open_ ? Order::nested_mail : Order::ok;
}

Order Transaction::may_rcpt() const {
    if (chunking_) return Order::in_chunks;
    if (const Order order = may_send(); order != Order::ok) return order;
    return open_ ? Order::ok : Order::need_mail;
}

Order Transaction::may_have_content() const {
    if (const Order order = may_send(); order != Order::ok) return order;
    if (!open_) return Order::need_mail;
    return envelope_.recipients.empty() ? Order::need_recipient : Order::ok;
}

Order Transaction::may_data() const {
    return chunking_ ? Order::in_chunks : may_have_content();
}

Order Transaction::may_bdat() const {
    return may_have_content();
}

void Transaction::greeted() {
    greeted_ = true;
    reset();
}

void Transaction::tls_started() {
    tls_ = true;
    greeted_ = false;
    authenticated_ = false;
    reset();
}

void Transaction::authenticated() {
    authenticated_ = true;
}

void Transaction::begin(mail::Envelope envelope) {
    PH_ASSERT(may_mail() == Order::ok);
    open_ = true;
    envelope_ = std::move(envelope);
}

void Transaction::add(mail::Recipient recipient) {
    PH_ASSERT(may_rcpt() == Order::ok);
    envelope_.recipients.push_back(std::move(recipient));
}

void Transaction::chunk_begun() {
    PH_ASSERT(may_bdat() == Order::ok);
    chunking_ = true;
}

void Transaction::reset() {
    open_ = false;
    chunking_ = false;
    envelope_ = {};
}

mail::Envelope Transaction::take() {
    PH_ASSERT(open_);
    mail::Envelope envelope = std::move(envelope_);
    reset();
    return envelope;
}

}  // namespace posthaste::smtp
