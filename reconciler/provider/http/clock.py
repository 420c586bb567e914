"""Clock of one run: the date of the first response that has one, advanced by the monotonic clock.

Later responses do not change it, so that two moments of a run can be compared. Without any date it is the local clock.
"""

import threading
import time
from datetime import UTC, datetime, timedelta

from reconciler.provider.http.settings import Clock

SUSPENDED_TOO = next(
    (getattr(time, name) for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC") if hasattr(time, name)), None
)
"""Id of a monotonic clock that also counts the time while the machine is suspended, or None."""


class SystemClock:
    """Clock of this machine. Its monotonic time includes suspension, so that deadlines pass meanwhile."""

    @staticmethod
    def time() -> float:
        """Return the seconds since 1970."""
        return time.time()

    @staticmethod
    def sleep(seconds: float, /) -> None:
        """Wait."""
        time.sleep(seconds)

    @staticmethod
    def monotonic() -> float:
        """Return monotonic seconds, including suspended time."""
        return time.monotonic() if SUSPENDED_TOO is None else time.clock_gettime(SUSPENDED_TOO)


class RunClock:
    """Time of the run, fixed by the first date of a response. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._fixed: tuple[datetime, float] | None = None
        self._skew: timedelta | None = None

    @property
    def is_fixed(self) -> bool:
        """True once the clock is fixed and later dates are ignored."""
        return self._fixed is not None

    @property
    def skew(self) -> timedelta | None:
        """Local clock minus the server's at its first date; None if no response had a date."""
        return self._skew

    def now(self) -> datetime:
        """Return the time of the run, in UTC."""
        fixed = self._fixed
        if fixed is None:
            return self._local()
        date, heard = fixed
        return date + timedelta(seconds=self._clock.monotonic() - heard)

    def hear(self, date: datetime) -> None:
        """Fix the clock by the date of a response, if it is the first."""
        with self._lock:
            if self._fixed is None:
                date = date.astimezone(UTC)
                self._skew = self._local() - date
                self._fixed = (date, self._clock.monotonic())

    def fix(self) -> None:
        """Fix the local clock for the rest of the run, if no response had a date so far."""
        with self._lock:
            if self._fixed is None:
                self._fixed = (self._local(), self._clock.monotonic())

    def _local(self) -> datetime:
        return datetime.fromtimestamp(self._clock.time(), UTC)
