#!/usr/bin/env python3
"""The chat as a person at a terminal has it, with SmolLM2's real weights: line editing under the plain C locale, an
answer, a new conversation, the end."""

import os
import pty
import select
import time
import unittest

import program
from program import Workspace


class Terminal:
    """A program on a pseudo-terminal: type lines, wait for words."""

    def __init__(self, arguments):
        environment = {**os.environ, "LANG": "C", "LC_ALL": "C", "TERM": "xterm"}
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.execve(arguments[0], arguments, environment)
        self.screen = ""

    def type(self, line):
        os.write(self.master, (line + "\n").encode())

    def wait_for(self, words, seconds=120):
        """Reads until `words` were shown since the last wait; fails when they do not come."""
        end = time.monotonic() + seconds
        while words not in self.screen:
            if time.monotonic() > end:
                raise AssertionError(f"{words!r} was not shown:\n{self.screen}")
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.screen += os.read(self.master, 4096).decode(errors="replace")
                except OSError:  # the program ended
                    raise AssertionError(f"it ended before {words!r}:\n{self.screen}") from None
        self.screen = self.screen.partition(words)[2]

    def exit_status(self):
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Chat(unittest.TestCase):
    def test_a_russian_conversation_under_the_c_locale(self):
        workspace = Workspace()
        terminal = Terminal([program.PROGRAM, "chat", "--workspace", str(workspace.path), "--lang", "ru", "--model",
                             "smollm2-135m-instruct", "--max-tokens", "8", "--temperature", "0"])
        terminal.wait_for("вы: ")
        terminal.type("привет")
        terminal.wait_for("smollm2-135m-instruct: ")
        terminal.wait_for("вы: ")
        terminal.type("/reset")
        terminal.wait_for("новый разговор")
        terminal.wait_for("вы: ")
        terminal.type("/exit")
        self.assertEqual(terminal.exit_status(), 0)


if __name__ == "__main__":
    program.main("smollm2-135m-instruct")
