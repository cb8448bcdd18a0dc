"""A user's own scorer: what it gets, what it may say, and how it ends when it does neither."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from inferometer_loadgen.datasets.scoring import Answer, ScoringError, score
from inferometer_loadgen.plan import ScorerCommandPlan, ScorerPlan
from integration.loadgen.cheats import honest, serving
from integration.loadgen.recorder import MODEL, write_numbered_samples
from integration.loadgen.shell import report_in, running
from integration.loadgen.specs import write_spec

ANSWERS = [Answer(sample, {"x": np.array([sample, 0.5], np.float32)}) for sample in range(3)]
LABELS = {"class": np.array([0, 1, 5])}


def by(program: str, timeout_s: float = 20) -> ScorerPlan:
    run = (sys.executable, "-c", program)
    return ScorerPlan(kind="command", command=ScorerCommandPlan(run=run, timeout_ns=int(timeout_s * 1e9)))


COUNT = """
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
right = sum(line["outputs"]["x"]["data"][0] == line["labels"]["class"] for line in lines)
print(json.dumps({"metric": "right", "value": right, "details": {"of": len(lines)}}))
"""


def test_it_reads_each_answer_with_its_labels_and_its_score_is_the_runs(tmp_path: Path) -> None:
    found = score(by(COUNT), ANSWERS, LABELS, tmp_path)

    assert (found.metric, found.value, found.samples, found.details) == ("right", 2.0, 3, {"of": 3.0})


def test_the_answers_are_kservs_json_a_line_a_sample(tmp_path: Path) -> None:
    text = np.empty(2, dtype=object)
    text[:] = [b"gr\xc3\xbcn", b"b"]
    raw = np.array([b"\xff"], dtype=object)
    answers = [Answer(4, {"text": text, "raw": raw, "nan": np.array([[np.nan, 1.0]], np.float32)})]
    labels = {"text": np.array([b"x"] * 5, dtype=object), "ids": np.arange(10).reshape(5, 2)}

    score(by('print(\'{"metric": "m", "value": 1}\')'), answers, labels, tmp_path)

    (line,) = (tmp_path / "answers.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "sample": 4,
        "outputs": {
            "text": {"datatype": "BYTES", "shape": [2], "data": ["grün", "b"]},
            "raw": {"datatype": "BYTES", "shape": [1], "b64": ["/w=="]},
            "nan": {"datatype": "FP32", "shape": [1, 2], "data": [None, 1.0]},
        },
        "labels": {"text": "x", "ids": [8, 9]},
    }


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import sys; print('out of luck', file=sys.stderr); sys.exit(7)", "ended with 7; its last words: out of luck"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "was killed by signal 11"),
        ("print('fine')", "printed no score"),
        ('print(\'{"metric": "m"}\')', "missing required field `value`"),
        ('print(\'{"metric": "m", "value": NaN}\')', "printed no score"),
        ('print(\'{"metric": "", "value": 1}\')', "no name of up to 64 characters"),
        ("import sys\nwhile True: sys.stdout.write('x' * 65536)", "printed more than 65,536 bytes"),
    ],
)
def test_a_program_without_a_score_is_told_with_its_last_words(tmp_path: Path, program: str, words: str) -> None:
    with pytest.raises(ScoringError) as raised:
        score(by(program), ANSWERS, LABELS, tmp_path)

    assert str(raised.value).startswith("spec.accuracy.command ")
    assert words in str(raised.value)


def test_at_its_timeout_it_is_killed_with_what_it_has_started(tmp_path: Path) -> None:
    started = tmp_path / "started"
    program = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(started)!r}, 'w').write(str(child.pid))\n"
        "print('thinking', file=sys.stderr, flush=True)\n"
        "time.sleep(600)\n"
    )

    with pytest.raises(ScoringError, match="took longer than 6 s, its timeout; its last words: thinking"):
        score(by(program, 6), ANSWERS, LABELS, tmp_path)

    assert is_gone(int(started.read_text()))


LEAVING = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
open(sys.argv[1] + ".pid", "w").write(str(child.pid))
print('{"metric": "m", "value": 1}')
"""


def test_one_that_leaves_a_process_with_its_output_behind_is_not_waited_for(tmp_path: Path) -> None:
    began_s = time.monotonic()
    try:
        found = score(by(LEAVING, 300), ANSWERS, LABELS, tmp_path)
    finally:
        os.kill(int((tmp_path / "answers.jsonl.pid").read_text()), signal.SIGKILL)

    assert found.value == 1
    assert time.monotonic() - began_s < 300


def test_a_run_that_is_called_off_while_it_scores_ends_at_once_and_says_so(tmp_path: Path) -> None:
    write_numbered_samples(tmp_path / "samples.npz", 20)
    spec = write_spec(tmp_path, model=MODEL, warmup="0s", data={"configMap": {"name": "samples"}})
    document = yaml.safe_load(spec.read_text())
    started = tmp_path / "started"
    sleeping = ["sh", "-c", f"echo $$ > {started}.new; mv {started}.new {started}; exec sleep 3600"]
    command = {"run": sleeping, "timeout": "1h"}
    document["spec"] |= {"mode": "Accuracy", "accuracy": {"scorer": "command", "command": command}}
    spec.write_text(yaml.safe_dump(document))
    with serving(honest()) as server:
        at = ("--endpoint", server.url, "--data", str(tmp_path / "samples.npz"), "-o", str(tmp_path))
        with running("run", str(spec), *at) as run:
            await_file(started)
            run.send_signal(signal.SIGINT)
            said = run.communicate(timeout=60)[1]

    assert is_gone(int(started.read_text()))
    (reason,) = report_in(tmp_path).reasons
    assert reason.type == "AccuracyNotScored", said
    assert "spec.accuracy.command was stopped, since the run was called off" in reason.message


def await_file(path: Path) -> None:
    until = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < until, f"{path} is not there"
        time.sleep(0.05)  # the pace of looking


def is_gone(pid: int) -> bool:
    """Whether it ends within seconds: it was killed, and somebody must still take note."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        os.sched_yield()
    return False


@pytest.mark.parametrize(("argument", "words"), [("x", "No such file"), ("\0", "embedded null byte")])
def test_a_program_that_cannot_be_started_is_named(tmp_path: Path, argument: str, words: str) -> None:
    plan = ScorerPlan(kind="command", command=ScorerCommandPlan(run=("/no/such/scorer", argument), timeout_ns=10**9))

    with pytest.raises(ScoringError, match=f"can't be started: /no/such/scorer: {words}"):
        score(plan, ANSWERS, LABELS, tmp_path)


def test_answers_for_which_there_is_no_room_are_told_and_the_run_keeps_its_report(tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").symlink_to("/dev/full")

    with pytest.raises(ScoringError, match=r"answers\.jsonl: can't be written: No space left on device; make room"):
        score(by(COUNT), ANSWERS, LABELS, tmp_path)


def test_without_a_folder_for_the_answers_as_in_a_cluster_nothing_is_run() -> None:
    with pytest.raises(ScoringError, match="runs in the shell only"):
        score(by(COUNT), ANSWERS, LABELS)


def test_a_sample_without_its_label_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScoringError, match="sample 2 has no label: `label:class` has 2"):
        score(by(COUNT), ANSWERS, {"class": np.array([0, 1])}, tmp_path)
