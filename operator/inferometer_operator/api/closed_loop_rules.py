"""What the API server guards of steps of concurrency, as CEL rules; `spec.closed_loops` says the same."""

from inferometer_operator.api.schema import Rule

STEPS_RULES: tuple[Rule, ...] = (
    {
        "rule": "!has(self.concurrencySteps) || !has(self.concurrency)",
        "message": "concurrencySteps says how many queries are open, and concurrency is set too; leave one of them out",
        "fieldPath": ".concurrencySteps",
    },
    {
        "rule": "!has(self.concurrencySteps) || (self.concurrencySteps.isSorted() && "
        "self.concurrencySteps.all(x, self.concurrencySteps.exists_one(y, y == x)))",
        "message": "concurrencySteps do not rise from each to the next; write them so, such as [1, 2, 4, 8]",
        "fieldPath": ".concurrencySteps",
    },
    {
        "rule": "!has(self.concurrencySteps) || self.concurrencySteps.all(x, x >= self.workers)",
        "message": "a step of concurrencySteps is smaller than the number of workers, each of which has a share of it; "
        "write larger steps, or set workers to 1",
        "fieldPath": ".concurrencySteps",
    },
)
"""Of the load."""

CLOSED_LOOP_RULES: tuple[Rule, ...] = (
    {
        "rule": "!has(self.repeat) || !has(self.load.concurrencySteps)",
        "message": "repeat does not fit concurrencySteps, whose rounds are its steps; leave one of them out",
        "fieldPath": ".repeat",
    },
)
"""Of the spec."""
