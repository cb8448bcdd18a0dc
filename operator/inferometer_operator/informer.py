"""kopf as an informer: it lists and watches, puts what it hears into the cache, and names the key to look at.

Nothing else of kopf is used: no handler of changes (it would store the spec in an annotation), no timers (they force
finalizers), no patches, no events. The index functions fill the cache because kopf calls them for every object of
every kind before it calls the first event handler: no run is looked at before its pods are known.
"""

from collections.abc import Callable, Mapping
from typing import Any

import kopf

from inferometer_operator.access import kopf_access
from inferometer_operator.api.crd import GROUP, PLURAL, VERSION
from inferometer_operator.api.schedule_crd import SCHEDULE_PLURAL
from inferometer_operator.cache import Cache
from inferometer_operator.log import logger
from inferometer_operator.objects.labels import ROLE, RUN, SELECTOR
from inferometer_operator.run import Key
from inferometer_operator.schedule_cache import ScheduleCache

Json = Mapping[str, Any]

LIVENESS = "http://0.0.0.0:8080/healthz"
EXIT_TIMEOUT_S = 20


async def watch(
    cache: Cache,
    look_at: Callable[[Key], None],
    schedules: ScheduleCache,
    look_at_schedule: Callable[[Key], None],
    liveness: str = LIVENESS,
) -> None:
    """Watches until the process is told to stop; kopf takes over SIGTERM and SIGINT for that."""
    registry = _registry(cache, look_at)
    _watch_schedules(registry, schedules, look_at_schedule)
    await kopf.operator(
        registry=registry,
        settings=_settings(),
        standalone=True,
        clusterwide=True,
        liveness_endpoint=liveness,
    )


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.scanning.disabled = True
    settings.posting.enabled = False
    settings.process.ultimate_exiting_timeout = EXIT_TIMEOUT_S
    settings.watching.label_selectors["pods"] = SELECTOR
    return settings


def _registry(cache: Cache, look_at: Callable[[Key], None]) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()

    # A registry of one's own has no way to log in.
    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.ConnectionInfo:
        return await kopf_access()

    @kopf.index(GROUP, VERSION, PLURAL, registry=registry)
    async def known_runs(body: kopf.Body, **_: Any) -> None:
        _safely(lambda: cache.put_run(_raw(body)), body)

    @kopf.index("v1", "pods", registry=registry)
    async def known_pods(body: kopf.Body, **_: Any) -> None:
        if _is_ours(body):
            _safely(lambda: cache.put_pod(_raw(body)), body)

    @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
    async def run_told(event: kopf.RawEvent, body: kopf.Body, **_: Any) -> None:
        key = Key(str(body.metadata.namespace), str(body.metadata.name))
        if event["type"] == "DELETED":
            cache.drop_run(key, str(body.metadata.uid))
        else:
            look_at(key)

    @kopf.on.event("v1", "pods", registry=registry)
    async def pod_told(event: kopf.RawEvent, body: kopf.Body, **_: Any) -> None:
        if not _is_ours(body):
            return
        if event["type"] == "DELETED":
            cache.drop_pod(_raw(body))
        look_at(Key(str(body.metadata.namespace), str(body.metadata.labels[RUN])))

    return registry


def _watch_schedules(registry: kopf.OperatorRegistry, cache: ScheduleCache, look_at: Callable[[Key], None]) -> None:
    @kopf.index(GROUP, VERSION, SCHEDULE_PLURAL, registry=registry)
    async def known_schedules(body: kopf.Body, **_: Any) -> None:
        _safely(lambda: cache.put_schedule(_raw(body)), body)

    @kopf.index(GROUP, VERSION, PLURAL, registry=registry)
    async def known_children(body: kopf.Body, **_: Any) -> None:
        _safely(lambda: cache.put_run(_raw(body)), body)

    @kopf.on.event(GROUP, VERSION, SCHEDULE_PLURAL, registry=registry)
    async def schedule_told(event: kopf.RawEvent, body: kopf.Body, **_: Any) -> None:
        key = Key(str(body.metadata.namespace), str(body.metadata.name))
        if event["type"] == "DELETED":
            cache.drop_schedule(key, str(body.metadata.uid))
        else:
            look_at(key)

    @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
    async def child_told(event: kopf.RawEvent, body: kopf.Body, **_: Any) -> None:
        put = cache.drop_run if event["type"] == "DELETED" else cache.put_run
        if (key := put(_raw(body))) is not None:
            look_at(key)


def _safely(put: Callable[[], object], body: kopf.Body) -> None:
    try:
        put()
    except Exception:  # noqa: BLE001 - one object that can't be read must not keep the others from being seen
        logger.exception("%s %s/%s can't be read", body.get("kind"), body.metadata.namespace, body.metadata.name)


def _is_ours(body: kopf.Body) -> bool:
    # Anybody may label a pod, with an empty name too.
    return bool(body.metadata.labels.get(RUN)) and ROLE in body.metadata.labels


def _raw(body: kopf.Body) -> Json:
    return dict(body)
