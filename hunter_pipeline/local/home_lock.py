"""
One supervisor a HUNTER_HOME, and the note that says where its services answer.

What belongs here: who has this home. What does not: what a supervisor starts (`services.py`).
"""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import ConfigurationError
from hunter_pipeline.local.process_groups import end_group

_NOTE = "services.json"


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """
    Hold this HUNTER_HOME for one supervisor.

    Raises: ConfigurationError where another one lives, with its address.
    """
    path = settings.folder() / _NOTE
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise ConfigurationError(
                f"hunter runs already in {settings.home}: {_noted(file.read()).get('url', 'no address yet')}.",
                hint="Use that one, stop it with Ctrl-C, or set HUNTER_HOME to another folder.",
            ) from None
        file.seek(0)
        for group in _list(_noted(file.read()).get("groups")):  # left behind by a supervisor that was killed
            end_group(group, settings.dagster_home)
        try:
            yield
        finally:
            file.truncate(0)


def is_held(settings: Settings) -> bool:
    """Whether a supervisor has this home now, whatever an old note says."""
    try:
        with (settings.home / _NOTE).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


class Urls(NamedTuple):
    """Where the services answer."""

    dagster: str
    desk: str


def note(settings: Settings, urls: Urls, groups: list[int]) -> None:
    """Write down what runs, for whoever comes next."""
    text = json.dumps({"url": urls.dagster, "desk": urls.desk, "groups": groups})
    (settings.home / _NOTE).write_text(text, encoding="utf-8")


def running_urls(settings: Settings) -> Urls | None:
    """Where this home's services answer, None where no supervisor of this home has started any."""
    try:
        noted = _noted((settings.home / _NOTE).read_text(encoding="utf-8"))
    except OSError:
        return None
    url, desk = noted.get("url"), noted.get("desk")
    return Urls(url, desk) if isinstance(url, str) and isinstance(desk, str) else None


def _noted(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
