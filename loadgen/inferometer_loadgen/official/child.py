"""LoadGen's process: hands each query over as it is issued, and tells LoadGen of answers as they come.

Started by `process` with its order as JSON. It imports as little as it can, so that it is there in a tenth of a second.
Its three ends: `asked` takes three int64 for each sample of a query (LoadGen's id, the sample, when it was issued),
`answered` gives one for each sample that is answered (the id), and `control` is for words.
"""

import gc
import json
import os
import socket
import sys
import threading
import time
from array import array

import mlperf_loadgen as lg

READ_BYTES = 65_536
INT64_BYTES = 8


class Answers(threading.Thread):
    """Tells LoadGen what has been answered, many at once where many have come."""

    def __init__(self, answered: int) -> None:
        super().__init__(daemon=True)
        self._answered = answered
        self.last_ns = 0
        """When LoadGen was told of the last ones."""

    def run(self) -> None:
        """Until the worker is gone."""
        rest = b""
        while data := os.read(self._answered, READ_BYTES):
            data = rest + data
            whole = len(data) - len(data) % INT64_BYTES
            rest = data[whole:]
            answers = [lg.QuerySampleResponse(id_, 0, 0) for id_ in array("q", data[:whole])]
            self.last_ns = time.monotonic_ns()
            lg.QuerySamplesComplete(answers)
        os._exit(1)  # The worker is gone: nobody will answer what is open, and LoadGen would wait for ever.


class System:
    """The system under test as LoadGen sees it."""

    def __init__(self, asked: int, control: socket.socket) -> None:
        self._asked, self._control = asked, control
        self._is_open = True

    def issue(self, query: "list[lg.QuerySample]") -> None:
        """LoadGen asks a query."""
        now_ns = time.monotonic_ns()
        numbers = array("q")
        for sample in query:
            numbers.extend((sample.id, sample.index, now_ns))
        left = memoryview(numbers).cast("B")
        while left:
            left = left[os.write(self._asked, left) :]

    def flush(self) -> None:
        """All queries are issued."""
        if self._is_open:
            self._is_open = False
            os.close(self._asked)

    def name(self) -> str:
        """What the servers say when they are asked; LoadGen times it."""
        self._control.send(b"name")
        return self._control.recv(READ_BYTES).decode()


def run(order: dict[str, object], asked: int, answered: int, control: socket.socket) -> None:
    """One test, from the word to begin to LoadGen's logs, which are in the current folder then."""
    test = lg.TestSettings()
    test.scenario = getattr(lg.TestScenario, str(order["scenario"]))
    test.mode = getattr(lg.TestMode, str(order["mode"]))
    values = order["values"]
    for name, value in values.items() if isinstance(values, dict) else ():
        setattr(test, name, value)
    output = lg.LogOutputSettings()
    output.outdir, output.copy_summary_to_stdout = ".", False
    log = lg.LogSettings()
    log.log_output, log.enable_trace = output, False
    loaded: set[int] = set()
    system, answers = System(asked, control), Answers(answered)
    library = lg.ConstructQSL(
        order["total_samples"], order["performance_samples"], loaded.update, loaded.difference_update
    )
    queries = lg.ConstructQDL(system.issue, system.flush, system.name)
    answers.start()
    gc.collect()
    gc.disable()
    control.send(b"ready")
    if control.recv(READ_BYTES) != b"begin":
        os._exit(0)
    # No file says anything of the test: not even an audit.config that lies about.
    lg.StartTestWithLogSettings(queries, library, test, log, "")
    control.send(json.dumps({"last_ns": answers.last_ns, "still_loaded": len(loaded)}).encode())


if __name__ == "__main__":
    own_fds = [int(number) for number in sys.argv[2:]]
    run(json.loads(sys.argv[1]), own_fds[0], own_fds[1], socket.socket(fileno=own_fds[2]))
