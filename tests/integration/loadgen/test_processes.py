"""The processes of a run as a container starts them: ended at any moment, with all that their host allows."""

import resource
import subprocess
import sys

import pytest

TERMINATED_WHILE_IMPORTING = """
import os, signal, sys

class Terminates:
    def find_spec(self, name, path=None, target=None):
        if name == "inferometer_loadgen.{verb}.main":
            os.kill(os.getpid(), signal.SIGTERM)

sys.meta_path.insert(0, Terminates())
from inferometer_loadgen.cli import main
sys.exit(main(["{verb}", "--plan", "/dev/null", "--token", "/dev/null", {more}]))
"""


@pytest.mark.parametrize(
    ("verb", "more"), [("worker", '"--index", "0", "--coordinator", "127.0.0.1:9"'), ("coordinator", "")]
)
def test_a_process_that_is_still_starting_ends_on_sigterm_by_itself(verb: str, more: str) -> None:
    code = TERMINATED_WHILE_IMPORTING.format(verb=verb, more=more)

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30, check=False)

    # By a signal it would be -15: as process 1 of a container it would then not have ended at all.
    assert ended.returncode == 143, ended.stderr.decode()


def test_a_worker_may_open_as_many_connections_as_its_host_allows() -> None:
    code = (
        "import resource\n"
        "from inferometer_loadgen.worker.main import _allow_all_descriptors\n"
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))\n"
        "_allow_all_descriptors()\n"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])\n"
    )

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)

    assert int(ended.stdout) == resource.getrlimit(resource.RLIMIT_NOFILE)[1]
