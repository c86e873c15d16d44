// What every engine must do with the directory, whatever database is behind it.
#include "store/conformance.h"
#include "store/sqlite/sqlite_engine.h"

#include <gmock/gmock.h>

namespace posthaste::store {

namespace testing {

namespace {

Result<std::unique_ptr<Engine>> open_sqlite(const std::string& folder) {
    PH_TRY(auto engine, sqlite::SqliteEngine::open({.folder = folder,
                                                    .content_folder = folder + "/content",
                                                    .create = true,
                                                    .readers = {}}));
    return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace

const std::vector<EngineKind>& engine_kinds() {
    static const std::vector<EngineKind> kinds = {{"sqlite", open_sqlite}};
    return kinds;
}

}  // namespace testing

namespace {

using testing::account_row;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class ConformanceDirectory : public testing::Conformance {};

TEST_P(ConformanceDirectory, domains) {
    const Timestamp when(Milliseconds(1'763'900'000'000));
    must_apply(PutDomain{{.name = "b.example", .created = when}});
    must_apply(PutDomain{{.name = "a.example", .created = when}});
    must_apply(PutDomain{{.name = "a.example", .created = when + Seconds(1)}});
    reopen();
    const auto domains = engine_->domains();
    ASSERT_TRUE(domains);
    ASSERT_THAT(*domains, SizeIs(2));
    EXPECT_EQ((*domains)[0].name, "a.example");
    EXPECT_EQ((*domains)[0].created, when + Seconds(1));
    EXPECT_TRUE(engine_->domain("b.example")->has_value());
    must_apply(RemoveDomain{"b.example"});
    must_apply(RemoveDomain{"b.example"});
    EXPECT_FALSE(engine_->domain("b.example")->has_value());
}

TEST_P(ConformanceDirectory, accounts_and_further_addresses) {
    AccountRow alice = account_row("alice@example.com");
    alice.also = {"sales@example.com", "info@example.com", "sales@example.com"};
    AccountRow bob = account_row("bob@example.com");
    bob.also = {"sales@example.com"};  // a shared address belongs to several
    bob.disabled = true;
    bob.profile = Profile::bulk;
    bob.language = "de";
    bob.verp = Verp::usual;
    bob.reports = ReportWish::digest;
    must_apply(PutAccount{bob});
    must_apply(PutAccount{alice});
    reopen();
    auto accounts = engine_->accounts();
    ASSERT_TRUE(accounts);
    ASSERT_THAT(*accounts, SizeIs(2));
    EXPECT_EQ((*accounts)[0].address, "alice@example.com");
    EXPECT_EQ((*accounts)[0].name, alice.name);
    EXPECT_EQ((*accounts)[0].password_hash, alice.password_hash);
    EXPECT_EQ((*accounts)[0].created, alice.created);
    EXPECT_FALSE((*accounts)[0].disabled);
    EXPECT_THAT((*accounts)[0].also, ElementsAre("info@example.com", "sales@example.com"));
    EXPECT_EQ((*accounts)[0].language, "");
    EXPECT_TRUE((*accounts)[1].disabled);
    EXPECT_EQ((*accounts)[1].language, "de");
    EXPECT_EQ((*accounts)[0].verp, Verp::off);
    EXPECT_EQ((*accounts)[1].verp, Verp::usual);
    EXPECT_EQ((*accounts)[0].reports, ReportWish::usual);
    EXPECT_EQ((*accounts)[1].reports, ReportWish::digest);
    EXPECT_THAT((*accounts)[1].also, ElementsAre("sales@example.com"));

    alice.also = {"new@example.com"};
    alice.password_hash = "";
    must_apply(PutAccount{alice});
    auto again = engine_->account("alice@example.com");
    ASSERT_TRUE(again && *again);
    EXPECT_THAT((*again)->also, ElementsAre("new@example.com"));
    EXPECT_EQ((*again)->password_hash, "");
    EXPECT_FALSE(
        engine_->account("Alice@example.com")->has_value());  // keys are compared as octets
    must_apply(RemoveAccount{"alice@example.com"});
    EXPECT_FALSE(engine_->account("alice@example.com")->has_value());
}

TEST_P(ConformanceDirectory, app_passwords) {
    must_apply(PutAccount{account_row("alice@example.com")});
    AppPasswordRow phone{.id = "a1",
                         .account = "alice@example.com",
                         .name = "phone",
                         .digest = std::string(31, 'd') + '\0',
                         .created = Timestamp(Milliseconds(1'763'900'000'000))};
    AppPasswordRow laptop = phone;
    laptop.id = "b2";
    laptop.digest = std::string(32, 'e');
    laptop.created += Seconds(1);
    laptop.device = true;
    must_apply(PutAppPassword{laptop});
    must_apply(PutAppPassword{phone});
    reopen();
    const auto all = engine_->app_passwords("alice@example.com");
    ASSERT_TRUE(all);
    ASSERT_THAT(*all, SizeIs(2));
    EXPECT_EQ((*all)[0].id, "a1");
    EXPECT_EQ((*all)[0].name, "phone");
    EXPECT_FALSE((*all)[0].device);
    EXPECT_TRUE((*all)[1].device);
    const auto found = engine_->app_password_by_digest(phone.digest);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->id, "a1");
    EXPECT_EQ((*found)->digest, phone.digest);
    EXPECT_EQ((*found)->created, phone.created);
    EXPECT_FALSE(engine_->app_password_by_digest(std::string(31, 'd'))->has_value());

