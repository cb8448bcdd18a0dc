"""What a user may ask of one benchmark, as frozen classes that know their own bounds."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from inferometer_loadgen.spec.base import SpecStruct
from inferometer_loadgen.spec.load import Load
from inferometer_loadgen.spec.policy import RunPolicy
from inferometer_loadgen.spec.repeat import Repeat
from inferometer_loadgen.spec.scorers import TOKENIZE_MEANS, Detections, ScorerCommand, TensorName, Tokenize
from inferometer_loadgen.spec.target import Target
from inferometer_loadgen.spec.units import Duration

ParameterName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        pattern=r"^[A-Za-z0-9_.-]+$",
        extra={"form": "a parameter's name: letters, digits and _ . -"},
    ),
]
type _WholeNumber = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
type _Text = Annotated[str, Meta(max_length=4096)]
ParameterValue = Annotated[_WholeNumber | _Text, Meta(extra={"form": "a text or a whole number"})]
Dimension = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class ModelInput(SpecStruct, frozen=True, kw_only=True):
    """What the spec fixes about one input of the model."""

    shape: (
        Annotated[
            tuple[Dimension, ...],
            Meta(max_length=16, description="One sample's shape, where the model leaves a dimension open (-1)."),
        ]
        | UnsetType
    ) = UNSET
    min: Annotated[float, Meta(description="The least value that is drawn; 0 if left out.")] | UnsetType = UNSET
    max: (
        Annotated[
            float,
            Meta(
                description="The largest value that is drawn; if left out 127 of integers, and for floats everything "
                "below 1."
            ),
        ]
        | UnsetType
    ) = UNSET
    text_bytes: (
        Annotated[
            int, Meta(ge=0, le=1_048_576, description="The length of each text of an input of BYTES; 16 if left out.")
        ]
        | UnsetType
    ) = UNSET


class Model(SpecStruct, frozen=True, kw_only=True):
    """The model that is asked."""

    name: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=128,
            pattern=r"^[A-Za-z0-9_.:-]+$",
            description="Its name in the repository.",
            extra={"form": "a model's name: letters, digits and _ . : -"},
        ),
    ]
    version: Annotated[
        str,
        Meta(
            max_length=20,
            pattern=r"^[0-9]*$",
            description="Its version; the server's choice if left out.",
            extra={"form": 'a version, which is a number in quotes, such as "1"'},
        ),
    ] = ""
    inputs: Annotated[
        dict[TensorName, ModelInput],
        Meta(
            max_length=64,
            description="Of synthetic samples: the shapes of inputs that the model leaves open, and the range of their "
            "values.",
        ),
    ] = {}
    parameters: Annotated[
        dict[ParameterName, ParameterValue],
        Meta(max_length=32, description="Parameters that are sent with every request, for the model's backend."),
    ] = {}


class Metrics(SpecStruct, frozen=True, kw_only=True):
    """How the servers are observed."""

    interval: Annotated[Duration, Meta(description="Time between two scrapes of each server's metrics.")] = "1s"


class Accuracy(SpecStruct, frozen=True, kw_only=True):
    """How the answers are scored, and how good they must be."""

    scorer: Annotated[
        Literal["top1", "coco-map", "bleu", "command"],
        Meta(
            description="top1: the share of samples whose most likely class is their label, an array `label:class` of "
            "the npz. coco-map: the mean average precision of detected objects, against `label:annotations`. bleu: how "
            "near translations are to `label:text`. command: a program of your own, in the shell only. "
            "docs/accuracy.md says more."
        ),
    ]
    output: (
        Annotated[
            TensorName, Meta(description="top1, bleu: the model's output that is scored; its only one if left out.")
        ]
        | UnsetType
    ) = UNSET
    label_offset: (
        Annotated[
            int,
            Meta(
                ge=-1_000_000,
                le=1_000_000,
                description="top1, coco-map: what is added to a label to make it the class that the model means, such "
                "as 1 where its class 0 is the background; 0 if left out.",
            ),
        ]
        | UnsetType
    ) = UNSET
    detections: (
        Annotated[Detections, Meta(description="coco-map: which outputs are the detected objects.")] | UnsetType
    ) = UNSET
    tokenize: Annotated[Tokenize, Meta(description=TOKENIZE_MEANS)] | UnsetType = UNSET
    command: Annotated[ScorerCommand, Meta(description="command: the program that scores the answers.")] | UnsetType = (
        UNSET
    )
    target: (
        Annotated[
            float,
            Meta(
                ge=0,
                le=1_000_000,
                description="The least score for the run to be valid: of top1 and coco-map a share such as 0.757, of "
                "bleu from 0 to 100; if left out that of `rules`, where the scorer is theirs. Without one the score is "
                "only reported.",
            ),
        ]
        | UnsetType
    ) = UNSET


class BenchmarkSpec(SpecStruct, frozen=True, kw_only=True):
    """A system under test, a load and what is expected. Only suspend (before the start) and cancel ever change."""

    target: Annotated[Target, Meta(description="The system under test.")]
    model: Annotated[Model, Meta(description="The model that is asked.")]
    load: Annotated[Load, Meta(description="The load, and what is expected of the answers.")]
    scenario: Annotated[
        Literal["SingleStream", "MultiStream", "Server", "Offline", "Concurrency", "Replay"],
        Meta(
            description="What makes a query go. Server: random times, whether or not earlier ones are answered. "
            "SingleStream: the answer to the one before. MultiStream: the same, with several samples a query. Offline: "
            "all samples at once, as one query. Concurrency: an answer, so that the same number is always open. "
            "Replay: the times of a recording of your own, judged as Server is."
        ),
    ] = "Server"
    rules: Annotated[
        str,
        Meta(
            pattern=r"^(custom|mlperf-v[0-9]{1,3}\.[0-9]{1,3})$",
            max_length=32,
            description="The edition of the MLPerf rules, such as mlperf-v6.1: with task and scenario it fills what "
            "`load` leaves out, and names what differs. custom holds the load against no edition.",
            extra={"form": "custom, or an edition of the MLPerf rules, such as mlperf-v6.1"},
        ),
    ] = "custom"
    task: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=64,
                pattern=r"^[a-z0-9][a-z0-9.-]*$",
                description="The task of `rules`, such as resnet50.",
                extra={"form": "a task's name, such as resnet50"},
            ),
        ]
        | UnsetType
    ) = UNSET
    mode: Annotated[
        Literal["Performance", "Accuracy", "PerformanceAndAccuracy", "Audit"],
        Meta(
            description="Performance: the load is measured. Accuracy: each sample is sent once, whatever minDuration "
            "and minQueries say, and the answers are scored; no latency is judged. PerformanceAndAccuracy: the one "
            "after the other, on the same servers; valid only if both are. Audit: a compliance test of MLPerf's, with "
            "the performance that it is held against."
        ),
    ] = "Performance"
    audit: (
        Annotated[
            Literal["TEST01", "TEST04", "TEST05"],
            Meta(
                description="Audit: which test. TEST01: answers given while performance is measured are those of an "
                "accuracy run. TEST04: the same sample again and again is answered no faster. TEST05: with other seeds "
                "the system is as fast."
            ),
        ]
        | UnsetType
    ) = UNSET
    accuracy: (
        Annotated[
            Accuracy,
            Meta(
                description="Accuracy and PerformanceAndAccuracy: how the answers are scored. Audit, TEST01: how those "
                "are that differ, where there are any."
            ),
        ]
        | UnsetType
    ) = UNSET
    metrics: Annotated[Metrics, Meta(description="How the servers are observed.")] = Metrics()
    repeat: (
        Annotated[Repeat, Meta(description="Measures the same load several times in one run; once if left out.")]
        | UnsetType
    ) = UNSET
    run_policy: Annotated[RunPolicy, Meta(description="How long the run may take, and what stays of it.")] = RunPolicy()
    suspend: Annotated[
        bool,
        Meta(
            description="While true nothing of the run exists: nothing is created, and what was created is deleted. "
            "Setting it to false starts the run. It can't be set to true after the load was started; use `cancel`."
        ),
    ] = False
    cancel: Annotated[
        bool,
        Meta(
            description="Set to true it ends the run now, and can't be taken back: what was measured is reported if "
            "that takes no more than 10 s, then all is deleted and the run has failed with the reason Cancelled. "
            "A run whose load has already ended keeps its verdict if the report comes within these 10 s."
        ),
    ] = False
