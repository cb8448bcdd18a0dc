import base64
import gzip
import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from inferometer_loadgen import cli
from inferometer_loadgen.commands import exit_codes
from inferometer_loadgen.commands.stream import json_lines
from inferometer_loadgen.report import schema
from inferometer_loadgen.spec import resolve
from inferometer_loadgen.spec.decode import decode_file
from inferometer_loadgen.stream import make_stream, shard
from unit.report.reports import PLAN, a_report
from unit.spec.specs import QUICKSTART

SYNTHETIC = QUICKSTART.replace("configMap: {name: quickstart-samples}", "synthetic: {samples: 64}")
OUTLOOK = (
    "valid: Server, about 800 queries at 40/s in 20.0 s, p99 within 250 ms; 2 workers, 2 replicas, 50 connections; "
    "64 synthetic samples"
)


def ended(capsys, *argv):
    """The exit code, standard output and standard error of `inferometer argv`."""
    code = cli.main([str(argument) for argument in argv])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def written(folder, text=SYNTHETIC, name="spec.yaml"):
    path = folder / name
    path.write_text(text)
    return path


class TestValidate:
    def test_a_good_spec_is_told_what_it_will_do(self, tmp_path, capsys):
        path = written(tmp_path)

        assert ended(capsys, "validate", path) == (0, "", f"{path}: {OUTLOOK}\n")

    def test_a_floor_of_queries_lengthens_the_run(self, tmp_path, capsys):
        path = written(tmp_path, SYNTHETIC.replace("workers: 2", "minQueries: 1200"))

        assert "about 1,200 queries at 40/s in 30.0 s" in ended(capsys, "validate", path)[2]

    def test_all_that_is_wrong_is_shown_for_all_files_and_ends_with_2(self, tmp_path, capsys):
        bad = written(tmp_path, SYNTHETIC.replace("250ms", "250").replace("workers: 2", "workers: 0"), "bad.yaml")
        good = written(tmp_path)
        nowhere = tmp_path / "nowhere.yaml"

        code, out, err = ended(capsys, "validate", bad, good, nowhere)
        assert (code, out) == (2, "")
        assert [line.removeprefix(f"{tmp_path}/") for line in err.splitlines()] == [
            "bad.yaml:15: spec.load.workers: `0` is too small. hint: write a whole number from 1 up to 64",
            "bad.yaml:17: spec.load.latencyBound: `250` has no unit. hint: write 250ms",
            f"spec.yaml: {OUTLOOK}",
            "nowhere.yaml: No such file or directory. hint: check the path",
        ]

    def test_samples_that_may_be_in_the_cluster_are_not_missed_but_said_to_be_unchecked(self, tmp_path, capsys):
        code, _, err = ended(capsys, "validate", written(tmp_path, QUICKSTART))

        assert code == 0
        assert "samples not checked: ConfigMap `quickstart-samples` is neither in the file nor beside it" in err

    def test_samples_in_the_file_are_counted(self, tmp_path, capsys):
        path = written(tmp_path, QUICKSTART + a_config_map(samples=3))

        assert ended(capsys, "validate", path)[2].endswith("3 samples of ConfigMap `quickstart-samples`\n")

    @pytest.mark.parametrize(
        ("config_map", "expected"),
        [
            ("data: {samples.npz: hello}", "spec.load.data: the sample file is no npz file"),
            ("data: {other: hello}", "ConfigMap `quickstart-samples` has no key samples.npz"),
        ],
    )
    def test_samples_in_the_file_that_cannot_be_used_are_refused(self, tmp_path, capsys, config_map, expected):
        text = f"{QUICKSTART}---\nkind: ConfigMap\nmetadata: {{name: quickstart-samples}}\n{config_map}\n"

        code, _, err = ended(capsys, "validate", written(tmp_path, text))
        assert code == 2
        assert expected in err

    def test_a_file_that_is_no_text_is_refused(self, tmp_path, capsys):
        path = tmp_path / "spec.yaml"
        path.write_bytes(b"\xff\xfe")

        assert ended(capsys, "validate", path) == (2, "", f"{path}: is no UTF-8 text. hint: give a YAML file\n")


