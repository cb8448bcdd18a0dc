"""What LoadGen counts as an error: queries without a good answer. What else is wrong is the verdict's."""

from inferometer_loadgen.report.schema import Report


def errors_of(report: Report) -> tuple[str, ...]:
    """A sentence for each kind of error."""
    result = report.result
    if not result.errors:
        return ()
    return (f"{result.errors} of {result.queries} queries got no good answer",)


def counted(number: int, word: str) -> str:
    """LoadGen's sentence at the end of a summary. Its errors are capitals where there are any."""
    if not number:
        return f"No {word}s encountered during test."
    shown = word.upper() if word == "error" else word
    return f"{number} {shown}{'' if number == 1 else 'S' if word == 'error' else 's'} encountered. See detailed log."
