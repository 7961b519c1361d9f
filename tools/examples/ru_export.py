"""The Russian example: the account of Наташа Северова, a coach who thinks in mountains, with her circle «Тропа»."""

from calendar_plan import DAY, in_months, start_times
from dialogs import Talk, variants_of
from dice import Decks, Dice
from phrasebook import gendered, option, read_lists, read_sections, read_situations
from ru_people import (ALINA, BOOKING_BOT, BOT, CHANNEL, CLIENTS, DENIS, GHOST, IGOR, KATYA, KOSTYA, LENA, MARINA,
                       MEMBERS, MOTHER, NASTYA, NATASHA, OLGA, RELATIVES, SVETA, TAMARA, TOLIK, ZHENYA)
from telegram_writer import ABOUT, NOT_INCLUDED, Chat, Line, account_object, number_by_time, seconds

UTC_OFFSET_S = 3 * 3600  # Moscow, the same all year
FIRST_DAY = seconds(2024, 1, 15)
DAYS = 550
USES_OF_A_SITUATION = 6
SITUATIONS = tuple(f"ru_situations_{number}.txt" for number in range(1, 6))
PRIVATE_THEMES = ("love", "self", "business", "past", "energy")
CIRCLE_ID = 1760200601
TRIP_GROUP_ID = 920200701
TRIP_SUPERGROUP_ID = 1760200702


def day(number, hour=0, minute=0, second=0):
    return FIRST_DAY + number * DAY + hour * 3600 + minute * 60 + second


def build():
    dice = Dice("ru")
    talk = Talk(dice, Decks(dice), NATASHA, read_lists("ru_voice.txt"), read_lists("ru_lists.txt"))
    circle = Chat("Тропа | круг Наташи Северовой", "private_supergroup", CIRCLE_ID, all_entities=False)
    channel = Chat(CHANNEL.name, "public_channel", CHANNEL.id)
    trip = Chat("Алтай-июль 🏔", "private_group", TRIP_GROUP_ID)
    trip_later = Chat("Алтай-июль 🏔", "private_supergroup", TRIP_SUPERGROUP_ID)
    private = {person: Chat(person.name, "personal_chat", person.id) for person in CLIENTS + list(RELATIVES.values())}
    stranger = Chat(None, "personal_chat", GHOST.id)
    saved = Chat("", "saved_messages", NATASHA.id)
    bot = Chat(BOOKING_BOT.name, "bot_chat", BOOKING_BOT.id)

    _coaching(dice, talk, circle, private)
    _scenes(dice, talk, circle, trip, trip_later, private)
    _circle_life(dice, circle)
    _small_noise(dice, circle)
    posts = _posts(dice, channel)
    _forwards(dice, circle, posts)
    _trip_events(trip, trip_later)
    _stranger(talk, stranger)
    _saved(dice, saved)
    _booking(bot)

    number_by_time([circle], 1, dice)
    number_by_time([channel], 1, dice)
    number_by_time([trip_later], 1, dice)
    number_by_time([trip, saved, bot, stranger, *private.values()], 31207, dice)
    _reply_outside(circle)
    owner = {"user_id": NATASHA.id, "first_name": "Наташа", "last_name": "Северова",
             "phone_number": "+7 900 000 01 01", "username": "@severova_tropa",
             "bio": "Вожу в горы и внутрь. Шаг — и привал"}
    contacts = [_contact(number, person) for number, person in enumerate([*CLIENTS, *RELATIVES.values()])]
    left = Chat("Родители 3Б", "private_supergroup", 1760200801, lines=_left_lines())
    number_by_time([left], 5511, dice)
    chats = [circle, channel, *private.values(), trip, trip_later, stranger, saved, bot]
    return account_object(owner, contacts, chats, [left], UTC_OFFSET_S, ABOUT)


def _contact(number, person):
    first, _, last = person.name.partition(" ")
    return {"user_id": person.id, "first_name": first, "last_name": last,
            "phone_number": f"+7 900 000 02 {number + 10}", "date": "2024-01-15T10:00:00",
            "date_unixtime": str(day(0, 10) - UTC_OFFSET_S)}


