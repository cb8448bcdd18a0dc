"""The server's own words for why it did not load a model, out of the end of its log."""

import re

WORDS_LIMIT = 400

_PREFIX = re.compile(r'^[EWI]\d{4} [\d:.]+ \d+ \S+\] "?')
_AT = re.compile(r"^At:$")

# From the most telling to the least; the last one is what Triton ends with, whatever the cause.
_TELLING = (
    re.compile(r"failed to load '"),
    re.compile(r"Error parsing text-format"),
    re.compile(r"Poll failed for model directory"),
    re.compile(r"creating server: "),
)


def server_words(log: str) -> str:
    """The line that names the cause, without its prefix; empty where no line says that loading failed."""
    lines = [_PREFIX.sub("", line).strip() for line in log.splitlines()]
    for pattern in _TELLING:
        for number, line in enumerate(lines):
            if pattern.search(line):
                return _whole(lines, number)
    return ""


def last_words(log: str) -> str:
    """The last line of a log that says anything."""
    return next((line.strip()[:WORDS_LIMIT] for line in reversed(log.splitlines()) if line.strip()), "")


def _whole(lines: list[str], number: int) -> str:
    # A Python exception goes on after its first line: "At:" and where it was raised.
    words = lines[number]
    following = [line for line in lines[number + 1 : number + 5] if line]
    if following and _AT.match(following[0]):
        words = " ".join([words, *following[:2]])
    return words.rstrip('"')[:WORDS_LIMIT]
