"""A client's process has a limit of time, and says how it ended."""

import os

import pytest
from benchmarks.clients.child import program, python_module
from benchmarks.clients.contender import BenchmarkError, Case, Contender, Target, or_absent

CORE = min(os.sched_getaffinity(0))


def test_what_a_program_says_comes_with_its_cpu_time() -> None:
    said, cpu_ns = program(["echo", "hello"], CORE, limit_s=10)

    assert said == "hello\n"
    assert cpu_ns > 0


def test_a_program_that_hangs_is_ended_by_its_limit() -> None:
    with pytest.raises(BenchmarkError, match=r"^sleep did not end within 0\.1 s$"):
        program(["/bin/sleep", "60"], CORE, limit_s=0.1)


def test_a_program_that_dies_says_its_last_words() -> None:
    with pytest.raises(BenchmarkError, match=r"^sh ended with 7: no server"):
        program(["sh", "-c", "echo no server; exit 7"], CORE, limit_s=10)


def test_a_module_that_hangs_is_ended_by_its_limit() -> None:
    with pytest.raises(BenchmarkError, match=r"did not end within 0\.01 s"):
        python_module("json.tool", b"{}", limit_s=0.01)


def test_a_client_that_cannot_be_had_says_so_in_its_rounds() -> None:
    def make() -> Contender:
        raise BenchmarkError("there is no wrk on PATH")

    absent = or_absent("wrk", "http", make)

    with pytest.raises(BenchmarkError, match="there is no wrk on PATH"):
        absent.run(Case(in_flight=1, input_values=1), Target(port=1, client_core=CORE))