def _coaching(dice, talk, circle, private):
    """Every situation comes up several times, each time months apart, with another asker and other words."""
    situations = read_situations(*SITUATIONS)
    rounds = [situation for number in range(USES_OF_A_SITUATION) for situation in dice.shuffled(situations)
              if number < (situation.uses or USES_OF_A_SITUATION)]
    starts = start_times(dice, len(rounds), day(1), DAYS - 2)
    for situation, at in zip(rounds, starts):
        at = in_months(dice, at, situation.months, day(1), DAYS - 2)
        personal = situation.theme in PRIVATE_THEMES and dice.chance(0.35)
        today = (at - FIRST_DAY) // DAY
        askers = [person for person in (CLIENTS if personal else MEMBERS)
                  if MEMBERS[person][1] <= today and situation.who in ("any", person.gender)
                  and not (person is KATYA and situation.theme == "daily")]  # she is the one who knows the links
        asker = dice.weighted(askers, [MEMBERS[person][0] for person in askers])
        if personal:
            talk.coaching(private[asker], situation, asker, at, marked=0.05)
        else:
            others = [person for person in MEMBERS if person is not asker and MEMBERS[person][1] <= today]
            talk.coaching(circle, situation, asker, at, bystanders=others, marked=0.9)


def _scenes(dice, talk, circle, trip, trip_later, private):
    """Talks of the others among themselves, and Наташа with her own people."""
    scenes = read_sections("ru_scenes.txt")
    by_place = {}
    for scene in scenes:
        by_place.setdefault(scene.attributes[0], []).append(scene)
    for place, found in by_place.items():
        planned = dice.shuffled([pair for scene in found for pair in variants_of(scene)])
        count = len(planned)
        if place == "trip":
            starts = start_times(dice, count, day(420), 110, growth=2.0, together=0.1)
        else:
            starts = start_times(dice, count, day(2), DAYS - 4, together=0.15)
        for (scene, variant), at in zip(planned, starts):
            at = in_months(dice, at, option(scene, "months"), day(2), DAYS - 4)
            today = (at - FIRST_DAY) // DAY
            if place in RELATIVES:
                other = RELATIVES[place]
                talk.scene(private[other], scene, {"A": other, "N": NATASHA}, at, variant, marked=0.04)
                continue
            present = [person for person, (_, joined) in MEMBERS.items() if joined <= today]
            if place == "trip":
                present = [MARINA, LENA, TOLIK, SVETA, NASTYA, DENIS]
            wanted = [rule for rule in scene.attributes[1:] if "=" not in rule]  # "A f" says that A must be a woman
            while True:
                cast = dict(zip("ABCD", dice.shuffled(present)), K=KATYA, N=NATASHA)
                if KATYA in [cast[letter] for letter in "ABCD"]:
                    continue
                if all(cast[rule.split()[0]].gender == rule.split()[1] for rule in wanted):
                    break
            chat = circle if place == "circle" else (trip if today < 480 else trip_later)
            talk.scene(chat, scene, cast, at, variant, marked=0.62)


def _circle_life(dice, circle):
    """Creation, joins, leaves, pins, greetings at dawn, the bot."""
    founders = [NATASHA] + [person for person, (_, joined) in MEMBERS.items() if joined == 0]
    circle.add(Line(day(0, 9), NATASHA, action="create_group", extra={
        "title": circle.name, "members": [person.name for person in founders]}))
    rules = circle.add(Line(day(0, 9, 4), NATASHA, read_lists("ru_posts.txt")["rules"][0]))
    circle.add(Line(day(0, 9, 5), NATASHA, action="pin_message", extra={"message_id": rules}))
    for person, (_, joined) in MEMBERS.items():
        if joined:
            at = day(joined, 11, joined % 60)
            if joined % 2:
                circle.add(Line(at, person, action="join_group_by_link", extra={"inviter": "Наташа Северова"}))
            else:
                circle.add(Line(at, KATYA, action="invite_members", extra={"members": [person.name]}))
    circle.add(Line(day(50, 18, 20), GHOST, action="join_group_by_link", extra={"inviter": "Наташа Северова"}))
    for index, text in enumerate(["добрый вечер всем, я от Марины", "а записи прошлых встреч где лежат",
                                  "нашла, спасибо", "всем светлых выходных"]):
        circle.add(Line(day(50 + index * 3, 19, 10 + index), GHOST, text))
    circle.add(Line(day(140, 8, 1), KATYA, action="remove_members", extra={"members": [None]}))
    circle.add(Line(day(200, 10), NATASHA, action="edit_group_photo", extra={
        "photo": NOT_INCLUDED, "width": 640, "height": 640}))
    for number in (77, 233, 391, 512):
        circle.add(Line(day(number, 19, 58), NATASHA, action="group_call", extra={"duration": 3600 + number}))
    phrases = read_lists("ru_posts.txt")
    greetings = dice.shuffled(phrases["dawn"])
    for index in range(64):
        number = 8 + index * 8 + dice.integer(0, 6)
        who = dice.weighted([TAMARA, MARINA, OLGA], [4, 3, 1])
        extra = {}
        if index % 4 == 3:
            extra = {"photo": NOT_INCLUDED, "width": 1080, "height": 1080}
        circle.add(Line(day(number, 5, dice.integer(5, 59), dice.integer(0, 59)), who,
                        greetings[index % len(greetings)] if index % 4 != 3 or dice.chance(0.4) else "", extra=extra))
    for index in range(26):
        text = phrases["bot"][index % len(phrases["bot"])]
        circle.add(Line(day(10 + index * 20, 10, 0, 2), BOT, text, extra={"inline_bot_buttons": [
            [{"type": "url", "text": "Записаться", "data": "https://example.ru/tropa"}]]} if index % 5 == 0 else {}))


