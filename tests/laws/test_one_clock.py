"""A run has one clock, the server's, and judges everything by one instant of it, whatever the clock of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.commands import connection
from reconciler.commands.write_session import open_writing
from reconciler.engine import plan as plan_engine
from reconciler.engine.plan import PreparedPlan
from reconciler.model import Run, Severity, exit_codes
from reconciler.provider.http import Api, Settings
from reconciler.sandbox.message import Request, Response

from ..support.bench import CREDENTIALS, Bench, bench

pytestmark = pytest.mark.dates
HEAD = """\
version: 1
scope: {{advertiserIds: ["1352"]}}
guardrails: {guardrails}
overrides:
  - {{match: adSets.fr, set: {{bidding.bidAmount: 0.95}}, until: "{until}", because: a sale}}
"""
FR = "  fr: {{id: '123467', bidding: {{bidAmount: {bid}}}}}\n"
BUDGET = "adSets: {{fr: {{id: '123467', budget: {{budgetAmount: {amount}}}}}}}\n"
NEW = """\
  new:
    name: Now
    campaignId: "358313"
    datasetId: "6789"
    trackingCode: utm
    objective: conversions
    mediaType: display
    schedule: {{startDate: 2026-01-01, endDate: "{ends}"}}
    targeting: {{geoLocation: {{countries: {{operand: in, values: [FR]}}}}}}
    bidding: {{costController: maxCPC, bidAmount: 0.90}}
    budget: {{budgetStrategy: capped, budgetRenewal: daily, budgetDeliverySmoothing: standard, budgetAmount: 20.00}}
"""
SKEWS = (timedelta(hours=-30), timedelta(hours=-5), timedelta(0), timedelta(hours=5), timedelta(hours=24.1))
LIMIT = {
    "reconciler.yaml": "version: 1\nscope: {advertiserIds: ['1352']}\nguardrails: {maxIncrease24Hours: {EUR: 20}}\n"
}


@contextmanager
def machine(ahead: timedelta = timedelta(0), change: Callable[[Bench], object] = lambda here: None) -> Iterator[Bench]:
    """A bench on a machine whose clock is ahead of the server's."""
    with bench() as here:
        here.time.ahead = ahead
        change(here)
        here.begin()
        yield here


def without_date(here: Bench) -> None:
    """Let no answer have a date."""

    def handle(request: Request) -> Response:
        answer = here.world.handle(request)
        return without(answer, "date")

    here.handle = handle


def without(answer: Response, header: str) -> Response:
    """Return the answer without a header."""
    kept = tuple(each for each in answer.headers if each[0].lower() != header)
    return Response(answer.status, kept, answer.body)


def slow(seconds: float) -> Callable[[Bench], None]:
    """Let that much time pass before every answer: a run of a large account takes long."""

    def change(here: Bench) -> None:
        def handle(request: Request) -> Response:
            here.time.sleep(seconds)
            return here.world.handle(request)

        here.handle = handle

    return change


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def limits_of_a_moment(here: Bench, edge: datetime) -> None:
    """Write files of which everything ends at that moment: an override, an ad set, and a freeze begins."""
    frozen = f'{{freeze: [{{first: "{edge:%Y-%m-%d}", zone: UTC, from: "{edge:%H:%M}", until: "24:00"}}]}}'
    here.write(
        {
            "reconciler.yaml": HEAD.format(guardrails=frozen, until=stamp(edge)),
            "ads.yaml": "adSets:\n" + FR.format(bid="0.80") + NEW.format(ends=stamp(edge)),
        }
    )


def judged(run: Run) -> set[str]:
    """Return what a run says of an override, an end in the past and a freeze."""
    codes = {each.code for each in run.problems if each.severity is not Severity.NOTE or each.code.startswith("overr")}
    return codes & {"override", "override-over", "end-in-past", "guardrail-freeze"}


# --- One instant -------------------------------------------------------------------------------------------------


@example(minutes=1, pause=20, ahead=30)
@example(minutes=4, pause=100, ahead=-30)
@given(minutes=st.integers(-2, 9), pause=st.sampled_from([0, 20, 100]), ahead=st.integers(-9000, 9000))
def test_all_judgements_of_a_run_see_the_same_instant(minutes: int, pause: int, ahead: int) -> None:
    with machine(timedelta(hours=ahead), slow(pause)) as here:
        begun = here.world.now + timedelta(seconds=pause)  # the run begins when the answer with the token has come
        edge = (begun + timedelta(minutes=minutes)).replace(second=0)
        limits_of_a_moment(here, edge)
        found = judged(here.plan())

    over = {"override-over", "guardrail-freeze"} | ({"end-in-past"} if edge < begun else set())
    assert found == (over if edge <= begun else {"override"})


