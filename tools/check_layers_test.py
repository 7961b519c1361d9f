#!/usr/bin/env python3
"""Shows that check_layers.py finds what it is for."""

import tempfile
import unittest
from pathlib import Path

import check_layers


def faults(**files):
    """The faults of a source tree; each file is named by its path with __ for / and _dot_ for the dot."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder, name.replace("__", "/").replace("_dot_", "."))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return check_layers.check(Path(folder))


class CheckLayers(unittest.TestCase):
    def test_left_is_allowed(self):
        self.assertEqual(faults(dataset__a_dot_cc='#include "dialogs/x.h"\n#include "store/y.h"\n#include <vector>\n'),
                         [])

    def test_right_is_not(self):
        self.assertEqual(faults(dialogs__a_dot_h='#pragma once\n#include "dataset/x.h"\n'),
                         ["dialogs/a.h:2: dialogs may not include dataset"])

    def test_store_sees_no_stage(self):
        self.assertEqual(faults(store__a_dot_cc='#include "importer/x.h"\n'),
                         ["store/a.cc:1: store may not include importer"])

    def test_engine_sees_base_and_core_only(self):
        self.assertEqual(faults(engine__files__a_dot_cc='#include "core/x.h"\n#include "store/y.h"\n'),
                         ["engine/files/a.cc:2: engine may not include store"])

    def test_evaluate_and_serve_do_without_the_engine(self):
        self.assertEqual(faults(evaluate__a_dot_cc='#include "engine/files/x.h"\n',
                                serve__a_dot_cc='#include "engine/files/x.h"\n#include "evaluate/y.h"\n'),
                         ["evaluate/a.cc:1: evaluate may not include engine",
                          "serve/a.cc:1: serve may not include engine"])

    def test_cli_sees_all_but_the_torch_part(self):
        self.assertEqual(faults(cli__a_dot_cc='#include "engine/files/x.h"\n#include "engine/torch/y.h"\n'),
                         ["cli/a.cc:2: engine/torch is seen by engine/torch only"])

    def test_files_part_of_the_engine_sees_no_torch(self):
        self.assertEqual(faults(engine__files__a_dot_cc='#include <torch/torch.h>\n#include "engine/torch/y.h"\n',
                                engine__torch__b_dot_cc='#include <torch/torch.h>\n#include "engine/files/y.h"\n'),
                         ["engine/files/a.cc:1: torch/torch.h belongs to engine/torch",
                          "engine/files/a.cc:2: engine/torch is seen by engine/torch only"])

    def test_heavy_libraries_stay_home(self):
        self.assertEqual(faults(dataset__a_dot_cc='#include <sqlite3.h>\n#  include <curl/curl.h>\n#include "sqlite3.h"\n',
                                store__b_dot_cc='#include <sqlite3.h>\n', providers__c_dot_cc='#include <curl/curl.h>\n'),
                         ["dataset/a.cc:1: sqlite3.h belongs to store",
                          "dataset/a.cc:2: curl/curl.h belongs to providers",
                          "dataset/a.cc:3: sqlite3.h belongs to store"])

    def test_includes_are_paths_from_src(self):
        self.assertEqual(faults(base__a_dot_cc='#include "text.h"\n'), ["base/a.cc:1: text.h is not a path from src/"])

    def test_an_unknown_module(self):
        self.assertEqual(faults(misc__a_dot_cc="\n"),
                         ["misc/a.cc:1: misc is no module that tools/check_layers.py knows"])

    def test_an_empty_folder_is_no_success(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(check_layers.main([folder]), 1)


if __name__ == "__main__":
    unittest.main()
