"""Make text from outside safe to show: names and notes can contain sequences that a terminal executes."""

import re

# C0 and C1 control characters and DEL, but for the tab and the line feed.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def replace_control_characters(text: str) -> str:
    """Return the text with U+FFFD for each control character, such as the escape that begins an ANSI sequence."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def to_line(text: str) -> str:
    """Return the text as one line without control characters: 'a b' for 'a\\r\\n b'."""
    return replace_control_characters(" ".join(text.split()))
