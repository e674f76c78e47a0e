"""
What a `distributed` cluster holds already is sent by the processes that hold it. Dask by itself prefers them too, but may first move a chunk to a
process that happens to be idle.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any, Iterator, Mapping, Sequence

import dask

#: Seconds between looks for processes that have gone, and for tasks that have failed.
_PATIENCE = 2.0


def compute(tasks: Sequence[Any], x: Any) -> bool:
    """
    Computes tasks, all of one graph over x, with whatever scheduler Dask is set to. A task that takes what a process of a cluster holds runs there.
    False when such a process has gone meanwhile: Dask can compute anew what it held, in tasks of other names.
    """
    client = _client()
    held = client.futures_of(x) if client else []
    if not held:
        dask.compute(*tasks)
        return True
    with client.as_current():
        return _computed_by_holders(client, tasks, held)


def _client() -> Any:
    """The client of `distributed`, if Dask would compute with one now."""
    distributed = sys.modules.get("distributed")
    owner = getattr(dask.base.get_scheduler(), "__self__", None)
    return owner if distributed and isinstance(owner, distributed.Client) else None


def _computed_by_holders(client: Any, tasks: Sequence[Any], futures: Sequence[Any]) -> bool:
    import distributed

    distributed.wait(futures)
    places = dict(_places(tasks, client.who_has(futures)))
    needed = {process for processes in places.values() for process in processes}
    with dask.annotate(workers=partial(_place, places)):
        running = client.compute(list(tasks))
    while any(one.status == "pending" for one in running) and not any(one.status == "error" for one in running):
        if not needed <= client.nthreads().keys():
            return False
        try:
            distributed.wait(running, timeout=_PATIENCE)
        except distributed.TimeoutError:
            continue
    client.gather(running)
    return True


def _places(tasks: Sequence[Any], held: Mapping[Any, Sequence[str]]) -> Iterator[tuple[Any, list[str]]]:
    """The keys of tasks, and of those under whose names they run, with the processes that hold all of the held chunks which they take."""
    graph = dict(tasks[0].__dask_graph__())
    for task in tasks:
        chain = [task.key]
        while len(takes := graph[chain[-1]].dependencies) == 1 and takes <= graph.keys() - held.keys():
            chain.extend(takes)
        holders = [set(held[key]) for key in takes & held.keys()]
        if holders and (common := set.intersection(*holders)):
            yield from ((key, sorted(common)) for key in chain)


def _place(places: Mapping[Any, list[str]], key: Any) -> list[str]:
    return places.get(key, [])