    AppPasswordRow taken = phone;
    taken.id = "c3";
    const auto conflict = apply(testing::changes_of(PutAppPassword{taken}));
    ASSERT_FALSE(conflict);
    EXPECT_EQ(conflict.error().kind, ErrorKind::conflict);
    AppPasswordRow stranger = phone;
    stranger.account = "nobody@example.com";
    stranger.digest = std::string(32, 'f');
    const auto missing = apply(testing::changes_of(PutAppPassword{stranger}));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::not_found);

    must_apply(RemoveAppPassword{.account = "alice@example.com", .id = "b2"});
    EXPECT_FALSE(engine_->app_password_by_digest(laptop.digest)->has_value());
    must_apply(RemoveAccount{"alice@example.com"});
    EXPECT_FALSE(engine_->app_password_by_digest(phone.digest)->has_value());
}

TEST_P(ConformanceDirectory, dkim_keys) {
    DkimKeyRow key{.domain = "example.com",
                   .selector = "ph202611a",
                   .state = DkimState::pending,
                   .pem = Secret(std::string("-----BEGIN\0KEY", 14)),
                   .created = Timestamp(Milliseconds(1)),
                   .changed = Timestamp(Milliseconds(2))};
    const Changes early = testing::changes_of(PutDkimKey{key});
    const Changes* const batch[] = {&early};
    EXPECT_EQ(engine_->apply(batch).error().kind, ErrorKind::not_found);
    must_apply(PutDomain{{"example.com", {}}});
    must_apply(PutDkimKey{key});
    DkimKeyRow other = key;
    other.selector = "a";
    must_apply(PutDkimKey{other});
    key.state = DkimState::retiring;
    key.changed = Timestamp(Milliseconds(3));
    must_apply(PutDkimKey{key});
    reopen();
    auto keys = engine_->dkim_keys();
    ASSERT_TRUE(keys);
    ASSERT_THAT(*keys, SizeIs(2));
    EXPECT_EQ((*keys)[0].selector, "a");
    EXPECT_EQ((*keys)[1].state, DkimState::retiring);
    EXPECT_EQ((*keys)[1].pem.reveal(), key.pem.reveal());
    EXPECT_EQ((*keys)[1].changed, key.changed);
    must_apply(RemoveDkimKey{"example.com", "a"});
    must_apply(RemoveDkimKey{"example.com", "a"});
    EXPECT_THAT(*engine_->dkim_keys(), SizeIs(1));
    must_apply(RemoveDomain{"example.com"});
    EXPECT_TRUE(engine_->dkim_keys()->empty());
}

TEST_P(ConformanceDirectory, setup_links) {
    must_apply(PutAccount{account_row("alice@example.com")});
    SetupLinkRow link{.account = "alice@example.com",
                      .digest = std::string(31, 'd') + '\0',
                      .created = Timestamp(Milliseconds(1'763'900'000'000)),
                      .expires = QueueTime(Milliseconds(86'400'000)),
                      .browser = {}};
    must_apply(PutSetupLink{link});
    reopen();
    auto found = engine_->setup_link_by_digest(link.digest);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->account, link.account);
    EXPECT_EQ((*found)->created, link.created);
    EXPECT_EQ((*found)->expires, link.expires);
    EXPECT_EQ((*found)->browser, "");
    EXPECT_FALSE((*found)->test);
    EXPECT_FALSE((*found)->ended);
    EXPECT_FALSE(engine_->setup_link_by_digest(std::string(31, 'd'))->has_value());

