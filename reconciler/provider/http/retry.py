"""Retry policy: only calls that had no effect, or have the same effect twice (design: Apply; contract §9)."""

from collections.abc import Callable
from contextlib import suppress

from msgspec.structs import replace

from reconciler.model import Answer, Delivery, WriteEffect
from reconciler.provider.http.messages import Attempt
from reconciler.provider.http.settings import Clock, Event, Listener, Settings

STEEPNESS = 3
LONGEST_PAUSE = 40.0
PIECE = 0.5
"""Seconds between two checks for an interrupt while a call waits."""


class Halted(Exception):
    """Raised if the run is interrupted while a call waits: it has not been sent."""


def wrap_sleep(sleep: Callable[[float], None], halted: Callable[[], bool] | None) -> Callable[[float], None]:
    """Return a sleep that raises :class:`Halted` on an interrupt."""
    if halted is None:
        return sleep

    def slept(seconds: float) -> None:
        while seconds > 0:
            if halted():
                raise Halted
            sleep(min(seconds, PIECE))
            seconds -= PIECE

    return slept


def may_repeat(effect: WriteEffect, last: Attempt) -> bool:
    """Return True if the call may be sent again: the whole policy.

    A create or a delta is sent once, with any response or none: before each further sending its sender looks again and
    writes a new intent (contract §9 rules 2 and 5).
    """
    return effect.repeatable and not last.permanent and last.answer.fate is not Delivery.ANSWERED


def repeat(
    sending: Callable[[], Attempt],
    effect: WriteEffect,
    name: str,
    settings: Settings,
    clock: Clock,
    tell: Listener,
    halted: Callable[[], bool] | None = None,
) -> Answer:
    """Send until there is a response, the policy forbids a retry, the attempts are used up, or the run is halted.

    It uses tenacity, which can wait on a given clock; stamina, which is built on it, cannot.
    """
    first = sending()
    if not may_repeat(effect, first):  # the usual case, without the import time of tenacity
        return replace(first.answer, permanent=True) if first.permanent else first.answer
    import tenacity

    tries: list[Attempt] = []

    def attempt() -> Attempt:
        tries.append(sending() if tries else first)
        return tries[-1]

    def announce(state: tenacity.RetryCallState) -> None:
        tell(Event("retry", state.upcoming_sleep, f"{name}: {tries[-1].answer.reason}"))

    retrying = tenacity.Retrying(
        sleep=wrap_sleep(clock.sleep, halted),
        stop=tenacity.stop_after_attempt(settings.attempts),
        wait=tenacity.wait_exponential(settings.pause, LONGEST_PAUSE, STEEPNESS)
        + tenacity.wait_random(0, settings.pause / 2),
        retry=tenacity.retry_if_result(lambda last: may_repeat(effect, last)),
        before_sleep=announce,
        retry_error_callback=lambda state: None,
    )
    with suppress(Halted):  # a call that still waits is not in flight, so it may be dropped
        retrying(attempt)
    return conclude(effect, [last.answer for last in tries])


def conclude(effect: WriteEffect, answers: list[Answer]) -> Answer:
    """Return what all attempts together prove.

    A later refusal says nothing about an earlier lost attempt, which may be its cause.
    """
    last = answers[-1]
    lost = next((answer for answer in answers[:-1] if answer.fate is Delivery.LOST), None)
    kept_out = last.fate is Delivery.NOT_SENT or (last.fate is Delivery.ANSWERED and last.status >= 400)
    if lost is not None and kept_out and effect is not WriteEffect.READ:
        then = last.reason or f"the answer was {last.status}"
        last = replace(last, fate=Delivery.LOST, reason=f"{lost.reason}; sent again, {then}")
    if len(answers) > 1 and last.reason:
        last = replace(last, reason=f"{last.reason} ({len(answers)} attempts)")
    return last
