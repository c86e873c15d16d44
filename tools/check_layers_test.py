#!/usr/bin/env python3
"""Breaks each rule of check_layers.py once, in a tree of its own, and wants it caught; and a good tree passed."""

import pathlib
import subprocess
import sys
import tempfile

GOOD = {
    "base/CMakeLists.txt": "posthaste_layer(base SRCS a.cc)",
    "base/a.h": "#pragma once\n#include <fmt/format.h>\n#include <vector>\n",
    "mail/CMakeLists.txt": "posthaste_layer(mail\n  SRCS m.cc\n  DEPS base\n  LIBS OpenSSL::Crypto)",
    "mail/m.h": '#pragma once\n#include "base/a.h"\n',
    "mail/m.cc": '#include "mail/m.h"\n\n#include <openssl/evp.h>\n#include <sys/stat.h>\n',
    "mail/m_test.cc": '#include "mail/m.h"\n#include <gtest/gtest.h>\n',
    "smtp/CMakeLists.txt": "posthaste_layer(smtp SRCS s.cc DEPS mail base)",
    "smtp/s.h": '#pragma once\n#include "mail/m.h"\n',
    "runtime/CMakeLists.txt": "posthaste_layer(runtime SRCS r.cc DEPS base)",
    "runtime/detail/asio.h": "#pragma once\n#include <boost/asio/io_context.hpp>\n",
    "runtime/r.cc": '#include "runtime/detail/asio.h"\n',
    "net/CMakeLists.txt": "posthaste_layer(net SRCS n.cc DEPS runtime base)",
    "net/n.cc": '#include "runtime/detail/asio.h"\n#include <unbound.h>\n',
    "web/CMakeLists.txt": "posthaste_layer(web SRCS http_parser.cc DEPS net)",
    "web/http/http_parser.cc": "#include <boost/beast/http.hpp>\n",
}

# name: (file, its content, words of the refusal)
BROKEN = {
    "include upward": ("base/a.cc", '#include "mail/m.h"\n', "base (floor 1) includes mail/m.h"),
    "include of an undeclared layer": ("net/n.cc", '#include "mail/m.h"\n', "mail is not in its DEPS"),
    "dependency upward": ("base/CMakeLists.txt", "posthaste_layer(base SRCS a.cc DEPS mail)", "depends on mail"),
    "submission does not see delivery": (
        "submission/CMakeLists.txt", "posthaste_layer(submission SRCS s.cc DEPS delivery)", "depends on delivery"),
    "library in the wrong layer": ("smtp/s.cc", "#include <sqlite3.h>\n", "smtp may not see <sqlite3.h>"),
    "library in a header": ("mail/m.h", "#pragma once\n#include <openssl/evp.h>\n", "in a header"),
    "Asio without the one door": ("net/n.cc", "#include <boost/asio/post.hpp>\n", "outside runtime/detail/asio.h"),
    "Asio above net": ("smtp/s.cc", '#include "runtime/detail/asio.h"\n', "Asio outside"),
    "Asio in a header of net": ("net/n.h", '#pragma once\n#include "runtime/detail/asio.h"\n', "Asio in a header"),
    "Beast in a second file": ("web/api.cc", "#include <boost/beast/http.hpp>\n", "outside web/http/http_parser.cc"),
    "test library in the product": ("mail/m.cc", "#include <gtest/gtest.h>\n", "no test"),
    "unknown library": ("mail/m.cc", "#include <spdlog/spdlog.h>\n", "is not known"),
    "include relative to the file": ("mail/m.cc", '#include "m.h"\n', "relative to the file"),
    "a layer without a floor": ("extra/CMakeLists.txt", "posthaste_layer(extra SRCS a.cc)", "has no floor"),
}


def check(files):
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "src"
        for name, content in files.items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        tool = pathlib.Path(__file__).with_name("check_layers.py")
        return subprocess.run([sys.executable, tool, "--source", source], capture_output=True, text=True, check=False)


def main():
    wrong = 0
    good = check(GOOD)
    if good.returncode != 0:
        wrong += 1
        print(f"a good tree is refused:\n{good.stderr}")
    for name, (file, content, words) in BROKEN.items():
        found = check({**GOOD, file: content})
        if found.returncode != 1 or words not in found.stderr:
            wrong += 1
            print(f"not caught: {name} (wanted \"{words}\")\n{found.stderr}")
    print(f"check_layers: {len(BROKEN)} ways to break it, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
