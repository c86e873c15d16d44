#include "acme/set_files.h"

#include "base/file.h"

#include <cerrno>
#include <sys/stat.h>

namespace posthaste::acme {

namespace {

constexpr std::size_t kFileAtMost = 1 << 20;

}  // namespace

Result<void> make_private_folder(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0) return {};
    if (errno != EEXIST)
        return std::unexpected(system_error(errno, "cannot make the folder " + path));
    struct stat found{};
    if (::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) return {};
    return fail(ErrorKind::conflict, path + " is no folder", "move it away");
}

Result<void> SetFiles::ensure_folder() {
    return make_private_folder(folder_);
}

std::optional<Issued> SetFiles::issued() const {
    auto [cert_file, key_file] = paths();
    auto chain = read_file(cert_file, kFileAtMost);
    auto pem = read_file(key_file, kFileAtMost);
    if (!chain || !pem) return std::nullopt;
    auto key = Key::parse(Secret(std::move(*pem)).reveal());
    if (!key) return std::nullopt;
    auto found = read_chain(*chain, *key);
    if (!found || found->names.empty()) return std::nullopt;
    return std::move(*found);
}

SetState SetFiles::state() const {
    auto text = read_file(folder_ + "/state.json", kFileAtMost);
    if (!text) return {};
    return parse_state(*text).value_or(SetState{});
}

Result<Key> SetFiles::key() {
    PH_CHECK(ensure_folder());
    return Key::load_or_make(paths().key_file);
}

Result<void> SetFiles::write_chain(std::string_view pem) {
    PH_CHECK(ensure_folder());
    return write_file_durably(paths().cert_file, pem, 0600);
}

Result<void> SetFiles::write_state(const SetState& state) {
    PH_CHECK(ensure_folder());
    return write_file_durably(folder_ + "/state.json", to_json(state), 0600);
}

}  // namespace posthaste::acme
