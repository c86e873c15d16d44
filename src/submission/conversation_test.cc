// Plays the scripts of tests/conversations against a session. Their form is in the README there.
#include "submission/testing.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace posthaste::submission {
namespace {

using testing::Client;
using testing::Rig;

// '*' stands for any octets. Linear enough: scripts are ours.
bool matches(std::string_view text, std::string_view pattern) {
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) return text == pattern;
    if (!text.starts_with(pattern.substr(0, star))) return false;
    const std::string_view rest = pattern.substr(star + 1);
    for (std::size_t at = star; at <= text.size(); ++at) {
        if (matches(text.substr(at), rest)) return true;
    }
    return false;
}

std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            out += text[i];
            continue;
        }
        switch (text[++i]) {
            case 'r':
                out += '\r';
                break;
            case 'n':
                out += '\n';
                break;
            case 't':
                out += '\t';
                break;
            case '0':
                out += '\0';
                break;
            case 'x':
                out +=
                    static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
                i += 2;
                break;
            default:
                out += text[i];
        }
    }
    return out;
}

struct Play {
    Rig rig;
    std::unique_ptr<Client> client;

    void set(const std::string& what) {
        if (what == "disk full") rig.backend.health_now = store::Health::full;
        if (what == "disk failed") rig.backend.health_now = store::Health::failed;
        if (what == "disk ok") rig.backend.health_now = store::Health::ok;
        if (what == "commit full") rig.backend.fail_with = ErrorKind::store_full;
        if (what == "commit failed") rig.backend.fail_with = ErrorKind::store_failed;
        if (what == "commit busy") rig.backend.fail_with = ErrorKind::busy;
        if (what == "commit late") rig.backend.fail_with = ErrorKind::timeout;
        if (what == "commit ok") rig.backend.fail_with.reset();
        if (what == "open") connect({.open = true, .account = "trap"});
        if (what == "start") connected().start();
        if (what == "login") connected().log_in();
    }

    void connect(PortProfile profile) {
        client = std::make_unique<Client>(rig, std::move(profile));
    }

    Client& connected() {
        if (client == nullptr) client = std::make_unique<Client>(rig);
        return *client;
    }

    void step(char kind, const std::string& rest) {
        switch (kind) {
            case '@':
                set(rest);
                break;
            case 'C':
                connected().send(rest + "\r\n");
                break;
            case 'c':
                connected().send(unescape(rest));
                break;
            case 'S': {
                const std::string heard = connected().hear();
                EXPECT_TRUE(matches(heard, rest)) << "heard: " << heard;
                break;
            }
            case 'R': {
                const std::string heard = connected().reply();
                EXPECT_TRUE(heard.starts_with(rest)) << "heard: " << heard;
                break;
            }
            case 'E':
                EXPECT_EQ(connected().hear(), "");
                break;
            case 'M':
                EXPECT_EQ(std::to_string(rig.backend.submissions.size()), rest);
                break;
            default:
                ADD_FAILURE() << "a script line of no known kind";
        }
    }
};

std::vector<std::string> scripts() {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(POSTHASTE_CONVERSATIONS)) {
        if (entry.path().extension() == ".smtp") paths.push_back(entry.path().string());
    }
    std::ranges::sort(paths);
    return paths;
}

class Conversation : public ::testing::TestWithParam<std::string> {};

TEST_P(Conversation, GoesAsWritten) {
    std::ifstream in(GetParam());
    Play play;
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        if (line.empty() || line.starts_with('#')) continue;
        SCOPED_TRACE(GetParam() + ':' + std::to_string(number) + ": " + line);
        const bool formed =
            line[0] == '@' ? line.starts_with("@ ") : line.size() >= 2 && line[1] == ':';
        ASSERT_TRUE(formed);
        play.step(line[0], line.size() > 3 ? line.substr(line[0] == '@' ? 2 : 3) : "");
        if (HasFailure()) break;
    }
}

INSTANTIATE_TEST_SUITE_P(Scripts, Conversation, ::testing::ValuesIn(scripts()),
                         [](const auto& info) {
                             std::string name = std::filesystem::path(info.param).stem().string();
                             std::ranges::replace_if(
                                 name,
                                 [](char c) { return !isalnum(static_cast<unsigned char>(c)); },
                                 '_');
                             return name;
                         });

}  // namespace
}  // namespace posthaste::submission
