"""Rules of a calendar as cron expressions, where cron can say them."""

from pipeline.registry.calendar import WEEKDAYS, Calendar, Rule


def crons(rule: Rule) -> list[str]:
    """When a rule is due and open, in the calendar's zone; nothing where cron cannot say it.

    Cron knows neither public holidays, nor seconds, nor an hour of the day that is left out.
    """
    if rule.when_closed == "next_working_day" or rule.at.second or (rule.every == "hour" and rule.quiet):
        return []
    if rule.every == "hour":
        return [f"{rule.at.minute} * * * *"]
    at = rule.quiet.end if rule.quiet and rule.quiet.holds(rule.at) else rule.at
    clock = f"{at.minute} {at.hour}"
    if rule.every == "week" and rule.weekday:
        return [f"{clock} * * {(WEEKDAYS.index(rule.weekday) + 1) % 7}"]
    if rule.every == "month":
        return [f"{clock} {rule.day} * *"]
    if rule.every == "year":
        return [f"{clock} {int(day[3:])} {int(day[:2])} *" for day in rule.dates]
    return [f"{clock} * * *"]


def expressible(calendar: Calendar) -> dict[str, list[str]]:
    """Rule → its cron expressions, for the rules that have any."""
    return {rule.id: found for rule in calendar.rule if (found := crons(rule))}
