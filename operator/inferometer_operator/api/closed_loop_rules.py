"""What the API server guards of steps of concurrency and of sequences, as `spec.closed_loops` does: CEL rules."""

from inferometer_loadgen.rules import CUSTOM
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

_NONE = "!has(self.load.sequences)"
_COUNT = "self.load.sequences.count"

CLOSED_LOOP_RULES: tuple[Rule, ...] = (
    {
        "rule": "!has(self.repeat) || !has(self.load.concurrencySteps)",
        "message": "repeat does not fit concurrencySteps, whose rounds are its steps; leave one of them out",
        "fieldPath": ".repeat",
    },
    {
        "rule": f"{_NONE} || self.rules == '{CUSTOM}'",
        "message": "sequences mean nothing by an edition of the rules, whose queries are independent; set rules to "
        f"{CUSTOM}",
        "fieldPath": ".load.sequences",
    },
    {
        "rule": f"{_NONE} || self.mode == 'Performance'",
        "message": "sequences mean nothing in a mode that asks for each sample once; leave them out",
        "fieldPath": ".load.sequences",
    },
    {
        "rule": f"{_NONE} || self.load.balance == 'RoundRobin'",
        "message": "LeastOutstanding does not fit sequences, each of which stays at one replica; write RoundRobin",
        "fieldPath": ".load.balance",
    },
    {
        "rule": f"{_NONE} || !has(self.load.concurrencySteps)",
        "message": "concurrencySteps do not fit sequences, whose count is the number of open queries; write "
        "concurrency",
        "fieldPath": ".load.concurrencySteps",
    },
    {
        "rule": f"{_NONE} || self.scenario != 'SingleStream' || {_COUNT} == 1",
        "message": "more than one sequence in SingleStream, with one query open; set sequences.count to 1",
        "fieldPath": ".load.sequences.count",
    },
    {
        "rule": f"{_NONE} || !has(self.load.concurrency) || {_COUNT} == self.load.concurrency",
        "message": "sequences.count is not concurrency, and each open sequence has one query open; write the "
        "same number",
        "fieldPath": ".load.sequences.count",
    },
    {
        "rule": f"{_NONE} || {_COUNT} % self.load.workers == 0",
        "message": "sequences.count is no multiple of workers, so that a sequence would not stay with one; write one "
        "that is",
        "fieldPath": ".load.sequences.count",
    },
    {
        "rule": f"{_NONE} || !has(self.target.triton) || {_COUNT} % self.target.triton.replicas == 0",
        "message": "sequences.count is no multiple of replicas, so that a sequence would not stay at one; write one "
        "that is",
        "fieldPath": ".load.sequences.count",
    },
    {
        "rule": f"{_NONE} || !has(self.target.endpoint) || {_COUNT} % self.target.endpoint.urls.size() == 0",
        "message": "sequences.count is no multiple of how many urls there are, so that a sequence would not stay with "
        "one server; write one that is",
        "fieldPath": ".load.sequences.count",
    },
)
"""Of the spec."""