def _small_noise(dice, circle):
    """Stickers, voices, photos without words, links alone, polls."""
    phrases = read_lists("ru_posts.txt")
    stickers = ["😂", "❤️", "🏔", "🙏", "👍", "😭", "🤗", "🔥", "🐐"]
    for index in range(120):
        at = day(dice.integer(3, DAYS - 2), dice.integer(8, 22), dice.integer(0, 59), dice.integer(0, 59))
        today = (at - FIRST_DAY) // DAY
        who = dice.pick([person for person, (_, joined) in MEMBERS.items() if joined <= today] + [NATASHA, NATASHA])
        kind = dice.weighted(["sticker", "voice", "video", "photo", "link", "gif"], [9, 4, 2, 4, 4, 2])
        if kind == "link":
            who = who if who is not NATASHA else MARINA
            circle.add(Line(at, who, phrases["links"][index % len(phrases["links"])]))
            continue
        extra = {
            "sticker": {"file": NOT_INCLUDED, "media_type": "sticker", "sticker_emoji": dice.pick(stickers)},
            "voice": {"file": NOT_INCLUDED, "media_type": "voice_message", "mime_type": "audio/ogg",
                      "duration_seconds": dice.integer(3, 240)},
            "video": {"file": NOT_INCLUDED, "media_type": "video_message", "mime_type": "video/mp4",
                      "duration_seconds": dice.integer(5, 60)},
            "photo": {"photo": NOT_INCLUDED, "width": 960, "height": 1280},
            "gif": {"file": NOT_INCLUDED, "media_type": "animation", "mime_type": "video/mp4", "via_bot": "@gif"},
        }[kind]
        circle.add(Line(at, who, "", extra=extra))
    for number, question, answers in ((88, "Когда собираемся в мае?", ["Суббота утро", "Воскресенье вечер"]),
                                      (300, "Тема следующего круга?", ["Деньги", "Мама", "Тишина", "Прошлые жизни"]),
                                      (470, "Кто едет на Алтай?", ["Я!", "Думаю", "В другой раз"])):
        votes = [dice.integer(1, 6) for _ in answers]
        circle.add(Line(day(number, 12, 30), NATASHA, "", extra={"poll": {
            "question": question, "closed": number < 400, "total_voters": sum(votes),
            "answers": [{"text": text, "voters": count, "chosen": index == 0}
                        for index, (text, count) in enumerate(zip(answers, votes))]}}))


def _posts(dice, channel):
    channel.add(Line(day(0, 8), CHANNEL, action="create_channel", extra={"title": CHANNEL.name}))
    texts = read_lists("ru_posts.txt")["posts"]
    posts = []
    for index, text in enumerate(texts):
        number = 3 + index * (DAYS - 10) // len(texts)
        if text.startswith("@"):  # a post that belongs to a season
            own, _, text = text[1:].partition(" ")
            number = int(own)
        at = day(number, dice.integer(8, 11), dice.integer(0, 59))
        reactions = [{"type": "emoji", "count": dice.integer(3, 41), "emoji": emoji} for emoji in ("❤", "🔥", "🙏")]
        posts.append(channel.add(Line(at, CHANNEL, text, extra={
            "author": "Наташа Северова", "reactions": reactions[:dice.integer(1, 3)]})))
    channel.add(Line(day(9, 12), CHANNEL, action="pin_message", extra={"message_id": posts[0]}))
    return posts


