"""What may be sent again: what had no effect, and what has the same effect twice (design: Apply; contract §9)."""

from collections.abc import Callable
from contextlib import suppress

from msgspec.structs import replace

from reconciler.model import Answer, Delivery, WriteEffect
from reconciler.provider.http.messages import Attempt
from reconciler.provider.http.settings import Clock, Event, Listener, Settings

STEEPNESS = 3
LONGEST_PAUSE = 40.0
PIECE = 0.5
"""Seconds that an interrupt may have to wait for a call that waits for its turn."""


class Halted(Exception):
    """The run was interrupted while a call waited for its turn: it has not been sent."""


def halting(sleep: Callable[[float], None], halted: Callable[[], bool] | None) -> Callable[[float], None]:
    """Return a sleep that an interrupt ends, with :class:`Halted`."""
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
    """The whole policy. What creates or adds is sent once: before each further sending its sender looks afresh and
    writes a new intent (contract §9 rules 2 and 5), whatever the answer."""
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
    """Send until there is an answer, the policy forbids another attempt, the attempts are used up, or it is halted.

    tenacity rather than stamina: it is what stamina is made of, and it can wait on the clock it is given.
    """
    first = sending()
    if not may_repeat(effect, first):  # as nearly always; and tenacity takes its time to import
        return replace(first.answer, permanent=True) if first.permanent else first.answer
    import tenacity

    tries: list[Attempt] = []

    def attempt() -> Attempt:
        tries.append(sending() if tries else first)
        return tries[-1]

    def announce(state: tenacity.RetryCallState) -> None:
        tell(Event("retry", state.upcoming_sleep, f"{name}: {tries[-1].answer.reason}"))

    retrying = tenacity.Retrying(
        sleep=halting(clock.sleep, halted),
        stop=tenacity.stop_after_attempt(settings.attempts),
        wait=tenacity.wait_exponential(settings.pause, LONGEST_PAUSE, STEEPNESS)
        + tenacity.wait_random(0, settings.pause / 2),
        retry=tenacity.retry_if_result(lambda last: may_repeat(effect, last)),
        before_sleep=announce,
        retry_error_callback=lambda state: None,
    )
    with suppress(Halted):  # what waits for its turn is not in hand
        retrying(attempt)
    return conclude(effect, [last.answer for last in tries])


def conclude(effect: WriteEffect, answers: list[Answer]) -> Answer:
    """What all attempts together prove: a later one that was kept out or refused says nothing of one that was lost,
    which may be why it was refused."""
    last = answers[-1]
    lost = next((answer for answer in answers[:-1] if answer.fate is Delivery.LOST), None)
    kept_out = last.fate is Delivery.NOT_SENT or (last.fate is Delivery.ANSWERED and last.status >= 400)
    if lost is not None and kept_out and effect is not WriteEffect.READ:
        then = last.reason or f"the answer was {last.status}"
        last = replace(last, fate=Delivery.LOST, reason=f"{lost.reason}; sent again, {then}")
    if len(answers) > 1 and last.reason:
        last = replace(last, reason=f"{last.reason} ({len(answers)} attempts)")
    return last
