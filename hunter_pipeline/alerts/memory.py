"""
What was told already, so that each trouble is told once: an episode opens, may get worse, and ends.

Lives as JSON in the sensor's cursor, so it survives a restart of the daemon. It also holds the messages that have not
arrived yet.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from hunter_pipeline.alerts.conditions import Condition
from hunter_pipeline.config.notify import Mood

PAUSE = timedelta(hours=6)
"""Between two messages about single things, such as referrals that expire: what is new meanwhile is told together."""
GIVE_UP_AFTER = timedelta(hours=24)
"""How long a message is kept for a target that does not take it."""
LONGEST_WAIT_MINUTES = 60


class Message(BaseModel):
    """One message to one target, which is named by a short hash of its address."""

    target: str
    kind: str
    title: str
    body: str
    mood: Mood
    since: AwareDatetime
    tries: int = 0
    not_before: AwareDatetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether it may be tried now."""
        return self.not_before is None or self.not_before <= now

    def is_hopeless(self, now: datetime) -> bool:
        """Whether it has waited for too long."""
        return now - self.since >= GIVE_UP_AFTER

    def failed(self, now: datetime) -> None:
        """Try again after 1, 2, 4 ... minutes, at most an hour."""
        self.not_before = now + timedelta(minutes=min(2**self.tries, LONGEST_WAIT_MINUTES))
        self.tries += 1


class Memory(BaseModel):
    """
    What the last look left behind.

    since:    when the first look was.
    told:     the level that was told of each kind whose episode is open.
    marks:    of each kind, the single things that were told and are still there.
    told_at:  when single things of a kind were told last.
    outbox:   messages that have not arrived, the oldest first.
    """

    since: AwareDatetime
    told: dict[str, int] = Field(default_factory=dict)
    marks: dict[str, list[str]] = Field(default_factory=dict)
    told_at: dict[str, AwareDatetime] = Field(default_factory=dict)
    outbox: list[Message] = Field(default_factory=list[Message])

    @classmethod
    def read(cls, cursor: str | None, now: datetime) -> "Memory":
        """From the sensor's cursor; a new one where there is none or it cannot be read."""
        try:
            return cls.model_validate_json(cursor or "")
        except ValidationError:
            return cls(since=now)

    def note(
        self, conditions: Iterable[Condition], *, now: datetime, targets: Sequence[str], place: str, dagster_url: str
    ) -> list[str]:
        """
        Compare with what was told, and put into the outbox what is new; returns the kinds that were.

        targets: hashes of the addresses. place: stands in each title, e.g. 'production'.
        """
        new: list[str] = []
        for condition in conditions:
            told = self._news(condition, now)
            if told is None:
                continue
            title, words, mood = told
            link = f"\n{dagster_url}/runs/{condition.run_id}" if condition.run_id else ""
            new.append(condition.kind)
            self.outbox += [
                Message(
                    target=target,
                    kind=condition.kind,
                    title=f"hunter_pipeline ({place}): {title}",
                    body=f"{words}{link}",
                    mood=mood,
                    since=now,
                )
                for target in targets
            ]
        return new

    def _news(self, condition: Condition, now: datetime) -> tuple[str, str, Mood] | None:
        """Title, words and mood where there is something to tell; what is told is remembered."""
        kind = condition.kind
        if kind in self.marks or condition.marks:
            return self._news_of_marks(condition, now)
        before = self.told.pop(kind, 0)
        if condition.level:
            self.told[kind] = max(before, condition.level)
            return (condition.title, condition.words, condition.mood) if condition.level > before else None
        return ("recovered", condition.recovery, "success") if before and condition.recovery else None

    def _news_of_marks(self, condition: Condition, now: datetime) -> tuple[str, str, Mood] | None:
        kind = condition.kind
        known = [mark for mark in self.marks.get(kind, []) if mark in condition.marks]
        new = len(condition.marks) - len(known)
        last = self.told_at.get(kind)
        if new == 0 or (last is not None and now - last < PAUSE):
            self.marks[kind] = known
            return None
        self.marks[kind] = list(condition.marks)
        self.told_at[kind] = now
        words = f"{condition.words} Not told of before: {new}." if known else condition.words
        return condition.title, words, condition.mood
