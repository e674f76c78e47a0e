"""
What a `distributed` cluster holds already is sent by the processes that hold it. Dask by itself prefers them too, but may first move a chunk to a
process that happens to be idle.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from typing import Any, Iterable, Mapping, Sequence

import dask

#: Seconds between looks for processes that have gone, and for tasks that have failed.
_PATIENCE = 2.0


def compute(tasks: Sequence[Any]) -> None:
    """Computes tasks, all of one graph, with whatever scheduler Dask is set to. A task that needs what one process of a cluster holds runs there."""
    client = _client()
    futures = client.futures_of(tasks[0]) if client else []
    if futures:
        with client.as_current():
            if _computed_by_holders(client, tasks, futures):
                return
    dask.compute(*tasks)


def _client() -> Any:
    """The client of `distributed`, if Dask would compute with one now."""
    distributed = sys.modules.get("distributed")
    owner = getattr(dask.base.get_scheduler(), "__self__", None)
    return owner if distributed and isinstance(owner, distributed.Client) else None


def _computed_by_holders(client: Any, tasks: Sequence[Any], futures: Sequence[Any]) -> bool:
    """False when a holder has gone meanwhile: Dask can compute anew what it held."""
    import distributed

    distributed.wait(futures)
    held = client.who_has(futures)
    dependencies = tasks[0].__dask_graph__().get_all_dependencies()
    by_holder = defaultdict(list)
    for task in tasks:
        by_holder[_common_holder(task.key, dependencies, held)].append(task)
    running = [one for holder, mine in by_holder.items() for one in client.compute(mine, workers=holder and [holder])]
    while any(one.status == "pending" for one in running) and not any(one.status == "error" for one in running):
        if not by_holder.keys() - {None} <= client.nthreads().keys():
            return False
        try:
            distributed.wait(running, timeout=_PATIENCE)
        except TimeoutError:
            continue
    client.gather(running)
    return True


def _common_holder(key: Any, dependencies: Mapping[Any, Iterable[Any]], held: Mapping[Any, Sequence[str]]) -> str | None:
    """A process that holds everything held that a task needs, if one does and the task needs any of it."""
    common: set[str] | None = None
    ahead, seen = [key], {key}
    while ahead and (common is None or common):
        one = ahead.pop()
        if one in held:
            common = set(held[one]) if common is None else common & set(held[one])
            continue
        new = set(dependencies.get(one, ())) - seen
        seen |= new
        ahead.extend(new)
    return min(common) if common else None
