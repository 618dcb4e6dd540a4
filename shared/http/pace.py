"""How often a principal of limited reach may ask: a rate for all of a sponsor together."""

import math
import time
from collections.abc import Callable, Hashable

from shared.http.problems import ProblemError
from shared.rules.grants import Grants
from shared.runtime import metrics

_MINUTE = 60.0
_KEPT = 10_000  # principals of which a time is kept; those whose minute is over are forgotten first


class Pace:
    """So many requests a minute, at any moment up to a minute's worth at once; 0 lets everybody through.

    It counts in this process alone. Each request spends a part of a minute that comes back as time passes.
    """

    def __init__(self, a_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._a_minute, self._now = a_minute, now
        self._spent_until: dict[Hashable, float] = {}

    def take(self, grants: Grants, person: bool, id_: str) -> None:
        """Count a request, ProblemError 429 for one too many; the house's own are not counted.

        Who reaches several sponsors spends of each, and nothing where one of them has no more.
        """
        if not self._a_minute or grants.everything:
            return
        counted: frozenset[Hashable] = grants.sponsors or frozenset({(person, id_)})
        now, step = self._now(), _MINUTE / self._a_minute
        spent = {who: max(self._spent_until.get(who, now), now) + step for who in counted}
        if (wait := max(spent.values()) - now - _MINUTE) > 1e-6:
            metrics.DENIED.labels("too-many").inc()
            detail = f"{self._a_minute} requests a minute, counted by sponsor or else by who asks"
            raise ProblemError(429, "too-many", detail, headers={"Retry-After": str(math.ceil(wait))})
        if len(self._spent_until) >= _KEPT:
            self._spent_until = {known: at for known, at in self._spent_until.items() if at > now}
        self._spent_until |= spent
