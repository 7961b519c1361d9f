"""The invented people of the Russian example and how each of them types."""

from telegram_writer import Person

NATASHA = Person("Наташа Северова", 5170200101, "f", {"capital": True})

MARINA = Person("Марина Ковалёва", 5170200211, "f", {
    "greets": 0.5, "greetings": ["Наташенька,", "Наташа, доброе утро!", "Наташ,"], "bursts": 0.4,
    "tail": [" 🙏", " ❤️", " 🌸", " 🙏🙏"], "tails": 0.45})
NASTYA = Person("настя", 5170200212, "f", {"lower": True, "no_dot": True, "bursts": 0.95, "greets": 0.3,
                                           "greetings": ["наташ,", "слушай,"], "tail": [" ахах", " ((", ""],
                                           "tails": 0.25})
OLGA = Person("Ольга Викторовна", 5170200213, "f", {
    "greets": 0.7, "greetings": ["Наталья, добрый день!", "Здравствуйте, Наталья.", "Наталья, добрый вечер."],
    "bursts": 0.0})
TAMARA = Person("Тамара Павловна", 5170200214, "f", {"dots": True, "greets": 0.5, "bursts": 0.2, "greetings": [
    "Наташенька, здравствуй...", "Девочки, добрый вечер...", "Доброе утро всем..."], "tail": [" 🌷", " 🌞"],
    "tails": 0.2})
LENA = Person("Лена Гущина", 5170200215, "f", {"greets": 0.4, "greetings": ["Наташ,", "Наташа,", "Привет!"]})
YULIA = Person("Юля Ш.", 5170200216, "f", {"bang": "!!", "greets": 0.4, "greetings": ["Наташааа!", "Привет-привет!"],
                                           "tail": [" 😂", " 🔥", " 😱"], "tails": 0.3})
KATYA = Person("Катя Рыжова", 5170200217, "f", {"greets": 0.2, "greetings": ["Наташ,"], "tail": [" ✅"], "tails": 0.1})
IRA = Person("Ира Белова", 5170200218, "f", {"no_dot": True, "greets": 0.3, "greetings": ["Наташа,", "Наташ, вопрос."]})
ALINA = Person("Алина 🦊", 5170200219, "f", {"lower": True, "no_dot": True, "bursts": 0.8, "greets": 0.2,
                                             "greetings": ["наташ,", "всем приветик,"], "tail": [")))", " 🥲", " 🫠"],
                                             "tails": 0.4})
ZARINA = Person("Зарина", 5170200220, "f", {"greets": 0.5, "greetings": ["Наташа-джан,", "Салам всем!"],
                                            "tail": [" 🌺"], "tails": 0.2})
VERA = Person("Вера Николаевна", 5170200221, "f", {"greets": 0.6, "greetings": ["Наталья Андреевна,", "Наташа,"]})
SVETA = Person("Света Лисицына", 5170200222, "f", {"tail": ["))", ")"], "tails": 0.6, "no_dot": True, "greets": 0.3,
                                                   "greetings": ["Наташ, привет!", "Ната,"]})
IGOR = Person("Игорь Т.", 5170200223, "m", {"no_dot": True, "greets": 0.1, "greetings": ["Наталья,"], "bursts": 0.1})
TOLIK = Person("Толик Дымов", 5170200224, "m", {"greets": 0.2, "greetings": ["Шеф,", "Наташ,"],
                                                "tail": [" ))", " 😄", ""], "tails": 0.5})
DENIS = Person("Денис Лапин", 5170200225, "m", {"lower": True, "no_dot": True, "greets": 0.4,
                                                "greetings": ["наташ, привет,", "всем привет,"], "bursts": 0.6})
RUSTAM = Person("Рустам", 5170200226, "m", {"greets": 0.5, "greetings": ["Наталья, приветствую.", "Добрый вечер!"],
                                            "bursts": 0.0})
GHOST = Person(None, 5170200227, "f", {"no_dot": True})

ZHENYA = Person("Женька", 5170200301, "f", {"no_dot": True, "lower": True})
MOTHER = Person("Мама", 5170200302, "f", {"dots": True})
KOSTYA = Person("Костя брат", 5170200303, "m", {"no_dot": True, "lower": True})
BOT = Person("Дежурный по тропе", 5170200401, "f")
BOOKING_BOT = Person("Запись на встречи", 5170200402, "f")
CHANNEL = Person("Северная тропа", 1830200501, "f", peer="channel")

# Who asks how often; the day each joined the circle.
MEMBERS = {MARINA: (10, 0), NASTYA: (10, 0), OLGA: (6, 0), TAMARA: (6, 0), LENA: (9, 0), KATYA: (3, 0), IGOR: (6, 4),
           YULIA: (8, 12), IRA: (7, 30), TOLIK: (6, 45), ALINA: (7, 70), SVETA: (7, 95), DENIS: (5, 120),
           ZARINA: (6, 160), VERA: (5, 210), RUSTAM: (4, 260)}
CLIENTS = [MARINA, NASTYA, OLGA, LENA, SVETA, IGOR]
RELATIVES = {"friend": ZHENYA, "mother": MOTHER, "brother": KOSTYA, "assistant": KATYA}