@example(minutes=1, pause=20, ahead=30)
@example(minutes=4, pause=100, ahead=-30)
@given(minutes=st.integers(-2, 9), pause=st.sampled_from([0, 20, 100]), ahead=st.integers(-9000, 9000))
def test_a_saved_plan_expires_by_the_instant_at_which_the_run_began(minutes: int, pause: int, ahead: int) -> None:
    with machine(timedelta(hours=ahead)) as here:
        here.write({"ads.yaml": "adSets:\n" + FR.format(bid="0.80")})
        file, hours = Path(here.folder, "plan.json"), 2.0
        saving = here.session()
        assert not isinstance(saving, Run)
        prepared = saving.plan(())
        assert isinstance(prepared, PreparedPlan)
        saving.save(prepared.run, file, (), hours)
        here.later(hours=hours, minutes=-minutes)
        slow(pause)(here)
        here.begin()
        left = timedelta(minutes=minutes, seconds=-pause)

        applying = here.session()
        assert not isinstance(applying, Run)
        with open_writing(applying, 0) as writing:
            again = writing.review_saved(file, None)

    run = again.run if isinstance(again, PreparedPlan) else again
    assert [each.code for each in run.problems if each.severity is Severity.ERROR] == (
        [] if left > timedelta(0) else ["stale-plan"]
    )


# --- The last 24 hours -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [*SKEWS, timedelta(hours=30), None], ids=str)
def test_the_raise_that_passes_the_limit_of_24_hours_is_refused_whatever_our_clock(ahead: timedelta | None) -> None:
    with machine(ahead or timedelta(0), without_date if ahead is None else lambda here: None) as here:
        codes = []
        for amount in (128, 133, 138, 143, 148):  # from 123.45; 24.55 more is too much
            here.write(LIMIT | {"ads.yaml": BUDGET.format(amount=amount)})
            here.begin()
            codes.append(int(exit_codes.exit_code(here.apply())))
            here.later(hours=1)
        here.later(hours=21)  # a day after the first: it counts no more
        here.begin()
        codes.append(int(exit_codes.exit_code(here.apply())))

    assert codes == [0, 0, 0, 0, 3, 0]


# --- Offline -----------------------------------------------------------------------------------------------------

TWICE = """\
sellerBudgets:
  a: {sellerId: "1", campaignIds: ["10001"], budgetType: Capped, amount: 30, startDate: 2026-12-01, endDate: 2026-12-31}
  b: {sellerId: "1", campaignIds: ["10001"], budgetType: Capped, amount: 40, startDate: 2026-12-05, endDate: 2026-12-31}
"""


@pytest.mark.parametrize(
    ("now", "severity"),
    [("2026-11-21", Severity.ERROR), ("2026-12-31", Severity.WARNING), ("2027-01-02", None)],
)
def test_offline_an_error_that_another_day_would_lift_is_a_warning(now: str, severity: Severity | None) -> None:
    with bench(family="sellers") as here:
        here.write({"sellers.yaml": TWICE})
        run = plan_engine.validate(here.load(), datetime.fromisoformat(f"{now}T12:00+00:00"))

    found = {each.severity for each in run.problems if each.code == "budget-overlap"}
    assert found == ({severity} if severity else set())
    assert run.failed is (severity is Severity.ERROR)


def test_a_plan_goes_by_the_day_of_the_server_where_validate_went_by_ours() -> None:
    with bench(family="sellers") as here:
        here.time.ahead = timedelta(days=400)
        here.begin()
        here.write({"sellers.yaml": TWICE})
        assert "budget-overlap" in {each.code for each in here.plan().problems if each.severity is Severity.ERROR}


# --- How far apart -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(minutes=-5), None),
        (timedelta(minutes=5), None),
        (timedelta(minutes=6), "6 min ahead of the server's"),
        (timedelta(hours=-25), "25.0 h behind the server's"),
    ],
    ids=str,
)
def test_a_clock_that_is_more_than_five_minutes_off_is_noted(ahead: timedelta, said: str | None) -> None:
    def real(here: Bench) -> None:
        def handle(request: Request) -> Response:
            answer = here.world.handle(request)
            return without(answer, "x-simulated-time")

        here.handle = handle

    with machine(ahead, real) as here:
        here.write({"ads.yaml": "adSets:\n" + FR.format(bid="0.80")})
        for run in (here.plan(), here.apply()):
            noted = [each for each in run.problems if each.code == "clock-skew"]
            assert [each.severity for each in noted] == ([Severity.NOTE] if said else [])
            assert all(str(said) in each.message for each in noted)
            assert int(exit_codes.exit_code(run)) == 0


def test_the_time_of_a_simulated_world_is_not_compared_with_ours() -> None:
    with machine(timedelta(days=400)) as here:
        here.write({"ads.yaml": "adSets:\n" + FR.format(bid="0.80")})
        assert [each for each in here.plan().problems if each.code == "clock-skew"] == []


def test_without_an_answer_there_is_no_skew() -> None:
    assert connection.skew(Api(CREDENTIALS, Settings("http://localhost"))) == ()
