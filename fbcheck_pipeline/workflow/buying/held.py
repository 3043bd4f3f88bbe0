"""What a person is told of a list that goes on only when somebody acts: it is held, or no limit will ever have room for it."""

from __future__ import annotations

import shlex

from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.ledger.restored import UNKNOWN
from fbcheck_pipeline.model.command_line import flags_of
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.workspace import Workspace


def what_to_do(phone_list: PhoneList, named: str | None = None) -> str | None:
    """Why a list is held and how it goes on, in lines with the commands; None for a list that is not held.

    Args:
        named: what the commands name in place of the list key, which works wherever the file was.
    """
    if phone_list.held is None:
        return None
    command = f"fbcheck run {shlex.quote(named or phone_list.list_key)}"
    if phone_list.held.startswith(UNKNOWN):
        return (
            f"held, nothing more of it is billed: {phone_list.held}\n"
            f"  if the vendor's account shows that they were not: `{command} --yes` goes on with it"
        )
    as_it_was = " ".join((command, *flags_of(phone_list.options), "--yes"))
    return (
        f"held, nothing of it is billed: {phone_list.held}\n"
        f"  if it was read wrongly: `{command}` with the right options reads it anew\n"
        f"  if it was read rightly: `{as_it_was}` goes on with it"
    )


def why_it_never_fits(ws: Workspace, phone_list: PhoneList) -> str | None:
    """Why no night will buy what a limit holds back of a list, and what to do; None where one may."""
    if not phone_list.is_over_budget:
        return None
    key, count = phone_list.list_key, phone_list.forbidden_phones
    limit = ws.settings.max_billable if phone_list.max_billable is None else phone_list.max_billable
    if limit is not None and sum(each.phone_count * each.tries for each in ws.ledger.purchases_of(key)) + count > limit:
        return (
            f"its {count:,} new phones are above its limit of {limit:,}; `fbcheck run {key} --max-billable PHONES` sets another"
        )
    return never_fits_a_day(count, ws.settings)


def never_fits_a_day(count: int, settings: Settings) -> str | None:
    """Why so many new phones of a list are bought on no day, and what to do; None where a day may have room."""
    most = settings.max_billable_per_day
    if most is None or count <= most:
        return None
    return f"its {count:,} new phones never fit into FBCHECK_MAX_BILLABLE_PER_DAY={most}; raise it, or split the list"
