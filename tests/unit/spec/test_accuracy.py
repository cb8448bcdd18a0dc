"""Mode Accuracy: what it needs, what it refuses, and the plan that is made of it."""

import numpy as np
import pytest

from inferometer_loadgen.plan import DetectionsPlan, ScorerCommandPlan, ScorerPlan, as_accuracy
from inferometer_loadgen.spec import LibraryFacts, resolve
from inferometer_loadgen.spec.decode import decode_object
from inferometer_loadgen.stream import make_stream
from unit.spec.specs import an_object

NPZ = {"configMap": {"name": "files"}}


def an_accuracy_run(*, scenario="Server", data=None, mode="Accuracy", accuracy=None, **load):
    benchmark = an_object()
    spec = benchmark["spec"]
    spec |= {"scenario": scenario, "mode": mode, "accuracy": {"scorer": "top1"} if accuracy is None else accuracy}
    spec["load"] |= {"data": data or NPZ, **load}
    return benchmark


def without_accuracy(benchmark):
    del benchmark["spec"]["accuracy"]
    return benchmark


def test_each_sample_is_asked_for_once_and_no_time_is_judged():
    benchmark = an_accuracy_run(accuracy={"scorer": "top1", "output": "probs", "labelOffset": 1, "target": 0.757})
    spec, errors = decode_object(benchmark)
    assert errors == ()
    assert spec is not None

    plan = resolve("one", spec, LibraryFacts(samples=50, sha256="ab" * 32))

    assert plan.scorer == ScorerPlan(kind="top1", output="probs", label_offset=1)
    assert plan.judge.accuracy_target == 0.757
    assert (plan.judge.latency_bound_ns, plan.judge.min_duration_ns, plan.judge.min_queries) == (0, 0, 1)
    assert sorted(make_stream(plan.stream).sample.tolist()) == list(np.arange(50))


def test_both_is_the_plan_of_the_load_with_how_its_answers_are_scored():
    spec, errors = decode_object(an_accuracy_run(mode="PerformanceAndAccuracy"))
    assert errors == ()
    assert spec is not None

    plan = resolve("one", spec, LibraryFacts(samples=50, sha256="ab" * 32))

    assert (plan.mode, plan.scorer) == ("PerformanceAndAccuracy", ScorerPlan(kind="top1"))
    assert (plan.stream.mode, plan.judge.latency_bound_ns) == ("Performance", 100_000_000)
    assert as_accuracy(plan).stream.mode == "Accuracy"


@pytest.mark.parametrize(
    ("field", "value"),
    [("repeat", {"count": 3}), ("runPolicy", {"activeDeadline": "1h"})],
    ids=lambda value: str(value),
)
def test_both_may_be_repeated_and_bounded(field, value):
    benchmark = an_accuracy_run(mode="PerformanceAndAccuracy")
    benchmark["spec"][field] = value

    assert decode_object(benchmark)[1] == ()


