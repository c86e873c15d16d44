// Certificates against TLSA records, by handshakes with our own server.
#include "net/test_support.h"
#include "net/tls.h"
#include "runtime/task_group.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace posthaste::net {
namespace {

using namespace std::chrono_literals;
using runtime::Task;
using testing::Certificates;

struct Freed {
    void operator()(X509* certificate) const { X509_free(certificate); }
};

using Certificate = std::unique_ptr<X509, Freed>;

Certificate read_certificate(const std::string& file) {
    std::FILE* opened = std::fopen(file.c_str(), "r");
    PH_ASSERT(opened != nullptr);
    Certificate certificate(PEM_read_X509(opened, nullptr, nullptr, nullptr));
    std::fclose(opened);
    PH_ASSERT(certificate != nullptr);
    return certificate;
}

std::string octets_of(X509* certificate, int selector) {
    unsigned char* data = nullptr;
    const int size = selector == 0 ? i2d_X509(certificate, &data)
                                   : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &data);
    PH_ASSERT(size > 0);
    std::string octets(reinterpret_cast<char*>(data), static_cast<std::size_t>(size));
    OPENSSL_free(data);
    return octets;
}

TlsaRecord record(const std::string& file, int usage, int selector, int matching) {
    const auto certificate = read_certificate(file);
    const std::string octets = octets_of(certificate.get(), selector);
    TlsaRecord made{static_cast<std::uint8_t>(usage), static_cast<std::uint8_t>(selector),
                    static_cast<std::uint8_t>(matching), octets};
    if (matching == 0) return made;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_Digest(octets.data(), octets.size(), digest, &size,
               matching == 1 ? EVP_sha256() : EVP_sha512(), nullptr);
    made.data.assign(reinterpret_cast<char*>(digest), size);
    return made;
}

Task<void> serve(std::unique_ptr<Stream> stream, std::shared_ptr<TlsServerContext> context,
                 std::string& server_name) {
    stream->expires_after(10s);
    auto starting = stream->start_tls(*context);
    const auto done = co_await std::move(starting);
    if (done) server_name = stream->tls()->server_name;
    auto closing = stream->close();
    co_await std::move(closing);
}

struct Met {
    Result<void> done{};
    TlsInfo info{};
    std::string server_name{};
};

Task<Met> meet(runtime::Worker& worker, Log& log, TlsClientPolicy policy) {
    auto pair = testing::stream_pair(worker);
    Met met;
    runtime::TaskGroup group(worker, log);
    group.spawn(serve(std::move(pair.first), Certificates::get().server, met.server_name));
    auto& stream = *pair.second;
    stream.expires_after(10s);
    // The system's authorities know nothing of ours: only the records can make it good.
    auto context = TlsClientContext::make("");
    auto starting = stream.start_tls(**context, std::move(policy));
    met.done = co_await std::move(starting);
    if (met.done) met.info = *stream.tls();
    auto closing = stream.close();
    co_await std::move(closing);
    auto waiting = group.wait_empty(Deadline::after(10s));
    co_await std::move(waiting);
    auto ending = group.close();
    co_await std::move(ending);
    co_return met;
}

class DaneTest : public ::testing::Test {
  protected:
    DaneTest() { testing::ignore_sigpipe(); }

    Met handshake(std::string base, std::vector<TlsaRecord> records,
                  std::vector<std::string> more = {}) {
        TlsClientPolicy policy;
        policy.dane = TlsDane{std::move(base), std::move(records), std::move(more)};
        policy.fault = &fault_;
        fault_ = CertificateFault::none;
        return *runtime::run_to_end(worker_, log_, meet(worker_, log_, std::move(policy)));
    }

    std::string leaf_ = Certificates::get().files[0].cert_file;
    std::string authority_ = Certificates::get().folder.file("ca.pem");
    CertificateFault fault_ = CertificateFault::none;
    Log log_{{}};
    runtime::Worker worker_{"test"};
};

TEST_F(DaneTest, TheKeyOrTheCertificateItselfUnderAnyName) {
    for (const int selector : {0, 1}) {
        for (const int matching : {0, 1, 2}) {
            const auto wanted = record(leaf_, 3, selector, matching);
            const auto met = handshake("another.example", {wanted});
            ASSERT_TRUE(met.done) << to_string(wanted) << met.done.error().text;
            EXPECT_TRUE(met.info.verified) << met.info.peer_error;
            EXPECT_EQ(met.info.matched_record, to_string(wanted));
            EXPECT_EQ(met.info.matched_name, "");
            EXPECT_EQ(met.server_name, "another.example") << "the base domain is the SNI";
        }
    }
}

TEST_F(DaneTest, OneOfSeveralIsEnough) {
    auto other = record(leaf_, 3, 1, 1);
    other.data[0] = static_cast<char>(other.data[0] ^ 1);
    const auto met = handshake("mail.test", {other, record(leaf_, 3, 1, 1)});
    ASSERT_TRUE(met.done) << met.done.error().text;
    EXPECT_EQ(met.info.matched_record, to_string(record(leaf_, 3, 1, 1)));
}

TEST_F(DaneTest, AnotherKeyIsRefusedInWords) {
    auto other = record(leaf_, 3, 1, 1);
    other.data[31] = static_cast<char>(other.data[31] ^ 1);
    const auto met = handshake("mail.test", {other});
    ASSERT_FALSE(met.done);
    EXPECT_EQ(met.done.error().kind, ErrorKind::tls);
    EXPECT_EQ(met.done.error().text,
              "the certificate matches none of the 1 TLSA records of mail.test");
    EXPECT_EQ(fault_, CertificateFault::dane);
}

TEST_F(DaneTest, NoRecordIsNoAgreement) {
    EXPECT_FALSE(handshake("mail.test", {}).done);
    EXPECT_FALSE(handshake("mail.test", {{3, 1, 1, "short"}}).done);
}

TEST_F(DaneTest, AnAuthorityOfTheRecordsAndTheNamesItMayBeFor) {
    for (const int selector : {0, 1}) {
        for (const int matching : {0, 1, 2}) {
            const auto wanted = record(authority_, 2, selector, matching);
            const auto met = handshake("mail.test", {wanted});
            ASSERT_TRUE(met.done) << to_string(wanted) << met.done.error().text;
            EXPECT_EQ(met.info.matched_record, to_string(wanted));
            EXPECT_EQ(met.info.matched_name, "mail.test");
        }
    }
    const auto wanted = record(authority_, 2, 0, 1);
    const auto by_domain = handshake("mx.example", {wanted}, {"example", "mail.test"});
    ASSERT_TRUE(by_domain.done) << by_domain.done.error().text;
    EXPECT_EQ(by_domain.info.matched_name, "mail.test");
    const auto other_name = handshake("mx.example", {wanted}, {"example"});
    ASSERT_FALSE(other_name.done);
    EXPECT_EQ(fault_, CertificateFault::name);
    // A leaf is no authority of itself under usage 2, nor an authority a leaf under usage 3.
    EXPECT_FALSE(handshake("mail.test", {record(authority_, 3, 1, 1)}).done);
}

TEST_F(DaneTest, ASmallHelloIsUnderstood) {
    TlsClientPolicy policy;
    policy.server_name = "mail.test";
    policy.verify = false;
    policy.small_hello = true;
    const auto met = *runtime::run_to_end(worker_, log_, meet(worker_, log_, policy));
    EXPECT_TRUE(met.done) << met.done.error().text;
}

}  // namespace
}  // namespace posthaste::net
