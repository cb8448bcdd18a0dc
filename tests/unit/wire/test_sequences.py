"""A turn's parameters are those that Triton's own client writes."""

import json

from hypothesis import given
from hypothesis import strategies as st
from tritonclient.grpc import service_pb2

from inferometer_loadgen.wire.sequences import json_parameters, message_parameters

IDS = st.integers(1, 2**63 - 1)


@given(IDS, st.booleans(), st.booleans())
def test_as_json_they_are_what_tritonclient_writes_without_white_space(
    sequence_id: int, start: bool, end: bool
) -> None:
    expected = {"sequence_id": sequence_id, "sequence_start": start, "sequence_end": end}

    assert (
        b"{" + json_parameters(sequence_id, start, end) + b"}" == json.dumps(expected, separators=(",", ":")).encode()
    )


@given(IDS, st.booleans(), st.booleans())
def test_in_a_message_they_are_what_tritonclient_sets(sequence_id: int, start: bool, end: bool) -> None:
    expected = service_pb2.ModelInferRequest()
    expected.parameters["sequence_id"].int64_param = sequence_id
    expected.parameters["sequence_start"].bool_param = start
    expected.parameters["sequence_end"].bool_param = end

    written = message_parameters(sequence_id, start, end)

    found = service_pb2.ModelInferRequest.FromString(written)
    assert found == expected
    assert {name: value.WhichOneof("parameter_choice") for name, value in found.parameters.items()} == {
        "sequence_id": "int64_param",
        "sequence_start": "bool_param",
        "sequence_end": "bool_param",
    }
    assert sorted(written) == sorted(expected.SerializeToString())
