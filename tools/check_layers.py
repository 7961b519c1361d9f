#!/usr/bin/env python3
"""Judges the includes of src/: which module may see which, and where heavy libraries may be seen.

    check_layers.py [SRC]      every fault as FILE:LINE: words; exit status 1 if there is one

The rules are the three tables below; docs/architecture.md says why they are so.
"""

import re
import sys
from pathlib import Path

# Left to right, as data flows. A module includes itself, what every module may, and stages to its left.
ORDER = ["base", "core", "tokens", "store", "importer", "dialogs", "dataset", "validate", "analysis", "providers", "jobs", "engine",
         "evaluate", "serve", "cli"]

# Modules that see less than their place in the order gives them. The engine builds alone, with LibTorch,
# base and core; what stands to its right reaches a model through core's interfaces, so it needs no LibTorch.
ONLY = {
    "engine": {"base", "core", "engine"},
    "evaluate": set(ORDER[:ORDER.index("evaluate") + 1]) - {"engine"},
    "serve": set(ORDER[:ORDER.index("serve") + 1]) - {"engine"},
}

# Folders inside a module that may not be included from elsewhere: folder -> folders that may.
PARTS = {
    "engine/torch": ["engine/torch"],
}

# Headers of heavy libraries: how they begin -> where they may be included.
HEAVY = {
    "torch/": ["engine/torch"],
    "ATen/": ["engine/torch"],
    "c10/": ["engine/torch"],
    "sqlite3.h": ["store"],
    "simdjson.h": ["importer"],
    "curl/": ["providers"],
    "archive.h": ["importer", "providers"],
    "archive_entry.h": ["importer", "providers"],
    "toml++/": ["base"],
    "CLI/": ["cli"],
    "unicode/": ["base"],
    "openssl/": ["base"],
    "spdlog/": ["base"],
    "libstemmer.h": ["analysis"],
    "cld2/": ["dataset"],
    "boost/": ["serve"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def allowed_modules(module):
    """The modules that files of `module` may include."""
    return ONLY.get(module, set(ORDER[:ORDER.index(module) + 1]))


def lies_in(path, folders):
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def fault_of(folder, header, quoted):
    """What is wrong with a file in `folder` (relative to src) including `header`, or None."""
    for start, homes in HEAVY.items():
        if header.startswith(start) and not lies_in(folder, homes):
            return f"{header} belongs to {' and '.join(homes)}"
    if not quoted:
        return None
    module, target = folder.split("/")[0], header.split("/")[0]
    if target not in ORDER:
        return f"{header} is not a path from src/"
    if target not in allowed_modules(module):
        return f"{module} may not include {target}"
    for part, users in PARTS.items():
        if header.startswith(part + "/") and not lies_in(folder, users):
            return f"{part} is seen by {' and '.join(users)} only"
    return None


def check(src):
    """All faults below `src`, as lines."""
    faults = []
    for path in sorted(src.rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        name = path.relative_to(src)
        if name.parts[0] not in ORDER:
            faults.append(f"{name}:1: {name.parts[0]} is no module that tools/check_layers.py knows")
            continue
        folder = name.parent.as_posix()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            # A quoted name that is no path of ours may be a library's, as in "sqlite3.h".
            quoted = found[1] == '"' and not any(found[2].startswith(start) for start in HEAVY)
            fault = fault_of(folder, found[2], quoted)
            if fault:
                faults.append(f"{name}:{number}: {fault}")
    return faults


def main(arguments):
    src = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent / "src"
    if not any(src.rglob("*.cc")):
        print(f"{src}: holds no sources", file=sys.stderr)
        return 1
    faults = check(src)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
