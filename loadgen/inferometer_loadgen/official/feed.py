"""The worker's ends of the pipes to LoadGen's process: queries in, answers out, never waiting."""

import os
from array import array
from collections.abc import Iterable

READ_BYTES = 1 << 20
INT64_BYTES = 8
PER_SAMPLE = 3
"""LoadGen's id of the sample, its number in the library, and when it was issued (monotonic)."""


class Feed:
    """What LoadGen has asked so far, a row a sample; both descriptors are the feed's from now on."""

    def __init__(self, asked: int, answered: int) -> None:
        self.fd = asked
        self._answered = answered
        os.set_blocking(asked, False)
        os.set_blocking(answered, False)
        self._rest = b""
        self._unsent = bytearray()
        self.ids = array("q")
        self.samples = array("q")
        self.issued_ns = array("q")
        self.is_over = False
        """Whether nothing more will be asked."""

    def receive(self) -> None:
        """Takes what has come."""
        try:
            data = os.read(self.fd, READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            self.is_over = True
            return
        data = self._rest + data
        whole = len(data) - len(data) % (PER_SAMPLE * INT64_BYTES)
        self._rest = data[whole:]
        numbers = array("q", data[:whole])
        self.ids.extend(numbers[0::PER_SAMPLE])
        self.samples.extend(numbers[1::PER_SAMPLE])
        self.issued_ns.extend(numbers[2::PER_SAMPLE])

    def answer(self, ids: Iterable[int]) -> None:
        """Tells LoadGen of answers; what the pipe does not take now goes with the next ones."""
        self._unsent += array("q", ids).tobytes()
        self.flush()

    @property
    def has_unsent(self) -> bool:
        """Whether LoadGen has not been told of all answers."""
        return bool(self._unsent)

    def flush(self) -> None:
        """Sends what the pipe takes."""
        try:
            while self._unsent:
                del self._unsent[: os.write(self._answered, self._unsent)]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._unsent.clear()  # It has ended; why is for its keeper to say.

    def finish(self) -> None:
        """Sends all that is left, waiting as long as it takes."""
        os.set_blocking(self._answered, True)
        self.flush()

    def close(self) -> None:
        """Gives both descriptors back."""
        os.close(self.fd)
        os.close(self._answered)
