"""Invoices: each report is kept, whatever is wrong with it, and what is wrong is named."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from services.trials.domain import invoice
from services.trials.projections.invoices import InvoiceRow
from shared.contracts.message import Command, Facts, Wake
from shared.contracts.trials.deviation import DeviationReported
from tests.unit.trials.money import INVOICE, TODAY, approved, invoiced, made, paid
from tests.unit.trials.test_trials_properties import folded
from tests.unit.trials.trials_world import NOW, SITE, World

DAY = timedelta(days=1)


def told(world: World, *commands: Command) -> list[tuple[str, ...]]:
    """The rules that each report broke."""
    return [made(world, command)[0].breaks for command in commands]


def row(world: World) -> Any:
    return folded(world.told)[InvoiceRow, (INVOICE,)]


def test_an_invoice_is_received_approved_and_paid(world: World) -> None:
    assert told(world, invoiced(), approved(), paid(200_000), paid(140_000, payment=61)) == [()] * 4
    assert not world.events(DeviationReported)
    shown = row(world)
    assert (shown.status, shown.number, shown.amount_minor, shown.approved_minor) == (
        "paid",
        "2026-7",
        340_000,
        340_000,
    )
    assert [one.amount_minor for one in shown.payments] == [200_000, 140_000]


@pytest.mark.parametrize(
    ("before", "report", "broken"),
    [
        ([], invoiced(on=TODAY + 2 * DAY), ("payment.in_future",)),
        ([], approved(), ("payment.not_invoiced",)),
        ([], paid(), ("payment.not_approved",)),
        ([invoiced()], approved(on=TODAY - DAY), ("payment.before_invoice",)),
        ([invoiced()], approved(currency="EUR"), ("payment.other_currency",)),
        ([invoiced()], approved(340_001), ("payment.above_invoice",)),
        ([invoiced()], approved(on=TODAY + 2 * DAY), ("payment.in_future",)),
        ([invoiced(), approved()], paid(on=TODAY - DAY), ("payment.before_approval",)),
        ([invoiced(), approved()], paid(currency="EUR"), ("payment.other_currency",)),
        ([invoiced(), approved(), paid(1)], paid(340_000, payment=61), ("payment.above_approval",)),
        ([invoiced(), approved()], paid(on=TODAY + 2 * DAY), ("payment.in_future",)),
    ],
)
def test_a_report_that_breaks_a_rule_is_kept_and_raises_a_deviation(
    world: World, before: list[Command], report: Command, broken: tuple[str, ...]
) -> None:
    told(world, *before)
    event, deviation = made(world, report)
    assert event.breaks == deviation.rules == broken
    assert isinstance(deviation, DeviationReported)
    assert (deviation.category, deviation.site_id) == ("payment", SITE)
    assert world.do(report) == []
    assert set(broken) <= set(row(world).breaks)


def test_an_invoice_is_approved_in_parts_that_add_up(world: World) -> None:
    parts = (approved(200_000), approved(140_000, TODAY + DAY, approval=81))
    assert told(world, invoiced(), *parts, paid(340_000, TODAY + DAY)) == [()] * 4
    assert world.do(parts[1]) == []
    shown = row(world)
    assert (shown.approved_minor, shown.approved_on) == (340_000, TODAY + DAY)
    assert [one.amount_minor for one in shown.approvals] == [200_000, 140_000]
    assert made(world, approved(1, approval=82))[0].breaks == ("payment.above_invoice",)


def test_what_is_approved_in_another_currency_is_added_to_nothing(world: World) -> None:
    told(world, invoiced(), approved(200_000), approved(10, currency="EUR", approval=81))
    assert (row(world).approved_minor, row(world).approved_currency) == (200_000, "USD")


@pytest.mark.parametrize("other", [invoiced(1), approved(1), paid(1)])
def test_a_second_report_that_differs_takes_nothing_back(world: World, other: Command) -> None:
    told(world, invoiced(), approved(), paid())
    (contradicted,) = made(world, other)
    assert isinstance(contradicted, DeviationReported)
    assert contradicted.rules == ("payment.contradicted",)
    assert world.do(other) == []
    assert row(world).amount_minor == 340_000


def test_whatever_the_order_of_the_reports_the_row_has_all_of_them() -> None:
    shown = []
    for order in permutations((invoiced(), approved(), paid())):
        world = World()
        told(world, *order)
        last = row(world)
        shown.append((last.status, last.number, last.approved_minor, len(last.payments)))
    assert set(shown) == {("paid", "2026-7", 340_000, 1)}


def test_time_alone_pays_no_invoice() -> None:
    assert invoice.decide(invoice.Invoice(), Wake(stream=INVOICE), Facts(), NOW) == []
