"""The clock of one run: the date of the first answer that has one, moved on by the monotonic clock.

Later answers do not change it, so two moments of a run can be compared. Without any date it is the local clock.
"""

import threading
import time
from datetime import UTC, datetime, timedelta

from reconciler.provider.http.settings import Clock

SUSPENDED_TOO = next(
    (getattr(time, name) for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC") if hasattr(time, name)), None
)
"""The monotonic clock of the system that counts the time of a suspended machine as well, where there is one."""


class SystemClock:
    """The clock of this machine. A deadline must not stand still while the machine is suspended."""

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
        """Return seconds since some moment, those of a suspended machine too."""
        return time.monotonic() if SUSPENDED_TOO is None else time.clock_gettime(SUSPENDED_TOO)


class RunClock:
    """Safe for threads; the first date that is heard counts."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._fixed: tuple[datetime, float] | None = None
        self._skew: timedelta | None = None

    @property
    def is_fixed(self) -> bool:
        """True if later dates change nothing."""
        return self._fixed is not None

    @property
    def skew(self) -> timedelta | None:
        """How far the local clock was ahead of the server's at its first date; None if no answer had a date."""
        return self._skew

    def now(self) -> datetime:
        """Return the time of the run, in UTC."""
        fixed = self._fixed
        if fixed is None:
            return self._local()
        date, heard = fixed
        return date + timedelta(seconds=self._clock.monotonic() - heard)

    def hear(self, date: datetime) -> None:
        """Take the date of an answer, if it is the first."""
        with self._lock:
            if self._fixed is None:
                date = date.astimezone(UTC)
                self._skew = self._local() - date
                self._fixed = (date, self._clock.monotonic())

    def fix(self) -> None:
        """Keep the local clock for the rest of the run, if no answer had a date so far."""
        with self._lock:
            if self._fixed is None:
                self._fixed = (self._local(), self._clock.monotonic())

    def _local(self) -> datetime:
        return datetime.fromtimestamp(self._clock.time(), UTC)
