"""
Dates that agree with a status.

Belongs here: when a referral was created, answered, closed and last touched. Does not belong here:
how a moment is written (stamps.py).
"""
# ruff: noqa: PLR2004 - shares and ages are arbitrary; a name would say no more than the number

import random
from datetime import datetime, timedelta

from hunter_pipeline.sandbox import stamps

HISTORY_DAYS = 400
ANSWER_WITHIN = timedelta(days=14)


def dates(status: str, substatus: str | None, chance: random.Random, epoch: datetime) -> dict[str, str | None]:
    """Dates that agree with the status: an unanswered referral is younger than two weeks."""
    is_new = status == "New"
    # The square root of chance would be uniform; this leans towards the recent past, as a real book does.
    age = (
        timedelta(days=13.9 * chance.random()) if is_new else timedelta(days=15 + (HISTORY_DAYS - 16) * chance.random())
    )
    created = epoch - age - timedelta(seconds=1)
    accepted = created + ANSWER_WITHIN * chance.random() if substatus in {"Accepted", "Won", "Lost"} else None
    closed = None
    if status == "Closed":
        closed = (
            created + ANSWER_WITHIN
            if substatus == "Expired"
            else created + (epoch - created) * chance.uniform(0.3, 0.95)
        )
        closed = max(closed, accepted or closed)
    last = closed or accepted or created
    updated = last + (epoch - last) * chance.random() ** 2 * 0.9 if chance.random() < 0.7 else last
    digits, tick = chance.choice((7, 7, 7, 7, 6, 6, 0)), chance.randrange(10)

    def show(moment: datetime | None) -> str | None:
        return None if moment is None else stamps.text(moment, digits=digits, tick=tick)

    expires = stamps.text(created + ANSWER_WITHIN, digits=0) if is_new or substatus in {"Expired", "Pending"} else None
    return {
        "createdDateTime": show(created),
        "updatedDateTime": show(updated),
        "expirationDateTime": expires,
        "acceptedDateTime": show(accepted),
        "closedDateTime": show(closed),
    }