    link.browser = std::string(32, 'b');
    link.test = QueueId::make();
    link.ended = true;
    must_apply(PutSetupLink{link});
    found = engine_->setup_link_by_digest(link.digest);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->browser, link.browser);
    EXPECT_EQ((*found)->test, link.test);
    EXPECT_TRUE((*found)->ended);

    SetupLinkRow newer = link;
    newer.digest = std::string(32, 'e');
    must_apply(PutSetupLink{newer});
    EXPECT_FALSE(engine_->setup_link_by_digest(link.digest)->has_value());
    SetupLinkRow stranger = link;
    stranger.account = "nobody@example.com";
    const auto missing = apply(testing::changes_of(PutSetupLink{stranger}));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::not_found);

    must_apply(RemoveSetupLink{"alice@example.com"});
    EXPECT_FALSE(engine_->setup_link_by_digest(newer.digest)->has_value());
    must_apply(PutSetupLink{newer});
    must_apply(RemoveAccount{"alice@example.com"});
    EXPECT_FALSE(engine_->setup_link_by_digest(newer.digest)->has_value());
}

TEST_P(ConformanceDirectory, former_passwords) {
    must_apply(PutAccount{account_row("alice@example.com")});
    const Timestamp when(Milliseconds(1'763'900'000'000));
    must_apply(PutFormerPassword{{"alice@example.com", "$argon2id$1", when}});
    must_apply(PutFormerPassword{{"alice@example.com", "$argon2id$2", when + Seconds(5)}});
    reopen();
    const auto rows = engine_->former_passwords();
    ASSERT_TRUE(rows);
    ASSERT_THAT(*rows, SizeIs(1));
    EXPECT_EQ((*rows)[0].account, "alice@example.com");
    EXPECT_EQ((*rows)[0].hash, "$argon2id$2");
    EXPECT_EQ((*rows)[0].replaced, when + Seconds(5));
    must_apply(RemoveAccount{"alice@example.com"});
    EXPECT_TRUE(engine_->former_passwords()->empty());
}

TEST_P(ConformanceDirectory, sign_ins_and_facts) {
    const Timestamp when(Milliseconds(1'763'900'000'000));
    must_apply(PutSignIn{{7, "alice@example.com", when, "{}"}});
    must_apply(PutSignIn{{3, "bob@example.com", when, "a"}});
    must_apply(PutSignIn{{7, "alice@example.com", when + Seconds(1), "b"}});
    must_apply(PutFact{{"alice@example.com", "network/203.0.113.7", when}});
    must_apply(PutFact{{"alice@example.com", "network/203.0.113.7", when + Seconds(9)}});
    must_apply(PutFact{{"bob@example.com", "network/203.0.113.7", when}});
    reopen();
    auto sign_ins = engine_->sign_ins();
    ASSERT_TRUE(sign_ins);
    ASSERT_THAT(*sign_ins, SizeIs(2));
    EXPECT_EQ((*sign_ins)[0].number, 3);
    EXPECT_EQ((*sign_ins)[1].account, "alice@example.com");
    EXPECT_EQ((*sign_ins)[1].when, when + Seconds(1));
    EXPECT_EQ((*sign_ins)[1].facts, "b");
    auto facts = engine_->facts();
    ASSERT_TRUE(facts);
    ASSERT_THAT(*facts, SizeIs(2));
    EXPECT_EQ((*facts)[0].fact, "network/203.0.113.7");
    EXPECT_EQ((*facts)[0].when, when + Seconds(9));
    must_apply(RemoveFacts{when + Seconds(1)});
    EXPECT_THAT(*engine_->facts(), SizeIs(1));
    must_apply(RemoveSignIn{3});
    must_apply(RemoveSignIn{3});
    EXPECT_THAT(*engine_->sign_ins(), SizeIs(1));
    must_apply(RemoveAccount{"alice@example.com"});
    EXPECT_TRUE(engine_->sign_ins()->empty());
    EXPECT_TRUE(engine_->facts()->empty());
}

