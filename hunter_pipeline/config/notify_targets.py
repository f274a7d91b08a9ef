"""Parse a target of HUNTER_NOTIFY_URLS: an Apprise URL, the language of its messages, and the hour of its digest."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

Language = Literal["en", "tr"]
_OWN_PARAMETERS = ("lang", "digest", "tz")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class NotifyTarget:
    """
    A target of notifications.

    url:     the configured URL.
    address: the URL without our own parameters, for Apprise.
    digest:  hour and minute of the one message a day in the time zone `zone`; None: a message for each event.
    """

    url: str
    address: str
    language: Language
    digest: tuple[int, int] | None
    zone: ZoneInfo

    def is_due(self, last: datetime, now: datetime) -> bool:
        """Return whether a message may be sent now; `last` is the time of the last message to the target."""
        if self.digest is None:
            return True
        local = now.astimezone(self.zone)
        moment = local.replace(hour=self.digest[0], minute=self.digest[1], second=0, microsecond=0)
        if moment > local:
            moment -= timedelta(days=1)
        return last < moment


def notify_target(url: str) -> NotifyTarget | None:
    """Return the target of an URL such as 'jsons://host/path?lang=tr&digest=08:00'; None if a parameter is wrong."""
    try:
        parts = urlsplit(url)
        parameters = parse_qsl(parts.query, keep_blank_values=True)
        own = {name: value for name, value in parameters if name in _OWN_PARAMETERS}
        zone = ZoneInfo(own.get("tz", "UTC"))
    except (ValueError, OSError, KeyError):  # zoneinfo's error for an unknown zone is a KeyError
        return None
    digest = _TIME.fullmatch(own["digest"]) if "digest" in own else None
    language = own.get("lang", "en")
    if language not in ("en", "tr") or ("digest" in own and digest is None):
        return None
    others = urlencode([(name, value) for name, value in parameters if name not in _OWN_PARAMETERS])
    address = parts._replace(query=others).geturl() if own else url
    moment = (int(digest[1]), int(digest[2])) if digest else None
    return NotifyTarget(url, address, cast("Language", language), moment, zone)
