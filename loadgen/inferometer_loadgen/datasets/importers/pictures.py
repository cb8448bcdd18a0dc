"""A picture of the user's as OpenCV's imread gives it to MLPerf's reference: three colours, upright."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from inferometer_loadgen.datasets.importers.resize import Pixels
from inferometer_loadgen.datasets.library import DataError


def read_picture(path: Path) -> Pixels:
    """Its pixels in red, green and blue; grey and CMYK are converted. Raises DataError where it cannot be read."""
    try:
        with Image.open(path) as image:
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    # Pillow's decoders raise each of these for bytes that are no whole picture, and the last for one beyond measure.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{path}: is no picture that can be read: {error}", "replace it with a whole copy, and import again"
        ) from error