def _forwards(dice, circle, posts):
    """The coach's posts come into the circle as forwards; somebody says a word to some of them."""
    comments = read_lists("ru_posts.txt")["comments"]
    for index, post in enumerate(posts[::2]):
        forward = circle.add(Line(post.at + dice.integer(60, 900), NATASHA, post.text, extra={
            "forwarded_from": CHANNEL.name}))
        today = (post.at - FIRST_DAY) // DAY
        for number in range(dice.integer(0, 2)):
            who = dice.pick([person for person, (_, joined) in MEMBERS.items() if joined <= today])
            text = gendered(comments[(index * 2 + number) % len(comments)], who.gender)
            circle.add(Line(forward.at + 200 + number * dice.integer(100, 3000), who, text,
                            reply_to=forward if dice.chance(0.5) else None))


def _trip_events(trip, trip_later):
    names = ["Марина Ковалёва", "Лена Гущина", "Толик Дымов", "Света Лисицына", "настя", "Денис Лапин", "Катя Рыжова"]
    trip.add(Line(day(419, 20), NATASHA, action="create_group", extra={"title": trip.name, "members": names}))
    trip.add(Line(day(480), NATASHA, action="migrate_to_supergroup"))
    trip_later.add(Line(day(480, 0, 0, 1), NATASHA, action="migrate_from_group", extra={"title": trip.name}))


def _stranger(talk, stranger):
    """A client whose account is deleted."""
    dialog = [(GHOST, "Здравствуйте, мне вас Марина посоветовала. Сколько стоит встреча?"),
              (NATASHA, "Слушай, давай сразу на «ты», у меня в горах отчеств не носят)))"),
              (NATASHA, "Встреча — час двадцать, пять тысяч. А с чем идёшь?"),
              (GHOST, "С разводом. И со страхом, что дура"),
              (NATASHA, "Ну, дур я ещё ни разу не встречала — встречала уставших. Среда в семь вечера подойдёт?"),
              (GHOST, "Да. Куда перевести?"),
              (NATASHA, "Карту Катя пришлёт. Шаг — и привал, дальше я сама поведу, ладно?"),
              (GHOST, "ладно")]
    at = day(48, 21, 3)
    for who, text in dialog:
        at = talk.say(stranger, who, at, [text])[-1].at + 95


def _saved(dice, saved):
    for index, text in enumerate(read_lists("ru_posts.txt")["saved"]):
        extra = {"forwarded_from": CHANNEL.name, "saved_from": CHANNEL.name} if index % 5 == 4 else {}
        saved.add(Line(day(6 + index * 22, dice.integer(7, 23), dice.integer(0, 59)), NATASHA, text, extra=extra))


def _booking(bot):
    at = day(30, 9, 30)
    for index in range(6):
        bot.add(Line(at, NATASHA, "/start" if index == 0 else "/slots"))
        bot.add(Line(at + 1, BOOKING_BOT, f"Свободных окон на неделе: {index % 3 + 1}. Изменить: "
                     "https://example.ru/tropa/slots"))
        at += 80 * DAY + 3600
    bot.lines[1].text = "Привет! Я записываю на встречи. Команды: /slots /pause /help"


def _left_lines():
    return [Line(day(1, 7, 50), KOSTYA, "кто забыл сменку"), Line(day(1, 7, 52), NATASHA, "Мы, конечно))) Несу."),
            Line(day(5, 20, 2), LENA, "На экскурсию сдаём до пятницы, 700 рублей."),
            Line(day(5, 20, 9), NATASHA, "Сдала. Скажите, бутерброды свои или кормят?"),
            Line(day(5, 20, 15), LENA, "Свои, Наташ."), Line(day(6, 8), NATASHA, "Ага, тогда сырники)))")]


def _reply_outside(circle):
    """A reply to a message that was deleted before the export."""
    taken = {line.id for line in circle.lines}
    missing = next(number for number in range(200, 9999) if number not in taken)
    line = next(line for line in circle.lines if line.id > missing and line.text and line.reply_to is None
                and not line.action)
    line.outside_reply = missing
