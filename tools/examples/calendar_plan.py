"""When talks begin: more of them as time goes by, by day and evening, some close enough to interleave."""

from telegram_writer import local_time

DAY = 86400

# How lively each hour is, from midnight.
HOURS = [1, 0, 0, 0, 0, 1, 4, 9, 14, 18, 20, 18, 16, 17, 14, 14, 15, 16, 18, 22, 26, 24, 14, 5]


def in_months(dice, at, months, first_day, days):
    """The same hour on a day of one of the months ("6,7,8"), if the given one is not."""
    allowed = {int(month) for month in months.split(",") if month}
    while allowed and local_time(at).month not in allowed:
        at = first_day + dice.integer(0, days - 1) * DAY + at % DAY
    return at


def start_times(dice, count, first_day, days, growth=3.0, together=0.2, hours=HOURS):
    """`count` sorted starts within `days` from `first_day` (seconds at midnight). Growth is the activity of the last
    day over the first; `together` is the share of talks that begin within minutes of another."""
    starts = []
    while len(starts) < count:
        if starts and dice.chance(together):
            starts.append(dice.pick(starts) + dice.integer(60, 700))
            continue
        day = dice.integer(0, days - 1)
        if not dice.chance((1 + (growth - 1) * day / days) / growth):
            continue
        hour = dice.weighted(range(24), hours)
        starts.append(first_day + day * DAY + hour * 3600 + dice.integer(0, 3599))
    return sorted(starts)
