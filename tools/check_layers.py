#!/usr/bin/env python3
"""Refuses an include that goes upward, to a layer that is not declared, or to a library that the layer may not see.

Reads DEPS from src/*/CMakeLists.txt (what a layer links) and holds them against the floors of the design;
then reads every include of every source under src/. Runs as a ctest and in ./dev lint.
"""

import argparse
import pathlib
import re
import sys

# Bottom to top. A layer may see layers on lower floors, and of its own floor those to its left here
# where the design says so (smtp sees mail; net sees runtime is a floor apart).
FLOORS = {
    "base": 1,
    "formats": 2,
    "mail": 2,
    "smtp": 2,
    "store": 3,
    "runtime": 3,
    "net": 4,
    "accounts": 5,
    "queue": 5,
    "submission": 6,
    "delivery": 6,
    "discovery": 6,
    "trap": 7,
    "acme": 7,
    "doctor": 7,
    "web": 8,
    "app": 9,
}
SIDEWAYS = {("smtp", "mail")}

# Third-party headers and the layers whose sources may include them. fmt is the one that headers may see too.
LIBRARIES = [
    (r"fmt/", set(FLOORS)),
    (r"boost/asio", set()),  # through runtime/detail/asio.h only
    (r"boost/beast/", {"web"}),
    (r"boost/json", {"formats"}),
    (r"(toml\.hpp|toml\+\+|tomlplusplus)", {"formats"}),
    (r"pugixml", {"formats"}),
    (r"zlib\.h", {"formats"}),
    (r"re2/", {"formats"}),
    (r"openssl/", {"mail", "smtp", "net", "accounts", "discovery", "acme", "doctor"}),
    (r"idn2\.h", {"mail"}),
    (r"uni(norm|case|ctype|str|conv|types|width|name|gbrk)\.h", {"mail", "accounts"}),
    (r"(sqlite3|libpq-fe)\.h", {"store"}),
    (r"unbound\.h", {"net"}),
    (r"curl/", {"net"}),
    (r"mimalloc\.h", {"net"}),
    (r"(argon2|crypt|ldap|lber)\.h|security/pam", {"accounts"}),
    (r"qrcodegen", {"discovery"}),
    (r"ytnef\.h", {"app"}),
    (r"(seccomp|linux/landlock|linux/seccomp)", {"app"}),
    (r"(gtest|gmock)/", set()),  # tests only, below
    (r"benchmark/", set()),
]

# Single files that the design names as the only place of a library.
ONLY_IN = {
    r"boost/beast/": {"web/http/http_parser.cc"},
    r"ytnef\.h": {"app/winmail/tnef_helper.cc"},  # whose process has nothing but memory
    r"boost/asio": {"runtime/detail/asio.h", "runtime/detail/asio_impl.cc"},
}

TEST_FILE = re.compile(r"(_test|_fuzz|_bench)\.cc$|(_testing|conformance|test_support|_fake)(_[a-z]+)?\.(h|cc)$|/testing/")
PRIVATE_HEADER = re.compile(r"/(detail|internal)/")
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)

# What the compiler and the C library bring.
STANDARD = re.compile(
    r"^([a-z_]+"  # <vector>
    r"|c?(assert|complex|ctype|errno|fenv|float|inttypes|limits|locale|math|setjmp|signal|stdarg|stddef|stdint|stdio|stdlib"
    r"|string|strings|time|wchar|uchar)\.h"
    r"|(sys|net|netinet|arpa|linux|bits|asm)/[a-z0-9_/-]+\.h"
    r"|(dirent|dlfcn|err|execinfo|fcntl|ftw|getopt|glob|grp|ifaddrs|iconv|langinfo|libgen|malloc|netdb|paths|poll|pthread|pwd"
    r"|resolv|sched|semaphore|shadow|spawn|sysexits|syslog|termios|ucontext|unistd|utime|alloca|endian|byteswap|elf|link"
    r"|features|fnmatch|regex|cpuid|immintrin|nmmintrin|smmintrin|arm_acle|sanitizer/[a-z_]+|fuzzer/[A-Za-z]+)\.h"
    r"|fuzzer/FuzzedDataProvider\.h"
    r"|cxxabi\.h)$"
)


