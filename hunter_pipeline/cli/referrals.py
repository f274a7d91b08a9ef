"""`hunter referrals`: read referrals, and answer them in Partner Center."""

import getpass
import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import typer

from hunter_pipeline import errors
from hunter_pipeline.cli.jobs import run_job, step_failure
from hunter_pipeline.cli.output import UNLIMITED_WIDTH, format_table, to_json
from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.errors import HunterError, UpdateRefused
from hunter_pipeline.pipeline.answers import cancel_update, request_update, require_write_back, retry_update
from hunter_pipeline.pipeline.send_updates import SEND_JOB, SEND_OP
from hunter_pipeline.pipeline.sync_run import QUIET_RUN_CONFIG
from hunter_pipeline.referrals.payloads import canonical_id
from hunter_pipeline.referrals.text import to_line
from hunter_pipeline.referrals.updates import Action
from hunter_pipeline.warehouse import listing, referral_updates, schema
from hunter_pipeline.warehouse.connection import Connection, Warehouse
from hunter_pipeline.warehouse.list_queries import Filters
from hunter_pipeline.warehouse.referral_updates import to_public

app = typer.Typer(help="Read referrals, and answer them in Partner Center.", no_args_is_help=True)

_LIST_COLUMNS = ("referral_id", "company_name", "name", "country", "referral_type", "status", "substatus", "deal_value")
_UPDATE_COLUMNS = ("id", "referral_id", "action", "state", "requested_by", "requested_at", "error")
_SETTLED = ("confirmed", "dry_run")
_SIGN_IN_STATUSES = (401, 403)

Id = Annotated[str, typer.Argument(metavar="ID", help="The referral's id.", callback=canonical_id)]
Number = Annotated[int, typer.Argument(metavar="N", help="Number of the answer.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who answers; the system's user by default.")]
Name = Annotated[str | None, typer.Option("--name", help="Name of the deal.")]
Value = Annotated[str | None, typer.Option("--value", help="Value of the deal, like 12000 or 99.50.")]
Currency = Annotated[str | None, typer.Option("--currency", help="Currency of the value, like EUR.")]
Close = Annotated[str | None, typer.Option("--close", metavar="DATE", help="Expected close, like 2027-03-31.")]
Notes = Annotated[str | None, typer.Option("--notes", help="Notes of the deal.")]
CrmId = Annotated[str | None, typer.Option("--crm-id", help="The deal's id in your CRM.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why, in a sentence.")]


