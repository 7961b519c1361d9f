"""The English example: Maya's account, her garden group and private chats; and a tiny export in the old format."""

from calendar_plan import start_times
from dialogs import Talk, variants_of
from dice import Decks, Dice
from phrasebook import read_lists, read_sections, read_situations
from telegram_writer import (ABOUT, NOT_INCLUDED, Chat, Line, Person, account_object, chat_object, number_by_time,
                             seconds)

UTC_OFFSET_S = -7 * 3600  # a place without summer time

MAYA = Person("Maya Linden", 5310042017)
WALT = Person("Walt", 5310042101, "m", {"greets": 0.2, "greetings": ["Morning, Maya."], "bursts": 0.0})
DEE = Person("Dee Okafor", 5310042102, "f", {"lower": True, "keep_i": True, "no_dot": True, "bursts": 0.9,
                                             "tail": [" lol", " 😅", " 🙈"], "tails": 0.3})
PRIYA = Person("Priya", 5310042103, "f", {"greets": 0.5, "greetings": ["Hi Maya!", "Maya,"], "bang": "!",
                                          "tail": [" 🌿", " 💚", " 🙏"], "tails": 0.35})
JONAH = Person("Jonah K.", 5310042104, "m", {"no_dot": True, "greets": 0.3, "greetings": ["hey,", "Maya,"]})
LUCIA = Person("Lucía", 5310042105, "f", {"dots": True, "greets": 0.4, "greetings": ["Hola Maya!", "Sorry to bother,"]})
RUTH = Person("Ruth Abel", 5310042106, "f", {"greets": 0.0})
SAM = Person("Sam", 5310042107, "m", {"lower": True, "no_dot": True})
GHOST = Person(None, 5310042108, "m", {"no_dot": True})
RAIN_BOT = Person("Rain Gauge", 5310042109, "m")

MEMBERS = [WALT, DEE, PRIYA, JONAH, LUCIA]
FIRST_DAY = seconds(2024, 2, 5)
DAYS = 300


def build():
    dice = Dice("en")
    talk = Talk(dice, Decks(dice), MAYA, read_lists("en_voice.txt"), read_lists("en_lists.txt"))
    group = Chat("Alder Street Garden 🌱", "private_supergroup", 2043177001, all_entities=True)
    private = {person: Chat(person.name, "personal_chat", person.id)
               for person in (DEE, JONAH, PRIYA, RUTH, SAM)}
    situations = read_situations("en_situations.txt")
    _coaching(dice, talk, group, private, situations)
    _scenes(dice, talk, group, private)
    _group_events(dice, group)
    number_by_time([group], 1, dice)
    number_by_time(private.values(), 20411, dice)
    owner = {"user_id": MAYA.id, "first_name": "Maya", "last_name": "Linden", "phone_number": "+1 202 555 0117",
             "username": "@maya_linden_garden", "bio": "slow seasons. green gate, saturdays at ten"}
    contacts = [{"user_id": person.id, "first_name": person.name.split()[0],
                 "last_name": " ".join(person.name.split()[1:]), "phone_number": f"+1 202 555 01{21 + index}",
                 "date": "2024-02-05T09:00:00", "date_unixtime": str(FIRST_DAY + 9 * 3600 - UTC_OFFSET_S)}
                for index, person in enumerate(MEMBERS + [RUTH, SAM])]
    return account_object(owner, contacts, [group, *private.values()], [], UTC_OFFSET_S, ABOUT)


def _coaching(dice, talk, group, private, situations):
    rounds = [situation for _ in range(4) for situation in dice.shuffled(situations)]
    starts = start_times(dice, len(rounds), FIRST_DAY, DAYS)
    for situation, at in zip(rounds, starts):
        personal = situation.theme in ("people", "meaning", "calm", "work") and dice.chance(0.3)
        asker = dice.pick((DEE, JONAH, PRIYA)) if personal else dice.pick(MEMBERS)
        if personal:
            talk.coaching(private[asker], situation, asker, at, marked=0.05)
        else:
            others = [person for person in MEMBERS if person is not asker]
            talk.coaching(group, situation, asker, at, bystanders=others, marked=0.85)


def _scenes(dice, talk, group, private):
    scenes = read_sections("en_scenes.txt")
    shared = [pair for scene in scenes if scene.attributes[0] == "group" for pair in variants_of(scene)]
    for (scene, variant), at in zip(dice.shuffled(shared), start_times(dice, len(shared), FIRST_DAY, DAYS)):
        cast = dict(zip("ABC", dice.shuffled(MEMBERS)))
        talk.scene(group, scene, cast, at, variant, marked=0.5)
    alone = [pair for scene in scenes if scene.attributes[0] == "private" for pair in variants_of(scene)]
    for (scene, variant), at in zip(dice.shuffled(alone), start_times(dice, len(alone), FIRST_DAY, DAYS)):
        other = SAM if scene.name == "maya_bro" else RUTH
        talk.scene(private[other], scene, {"A": other, "N": MAYA}, at, variant, marked=0.05)


