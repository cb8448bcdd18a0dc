import pytest

from inferometer_loadgen.spec.documents import YamlError, read_documents


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e3", 1000.0),
        ("1.5", 1.5),
        ("-7", -7),
        ("0x10", 16),
        ("010", "010"),
        ("2026-11-25", "2026-11-25"),
        ("1:30", "1:30"),
        ("true", True),
        ("'1'", "1"),
        (".5", 0.5),
        ("1.", 1.0),
    ],
)
def test_scalars_are_read_as_kubectl_reads_them(text, value):
    (document,) = read_documents(f"a: {text}")

    assert document.value == {"a": value}
    assert type(document.value["a"]) is type(value)


def test_a_value_has_the_line_of_its_name_and_an_absent_one_that_of_its_block():
    (document,) = read_documents("# a comment\nspec:\n  load:\n    args:\n    - a\n    - b\n")

    assert [
        document.line_of(path)
        for path in ("spec", "spec.load.args[1]", "spec.load.args[7].x", "spec.load.bound", "elsewhere")
    ] == [2, 6, 4, 3, 2]


def test_anchors_and_merged_mappings_are_unfolded_and_may_be_overridden():
    (document,) = read_documents("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: *a\n")

    assert document.value == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}, "c": {"x": 1, "y": 2}}
    assert document.slips == ()


def test_a_name_that_stands_twice_after_a_merge_is_still_seen():
    (document,) = read_documents("a: &a {x: 1}\nb: {<<: *a, x: 2, x: 3}\n")

    assert [slip.path for slip in document.slips] == ["b.x"]


def test_a_name_that_is_no_text_is_named():
    (document,) = read_documents("env: {1: a}\n")

    assert [str(slip) for slip in document.slips] == [
        "env.1: is no name. hint: write the name as text, in quotes if it is a number"
    ]


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in zip("abcdef", "bcdefg", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(BOMB, id="aliases of aliases"),
        pytest.param("a: &a [*a]", id="an alias inside of itself"),
        pytest.param("[" * 70 + "]" * 70, id="too many levels"),
    ],
)
def test_what_unfolds_without_end_is_refused(text):
    with pytest.raises(YamlError) as caught:
        read_documents(text)

    assert "unfolds to more than 100,000 values or 64 levels" in caught.value.message


@pytest.mark.parametrize("text", ["a: !!python/object:os.system x", "a: !!int x", "a: !!set {x}"])
def test_tags_make_no_objects(text):
    try:
        (document,) = read_documents(text)
    except YamlError:
        return
    assert document.value == {"a": {"x": None}}
