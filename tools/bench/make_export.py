#!/usr/bin/env python3
"""Writes an invented Telegram export for measurements: make_export.py COUNT OUT.json [--seed N]

One supergroup laid out as Telegram Desktop lays it out: 25 senders whose activity follows Zipf's law
(user1000 writes most), four texts in five of Russian words and the rest of English ones, one message in
four a reply to one of the last ten, 4 % stickers, 6 % with a link; bursts of talk with nights between.
The same seed gives the same file. Written as it goes, so any COUNT fits in memory.
"""

import argparse
import datetime
import json
import random

RUSSIAN = """да нет ну вот а если может надо тоже уже ещё там тут когда потом сейчас сегодня завтра вчера
утром вечером дома работа проект задача встреча созвон релиз тест код сервер база отчёт письмо билет
поезд дача огород погода дождь снег солнце кофе чай обед ужин рецепт пирог фильм книга музыка концерт
думаю знаю помню хочу могу вижу слышу жду пишу читаю иду еду делаю купил нашла забыл сказали ответили
хорошо плохо быстро долго странно смешно интересно спокойно согласен спасибо пожалуйста привет пока
конечно наверное кажется правда честно вообще просто только именно почему зачем сколько какой чей
""".split()
ENGLISH = """yes no well maybe later now today tomorrow already still there here when then because
meeting release build tests server report deploy review branch ticket coffee lunch weekend train movie
think know remember want could should looks sounds works breaks fixed pushed merged waiting reading
good bad quick slow weird funny sure thanks please hello bye honestly actually really only why how much
""".split()
STICKERS = ["😂", "👍", "🔥", "😭", "❤️", "🤔", "🎉", "😅"]
NOT_INCLUDED = "(File not included. Change data exporting settings to download.)"
SENDERS = 25


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


def some_text(dice):
    words = RUSSIAN if dice.random() < 0.8 else ENGLISH
    count = 1 + min(60, int(dice.expovariate(1 / 8)))
    text = " ".join(dice.choices(words, k=count))
    return text[:1].upper() + text[1:] + dice.choice(["", "", "", "?", "!", ".", ")", "))"])


def entity(kind, text):
    return f'    {{\n     "type": "{kind}",\n     "text": {quoted(text)}\n    }}'


def body(dice, number):
    """The fields that say what the message is."""
    draw = dice.random()
    if draw < 0.04:
        return (f'   "file": "{NOT_INCLUDED}",\n   "thumbnail": "{NOT_INCLUDED}",\n'
                f'   "media_type": "sticker",\n   "sticker_emoji": "{dice.choice(STICKERS)}",\n'
                '   "width": 512,\n   "height": 512,\n   "text": "",\n   "text_entities": []')
    text = some_text(dice)
    if draw < 0.10:
        link = f"https://example.org/{number:x}/{dice.randrange(10**6)}"
        return (f'   "text": [\n    {quoted(text + " ")},\n{entity("link", link)}\n   ],\n'
                f'   "text_entities": [\n{entity("plain", text + " ")},\n{entity("link", link)}\n   ]')
    return f'   "text": {quoted(text)},\n   "text_entities": [\n{entity("plain", text)}\n   ]'


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int)
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=20240501)
    options = parser.parse_args()

    dice = random.Random(options.seed)
    senders = [(f"user{1000 + i}", f"Собеседник {i + 1}") for i in range(SENDERS)]
    weights = [1 / (rank + 1) for rank in range(SENDERS)]
    epoch = datetime.datetime(1970, 1, 1)
    now = int((datetime.datetime(2021, 3, 1, 9) - epoch).total_seconds())
    with open(options.out, "w", encoding="utf-8") as out:
        out.write('{\n "name": "Большой двор",\n "type": "private_supergroup",\n "id": 1700000001,\n'
                  ' "messages": [\n')
        for number in range(1, options.count + 1):
            quiet = dice.random() < 0.03
            now += dice.randint(3 * 3600, 12 * 3600) if quiet else 1 + int(dice.expovariate(1 / 80))
            user, name = dice.choices(senders, weights)[0]
            date = (epoch + datetime.timedelta(seconds=now)).isoformat()
            reply = ""
            if number > 10 and dice.random() < 0.25:
                reply = f'   "reply_to_message_id": {number - dice.randint(1, 10)},\n'
            out.write(f'  {{\n   "id": {number},\n   "type": "message",\n   "date": "{date}",\n'
                      f'   "date_unixtime": "{now}",\n   "from": {quoted(name)},\n'
                      f'   "from_id": "{user}",\n{reply}{body(dice, number)}\n'
                      + ("  },\n" if number < options.count else "  }\n"))
        out.write(" ]\n}\n")


if __name__ == "__main__":
    main()
