#!/usr/bin/env python3
"""Writes tests/reference/cookbook-{faults,sound}.jsonl and cookbook.json: invented training files in the manner of the toy
set of OpenAI's cookbook (Chat_finetuning_data_prep), and what the notebook's rules count in them. The rules are written
here anew from the notebook's text; its encoder is replaced by o200k_base. `faults` has every fault that the notebook
knows; `sound` has none and is measured.

    VENV/bin/pip install tiktoken==0.14.0 numpy && VENV/bin/python cookbook_counts.py ../../tests/reference
"""

import collections
import json
import pathlib
import sys

import numpy
import tiktoken


def turn(role, content, **more):
    return {"role": role, "content": content, **more}


SYSTEM = turn("system", "Ты — хранитель маяка. Отвечай коротко.")
SOUND = [
    [SYSTEM, turn("user", "Далеко ли до берега?"), turn("assistant", "Три мили. К вечеру дойдёшь.")],
    [SYSTEM, turn("user", "А туман?", name="guest_1"), turn("assistant", "Туман пройдёт. Ветер с юга.")],
    [turn("user", "Who lights the lamp?"), turn("assistant", "I do. Every evening, since '98.")],
    [SYSTEM, turn("assistant", "Сегодня тихо.")],
    [SYSTEM, turn("user", "Сколько ступеней?"), turn("assistant", "Двести сорок две."), turn("user", "Считал?"),
     turn("assistant", "Каждое утро ))")],
    [turn("user", "Weather?"), turn("assistant", "None", function_call={"name": "weather", "arguments": "{}"})],
] + [[SYSTEM, turn("user", f"Вопрос номер {n}?"), turn("assistant", "Ответ. " * n + "Всё.")] for n in range(1, 15)]

FAULTS = [
    [SYSTEM, turn("user", "Далеко ли?"), turn("assistant", "Нет.")],  # sound
    "a line that is a text",                                        # data_type
    ["a", "list"],                                                   # data_type
    {"dialog": []},                                                  # missing_messages_list
    {"messages": []},                                                # missing_messages_list
    [turn("user", "Привет"), {"role": "assistant"}],                 # message_missing_key, missing_content
    [{"content": "без роли"}, turn("assistant", "Да.")],             # message_missing_key, unrecognized_role
    [turn("user", "Кто там?", mood="happy", when=3), turn("assistant", "Я.")],   # message_unrecognized_key
    [turn("narrator", "Стук в дверь."), turn("assistant", "Входи.")],   # unrecognized_role
    [turn("user", ""), turn("assistant", "Молчишь?")],               # missing_content
    [turn("user", 5), turn("assistant", None)],                      # missing_content twice
    [turn("user", "Есть кто?")],                                     # example_missing_assistant_message
    [SYSTEM],                                                        # example_missing_assistant_message
    [turn("user", "1"), turn("assistant", "2", weight=0), turn("user", "3"), turn("assistant", "4", weight=1)],  # sound
]


def format_errors(dataset):
    errors = collections.Counter()
    for example in dataset:
        if not isinstance(example, dict):
            errors["data_type"] += 1
            continue
        messages = example.get("messages")
        if not messages:
            errors["missing_messages_list"] += 1
            continue
        for message in messages:
            if "role" not in message or "content" not in message:
                errors["message_missing_key"] += 1
            if any(key not in ("role", "content", "name", "function_call", "weight") for key in message):
                errors["message_unrecognized_key"] += 1
            if message.get("role") not in ("system", "user", "assistant", "function"):
                errors["unrecognized_role"] += 1
            content, call = message.get("content"), message.get("function_call")
            if (not content and not call) or not isinstance(content, str):
                errors["missing_content"] += 1
        if not any(message.get("role") == "assistant" for message in messages):
            errors["example_missing_assistant_message"] += 1
    return dict(errors)


ENCODING = tiktoken.get_encoding("o200k_base")


def encoded(value):
    # The notebook knows texts only; what else there is counts as its JSON.
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return len(ENCODING.encode(text))


def num_tokens(messages):
    return 3 + sum(3 + sum(encoded(value) + (key == "name") for key, value in message.items()) for message in messages)


def num_assistant_tokens(messages):
    return sum(encoded(message["content"]) for message in messages if message["role"] == "assistant")


def distribution(values):
    # The notebook prints quantiles 0.1 and 0.9 under the names p5 and p95; these are what the names say.
    return {"min": min(values), "max": max(values), "mean": float(numpy.mean(values)), "median": float(numpy.median(values)),
            "p5": float(numpy.quantile(values, 0.05)), "p95": float(numpy.quantile(values, 0.95))}


def main(folder):
    folder = pathlib.Path(folder)

    def write(name, examples):
        lines = [{"messages": example} if isinstance(example, list) and example and isinstance(example[0], dict) else example
                 for example in examples]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / name).write_text(text, encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    faults, sound = write("cookbook-faults.jsonl", FAULTS), write("cookbook-sound.jsonl", SOUND)
    conversations = [example["messages"] for example in sound]
    roles = [[message["role"] for message in messages] for messages in conversations]
    totals = [num_tokens(messages) for messages in conversations]
    result = {
        "faults": format_errors(faults),
        "sound": {
            "faults": format_errors(sound),
            "missing_system": sum("system" not in names for names in roles),
            "missing_user": sum("user" not in names for names in roles),
            "messages": distribution([len(names) for names in roles]),
            "tokens": distribution(totals),
            "assistant_tokens": distribution([num_assistant_tokens(messages) for messages in conversations]),
            "total_tokens": sum(totals),
        },
    }
    (folder / "cookbook.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
