"""The most samples of a query by the rules of 2019, of a server that needs the same time for each."""

from pathlib import Path

from msgspec import structs

from inferometer_loadgen.plan import StreamPlan
from inferometer_loadgen.rounds.peak import Tried, next_trial
from inferometer_loadgen.stream import make_stream
from integration.loadgen.recorder import MODEL, recording_server, write_numbered_samples
from integration.loadgen.shell import inferometer, report_in
from integration.loadgen.specs import write_spec
from integration.loadgen.test_stream_received import data, make_config_map

A_SAMPLE_S = 0.018
"""At 10 ticks a second five samples are over before the next one by 10 ms, and six never are."""


def test_it_is_found_and_each_round_asks_for_queries_of_its_own_size(tmp_path: Path) -> None:
    write_numbered_samples(tmp_path / "samples.npz", 40)
    make_config_map(tmp_path)
    with recording_server(delay_a_sample_s=A_SAMPLE_S) as replica:
        spec = write_spec(
            tmp_path,
            scenario="MultiStream",
            model=MODEL,
            data={"configMap": {"name": "samples"}},
            streamDialect="loadgen-r0.5",
            targetQPS=10,
            latencyBound=None,
            latencyPercentile=0.75,  # So that a machine that stumbles now and then finds the same.
            findPeak={"maxSamplesPerQuery": 32, "trialDuration": "1s"},
            warmup="100ms",
            minDuration="1s",
            minQueries=10,
        )
        ended = inferometer("run", str(spec), "--endpoint", replica.url, *data(tmp_path), "-o", str(tmp_path))

    report = report_in(tmp_path)
    assert report.peak is not None, ended.stderr
    assert report.result.unit == "samples/query"
    assert "peak: " in ended.stderr
    if all(one.verdict != "Inconclusive" for one in report.rounds):
        found = report.peak.valid_samples_per_query
        # Of a server that others slow down by 10 ms it is the next less.
        assert found in {4, 5}
        assert found < (report.peak.not_valid_samples_per_query or 0) <= 6
        assert [one.samples_per_query for one in report.rounds][:6] == [1, 2, 4, 8, 6, 5]
        assert report.result.value == found
    # Where others use the machine a trial is in doubt, and the search goes on as after any other that is not Valid.
    tried = [one for one in report.rounds if one.purpose == "Trial"]
    for number, one in enumerate(tried):
        known = [Tried(earlier.samples_per_query - 1, earlier.verdict == "Valid") for earlier in tried[:number]]
        assert one.samples_per_query - 1 == next_trial(known, 31, 24)
    received = iter(replica.received)
    for one in report.rounds:
        rows = rows_of(structs.replace(report.plan.stream, samples_per_query=one.samples_per_query))
        warm_up_and_run = [next(received).samples for _ in range(one.result.queries)]
        # A warm-up is the beginning of the same stream; how long it is nobody knows.
        while warm_up_and_run[-one.result.queries :] != rows[: one.result.queries]:
            warm_up_and_run.append(next(received).samples)
    assert next(received, None) is None


def rows_of(plan: StreamPlan) -> list[tuple[int, ...]]:
    stream = make_stream(plan, 1_000)
    size = stream.samples_per_row
    return [tuple(stream.sample[row * size : (row + 1) * size].tolist()) for row in range(len(stream))]
