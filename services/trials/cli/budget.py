"""`trialwire budget`: plan against actual. Amounts are in the minor unit of their currency."""

from typing import Annotated
from uuid import UUID

import typer

from shared.stack.client import Json, Most, emit, get, listed, show, table

budget = typer.Typer(no_args_is_help=True, help="Budgets, what is due by them, and invoices.")

Trial = Annotated[UUID | None, typer.Option(help="Only of this trial.")]
_SUMS = ("currency", "planned", "reached", "invoiced", "approved", "paid")
_LINE = ("code", "title", "unit", "amount_minor", "currency", "planned", "reached", "reached_minor")
_DUE = ("reached_on", "site_id", "milestone", "item", "line", "amount_minor", "currency", "cause")
_INVOICE = ("invoiced_on", "number", "status", "amount_minor", "currency", "approved_minor", "invoice_id")


@budget.command("list")
def list_budgets(trial: Trial = None, limit: Most = 200, as_json: Json = False) -> None:
    """List plan against actual, a row a site and currency."""
    show(
        listed("trials", "/v1/budgets", limit, trial_id=trial),
        ("site_id", "name", "country", *_SUMS),
        as_json,
    )


@budget.command("show")
def show_budget(
    trial: UUID,
    site: Annotated[UUID | None, typer.Option(help="The lines of this site.")] = None,
    as_json: Json = False,
) -> None:
    """Show a trial's money by category, country and for its sites together, or the lines of one site."""
    path = f"/v1/budgets/sites/{site}" if site else f"/v1/budgets/trials/{trial}"
    found = get("trials", path)
    if as_json:
        emit(found)
        return
    typer.echo(f"version {found['version'] or 'none'} from {found['effective_from'] or '-'}")
    if site:
        table(found["lines"], _LINE)
        typer.echo(f"without a price: {found['unpriced']}")
        return
    table(found["categories"], ("category", "currency", "planned", "actual"))
    table(found["countries"], ("country", *_SUMS))
    table(found["sites"], _SUMS)


@budget.command("due")
def list_due(
    trial: Trial = None,
    site: Annotated[UUID | None, typer.Option(help="Only of this site.")] = None,
    unpriced: Annotated[bool, typer.Option("--unpriced", help="Only what has no price yet.")] = False,
    limit: Most = 200,
    as_json: Json = False,
) -> None:
    """List what is due, each with the event or report that it rests on."""
    asked = {"trial_id": trial, "site_id": site, "unpriced": "true" if unpriced else None}
    show(listed("trials", "/v1/budgets/payables", limit, **asked), _DUE, as_json)


@budget.command("invoices")
def list_invoices(trial: Trial = None, limit: Most = 200, as_json: Json = False) -> None:
    """List invoices of sites, the latest first."""
    show(listed("trials", "/v1/budgets/invoices", limit, trial_id=trial), _INVOICE, as_json)
