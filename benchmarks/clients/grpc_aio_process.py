"""One run of tritonclient's asyncio client: case and target as JSON in, the measurement as JSON out.

As many coroutines as there are requests in flight, each with inputs that were made once.
"""

import asyncio
import gc
import os
import sys
import time

import msgspec
import numpy as np
from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.grpc.aio import InferenceServerClient

from benchmarks.clients.contender import Case, Measurement, Target
from benchmarks.model import NAME, VERSION

WARM_UP_S = 0.2


async def run(case: Case, target: Target) -> Measurement:
    client = InferenceServerClient(f"127.0.0.1:{target.port}")
    tensor = InferInput("input", [case.input_values], "INT32")
    tensor.set_data_from_numpy(np.zeros(case.input_values, dtype=np.int32))
    outputs = [InferRequestedOutput("output")]

    async def ask_until(end_s: float) -> int:
        asked = 0
        while time.monotonic() < end_s:
            await client.infer(NAME, [tensor], model_version=VERSION, outputs=outputs)
            asked += 1
        return asked

    async def ask_all(seconds: float) -> int:
        end_s = time.monotonic() + seconds
        return sum(await asyncio.gather(*(ask_until(end_s) for _ in range(case.in_flight))))

    await ask_all(WARM_UP_S)
    gc.collect()
    gc.disable()
    begun_s, begun_ns = time.monotonic(), time.process_time_ns()
    requests = await ask_all(case.seconds)
    cpu_ns, elapsed_s = time.process_time_ns() - begun_ns, time.monotonic() - begun_s
    await client.close()
    return Measurement(requests=requests, cpu_ns=cpu_ns, rate=requests / elapsed_s)


def main() -> None:
    case, target = msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[Case, Target])
    os.sched_setaffinity(0, {target.client_core})
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(run(case, target))))


if __name__ == "__main__":
    main()
