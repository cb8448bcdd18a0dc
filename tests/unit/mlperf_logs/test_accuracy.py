"""The accuracy log: as the official LoadGen writes it."""

import json

from inferometer_loadgen.mlperf_logs import RawAnswer, accuracy_lines

OFFICIAL = """[
{ "seq_id" : 0, "qsl_idx" : 3, "data" : "AB0C01" },
{ "seq_id" : 1, "qsl_idx" : 1, "data" : "" }
]
"""
"""Of LoadGen 6.0.17, whose two answers were of three bytes and of none."""


def test_answers_stand_as_in_loadgens_own_log() -> None:
    found = "".join(accuracy_lines([RawAnswer(0, 3, b"\xab\x0c\x01"), RawAnswer(1, 1, b"")]))
    assert found == OFFICIAL
    assert [answer["qsl_idx"] for answer in json.loads(found)] == [3, 1]


def test_without_answers_it_is_the_empty_list_of_a_performance_run() -> None:
    assert "".join(accuracy_lines(())) == "[\n]\n"