@app.command("list")
def list_referrals(
    status: Annotated[str | None, typer.Option("--status", help="Only New, Active or Closed.")] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Only co-sell, marketplace or solution-provider.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List referrals, the newest first."""
    with _connection(load_settings()) as connection:
        found = listing.page(connection, Filters(type_, status), page_size=limit)
    _print_rows(found.items, _LIST_COLUMNS, as_json=as_json)
    if not as_json:
        print(f"{len(found.items)} of {found.total} referrals", file=sys.stderr)


@app.command("show")
def show(referral_id: Id, as_json: AsJson = False) -> None:
    """Show a referral with its contacts, its history and its answers."""
    with _connection(load_settings()) as connection:
        detail = listing.detail(connection, referral_id)
        if detail is None:
            raise UpdateRefused("not_found", "No referral has this id.", hint="hunter referrals list shows the ids.")
        history = listing.history(connection, referral_id)
        updates = [to_public(row) for row in referral_updates.newest(connection, referral_id)]
    shown = {**detail, "history": history, "updates": updates}
    if as_json:
        print(to_json(shown))
        return
    for name, value in shown.items():
        if value not in (None, [], {}):
            print(f"{name}: {_cell(value)}")


def _with_values(action: Action, summary: str) -> Callable[..., None]:
    """Return the command of an action that takes values of the deal."""

    def command(
        referral_id: Id,
        *,
        name: Name = None,
        value: Value = None,
        currency: Currency = None,
        close: Close = None,
        notes: Notes = None,
        crm_id: CrmId = None,
        by: By = None,
        as_json: AsJson = False,
    ) -> None:
        given = {"name": name, "value": value, "currency": currency, "close_date": close}
        _answer(referral_id, action, {**given, "notes": notes, "crm_id": crm_id}, by, as_json=as_json)

    command.__doc__ = summary
    return command


def _with_reason(action: Action, summary: str) -> Callable[..., None]:
    """Return the command of an action that takes a reason."""

    def command(referral_id: Id, *, reason: Reason = None, by: By = None, as_json: AsJson = False) -> None:
        _answer(referral_id, action, {"reason": reason}, by, as_json=as_json)

    command.__doc__ = summary
    return command


app.command("accept")(_with_values("accept", "Accept a referral; what is not given is taken from it."))
app.command("decline")(_with_reason("decline", "Decline a referral."))
app.command("won")(_with_values("won", "Mark a deal as won."))
app.command("lost")(_with_reason("lost", "Mark a deal as lost."))
app.command("update")(_with_values("update", "Change the values of a referral."))


@app.command("updates")
def updates(
    retry: Annotated[int | None, typer.Option("--retry", metavar="N", help="Send this answer again.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the answers, the newest first."""
    settings = load_settings()
    configure_logs(settings)
    with _connection(settings) as connection:
        if retry is None:
            rows = referral_updates.newest(connection, at_most=limit)
        else:
            rows = [retry_update(connection, settings, retry)]
    if retry is None:
        _print_rows([to_public(row) for row in rows], _UPDATE_COLUMNS, as_json=as_json)
    else:
        _print_answer(rows[0], as_json=as_json)


@app.command("cancel")
def cancel(number: Number, as_json: AsJson = False) -> None:
    """Take an answer back before it is sent."""
    settings = load_settings()
    configure_logs(settings)
    with _connection(settings) as connection:
        row = cancel_update(connection, number)
    _print_answer(row, as_json=as_json)


@app.command("send")
def send(context: typer.Context, as_json: AsJson = False) -> int:
    """Send the answers that are due now, in this process."""
    settings = load_settings()
    configure_logs(settings)
    rows: list[dict[str, Any]] = []
    if settings.write_back == "off":
        print("Skipped: HUNTER_WRITE_BACK is off, nothing is sent.", file=sys.stderr)
    else:
        rows = run_send(settings, debug=bool(context.obj))
    counts = Counter(sorted(row["state"] for row in rows))
    if as_json:
        print(to_json({"counts": counts, "updates": rows}))
    else:
        for row in rows:
            print(describe_answer(row))
        print(", ".join(f"{count} {state}" for state, count in counts.items()) or "No answer is due.")
    return exit_code(rows)


def exit_code(rows: list[dict[str, Any]]) -> int:
    """Return 0 if every answer is confirmed or was a dry run, 3 if one needs a sign-in or a role, else 5."""
    unsettled = [row for row in rows if row["state"] not in _SETTLED]
    if any(row["status_code"] in _SIGN_IN_STATUSES for row in unsettled):
        return 3
    return 5 if unsettled else 0


def run_send(settings: Settings, *, debug: bool = False) -> list[dict[str, Any]]:
    """
    Run the job that sends answers in this process, and return the rows that it handled.

    Raises: HunterError if it could not do its work; the rows that it handled keep their state.
    """
    if settings.write_back == "on" and not settings.partner_center_enabled:
        raise UpdateRefused(
            "feature_flag_disabled",
            "Answers cannot be sent while the Partner Center sync is disabled.",
            hint="Set HUNTER_PARTNER_CENTER_ENABLED=true.",
        )
    settings.require_partner_center()
    result = run_job(settings, SEND_JOB, QUIET_RUN_CONFIG, "Sending answers to Partner Center", raise_on_error=debug)
    if not result.success:
        raise _error_of(result)
    with _connection(settings) as connection:
        rows = referral_updates.by_ids(connection, result.output_for_node(SEND_OP))
    return [to_public(row) for row in rows]


def _error_of(result: Any) -> HunterError:
    """Return the error that ended a run, with its exit code."""
    failure = step_failure(result)
    data = failure.user_failure_data if failure else None
    if data is None:
        return HunterError("Sending the answers failed.", hint="See the run in Dagster: hunter up, then /runs.")
    kind = getattr(errors, str(data.metadata["type"].value), HunterError)
    return kind(data.description or "Sending the answers failed.")


def _answer(referral_id: str, action: Action, fields: dict[str, str | None], by: str | None, *, as_json: bool) -> None:
    settings = load_settings()
    configure_logs(settings)
    require_write_back(settings)
    with _connection(settings) as connection:
        row = request_update(connection, settings, referral_id, action, fields, requested_by=by or _system_user())
    if row["warning"]:
        print(f"warning: {row['warning']}", file=sys.stderr)
    _print_answer(row, as_json=as_json)


@contextmanager
def _connection(settings: Settings) -> Iterator[Connection]:
    warehouse = Warehouse.from_settings(settings)
    schema.ensure_current(warehouse)
    with warehouse.connection() as connection:
        yield connection


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "unknown"


def _print_answer(row: dict[str, Any], *, as_json: bool) -> None:
    print(to_json(to_public(row)) if as_json else describe_answer(row))


def describe_answer(row: dict[str, Any]) -> str:
    """Return an answer as a line of text: 'Answer 3 (accept of 61c6...): pending, sent after 12:00:10 UTC.'"""
    start = f"Answer {row['id']} ({row['action']} of {row['referral_id']}): {row['state']}"
    if row["state"] == "pending":
        send_after: datetime = row["send_after"]
        kept = ", a dry run" if row["is_dry_run"] else ""
        return f"{start}{kept}; sent after {send_after:%H:%M:%S} UTC. Take it back: hunter referrals cancel {row['id']}"
    if row["request"]:
        return f"{start}\n{json.dumps(row['request'], indent=2, ensure_ascii=False)}"
    return f"{start}{'. ' + row['error'] if row['error'] else '.'}"


def _print_rows(rows: list[dict[str, Any]], columns: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        print(to_json(rows))
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else UNLIMITED_WIDTH
    print(format_table(columns, [[_cell(row[name]) for name in columns] for row in rows], width=width), end="")


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, (dict, list)):
        return to_line(to_json(value))
    return "" if value is None else to_line(str(value))
