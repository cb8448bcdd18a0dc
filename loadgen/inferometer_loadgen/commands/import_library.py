"""`inferometer import`: a sample library from a user's own copy of a data set."""

import argparse
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from inferometer_loadgen.commands.exit_codes import ExitCode
from inferometer_loadgen.commands.inputs import InputError

if TYPE_CHECKING:
    from inferometer_loadgen.datasets.importers.plan import Import

WORKERS = 4
"""Threads that prepare pictures: Pillow and numpy let others run meanwhile; more of them hold more pictures."""
TASKS_OF = {"imagenet": ("resnet50", "mobilenet"), "coco": ("ssd-mobilenet", "ssd-resnet34"), "text": ("gnmt",)}
TEXT_INPUT = "text"
INPUT_NAME = re.compile(r"(?!label:)[A-Za-z0-9_.:/-]{1,128}(?<!:offsets)")
"""Of a tensor, as in spec.accuracy; the rest is what an npz's own arrays are called."""
_NEEDED = {"PIL": "pillow", "rich": "rich"}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "import",
        help="make a sample library of your own copy of a data set",
        description="Makes an npz of your own copy of a data set, prepared as MLPerf v0.5's reference prepares it, "
        "with labels for mode Accuracy. What was interrupted goes on when it is called again.",
    )
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    imagenet = _kind(kinds, "imagenet", "pictures with their classes; for scorer top1")
    imagenet.add_argument("folder", type=Path, help="the pictures, or a folder of them for each class")
    imagenet.add_argument(
        "--labels", type=Path, metavar="FILE", help="a picture and its class a line [val_map.txt in the folder, if any]"
    )
    coco = _kind(kinds, "coco", "pictures with the objects in them; for scorer coco-map")
    coco.add_argument("folder", type=Path, help="the pictures, such as val2017")
    coco.add_argument("annotations", type=Path, help="COCO's instances file, such as instances_val2017.json")
    text = _kind(kinds, "text", "sentences with their translations; for scorer bleu")
    text.add_argument("source", type=Path, help="the sentences, one a line")
    text.add_argument("reference", type=Path, help="their translations, one a line")
    for pictures in (imagenet, coco):
        pictures.add_argument("--layout", choices=("NHWC", "NCHW"), help="colours last or first [the reference's]")


def _kind(
    kinds: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, about: str
) -> argparse.ArgumentParser:
    parser = kinds.add_parser(name, help=about, description=f"Imports {about}.")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="NPZ", help="the library that is made")
    parser.add_argument(
        "--task",
        choices=TASKS_OF[name],
        required=name != "text",
        help="of MLPerf v0.5: how it is prepared" + (" [as it is]" if name == "text" else ""),
    )
    parser.add_argument("--input", metavar="NAME", help="the model's input [the reference's]")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N [all]")
    return parser


def execute(args: argparse.Namespace) -> int:
    """Writes the library, or the rest of it."""
    for module in _NEEDED:
        if find_spec(module) is None:
            raise InputError(
                f"import needs the package {_NEEDED[module]}", "install inferometer with the extra `import`"
            )
    from inferometer_loadgen.datasets.importers import stream_npz
    from inferometer_loadgen.local.import_display import ImportDisplay

    if args.limit is not None and args.limit < 1:
        raise InputError(f"--limit is {args.limit}, which is below 1", "give a whole number from 1")
    if args.input is not None and not INPUT_NAME.fullmatch(args.input):
        raise InputError(
            f"--input is `{args.input[:140]}`, which is no input's name in an npz",
            "give the model's own: letters, digits and _ . : / -, no `label:` before it, no `:offsets` after it",
        )
    planned = _planned(args)
    if args.output.exists():
        if stream_npz.fingerprint_of(args.output) != planned.fingerprint:
            raise InputError(
                f"{args.output}: is there, and is no import of this data", "name another file, or remove this one"
            )
        print(f"{args.output}: is complete already: {_described(planned, args.output)}", file=sys.stderr)
        return ExitCode.VALID
    _room(args.output, stream_npz.size_bytes_of(planned))
    with ImportDisplay(planned.samples, planned.about) as display:
        try:
            stream_npz.write(args.output, planned, display.done, WORKERS)
        except OSError as error:
            raise InputError(
                f"{args.output}: can't be written: {error.strerror or error}", "check path and disk"
            ) from error
        except KeyboardInterrupt:
            print(f"{args.output}: interrupted; the same command goes on with it", file=sys.stderr)
            raise
    print(f"{args.output}: {_described(planned, args.output)}", file=sys.stderr)
    return ExitCode.VALID


def _planned(args: argparse.Namespace) -> "Import":
    if args.kind == "text":
        from inferometer_loadgen.datasets.importers.parallel_text import parallel_text

        return parallel_text(
            args.source,
            args.reference,
            input_name=args.input or TEXT_INPUT,
            limit=args.limit,
            is_cut=args.task == "gnmt",
        )
    from inferometer_loadgen.datasets.importers.coco import coco
    from inferometer_loadgen.datasets.importers.imagenet import imagenet
    from inferometer_loadgen.datasets.importers.tasks import TASKS

    task = TASKS[args.task]
    layout, input_name = args.layout or task.layout, args.input or task.input
    if args.kind == "coco":
        return coco(args.folder, args.annotations, task, layout=layout, input_name=input_name, limit=args.limit)
    return imagenet(args.folder, task, layout=layout, input_name=input_name, limit=args.limit, labels=args.labels)


def _room(path: Path, needed_bytes: int) -> None:
    """Raises InputError where the disk is too small for it, before hours are spent."""
    part = path.with_name(f"{path.name}.part")
    try:
        free_bytes = shutil.disk_usage(path.parent).free + (part.stat().st_size if part.exists() else 0)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", "name a file in a folder that exists") from error
    if free_bytes < needed_bytes:
        raise InputError(
            f"{path}: needs {needed_bytes / 1e9:,.1f} GB, and {free_bytes / 1e9:,.1f} GB are free",
            "make room, or import fewer with --limit",
        )


def _described(planned: "Import", path: Path) -> str:
    from inferometer_loadgen.verdict.wording import counted

    arrays = ", ".join(f"`{member.name}`" for member in planned.members if not member.name.endswith(":offsets"))
    size = path.stat().st_size / 1e6
    return f"{counted(planned.samples, 'sample', 'samples')} of {planned.about}; arrays {arrays}; {size:,.1f} MB"
