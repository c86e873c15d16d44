// The rules of order for the server side (RFC 5321 §3.3, §4.1.4; RFC 3030 §2): what may come now.
// Pure state; the session asks before it acts and tells what happened.
#pragma once

#include "mail/envelope.h"

#include <cstdint>
#include <string_view>

namespace posthaste::smtp {

enum class Order {
    ok,
    need_greeting,          // EHLO or HELO first
    need_tls,               // 530 R1
    need_auth,              // 530 R2
    need_mail,              // 503
    need_recipient,         // 503 / 554
    nested_mail,            // 503: a transaction is open (also for AUTH, RFC 4954 §4)
    in_chunks,              // 503: BDAT began, only BDAT, RSET, NOOP, QUIT
    already_tls,            // 503
    already_authenticated,  // 503
};

class Transaction {
  public:
    // Without `require_tls_and_auth` (the trap on loopback) need_tls and need_auth never come.
    explicit Transaction(bool require_tls_and_auth) : guarded_(require_tls_and_auth) {}

    // What is wrong is named in the order of its mend: encryption, greeting, login, then the
    // envelope.
    Order may_starttls() const;
    Order may_auth() const;
    Order may_mail() const;
    Order may_rcpt() const;
    Order may_data() const;
    Order may_bdat() const;

    void greeted();      // resets the envelope too
    void tls_started();  // forgets greeting, login and envelope (RFC 3207 §4.2)
    void authenticated();
    void begin(mail::Envelope envelope);  // only after may_mail() said ok
    void add(mail::Recipient recipient);  // only after may_rcpt() said ok
    void chunk_begun();                   // at each BDAT, only after may_bdat() said ok
    void reset();                         // the envelope only

    bool greeted_once() const { return greeted_; }

    bool is_open() const { return open_; }

    const mail::Envelope& envelope() const { return envelope_; }

    mail::Envelope take();  // hands the envelope over and resets

  private:
    Order may_send() const;
    Order may_have_content() const;

    bool guarded_;
    bool greeted_ = false;
    bool tls_ = false;
    bool authenticated_ = false;
    bool open_ = false;
    bool chunking_ = false;
    mail::Envelope envelope_;
};

}  // namespace posthaste::smtp
