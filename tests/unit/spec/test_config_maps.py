import base64

import pytest

from inferometer_loadgen.spec.config_maps import find_config_map
from inferometer_loadgen.spec.decode import decode_file
from inferometer_loadgen.spec.errors import SpecErrors
from unit.spec.specs import QUICKSTART

SAMPLES = b"PK\x03\x04 not really"
ENCODED = base64.b64encode(SAMPLES).decode()


def a_config_map(namespace="bench", data=ENCODED):
    return (
        "apiVersion: v1\nkind: ConfigMap\n"
        f"metadata: {{name: quickstart-samples, namespace: {namespace}}}\n"
        f"data: {{note: hello}}\nbinaryData: {{samples.npz: {data}}}\n"
    )


def find(tmp_path, text, beside=None):
    path = tmp_path / "quickstart.yaml"
    path.write_text(text)
    if beside is not None:
        (tmp_path / "quickstart-samples.yaml").write_text(beside)
    return find_config_map(path, decode_file(text, str(path)), "quickstart-samples", "samples.npz")


def test_samples_come_from_a_config_map_in_the_same_file(tmp_path):
    assert find(tmp_path, f"{QUICKSTART}---\n{a_config_map()}") == {"note": b"hello", "samples.npz": SAMPLES}


def test_samples_come_from_a_file_named_after_the_config_map_beside_the_spec(tmp_path):
    assert find(tmp_path, QUICKSTART, a_config_map())["samples.npz"] == SAMPLES


def test_a_config_map_made_by_kubectl_without_a_namespace_is_taken(tmp_path):
    assert find(tmp_path, QUICKSTART, a_config_map().replace(", namespace: bench", ""))["samples.npz"] == SAMPLES


@pytest.mark.parametrize("beside", [None, a_config_map(namespace="other")])
def test_a_config_map_that_is_nowhere_is_missed_with_the_command_that_makes_it(tmp_path, beside):
    with pytest.raises(
        SpecErrors,
        match=r"there is no ConfigMap `quickstart-samples` in this file, nor .* hint: .*"
        r"kubectl create configmap quickstart-samples --from-file=samples.npz",
    ):
        find(tmp_path, QUICKSTART, beside)


@pytest.mark.parametrize(
    ("beside", "expected"),
    [
        pytest.param(a_config_map(data="'%%%'"), ":5: binaryData.samples.npz: is no base64", id="no base64"),
        pytest.param(a_config_map(data="5"), ":5: binaryData.samples.npz: is no text", id="a number"),
        pytest.param("a: [", "quickstart-samples.yaml:1: YAML: is no YAML", id="no YAML"),
    ],
)
def test_a_config_map_that_cannot_be_read_is_shown_with_its_line(tmp_path, beside, expected):
    with pytest.raises(SpecErrors, match=expected):
        find(tmp_path, QUICKSTART, beside)
