#!/usr/bin/env python3
"""People under several ids and names, several personas in one workspace, and kinds of chats that are no dialog of two
sides: posts, comments under them, one-sided chats."""

import json
import random
import tempfile
import unittest
from pathlib import Path

import program
from program import Workspace

START = 1_700_000_000


def message(number, name, person, text, **more):
    return {"id": number, "type": "message", "date_unixtime": str(START + 60 * number), "from": name,
            "from_id": person, "text": text, **more}


def chat(kind, number, name, messages):
    return {"name": name, "type": kind, "id": number, "messages": messages}


def talk(names, people, count=40):
    """Two in turn, each answering the other."""
    words = "rain bread mill songs soup letters honest maybe winter garden".split()
    return [message(n, names[n % 2], people[n % 2],
                    " ".join(words[(n * step) % len(words)] for step in (1, 3, 7)) + f" {n}",
                    **({"reply_to_message_id": n - 1} if n > 1 else {})) for n in range(1, count + 1)]


def samples(workspace, summary):
    lines = []
    for part in ("train", "valid", "test"):
        path = Path(summary["dir"], part + ".jsonl")
        if path.exists():
            lines += [json.loads(line)["messages"] for line in path.read_text(encoding="utf-8").splitlines()]
    return lines


class PeopleAndChats(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        self.workspace = Workspace()

    def take(self, *chats):
        path = self.folder / "result.json"
        path.write_text(json.dumps({"chats": {"list": list(chats)}}, ensure_ascii=False), encoding="utf-8")
        return self.workspace.json("import", path)

    def people(self):
        return {person["id"]: person for person in self.workspace.json("people")["people"]}

    def test_two_ids_of_one_person_are_proposed_merged_and_parted_again(self):
        early = talk(("Ann Lee", "Bob"), ("user1", "user2"))
        late = [dict(line, id=line["id"] + 1000, date_unixtime=str(START + 90 * 86400 + 60 * line["id"]),
                     reply_to_message_id=line["id"] + 999, text=f"later {line['id'] * 7} " + line["text"])
                for line in talk(("Ann Lee", "Bob"), ("user9", "user2"))]
        self.take(chat("private_supergroup", 5, "Mill", early + late))
        before = self.people()
        found = self.workspace.json("people", "proposals")["proposals"]
        self.assertEqual(len(found), 1)
        self.assertEqual({found[0]["keep"], found[0]["merge"]}, {"telegram:user1", "telegram:user9"})
        self.assertEqual((found[0]["name"], found[0]["chats"], found[0]["by_name"]), ("Ann Lee", 1, False))
        self.assertGreater(found[0]["gap_days"], 80)
        self.assertIn("people merge", self.workspace.run("people", "proposals")[0])

        merged = self.workspace.json("people", "merge", "user1", "user9")
        self.assertEqual((merged["messages"], merged["merged"], merged["moved_messages"]), (40, ["telegram:user9"], 20))
        self.assertEqual(set(self.people()), {"telegram:user1", "telegram:user2"})
        self.assertEqual(self.workspace.json("people", "proposals")["proposals"], [])
        # Whoever asks by the other id finds the one person; its answers come from both.
        self.assertEqual(self.workspace.json("people", "--persona", "user9")["id"], "telegram:user1")
        whole = self.workspace.json("build")
        self.workspace.run("people", "merge", "user1", "user9", status=2)
        self.assertEqual(self.workspace.json("people", "unmerge", "user9")["messages"], 20)
        self.assertEqual({key: value["messages"] for key, value in self.people().items()},
                         {key: value["messages"] for key, value in before.items()})
        self.assertLess(self.workspace.json("build")["pairs"], whole["pairs"])
        self.workspace.run("people", "unmerge", "user9", status=2)

    def test_a_note_is_shown_and_taken_away(self):
        self.take(chat("private_group", 5, "Mill", talk(("Ann", "Bob"), ("user1", "user2"))))
        self.assertEqual(self.workspace.json("people", "note", "Ann", "my sister")["note"], "my sister")
        self.assertEqual(self.people()["telegram:user1"]["note"], "my sister")
        self.assertIn("my sister", self.workspace.run("people")[0])
        self.assertNotIn("note", self.workspace.json("people", "note", "Ann", "--clear"))

    def test_each_persona_has_its_own_dataset_and_one_is_remembered(self):
        self.take(chat("private_supergroup", 5, "Mill", talk(("Ann", "Bob"), ("user1", "user2"), 60)))
        self.workspace.run("people", "--persona", "Ann")
        ann = self.workspace.json("build")
        out, err = self.workspace.run("build", "--persona", "Bob", "--json")
        bob = json.loads(out)
        self.assertIn("for this command only: Bob", err)
        self.assertNotEqual(ann["dir"], bob["dir"])
        people = self.people()
        self.assertTrue(people["telegram:user1"]["persona"])
        self.assertFalse(people["telegram:user2"]["persona"])
        for summary, person in ((ann, "telegram:user1"), (bob, "telegram:user2")):
            self.assertEqual(people[person]["dataset"], Path(summary["dir"]).name)
            self.assertTrue(Path(summary["dir"], "train.jsonl").exists())
        self.assertEqual(self.workspace.json("build")["dir"], ann["dir"], "the other build replaced nothing")

    def test_comments_answer_the_post_and_posts_answer_nobody(self):
        posts = [message(n, "Mill news", "channel77", f"The mill opens at {n}") for n in range(1, 31)]
        group = []
        words = ("apples bread cheese dumplings eggs flour garlic honey ice jam kale lemons milk nuts onions pears quinces rye "
                 "salt tea udon vinegar walnuts yeast barley cabbage dill fennel ginger herbs").split()
        for n in range(1, 31):
            # Comments unlike each other: one said again would be left out as such.
            things = " ".join(random.Random(n).sample(words, 9))
            group.append(message(2 * n, "Mill news", "channel77", f"The mill opens at {n}",
                                 forwarded_from="Mill news", saved_from="Mill news"))
            group.append(message(2 * n + 1, "Ann", "user1", f"Bus number {n} then, with {things}",
                                 reply_to_message_id=2 * n))
        self.take(chat("public_channel", 77, "Mill news", posts), chat("public_supergroup", 78, "Mill talk", group))
        built = samples(self.workspace, self.workspace.json("build", "--persona", "Ann"))
        self.assertGreaterEqual(len(built), 20)
        for lines in built:
            question, answer = lines[-2], lines[-1]
            self.assertEqual((question["role"], answer["role"]), ("user", "assistant"))
            self.assertIn("The mill opens at " + answer["content"].split("number ")[1].split()[0], question["content"])
        # Posts alone are no samples, and the error says which rule took them.
        errors = self.workspace.run("build", "--persona", "channel77", status=1)[1]
        self.assertRegex(errors, "posts in a channel|channel_post")

    def test_a_chat_of_one_side_gives_no_samples_and_says_why(self):
        alone = [message(n, "Ann", "user1", f"a letter to nobody, number {n}") for n in range(1, 30)]
        self.take(chat("personal_chat", 2, "Bob", alone))
        errors = self.workspace.run("build", "--persona", "Ann", status=1)[1]
        self.assertIn("answer nobody", errors)
        self.assertIn("try: ", errors)

    def test_a_check_writes_nothing(self):
        path = self.folder / "result.json"
        path.write_text(json.dumps(chat("private_group", 5, "Mill", talk(("Ann", "Bob"), ("user1", "user2")))),
                        encoding="utf-8")
        checked = self.workspace.json("import", "--check", path)
        self.assertFalse(self.workspace.path.exists())
        self.assertEqual(checked["totals"]["messages"], 40)
        self.assertEqual(checked["totals"]["contents"]["replies"], 39)
        imported = self.workspace.json("import", path)
        self.assertEqual(imported["totals"]["contents"], checked["totals"]["contents"])


if __name__ == "__main__":
    program.main()
