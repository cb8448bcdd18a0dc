"""What the objects of a run are called: functions of its name, so that each is made once, whoever makes it."""


def server_name(run: str, index: int) -> str:
    """The pod of one replica."""
    return f"{run}-server-{index}"


def coordinator_name(run: str) -> str:
    """The coordinator's pod."""
    return f"{run}-coordinator"


def worker_name(run: str, index: int) -> str:
    """The pod of one worker."""
    return f"{run}-worker-{index}"


def plan_name(run: str) -> str:
    """The ConfigMap that holds the plan."""
    return f"{run}-plan"


def report_name(run: str) -> str:
    """The ConfigMap that holds the report."""
    return f"{run}-report"


def token_name(run: str, attempt: str) -> str:
    """The Secret of one coordinator pod.

    `attempt` sets it apart from the Secret of an earlier benchmark of this name, which the operator could neither
    read nor delete: it may only create Secrets.
    """
    return f"{run}-token-{attempt}"
