"""A model for each task of the rule packs: tensors with the names, types and shapes of the task's own, and no network.

Names and shapes are those of MLPerf's reference models (v0.5's image tasks: the ONNX or TensorFlow graphs that its
classification_and_detection scripts name; bert, yolo11l: their ONNX files; 3d-unet: KiTS19's window; dlrm-v3: the
features of its synthetic data set). Where the reference is no graph with named tensors (gnmt, sdxl) the names are ours.
An answer is zeros of the right shape.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from inferometer_dev.paths import DEV

MODEL = DEV / "models" / "stand-in" / "1" / "model.py"
ANY = -1
"""A dimension that the model leaves open."""
HISTORY, CANDIDATES = 1_024, 2_048
"""dlrm-v3: what a user did so far, and the items that are ranked in a query."""


@dataclass(frozen=True)
class Tensor:
    """One input or output, without the batch."""

    name: str
    datatype: str
    dims: tuple[int, ...]


@dataclass(frozen=True)
class StandIn:
    """A task's model, and the shape that a sample has where the model leaves it open."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    shapes: dict[str, list[int]]


def _stand_in(inputs: list[Tensor], outputs: list[Tensor], shapes: dict[str, list[int]] | None = None) -> StandIn:
    return StandIn(tuple(inputs), tuple(outputs), shapes or {})


_USER = ("item_id", "item_rating", "action_timestamp", "item_weights", "dummy_watch_time", "item_category_id")
_ITEMS = ("item_candidate_id", "item_candidate_category_id", "item_query_time")

STAND_INS: dict[str, StandIn] = {
    "resnet50": _stand_in(
        [Tensor("input_tensor:0", "FP32", (3, 224, 224))],
        [Tensor("ArgMax:0", "INT64", (1,)), Tensor("softmax_tensor:0", "FP32", (1_001,))],
    ),
    "mobilenet": _stand_in(
        [Tensor("input:0", "FP32", (224, 224, 3))],
        [Tensor("MobilenetV1/Predictions/Reshape_1:0", "FP32", (1_001,))],
    ),
    "ssd-mobilenet": _stand_in(
        [Tensor("image_tensor:0", "UINT8", (300, 300, 3))],
        [
            Tensor("num_detections:0", "FP32", (1,)),
            Tensor("detection_boxes:0", "FP32", (100, 4)),
            Tensor("detection_scores:0", "FP32", (100,)),
            Tensor("detection_classes:0", "FP32", (100,)),
        ],
    ),
    "ssd-resnet34": _stand_in(
        [Tensor("image", "FP32", (3, 1_200, 1_200))],
        [
            Tensor("bboxes", "FP32", (200, 4)),
            Tensor("labels", "INT64", (200,)),
            Tensor("scores", "FP32", (200,)),
        ],
    ),
    "gnmt": _stand_in(
        [Tensor("source_tokens", "INT32", (ANY,)), Tensor("source_length", "INT32", (1,))],
        [Tensor("target_tokens", "INT32", (80,))],
        {"source_tokens": [25]},
    ),
    "yolo11l": _stand_in([Tensor("images", "FP32", (3, 640, 640))], [Tensor("output0", "FP32", (84, 8_400))]),
    "bert": _stand_in(
        [Tensor(name, "INT64", (384,)) for name in ("input_ids", "input_mask", "segment_ids")],
        [Tensor(name, "FP32", (384,)) for name in ("output_start_logits", "output_end_logits")],
    ),
    "3d-unet": _stand_in([Tensor("input", "FP32", (1, 128, 128, 128))], [Tensor("output", "FP32", (3, 128, 128, 128))]),
    "sdxl": _stand_in(
        [
            Tensor("prompt_tokens", "INT64", (77,)),
            Tensor("prompt_tokens_2", "INT64", (77,)),
            Tensor("latents", "FP16", (4, 128, 128)),
        ],
        [Tensor("image", "UINT8", (1_024, 1_024, 3))],
    ),
    "dlrm-v3": _stand_in(
        [
            Tensor("user_id", "INT64", (1,)),
            *(Tensor(name, "INT64", (ANY,)) for name in _USER),
            *(Tensor(name, "INT64", (CANDIDATES,)) for name in _ITEMS),
        ],
        [Tensor("rating", "FP32", (CANDIDATES,))],
        {name: [HISTORY] for name in _USER},
    ),
}


def write_repository(folder: Path) -> Path:
    """A model repository with all of them."""
    for name, model in STAND_INS.items():
        version = folder / name / "1"
        version.mkdir(parents=True)
        shutil.copyfile(MODEL, version / "model.py")
        (folder / name / "config.pbtxt").write_text(_config(name, model))
    return folder


def _config(name: str, model: StandIn) -> str:
    # Large batches would pile up in shared memory: nobody waits for one to fill up.
    return (
        f'name: "{name}" backend: "python" max_batch_size: 8\n'
        f"input [ {', '.join(map(_tensor, model.inputs))} ]\n"
        f"output [ {', '.join(map(_tensor, model.outputs))} ]\n"
        "instance_group [ { kind: KIND_CPU, count: 1 } ]\n"
    )


def _tensor(tensor: Tensor) -> str:
    dims = ", ".join(map(str, tensor.dims))
    return f'{{ name: "{tensor.name}" data_type: TYPE_{tensor.datatype} dims: [ {dims} ] }}'