LOADS = {
    "SingleStream": "at least 100 queries and 60.0 s, 1 open at any time; 1 worker, 2 replicas, 2 connections",
    "MultiStream": "at least 100 queries of 8 samples and 60.0 s, 1 open at any time; 1 worker, 2 replicas, "
    "2 connections",
    "Offline": "1 query of 2,640 samples in 66.0 s if 40/s are answered, 128 requests in flight; 1 worker, 2 replicas, "
    "128 connections",
    "Concurrency": "at least 100 queries and 60.0 s, 8 open at any time, p99 within 1.0 s; 1 worker, 2 replicas, "
    "16 connections",
}
FIELDS = {"Offline": "targetQPS: 40", "Concurrency": "concurrency: 8, latencyBound: 1s"}


def written_load(folder, scenario, load):
    """A spec of this scenario on two replicas with so much in spec.load."""
    path = folder / "load.yaml"
    path.write_text(
        "apiVersion: inferometer.dev/v1alpha1\nkind: InferenceBenchmark\nmetadata: {name: one}\nspec:\n"
        f"  scenario: {scenario}\n  model: {{name: m}}\n"
        "  target: {triton: {image: t, replicas: 2, modelRepository: {image: m}}}\n"
        f"  load: {{data: {{synthetic: {{}}}}, {load}}}\n"
    )
    return path


def plan_of(path):
    decoded = decode_file(path.read_text(), "one")
    return resolve(decoded.name, decoded.spec, None)


@pytest.mark.parametrize("scenario", LOADS)
def test_what_a_scenario_will_do_is_said_beforehand(tmp_path, capsys, scenario):
    path = written_load(tmp_path, scenario, FIELDS.get(scenario, ""))

    assert ended(capsys, "validate", path) == (
        0,
        "",
        f"{path}: valid: {scenario}, {LOADS[scenario]}; 64 synthetic samples\n",
    )


@pytest.mark.parametrize(
    ("load", "said"),
    [
        (
            "concurrencySteps: [1, 2, 8]",
            "1, 2, 8 open at any time, in a round each; 1 worker, 2 replicas, 16 connections",
        ),
        (
            "concurrency: 4, sequences: {count: 4, length: 10}",
            "4 open at any time, in sequences of 10 queries; 1 worker, 2 replicas, 8 connections",
        ),
    ],
    ids=["steps", "sequences"],
)
def test_what_becomes_of_a_closed_loop_is_said_beforehand(tmp_path, capsys, load, said):
    path = written_load(tmp_path, "Concurrency", load)

    told = ended(capsys, "validate", path)[2]

    assert told == f"{path}: valid: Concurrency, at least 100 queries and 60.0 s, {said}; 64 synthetic samples\n"


def a_config_map(samples):
    file = io.BytesIO()
    np.savez(file, x=np.zeros((samples, 2), np.float32))
    encoded = base64.b64encode(file.getvalue()).decode()
    return f"---\nkind: ConfigMap\nmetadata: {{name: quickstart-samples}}\nbinaryData: {{samples.npz: {encoded}}}\n"


