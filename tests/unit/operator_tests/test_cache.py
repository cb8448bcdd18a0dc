"""What the watches have told so far, and never older than what is known."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from inferometer_operator.cache import Cache
from inferometer_operator.run import Key

KEY = Key("bench", "quickstart")


def a_stored_run(version: int = 5, uid: str = "u1", **status: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "quickstart",
            "namespace": "bench",
            "uid": uid,
            "resourceVersion": str(version),
            "creationTimestamp": "2026-11-25T03:05:01Z",
            "generation": 1,
        },
        "spec": {},
        "status": status,
    }


def a_stored_pod(version: int = 6, uid: str = "p1", owner: str = "u1", **status: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "quickstart-server-0",
            "namespace": "bench",
            "uid": uid,
            "resourceVersion": str(version),
            "creationTimestamp": "2026-11-25T03:05:02Z",
            "labels": {
                "inferometer.dev/run": "quickstart",
                "inferometer.dev/role": "server",
                "inferometer.dev/index": "0",
            },
            "ownerReferences": [{"uid": owner, "controller": True}],
        },
        "spec": {"containers": [{"name": "triton"}]},
        "status": status,
    }


def a_cache(*stored: dict[str, Any]) -> Cache:
    cache = Cache()
    for one in stored:
        (cache.put_run if "spec" in one and "containers" not in one["spec"] else cache.put_pod)(one)
    return cache


def names(cache: Cache) -> list[str]:
    run = cache.run(KEY)
    assert run is not None
    return [f"{pod.name} {pod.uid}" for pod in cache.pods_of(run)]


def test_an_older_version_does_not_replace_a_newer_one() -> None:
    cache = a_cache(a_stored_run(9, phase="Running"), a_stored_run(8, phase="Starting"))

    run = cache.run(KEY)
    assert run is not None
    assert run.status.phase == "Running"


def test_a_run_of_an_old_name_replaces_the_old_one_and_not_the_other_way_round() -> None:
    cache = a_cache(a_stored_run(9, uid="old"), a_stored_run(12, uid="new"))
    cache.drop_run(KEY, "old")

    run = cache.run(KEY)
    assert run is not None
    assert run.uid == "new"


def test_pods_of_an_earlier_run_of_the_name_are_not_the_runs() -> None:
    cache = a_cache(a_stored_run(uid="new"), a_stored_pod(owner="old"))

    assert names(cache) == []


def test_the_answer_to_a_delete_does_not_bring_back_a_pod_that_is_gone() -> None:
    cache = a_cache(a_stored_run(), a_stored_pod(6))
    cache.drop_pod(a_stored_pod(9))
    cache.put_pod(a_stored_pod(8))

    assert names(cache) == []


def test_a_list_removes_what_it_does_not_show() -> None:
    cache = a_cache(a_stored_run(), a_stored_pod(6))
    cache.replace_pods(KEY, [])

    assert names(cache) == []


def test_a_pod_that_was_created_anew_is_not_dropped_with_the_old_one() -> None:
    cache = a_cache(a_stored_run(), a_stored_pod(6, uid="old"), a_stored_pod(9, uid="new"))
    cache.drop_pod(a_stored_pod(10, uid="old"))

    assert names(cache) == ["quickstart-server-0 new"]


def test_a_spec_that_this_version_cannot_read_is_a_value() -> None:
    run = a_cache(a_stored_run()).run(KEY)

    assert run is not None
    assert run.spec is None
    assert "spec.target" in run.spec_problem


VERSIONS = range(5, 11)


@given(st.permutations([*VERSIONS, *VERSIONS]), st.integers(0, 2 * len(VERSIONS)))
def test_events_may_come_twice_and_in_any_order(versions: list[int], gone_at: int) -> None:
    cache, seen = Cache(), 0
    for number, version in enumerate(versions):
        cache.put_run(a_stored_run(version))
        seen = max(seen, version)
        run = cache.run(KEY)
        assert run is not None
        assert run.resource_version == str(seen)
        if number == gone_at:
            cache.drop_pod(a_stored_pod(max(VERSIONS) + 1))
        cache.put_pod(a_stored_pod(version))
        # What is gone stays gone, whatever is told of it later.
        assert bool(cache.pods_of(run)) is (number < gone_at)