def _group_events(dice, group):
    members = [person.name for person in [MAYA] + MEMBERS[:3]]
    group.add(Line(FIRST_DAY + 3600 * 8, MAYA, action="create_group",
                   extra={"title": group.name, "members": members}))
    welcome = group.add(Line(FIRST_DAY + 3600 * 8 + 60, MAYA, "okay so — **this is us now**. green gate, alder street, "
                             "saturdays at ten. rules: be kind, fold the net, and no advice before coffee."))
    group.add(Line(FIRST_DAY + 3600 * 8 + 90, MAYA, action="pin_message", extra={"message_id": welcome}))
    for person, day in ((JONAH, 3), (LUCIA, 6), (GHOST, 20)):
        group.add(Line(FIRST_DAY + day * 86400 + 43000, person, action="join_group_by_link",
                       extra={"inviter": "Maya Linden"}))
    ghost_lines = ["anyone selling a rototiller?", "asking again, rototiller", "ok found one thanks"]
    for index, text in enumerate(ghost_lines):
        group.add(Line(FIRST_DAY + (22 + index) * 86400 + 50000, GHOST, text))
    for week in range(0, 40, 4):
        amount = dice.integer(0, 31)
        group.add(Line(FIRST_DAY + week * 7 * 86400 + 6 * 3600 + 5, RAIN_BOT,
                       f"Rain in the last 7 days: {amount} mm. Details: https://example.com/rain/alder"))
    stickers = ["🌻", "😂", "❤️", "🐌", "🍅", "👏"]
    for index in range(18):
        who = dice.pick(MEMBERS + [MAYA])
        at = FIRST_DAY + dice.integer(5, DAYS) * 86400 + dice.integer(28000, 80000)
        kind = index % 3
        if kind == 0:
            extra = {"file": NOT_INCLUDED, "thumbnail": NOT_INCLUDED, "media_type": "sticker",
                     "sticker_emoji": dice.pick(stickers), "width": 512, "height": 512}
        elif kind == 1:
            extra = {"photo": NOT_INCLUDED, "width": 960, "height": 1280}
        else:
            extra = {"file": NOT_INCLUDED, "media_type": "voice_message", "mime_type": "audio/ogg",
                     "duration_seconds": dice.integer(4, 90)}
        group.add(Line(at, who, "", extra=extra))
    group.add(Line(FIRST_DAY + 61 * 86400 + 60000, WALT, "", extra={
        "poll": {"question": "Soup on Saturday?", "closed": False, "total_voters": 5, "answers": [
            {"text": "Lentil", "voters": 3, "chosen": True}, {"text": "Pumpkin", "voters": 2, "chosen": False}]}}))


OLD_TALK = [
    ("R", 0, "Did the seeds arrive?"),
    ("M", 4, "okay so — the seeds arrived, the envelope was wet, and I've decided to call that pre-soaked."),
    ("R", 6, "Ha. All of them?"),
    ("M", 9, "all but the poppies. poppies do what they want, you know them."),
    ("R", 600, "I can't decide whether to sell the house."),
    ("M", 640, "oh love, then don't decide — dig around it first."),
    ("M", 641, "tiny step: walk through it as if you were a guest. which room do you go to by yourself?"),
    ("R", 655, "The kitchen. Only the kitchen."),
    ("M", 660, "then you don't need a house, you need a kitchen with a garden. that's cheaper."),
    ("R", 2900, "Look at this: https://example.org/cottages/12"),
    ("M", 2960, "hm, let me think out loud — low ceiling, south wall, and a pear tree nobody has pruned since the war. "
                "I'd say go and see it before you're sensible."),
    ("R", 2975, "You are a bad influence."),
    ("M", 2980, "proud of it x"),
    ("R", 7300, "I made an offer. I feel sick."),
    ("M", 7310, "right, sit down, both feet on the floor. sick is just excited in a tight coat."),
    ("R", 7330, "And if they say no?"),
    ("M", 7340, "then it was a very good rehearsal and I'll bring the pie. and if they say yes — who gets the pears?"),
    ("R", 7355, "You do. Obviously."),
    ("R", 15000, "They said yes!!!"),
    ("M", 15010, "I knew it. one row at a time now — first the keys, then the curtains, then the panic."),
]


def build_old():
    """One private chat as Telegram Desktop wrote it in 2020: numeric from_id, no unix time, no text_entities."""
    chat = Chat("Ruth Abel", "personal_chat", 5310042106, old_format=True)
    start = seconds(2020, 3, 2, 9, 12)
    for number, (letter, minutes, text) in enumerate(OLD_TALK):
        chat.add(Line(start + minutes * 60 + number, RUTH if letter == "R" else MAYA, text, id=301 + number))
    chat.lines[2].reply_to = chat.lines[1]
    chat.add(Line(start + 15020 * 60, RUTH, "", id=340, extra={
        "file": "stickers/sticker (3).webp", "thumbnail": "stickers/sticker (3).webp_thumb.jpg",
        "media_type": "sticker", "sticker_emoji": "🍐", "width": 512, "height": 512}))
    return chat_object(chat, UTC_OFFSET_S)