class TestStream:
    def test_each_line_is_a_query_as_the_worker_will_send_it(self, tmp_path, capsys):
        code, out, err = ended(capsys, "stream", written(tmp_path), "--json", "--workers", 3)

        queries = [json.loads(line) for line in out.splitlines()]
        stream = make_stream(PLAN.stream)
        assert (code, err) == (0, "")
        assert [query["scheduled_ns"] for query in queries] == stream.scheduled_ns.tolist()
        assert [query["sample"] for query in queries] == stream.sample.tolist()
        for worker in range(3):
            own = [query["index"] for query in queries if query["worker"] == worker]
            assert own == shard(stream, worker, 3).index.tolist()
        assert {query["replica"] - query["index"] % 2 for query in queries} == {0}

    def test_a_limit_ends_the_lines_early(self, tmp_path, capsys):
        assert len(ended(capsys, "stream", written(tmp_path), "--json", "--limit", 5)[1].splitlines()) == 5

    def test_many_queries_come_in_blocks_without_a_seam(self, monkeypatch):
        monkeypatch.setattr("inferometer_loadgen.commands.stream.ROWS_AT_ONCE", 100)
        stream = make_stream(PLAN.stream)
        blocks = "".join(json_lines(stream, 2, 2, None))

        assert [json.loads(line)["index"] for line in blocks.splitlines()] == list(range(len(stream)))

    def test_the_summary_has_the_digest_which_the_number_of_workers_leaves_alone(self, tmp_path, capsys):
        path = written(tmp_path)
        summaries = [ended(capsys, "stream", path, "--workers", workers)[2].splitlines() for workers in (1, 7)]

        assert summaries[0][0].startswith("quickstart  Server  823 queries of 64 samples, 40/s, 41.1/s as drawn")
        assert summaries[1][1] == ("  each of 7 workers sends 117 or 118, each of 2 replicas is asked 411 or 412")
        assert summaries[0][1].startswith("  1 worker sends 823, each of 2 replicas")
        assert summaries[0][2] == summaries[1][2]

    def test_a_query_of_several_samples_is_one_line_and_is_due_when_an_answer_comes(self, tmp_path, capsys):
        path = written_load(tmp_path, "MultiStream", "samplesPerQuery: 3")
        plan = plan_of(path)
        lines = ended(capsys, "stream", path, "--json", "--limit", 150)[1].splitlines()

        sample = make_stream(plan.stream, 150).sample.tolist()
        assert [json.loads(line) for line in lines] == [
            {
                "index": i,
                "samples": sample[3 * i : 3 * i + 3],
                "scheduled_ns": None,
                "worker": 0,
                "replica": i % 2,
            }
            for i in range(150)
        ]

    def test_of_steps_the_stream_is_the_same_in_each_round(self, tmp_path, capsys):
        path = written_load(tmp_path, "Concurrency", "concurrencySteps: [1, 2]")

        assert "1, 2 open at a time in a round each, and so on for 60.0 s or longer" in ended(capsys, "stream", path)[2]

    def test_with_sequences_a_line_says_which_and_the_stream_is_the_same(self, tmp_path, capsys):
        load = "concurrency: 2"
        plain = ended(capsys, "stream", written_load(tmp_path, "Concurrency", load), "--json", "--limit", 5)[1]
        path = written_load(tmp_path, "Concurrency", f"{load}, sequences: {{count: 2, length: 2}}")

        lines = [json.loads(line) for line in ended(capsys, "stream", path, "--json", "--limit", 5)[1].splitlines()]

        turns = [(1, True, False), (2, True, False), (1, False, True), (2, False, True), (3, True, False)]
        assert [
            (line.pop("sequence_id"), line.pop("sequence_start"), line.pop("sequence_end")) for line in lines
        ] == turns
        assert lines == [json.loads(line) for line in plain.splitlines()]

    def test_offlines_query_is_a_line_a_request_and_all_are_due_at_once(self, tmp_path, capsys):
        path = written_load(tmp_path, "Offline", "samplesPerRequest: 7, targetQPS: 40, workers: 3")
        queries = [json.loads(line) for line in ended(capsys, "stream", path, "--json")[1].splitlines()]

        assert [sample for query in queries for sample in query["samples"]] == make_stream(
            plan_of(path).stream
        ).sample.tolist()
        assert {query["scheduled_ns"] for query in queries} == {0}
        assert [query["worker"] for query in queries] == [i % 3 for i in range(len(queries))]

    def test_a_second_worker_where_one_query_is_open_is_refused(self, tmp_path, capsys):
        path = written_load(tmp_path, "SingleStream", "")
        code, _, err = ended(capsys, "stream", path, "--workers", 2)

        assert code == 2
        assert err.startswith(f"{path} with --workers 2: spec.load.workers: `2` does not fit scenario SingleStream")

    @pytest.mark.parametrize("option", ["--workers", "--limit"])
    def test_a_number_below_one_is_refused(self, tmp_path, capsys, option):
        assert ended(capsys, "stream", written(tmp_path), option, 0) == (
            2,
            "",
            f"{option} is 0, which is below 1. hint: give a whole number from 1\n",
        )

    def test_a_spec_whose_samples_are_nowhere_is_refused_since_their_number_is_needed(self, tmp_path, capsys):
        code, _, err = ended(capsys, "stream", written(tmp_path, QUICKSTART))

        assert code == 2
        assert "there is no ConfigMap `quickstart-samples`" in err

    def test_a_reader_that_leaves_ends_it_quietly(self, tmp_path):
        path = written(tmp_path, SYNTHETIC.replace("targetQPS: 40", "targetQPS: 9000"))
        reader, writer = os.pipe()
        os.close(reader)
        command = [sys.executable, "-m", "inferometer_loadgen", "stream", str(path), "--json"]
        process = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
        os.close(writer)

        assert (process.returncode, process.stderr) == (exit_codes.ExitCode.PIPE_CLOSED, b"")