class Tree:
    def __init__(self, source):
        self.source = source
        self.faults = []
        self.deps = {}

    def fault(self, where, what, mend):
        self.faults.append(f"{where}: {what}\n  mend  {mend}")

    def read_layers(self):
        for path in sorted(self.source.glob("*/CMakeLists.txt")):
            text = re.sub(r"#.*", "", path.read_text())
            for name, arguments in re.findall(r"posthaste_layer\(\s*(\w+)([^)]*)\)", text):
                words = arguments.split()
                deps, taking = set(), False
                for word in words:
                    if word.isupper() or word in ("TEST_LIBS",):
                        taking = word == "DEPS"
                    elif taking:
                        deps.add(word)
                self.deps[name] = deps
                self.check_floor(path, name, deps)
        for layer in list(self.deps):
            for dep in self.deps[layer]:
                if dep not in self.deps and (self.source / dep / "CMakeLists.txt").exists():
                    self.fault(f"src/{layer}/CMakeLists.txt", f"DEPS names {dep}, whose CMakeLists.txt has no posthaste_layer",
                               f"add posthaste_layer({dep} ...) to src/{dep}/CMakeLists.txt")

    def check_floor(self, path, name, deps):
        where = path.relative_to(self.source.parent)
        if name not in FLOORS:
            self.fault(where, f"the layer {name} has no floor", "add it to FLOORS in tools/check_layers.py, as the design says")
            return
        for dep in sorted(deps):
            if dep not in FLOORS:
                self.fault(where, f"DEPS names {dep}, which is no layer", "spell it as its folder under src/")
            elif FLOORS[dep] >= FLOORS[name] and (name, dep) not in SIDEWAYS:
                self.fault(where, f"{name} (floor {FLOORS[name]}) depends on {dep} (floor {FLOORS[dep]})",
                           "move what both need to a lower layer, or pass it in as a value or a function")

    def reachable(self, layer):
        seen, todo = set(), [layer]
        while todo:
            one = todo.pop()
            if one not in seen:
                seen.add(one)
                todo.extend(self.deps.get(one, ()))
        return seen

    def check_sources(self):
        count = 0
        for path in sorted(self.source.rglob("*")):
            if path.suffix not in (".h", ".cc") or not path.is_file():
                continue
            relative = path.relative_to(self.source).as_posix()
            layer = relative.split("/")[0]
            if "/" not in relative:
                self.fault(f"src/{relative}", "a source outside any layer", "move it into the folder of its layer")
                continue
            count += 1
            text = path.read_text(errors="replace")
            for match in INCLUDE.finditer(text):
                line = text.count("\n", 0, match.start(1) if match.group(1) else match.start(2)) + 1
                where = f"src/{relative}:{line}"
                if match.group(1) is not None:
                    self.check_own(where, relative, layer, match.group(1))
                else:
                    self.check_foreign(where, relative, layer, match.group(2))
        return count

    def check_own(self, where, relative, layer, name):
        target = name.split("/")[0]
        if target not in FLOORS or "/" not in name:
            if (self.source / relative).parent.joinpath(name).exists():
                self.fault(where, f'"{name}" is relative to the file', f'write it from src/: "{layer}/…"')
            else:
                self.fault(where, f'"{name}" is in no layer', "quotes are for our headers, <> for everybody else's")
            return
        if name == "runtime/detail/asio.h":
            self.check_asio(where, relative, layer)
        if target == layer:
            return
        if FLOORS[target] >= FLOORS[layer] and (layer, target) not in SIDEWAYS:
            self.fault(where, f"{layer} (floor {FLOORS[layer]}) includes {name} of {target} (floor {FLOORS[target]})",
                       "move what both need to a lower layer, or pass it in as a value or a function")
        elif layer in self.deps and target not in self.reachable(layer):
            self.fault(where, f"{layer} includes {name}, but {target} is not in its DEPS",
                       f"add {target} to DEPS in src/{layer}/CMakeLists.txt, if the design's table allows it")

    def check_asio(self, where, relative, layer):
        if layer not in ("runtime", "net"):
            self.fault(where, "Asio outside runtime/ and net/", "use runtime/ and net/ types: Task, Timer, Stream")
        elif relative.endswith(".h") and not PRIVATE_HEADER.search(relative):
            self.fault(where, "Asio in a header", "hide it behind an Impl in the source, or in a detail/ header")

    def check_foreign(self, where, relative, layer, name):
        for pattern, layers in LIBRARIES:
            if not re.match(pattern, name):
                continue
            for only, files in ONLY_IN.items():
                if re.match(only, name):
                    if relative not in files:
                        self.fault(where, f"<{name}> outside {', '.join(sorted(files))}", "that file alone may see it")
                    return
            if re.match(r"(gtest|gmock|benchmark)/", name):
                if not TEST_FILE.search(relative):
                    self.fault(where, f"<{name}> in a source that is no test", "name it *_test.cc, or *_testing.h when tests share it")
                return
            # A test may look at its subject through the library that the subject hides.
            if layer not in layers and not (TEST_FILE.search(relative) and relative.endswith(".cc")):
                allowed = ", ".join(sorted(layers)) or "no layer"
                self.fault(where, f"{layer} may not see <{name}> (allowed: {allowed})",
                           "use the small type of the layer that wraps it")
            elif relative.endswith(".h") and not name.startswith("fmt/") and not PRIVATE_HEADER.search(relative):
                self.fault(where, f"<{name}> in a header", "forward-declare, or hide it behind an Impl in the source")
            return
        if not STANDARD.match(name):
            self.fault(where, f"<{name}> is not known", "add it to tools/check_layers.py and to the design's table, or use what is there")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent / "src")
    tree = Tree(parser.parse_args().source.resolve())
    tree.read_layers()
    count = tree.check_sources()
    for fault in tree.faults:
        print(fault, file=sys.stderr)
    if tree.faults:
        print(f"layers: {len(tree.faults)} faults in {count} sources", file=sys.stderr)
        return 1
    print(f"layers: {count} sources in {len(tree.deps)} layers include downward only")
    return 0


if __name__ == "__main__":
    sys.exit(main())
