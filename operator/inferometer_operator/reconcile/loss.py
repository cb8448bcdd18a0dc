"""What became of a pod that must be there, in the words of a sentence about it."""

from inferometer_operator.pods import Pod, Terminated


def what_became_of(pod: Pod | None, who: str) -> str | None:
    """How it was lost; None where it is there and runs."""
    if pod is None:
        return f"{who}'s pod is gone"
    if isinstance(pod.container, Terminated):
        words = f" ({pod.container.reason})" if pod.container.reason not in {"", "Error", "Completed"} else ""
        taken = f", taken away by {pod.disruption}" if pod.disruption else ""
        return f"{who} exited with code {pod.container.exit_code}{words}{taken}"
    if pod.has_ended:
        return f"{who} ended ({pod.reason or pod.phase})"
    if pod.deleting:
        return f"{who} is being deleted" + (f" ({pod.disruption})" if pod.disruption else "")
    return None
