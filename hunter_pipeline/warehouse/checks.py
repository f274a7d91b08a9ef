"""What the asset checks ask the stored tables: each function names offenders, at most 20 of them."""

from typing import Any

from hunter_pipeline.warehouse.connection import Connection, queries


def doubled_referral_ids(connection: Connection) -> list[dict[str, Any]]:
    """`referral_id` and `times` of referrals that stand more than once."""
    return list(queries().doubled_referral_ids(connection))


def doubled_company_domains(connection: Connection) -> list[dict[str, Any]]:
    """`domain` and `times` of companies that stand more than once."""
    return list(queries().doubled_company_domains(connection))


def doubled_lead_domains(connection: Connection) -> list[dict[str, Any]]:
    """`domain` and `times` of leads that stand more than once."""
    return list(queries().doubled_lead_domains(connection))


def stored_domains(connection: Connection) -> list[str]:
    """Every distinct domain of the referrals and the companies."""
    return [row["domain"] for row in queries().stored_domains(connection)]


def unaccounted_referrals(connection: Connection) -> list[dict[str, Any]]:
    """Referrals that are not in all three of raw, normalized and partner_center_referrals, and where they are."""
    return list(queries().unaccounted_referrals(connection))


def counted_values(connection: Connection) -> list[dict[str, Any]]:
    """`field` (status or substatus), `value` and the number of `referrals` with it."""
    return list(queries().counted_values(connection))


def expiring_referrals(connection: Connection) -> tuple[int, list[dict[str, Any]]]:
    """How many unanswered referrals expire within 72 hours, and the first of them."""
    return queries().count_expiring_referrals(connection), list(queries().expiring_referrals(connection))
