#!/usr/bin/env python3
"""The page at `/` in headless Chromium, against a real server: a file uploaded, a model trained and talked to beside its
base, the report, both languages, a phone's width, the keyboard, a key. Called as browser_test.py PROGRAM; needs what
tests/browser/setup installs."""

import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import program  # noqa: E402  pylint: disable=wrong-import-position
from browser import KEYS, Browser, programs  # noqa: E402  pylint: disable=wrong-import-position
from program import ROOT, Workspace  # noqa: E402  pylint: disable=wrong-import-position
from server import BASE, Server, training_file  # noqa: E402  pylint: disable=wrong-import-position

TABS = ("chat", "jobs", "files", "models", "report")
IDLE = "return !document.querySelector('.busy') && !document.querySelector('#send').hidden"


class Page(unittest.TestCase):
    def setUp(self):
        self.browser = Browser()
        self.addCleanup(self.browser.end)

    def serve(self, *options, workspace=None, environment=None):
        self.server = Server(*options, workspace=workspace, environment=environment)
        self.addCleanup(self.server.end)
        self.browser.open(self.server.address + "/")

    def models_are_there(self):
        self.browser.until("return document.querySelector('#model-a').options.length > 0")

    def quiet(self, *expected):
        """Nothing was asked of anybody else, and the console is silent but for what was expected."""
        for address in self.browser.addresses():
            self.assertTrue(address.startswith((self.server.address, "blob:" + self.server.address)), address)
        rest = [words for words in self.browser.errors() if not any(one in words for one in expected)]
        self.assertEqual(rest, [])

    def watch_answers(self):
        """From now on every change of an answer's text is counted."""
        self.browser.run("""
            window.changes = { a: 0, b: 0 };
            for (const side of ["a", "b"]) {
              new MutationObserver(() => { if (document.querySelector(`#log-${side} .busy`)?.textContent) ++window.changes[side]; })
                .observe(document.querySelector(`#log-${side}`), { childList: true, subtree: true, characterData: true });
            }""")

    def test_from_a_file_to_a_model_that_answers(self):
        workspace = Workspace()
        workspace.run("import", ROOT / "examples/en/result.json")
        workspace.run("build", "--persona", "Maya")
        workspace.run("report")
        self.serve("--threads", 2, workspace=workspace)
        browser = self.browser
        self.models_are_there()
        self.assertEqual(browser.run("return document.title"), "idiolect")
        # Nobody is beside the only model, and it has the whole width.
        self.assertEqual(browser.value("#model-a"), BASE)
        self.assertEqual(browser.value("#model-b"), "")
        self.assertEqual(browser.text("#log-b"), "")

        browser.click("#tab-files")
        # A name is shown as it is and never read as HTML.
        file = workspace.path / "<b>train.jsonl"
        file.write_bytes(training_file(16))
        browser.type("#file", str(file))
        browser.click("#upload button")
        browser.until("return document.querySelector('#file-list').innerText.includes('<b>train.jsonl')")
        self.assertEqual(browser.count("#file-list b"), 0)

        browser.click("#tab-jobs")
        browser.until("return document.querySelector('#job-file').options.length > 0")
        browser.type("#job-suffix", "bob")
        browser.type("#job-epochs", "2")
        browser.click("#new-job button")
        browser.until("return document.querySelector('.job svg path.train')")
        browser.until("return document.querySelector('.job .status.succeeded')")
        self.assertRegex(browser.text(".job h2"), f"^ft:{BASE}:local:bob:")
        self.assertGreater(len(browser.run("return document.querySelector('path.train').getAttribute('d')").split("L")), 1)
        tuned = browser.text(".job h2")

        # "Talk": the model beside its base, both answering at once, piece by piece.
        browser.run("document.querySelector('.job button').click()")
        self.assertEqual((browser.value("#model-a"), browser.value("#model-b")), (tuned, BASE))
        self.watch_answers()
        browser.type("#text", "ship 3?" + KEYS["enter"])
        self.assertEqual(browser.value("#text"), "")
        browser.until(IDLE)
        for side in ("a", "b"):
            self.assertEqual(browser.text(f"#log-{side} .msg.user"), "ship 3?")
            self.assertEqual(browser.count(f"#log-{side} .msg"), 2)
            self.assertTrue(browser.text(f"#log-{side} .msg:last-child").strip())
        self.assertGreater(browser.run("return window.changes.b"), 1)
        # The conversation goes on; Esc stops an answer and keeps what was said.
        browser.type("#text", "Tell a very long story about the sea." + KEYS["enter"])
        browser.until("return document.querySelectorAll('#log-b .msg')[3]?.textContent.length > 10")
        browser.type("#text", KEYS["escape"])
        browser.until(IDLE)
        self.assertEqual(browser.count("#log-b .msg.error"), 0)
        browser.click("#reset")
        self.assertEqual(browser.count(".msg"), 0)

        browser.click("#tab-report")
        browser.until("return document.querySelector('#report-body h2')")
        self.assertEqual(browser.text("#report-body h2"), "How they write")
        self.assertGreater(browser.count("#report-body table"), 3)
        self.assertNotIn("**", browser.text("#report-body"))
        browser.click("#report-pages button:nth-child(3)")
        browser.until("return document.querySelector('#report-body blockquote')")

        # By the arrow keys from tab to tab; in the other language, which is remembered.
        browser.click("#tab-chat")
        browser.type("#tab-chat", KEYS["right"])
        self.assertTrue(browser.run("return document.activeElement.id") == "tab-jobs" and
                        not browser.run("return document.querySelector('#jobs').hidden"))
        browser.click("#language")
        self.assertEqual(browser.text("#tab-chat"), "Разговор")
        browser.until("return document.querySelector('.job .status').textContent === 'готово'")
        browser.open(self.server.address + "/")
        self.assertEqual(browser.run("return document.documentElement.lang"), "ru")
        self.assertEqual(browser.text("#send"), "Отправить")

        # On a phone nothing is wider than the screen, whatever the colours.
        browser.screen(390, 844, phone=True)
        for scheme in ("light", "dark"):
            browser.colours(scheme)
            for tab in TABS:
                browser.click(f"#tab-{tab}")
                browser.until("return !document.getElementById(arguments[0]).hidden", tab)
                self.assertLessEqual(browser.run("return document.documentElement.scrollWidth"), 390, tab)

        browser.click("#tab-models")
        browser.until("return document.querySelector('#model-list').innerText.includes(arguments[0])", tuned)
        browser.run("[...document.querySelectorAll('#model-list tr')].find((row) => row.innerText.includes(arguments[0]))"
                    ".querySelector('button:last-child').click()", tuned)
        browser.accept()
        browser.until("return !document.querySelector('#model-list').innerText.includes(arguments[0])", tuned)
        self.assertEqual(self.server.get(f"/v1/models/{tuned}").status, 404)
        self.quiet()

    def test_a_key_is_asked_for(self):
        self.serve(environment={"IDIOLECT_TOKEN": "s3cret"})
        browser = self.browser
        browser.until("return !document.querySelector('#key-form').hidden")
        browser.type("#key", "guess" + KEYS["enter"])
        browser.until("return document.querySelector('#notice').innerText === 'That key is not right.'")
        browser.clear("#key")
        browser.type("#key", "s3cret" + KEYS["enter"])
        self.models_are_there()
        self.assertTrue(browser.run("return document.querySelector('#key-form').hidden && "
                                    "document.querySelector('#notice').hidden"))
        self.quiet("401 (Unauthorized)")


if __name__ == "__main__":
    if programs() is None:
        sys.exit("Chromium or its driver is missing; run: tests/browser/setup")
    program.main(BASE)