@pytest.mark.parametrize(
    ("benchmark", "path", "remedy"),
    [
        (without_accuracy(an_accuracy_run(mode="PerformanceAndAccuracy")), "spec.accuracy: is missing", "add it"),
        (
            an_accuracy_run(mode="PerformanceAndAccuracy", data={"synthetic": {}}),
            "spec.load.data.synthetic: has no right answers",
            "configMap",
        ),
        (without_accuracy(an_accuracy_run()), "spec.accuracy: is missing", "add it"),
        (an_accuracy_run(mode="Performance"), "spec.accuracy: means nothing", "set spec.mode to Accuracy or"),
        (an_accuracy_run(data={"synthetic": {}}), "spec.load.data.synthetic: has no right answers", "configMap"),
        (
            an_accuracy_run(data={"configMap": {"name": "texts", "format": "kserve-json"}}),
            "spec.load.data.configMap.format: `kserve-json` holds no labels",
            "label:NAME",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_remedy(benchmark, path, remedy):
    (error,) = decode_object(benchmark)[1]

    assert str(error).startswith(path)
    assert remedy in str(error).partition("hint: ")[2]


@pytest.mark.parametrize("scenario", ["Concurrency", "Replay"])
def test_scenarios_that_do_not_ask_for_each_sample_once_are_refused(scenario):
    errors = decode_object(an_accuracy_run(scenario=scenario))[1]

    assert f"`Accuracy` does not fit scenario {scenario}" in " ".join(map(str, errors))


DETECTIONS = {"boxes": "b", "classes": "c", "scores": "s"}


@pytest.mark.parametrize(
    ("accuracy", "plan"),
    [
        (
            {"scorer": "coco-map", "detections": DETECTIONS | {"count": "n", "boxFormat": "XYXY", "minScore": 0.05}},
            ScorerPlan(
                kind="coco-map",
                detections=DetectionsPlan(
                    boxes="b", classes="c", scores="s", count="n", box_format="XYXY", min_score=0.05
                ),
            ),
        ),
        (
            {"scorer": "bleu", "tokenize": "none", "output": "t", "target": 23.661},
            ScorerPlan(kind="bleu", tokenize="none", output="t"),
        ),
        (
            {"scorer": "command", "command": {"run": ["python3", "score.py"], "timeout": "90s"}, "target": 4000},
            ScorerPlan(
                kind="command", command=ScorerCommandPlan(run=("python3", "score.py"), timeout_ns=90_000_000_000)
            ),
        ),
    ],
)
def test_each_scorer_has_its_own_plan(accuracy, plan):
    spec, errors = decode_object(an_accuracy_run(accuracy=accuracy))
    assert errors == ()
    assert spec is not None

    made = resolve("one", spec, LibraryFacts(samples=50, sha256="ab" * 32))

    assert made.scorer == plan
    assert made.judge.accuracy_target == accuracy.get("target")


@pytest.mark.parametrize(
    ("accuracy", "words"),
    [
        ({"scorer": "coco-map"}, "spec.accuracy.detections: is missing, and scorer coco-map needs it"),
        ({"scorer": "command"}, "spec.accuracy.command: is missing, and scorer command needs it"),
        ({"scorer": "top1", "detections": DETECTIONS}, "spec.accuracy.detections: means nothing to scorer top1"),
        ({"scorer": "top1", "tokenize": "none"}, "use scorer bleu"),
        ({"scorer": "bleu", "labelOffset": 1}, "use scorer top1 or coco-map"),
        ({"scorer": "bleu", "command": {"run": ["x"]}}, "spec.accuracy.command: means nothing to scorer bleu"),
        ({"scorer": "coco-map", "detections": DETECTIONS, "output": "b"}, "use scorer top1 or bleu"),
        ({"scorer": "command", "command": {"run": ["x"], "timeout": "0s"}}, "`0s` leaves no time"),
        ({"scorer": "top1", "target": 76.46}, "`76.46` is above 1, the best that top1 can be"),
        ({"scorer": "bleu", "target": 239}, "`239` is above 100, the best that bleu can be"),
    ],
)
def test_what_is_another_scorers_or_out_of_reach_is_refused(accuracy, words):
    (error,) = decode_object(an_accuracy_run(accuracy=accuracy))[1]

    assert words in str(error)


def test_an_edition_fills_how_often_the_load_is_measured_before_its_answers_are_scored():
    benchmark = an_accuracy_run(mode="PerformanceAndAccuracy")
    benchmark["spec"] |= {"rules": "mlperf-v0.5", "task": "resnet50"}
    del benchmark["spec"]["load"]["latencyBound"]
    spec, errors = decode_object(benchmark)
    assert errors == ()
    assert spec is not None

    plan = resolve("one", spec, LibraryFacts(samples=50_000, sha256="ab" * 32))

    assert plan.repeat is not None
    assert plan.repeat.count == 5
    assert plan.deviations == ()
