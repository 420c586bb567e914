"""What may be sent again: what had no effect, and what has the same effect twice (design: Apply; contract §9)."""

from collections.abc import Callable

from msgspec.structs import replace

from reconciler.api.exchange import Try
from reconciler.api.settings import Clock, Event, Listener, Settings
from reconciler.model import Answer, Effect, Fate

STEEPNESS = 3
LONGEST_PAUSE = 40.0
NO_WORD_OF_BEFORE = (401, 403, 429)


def may_repeat(effect: Effect, last: Try) -> bool:
    """The whole policy. A create or an add of unknown outcome is never sent a second time."""
    if last.permanent:
        return False
    match last.answer.fate:
        case Fate.ANSWERED:
            return False
        case Fate.NOT_SENT:
            return True
        case Fate.LOST:
            return effect.repeatable


def repeat(
    sending: Callable[[], Try], effect: Effect, name: str, settings: Settings, clock: Clock, tell: Listener
) -> Answer:
    """Send until there is an answer, the policy forbids another attempt, or the attempts are used up.

    tenacity rather than stamina: it is what stamina is made of, and it can wait on the clock it is given.
    """
    first = sending()
    if not may_repeat(effect, first):  # as nearly always; and tenacity takes its time to import
        return first.answer
    import tenacity

    tries: list[Try] = []

    def attempt() -> Try:
        tries.append(sending() if tries else first)
        return tries[-1]

    def announce(state: tenacity.RetryCallState) -> None:
        tell(Event("retry", state.upcoming_sleep, f"{name}: {tries[-1].answer.reason}"))

    tenacity.Retrying(
        sleep=clock.sleep,
        stop=tenacity.stop_after_attempt(settings.attempts),
        wait=tenacity.wait_exponential(settings.pause, LONGEST_PAUSE, STEEPNESS)
        + tenacity.wait_random(0, settings.pause / 2),
        retry=tenacity.retry_if_result(lambda last: may_repeat(effect, last)),
        before_sleep=announce,
        retry_error_callback=lambda state: None,
    )(attempt)
    return conclude(effect, [last.answer for last in tries])


def conclude(effect: Effect, answers: list[Answer]) -> Answer:
    """What all attempts together prove: a later one that was kept out says nothing of one that was lost."""
    last = answers[-1]
    lost = next((answer for answer in answers[:-1] if answer.fate is Fate.LOST), None)
    kept_out = last.fate is Fate.NOT_SENT or (last.fate is Fate.ANSWERED and last.status in NO_WORD_OF_BEFORE)
    if lost is not None and kept_out and effect is not Effect.READ:
        then = last.reason or f"the answer was {last.status}"
        last = replace(last, fate=Fate.LOST, reason=f"{lost.reason}; sent again, {then}")
    if len(answers) > 1 and last.reason:
        last = replace(last, reason=f"{last.reason} ({len(answers)} attempts)")
    return last
