#!/usr/bin/env python3
"""Whatever is not an export, or not a whole one: one clear error with the file, the place and what to do, or a counted
skip; within seconds, and without memory that grows with the input."""

import json
import os
import resource
import subprocess
import tempfile
import unittest
from pathlib import Path

import program
from program import Workspace

MESSAGE = {"id": 1, "type": "message", "date": "2023-01-01T00:00:00", "from": "Лена", "from_id": "user1", "text": "раз"}


def export(count=3):
    messages = [dict(MESSAGE, id=number) for number in range(1, count + 1)]
    chat = {"name": "Двор", "type": "private_group", "id": 5, "messages": messages}
    return json.dumps(chat, ensure_ascii=False, indent=1)


class BadInput(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        self.workspace = Workspace()

    def write(self, name, data):
        path = self.folder / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def refused(self, path, what, *, status=1):
        """One error that names the file, says what is wrong and what to do."""
        errors = self.workspace.run("import", path, "--quiet", status=status)[1].strip().splitlines()
        self.assertEqual(len(errors), 2, errors)
        self.assertTrue(errors[0].startswith("error: ") and str(path) in errors[0], errors[0])
        self.assertIn(what, errors[0])
        self.assertRegex(errors[1], r"^try: \w+")
        self.assertEqual(self.workspace.rows("SELECT count(*) FROM messages"), [(0,)])

    def partial(self, path, kind, messages):
        """The whole messages, and a problem with its place."""
        report = self.workspace.json("import", path)["files"][0]
        self.assertEqual(report["new_messages"], messages)
        problem = report["problems"][0]
        self.assertEqual(problem["kind"], kind)
        return problem

    def test_empty(self):
        self.refused(self.write("result.json", b""), "it is empty")
        self.refused(self.write("blank.json", b" \n\n"), "is not a chat export")

    def test_truncated(self):
        whole = export()
        path = self.write("result.json", whole[: len(whole) - 60])
        problem = self.partial(path, "truncated", 2)
        self.assertGreater(problem["line"], 15)
        self.assertIn("whole message", problem["text"])

    def test_binary(self):
        self.refused(self.write("a.json", os.urandom(100_000)[1:].replace(b"{", b"x")), "is not a chat export")
        self.refused(self.write("a.png", b"\x89PNG\r\n\x1a\n" + bytes(1000)), "is not a chat export")
        self.refused(self.write("a.sqlite", b"SQLite format 3\0" + bytes(1000)), "is a database")
        self.refused(self.write("a.html", b"<!DOCTYPE html><html><body>hello"), "is a web page")
        # In the middle of an export that began well.
        whole = export()
        at = whole.index('"id": 3')
        problem = self.partial(self.write("result.json", whole[:at].encode() + os.urandom(500)), "malformed", 2)
        self.assertGreater(problem["byte"], 100)

    def test_other_encodings(self):
        for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
            path = self.write(encoding + ".json", export().encode(encoding))
            self.refused(path, "UTF-32" if "32" in encoding else "UTF-16")
        # Single bytes cannot be told from damage: texts are mended and counted.
        for encoding in ("cp1251", "koi8-r"):
            path = self.write("result.json", export().encode(encoding))
            report = Workspace().json("import", path)["files"][0]
            self.assertEqual(report["new_messages"], 3)
            repaired = [problem for problem in report["problems"] if problem["kind"] == "repaired_text"]
            self.assertGreaterEqual(repaired[0]["count"], 3)
            self.assertIn("UTF-8", repaired[0]["text"])
        self.assertEqual(self.workspace.json("import", self.write("bom.json", b"\xef\xbb\xbf" + export().encode()))
                         ["totals"]["new_messages"], 3)

    def test_nesting(self):
        deep = export().replace('"text": "раз"', '"text": ' + "[" * 100_000 + "]" * 100_000, 1)
        problem = self.partial(self.write("result.json", deep), "too_deep", 0)
        self.assertGreater(problem["line"], 1)
        self.refused(self.write("only.json", "[" * 100_000), "is not a chat export")
        self.refused(self.write("objects.json", '{"a":' * 100_000), "is JSON, but not an export")

    def test_devices_and_what_is_not_there(self):
        self.refused("/dev/zero", "is not a chat export")
        self.refused("/dev/null", "it is empty")
        self.refused(self.folder / "absent.json", "no such file", status=2)

    def test_unreadable(self):
        path = self.write("result.json", export())
        if os.geteuid() != 0:
            path.chmod(0)
            self.refused(path, "Permission denied")
            return
        # Root may read everything: as nobody, in a folder that nobody may enter.
        with tempfile.TemporaryDirectory() as place:
            os.chmod(place, 0o777)
            secret = Path(place, "result.json")
            secret.write_text(export(), encoding="utf-8")
            secret.chmod(0)
            done = subprocess.run([program.PROGRAM, "import", "--check", secret, "--lang", "en"], user=65534, cwd=place,
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{secret}: Permission denied\ntry: check the permissions", done.stderr)

    def test_a_folder_of_many_files(self):
        many = self.folder / "many"
        many.mkdir()
        for number in range(100_000):
            os.close(os.open(many / f"{number}.txt", os.O_CREAT))
        self.refused(many, "no chat export is in this folder")
        (many / "result.json").write_text(export(), encoding="utf-8")
        self.assertEqual(self.workspace.json("import", many)["totals"]["new_messages"], 3)

    def test_one_line_of_200_megabytes(self):
        """A text larger than any memory limit should allow, in a file without a line break."""
        path = self.folder / "result.json"
        head, tail = export().replace("\n", "").encode().split("раз".encode(), 1)
        with open(path, "wb") as out:
            out.write(head)
            for _ in range(200):
                out.write(b"x" * 1_000_000)
            out.write(tail)
        self.assertEqual(self.partial(path, "text_cut", 3)["count"], 1)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        self.assertLess(peak, 150, "MiB")

    def test_a_pipe(self):
        pipe = self.folder / "result.json"
        os.mkfifo(pipe)
        self.refused(pipe, "is a pipe")


if __name__ == "__main__":
    program.main()