TEST_P(ConformanceDirectory, kept_rows) {
    const Timestamp until(Milliseconds(1'763'900'000'000));
    must_apply(PutKept{{"sts", "example.org", std::string("a\0b", 3), until}});
    must_apply(PutKept{{"sts", "example.net", "old", until}});
    must_apply(PutKept{{"sts", "example.net", "new", until + Seconds(9)}});
    must_apply(PutKept{{"token", "example.org", "x", until}});
    reopen();
    auto rows = engine_->kept("sts");
    ASSERT_TRUE(rows);
    ASSERT_THAT(*rows, SizeIs(2));
    EXPECT_EQ((*rows)[0].value, "new");
    EXPECT_EQ((*rows)[0].expires, until + Seconds(9));
    EXPECT_EQ((*rows)[1].value, std::string("a\0b", 3));
    EXPECT_EQ((*engine_->kept("token", "example.org"))->value, "x");
    EXPECT_FALSE(*engine_->kept("token", "example.net"));
    must_apply(RemoveExpiredKept{"sts", until});
    EXPECT_THAT(*engine_->kept("sts"), SizeIs(1));
    EXPECT_THAT(*engine_->kept("token"), SizeIs(1));
    must_apply(RemoveKept{"token", "example.org"});
    must_apply(RemoveKept{"token", "example.org"});
    EXPECT_TRUE(engine_->kept("token")->empty());
}

TEST_P(ConformanceDirectory, sent_marks) {
    const Timestamp when(Milliseconds(1'763'900'000'000));
    const SentMarkRow old{std::string(31, 'a') + '\0', QueueId::make(), when};
    const SentMarkRow young{std::string(32, 'b'), QueueId::make(), when + Seconds(10)};
    const SentMarkRow heard{std::string(32, 'c'), QueueId::make(), when + Seconds(10)};
    for (const auto& mark : {old, young, heard, young}) must_apply(PutSentMark{mark});
    reopen();
    EXPECT_THAT(*engine_->sent_marks(), SizeIs(3));
    must_apply(RemoveSentMarks{when + Seconds(10)});
    must_apply(RemoveSentMark{heard.digest});
    const auto left = engine_->sent_marks();
    ASSERT_TRUE(left);
    ASSERT_THAT(*left, SizeIs(1));
    EXPECT_EQ((*left)[0].digest, young.digest);
    EXPECT_EQ((*left)[0].id, young.id);
    EXPECT_EQ((*left)[0].when, young.when);
}

TEST_P(ConformanceDirectory, the_secret_is_made_once) {
    const std::string secret = engine_->server_secret();
    EXPECT_EQ(secret.size(), 32u);
    reopen();
    EXPECT_EQ(engine_->server_secret(), secret);
    const testing::TempFolder other;
    std::filesystem::create_directory(other / "content");
    EXPECT_NE(open_copy(other.path())->server_secret(), secret);
}

INSTANTIATE_TEST_SUITE_P(Engines, ConformanceDirectory,
                         ::testing::ValuesIn(testing::engine_kinds()),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace posthaste::store