class TestReplay:
    LOAD = "latencyBound: 200ms, workers: 2, replay: {configMap: {name: times}}"

    def spec_with(self, folder, times):
        path = written_load(folder, "Replay", self.LOAD)
        lines = "".join(f"    {line}\n" for line in times.split())
        written(folder, f"kind: ConfigMap\nmetadata: {{name: times}}\ndata:\n  times.csv: |\n{lines}", "times.yaml")
        return path

    def test_what_a_recording_will_do_is_said_beforehand(self, tmp_path, capsys):
        path = self.spec_with(tmp_path, "10 10 10.25 12")

        assert ended(capsys, "validate", path) == (
            0,
            "",
            (
                f"{path}: valid: Replay, 4 queries in 2.0 s as recorded, p99 within 200 ms; 2 workers, 2 replicas, "
                "4 connections; 64 synthetic samples\n"
            ),
        )

    def test_a_recording_that_outlasts_the_active_deadline_is_refused_with_both(self, tmp_path, capsys):
        path = self.spec_with(tmp_path, "10 10 10.25 75")
        path.write_text(path.read_text() + "  runPolicy: {activeDeadline: 1m}\n")

        assert ended(capsys, "validate", path) == (
            2,
            "",
            (
                f"{path}: spec.runPolicy.activeDeadline: `1m` is over before warmup `2s` and the recording, which "
                "lasts 65.0 s, are. hint: allow that, and some minutes more for servers to start, "
                "or replay a part of it\n"
            ),
        )

    def test_its_stream_has_the_recorded_times_from_the_first_on(self, tmp_path, capsys):
        path = self.spec_with(tmp_path, "10 10 10.25 12")

        lines = ended(capsys, "stream", path, "--json")[1].splitlines()
        assert [json.loads(line)["scheduled_ns"] for line in lines] == [0, 0, 250_000_000, 2_000_000_000]
        assert (
            "Replay  4 queries of 64 samples, as recorded, 1.5/s, the last due after 2.0 s"
            in (ended(capsys, "stream", path)[2])
        )

    def test_a_file_of_times_stands_in_for_the_config_map(self, tmp_path, capsys):
        path, times = self.spec_with(tmp_path, "10 11"), written(tmp_path, "0\n1\n3\n", "other.csv")

        assert "3 queries in 3.0 s as recorded" in ended(capsys, "validate", "--times", times, path)[2]
        assert len(ended(capsys, "stream", path, "--times", times, "--json")[1].splitlines()) == 3

    def test_a_line_that_is_wrong_is_named_with_its_source(self, tmp_path, capsys):
        path, times = self.spec_with(tmp_path, "0 1 0.5"), written(tmp_path, "0\nsoon\n", "other.csv")

        said = "line 3: `0.5` is before `1` of the line above. hint: sort the times\n"
        assert ended(capsys, "validate", path) == (2, "", f"ConfigMap `times`, times.csv: {said}")
        said = "line 2: `soon` is no number. hint: write a time a line, in seconds, such as 0.25\n"
        assert ended(capsys, "stream", path, "--times", times) == (2, "", f"{times}: {said}")

    def test_a_recording_that_is_only_in_the_cluster_is_judged_there(self, tmp_path, capsys):
        path = written_load(tmp_path, "Replay", self.LOAD)

        assert ended(capsys, "validate", path)[0] == 0
        code, _, err = ended(capsys, "stream", path)
        assert code == 2
        assert "spec.load.replay.configMap.name: there is no ConfigMap `times` in this file" in err
        assert "kubectl create configmap times --from-file=times.csv" in err

    def test_times_for_a_scenario_that_replays_none_are_refused(self, tmp_path, capsys):
        times = written(tmp_path, "0\n", "times.csv")

        assert ended(capsys, "validate", "--times", times, written(tmp_path)) == (
            2,
            "",
            f"--times {times}: scenario Server replays no times. hint: leave it out\n",
        )


