"""The server's own words for why it did not load a model, out of the end of its log."""

import re

WORDS_LIMIT = 400

_PREFIX = re.compile(r'^[EWI]\d{4} [\d:.]+ \d+ \S+\] "?')
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_TABLE = re.compile(r"^(\+-|-+\+$|\|)")

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
        for line in lines:
            if pattern.search(line):
                return _on_one_line(line)
    return ""


def last_words(log: str) -> str:
    """The last line of a log that says anything."""
    lines = [line for line in without_tables(log).splitlines() if line.strip()]
    return _on_one_line(lines[-1]) if lines else ""


def without_tables(log: str) -> str:
    """A log without colours, and without the tables of options that would push the cause out of what is kept."""
    return "\n".join(line for line in _COLOUR.sub("", log).splitlines() if not _TABLE.match(line))


def _on_one_line(line: str) -> str:
    # Triton writes an exception's line breaks as backslash and n.
    return " ".join(line.replace("\\n", " ").split()).rstrip('" ')[:WORDS_LIMIT]
