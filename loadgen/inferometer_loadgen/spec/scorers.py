"""What a user may say of a scorer beyond its name."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from inferometer_loadgen.spec.base import SpecStruct
from inferometer_loadgen.spec.units import Duration

TensorName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        pattern=r"^[A-Za-z0-9_.:/-]+$",
        extra={"form": "a tensor's name: letters, digits and _ . : / -"},
    ),
]
Tokenize = Literal["13a", "intl", "char", "none"]
TOKENIZE_MEANS = (
    "bleu: how sacrebleu splits texts into words: 13a as WMT does (if left out), intl by Unicode's classes, char into "
    "characters, none at spaces, of texts that are split already as those of MLPerf's gnmt are."
)


class Detections(SpecStruct, frozen=True, kw_only=True):
    """A sample's detected objects, as the model's outputs tell them: the same number of each."""

    boxes: Annotated[TensorName, Meta(description="The output with four numbers for each object.")]
    classes: Annotated[TensorName, Meta(description="The output with the class of each.")]
    scores: Annotated[TensorName, Meta(description="The output with how sure the model is of each.")]
    count: (
        Annotated[TensorName, Meta(description="The output that says how many objects there are; all if left out.")]
        | UnsetType
    ) = UNSET
    box_format: Annotated[
        Literal["YXYX", "XYXY", "XYWH"],
        Meta(
            description="The order of a box's numbers: YXYX and XYXY are two corners, the upper left one first; XYWH "
            "is that corner, the width and the height."
        ),
    ] = "YXYX"
    box_unit: Annotated[
        Literal["Relative", "Pixels"],
        Meta(description="Relative: a box's numbers are shares of the image's sides. Pixels: of the original image."),
    ] = "Relative"
    categories: Annotated[
        Literal["Ids", "Numbers"],
        Meta(
            description="Ids: a class is COCO's own number of the category, 1 to 90. Numbers: the place of the "
            "category in the annotations' list, 1 to 80."
        ),
    ] = "Ids"
    min_score: Annotated[
        float, Meta(ge=0, le=1, description="Objects of which the model is less sure do not count.")
    ] = 0.0


Argument = Annotated[str, Meta(max_length=4096)]


class ScorerCommand(SpecStruct, frozen=True, kw_only=True):
    """A program that reads the answers from a file and prints a score."""

    run: Annotated[
        tuple[Argument, ...],
        Meta(
            min_length=1,
            max_length=64,
            description="The program and its arguments; the file with the answers is one more. It prints "
            '{"metric": NAME, "value": NUMBER, "details": {NAME: NUMBER}} and ends with 0.',
        ),
    ]
    timeout: Annotated[Duration, Meta(description="It is stopped after this time.")] = "10m"