class TestReport:
    @pytest.mark.parametrize(("verdict", "code"), [("Valid", 0), ("Invalid", 3), ("Inconclusive", 3)])
    @pytest.mark.parametrize("name", ["report.json", "report.json.gz"])
    def test_a_report_is_shown_and_ends_with_its_verdicts_code(self, tmp_path, capsys, name, verdict, code):
        data = schema.encode(a_report(verdict=verdict))
        path = tmp_path / name
        path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)

        shown = ended(capsys, "report", path)
        assert shown[:2] == (code, "")
        assert shown[2].startswith(f"{verdict.upper()}   40.1 samples/s")
        assert shown[2].endswith(f"report: {path}\n")
        assert ended(capsys, "report", tmp_path) == shown

    def test_json_is_the_report_itself(self, tmp_path, capsys):
        path = tmp_path / "report.json.gz"
        path.write_bytes(gzip.compress(schema.encode(a_report())))

        _, out, err = ended(capsys, "report", path, "--json")
        assert (schema.decode(out.encode()), err) == (a_report(), "")

    @pytest.mark.parametrize(
        ("data", "expected"),
        [
            pytest.param(b"{}", "is no report: Object missing required field", id="another object"),
            pytest.param(b"hello", "is no report: JSON is malformed", id="no JSON"),
            pytest.param(gzip.compress(b"{}")[:-4], "cannot be unpacked: ", id="cut short"),
        ],
    )
    def test_what_is_no_report_is_refused(self, tmp_path, capsys, data, expected):
        path = tmp_path / "report.json"
        path.write_bytes(data)

        code, out, err = ended(capsys, "report", path)
        assert (code, out) == (2, "")
        assert err.startswith(f"{path}: {expected}")
        assert "hint:" in err

    def test_a_folder_without_a_report_is_refused(self, tmp_path, capsys):
        assert ended(capsys, "report", tmp_path)[2].startswith(f"{tmp_path}: holds neither report.json nor")


class TestTheCommandAsAWhole:
    def test_every_verb_is_in_the_help_with_the_exit_codes(self, capsys):
        with pytest.raises(SystemExit) as caught:
            cli.main(["--help"])

        assert caught.value.code == 0
        text = capsys.readouterr().out
        assert [verb for verb in cli.VERBS if f"\n    {verb} " not in text] == []
        assert "0 valid, 3 invalid or inconclusive, 2 bad input, 1 failed, 130 Ctrl-C" in " ".join(text.split())

    @pytest.mark.parametrize("argv", [[], ["frobnicate"], ["validate"], ["stream", "--json"]])
    def test_arguments_that_make_no_sense_end_with_bad_input(self, argv, capsys):
        with pytest.raises(SystemExit) as caught:
            cli.main(argv)

        assert caught.value.code == exit_codes.ExitCode.BAD_INPUT
        assert "usage: inferometer" in capsys.readouterr().err

    def test_ctrl_c_ends_with_130(self, monkeypatch, tmp_path):
        def interrupted(_args):
            raise KeyboardInterrupt

        monkeypatch.setattr("inferometer_loadgen.commands.validate.execute", interrupted)
        assert cli.main(["validate", str(tmp_path)]) == 130

    def test_a_fault_of_ours_is_not_dressed_up_as_the_users(self, monkeypatch, tmp_path):
        def faulty(_args):
            raise ZeroDivisionError

        monkeypatch.setattr("inferometer_loadgen.commands.validate.execute", faulty)
        with pytest.raises(ZeroDivisionError):
            cli.main(["validate", str(tmp_path)])

    @pytest.mark.parametrize("verb", ["validate", "stream", "report"])
    def test_a_quick_verb_does_without_the_libraries_of_a_run(self, verb):
        program = (
            "import sys; from inferometer_loadgen import cli\n"
            f"try: cli.main(['{verb}', '/nowhere'])\n"
            "except SystemExit: pass\n"
            "print(sorted({'tritonclient', 'aiohttp', 'rich', 'asyncio'} & sys.modules.keys()))"
        )
        process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

        assert process.stdout == "[]\n"
