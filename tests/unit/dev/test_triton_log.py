"""Finding the cause in Triton's log."""

from __future__ import annotations

from inferometer_dev.triton import causes_in

LOG = """I1125 03:23:30.1 1 model_lifecycle.cc:472] "loading: magika:1"
E1125 03:23:31.0 1 model_lifecycle.cc:642] "failed to load 'magika' version 1: Internal: ValueError: input shape"
E1125 03:23:31.0 1 model_lifecycle.cc:642] "failed to load 'magika' version 1: Internal: ValueError: input shape"
| model_repository_path[0] | /models |
error: creating server: Internal - failed to load all models
"""


def test_the_cause_is_shown_once_and_the_table_of_options_is_not() -> None:
    cause, consequence = causes_in(LOG).splitlines()

    assert "ValueError: input shape" in cause
    assert consequence == "error: creating server: Internal - failed to load all models"
