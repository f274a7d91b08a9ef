"""The three kinds of referral, told apart as Microsoft does."""

from typing import NamedTuple

from hunter_pipeline.referrals.referral import CO_SELL, MARKETPLACE, SOLUTION_PROVIDER

MICROSOFT = "msft"


class Kind(NamedTuple):
    """A kind of referral, or the reason why it is none of the three: exactly one is None."""

    name: str | None
    reason: str | None


# (qualification, who invited) of an Independent referral; a Shared one is always a co-sell.
_INDEPENDENT = {
    ("direct", "microsoft"): Kind(MARKETPLACE, None),
    ("direct", "nobody"): Kind(MARKETPLACE, None),
    ("direct", "other"): Kind(None, "direct_by_other_organization"),
    ("salesqualified", "microsoft"): Kind(SOLUTION_PROVIDER, None),
    ("salesqualified", "nobody"): Kind(None, "sales_qualified_by_nobody"),
    ("salesqualified", "other"): Kind(CO_SELL, None),
    ("marketingqualified", "microsoft"): Kind(SOLUTION_PROVIDER, None),
    ("marketingqualified", "nobody"): Kind(None, "marketing_qualified_by_nobody"),
    ("marketingqualified", "other"): Kind(None, "marketing_qualified_by_other_organization"),
    ("none", "microsoft"): Kind(None, "unqualified_by_microsoft"),
    ("none", "nobody"): Kind(None, "unqualified_by_nobody"),
    ("none", "other"): Kind(CO_SELL, None),
}


def referral_type(type_: str | None, qualification: str | None, invited_by: str | None) -> Kind:
    """
    Tell the kind of a referral, without regard to case.

    Shape:      ('Shared', None, None) -> Kind('co-sell', None).
    None:       not given. A missing qualification is not the qualification `None`: nothing is known of it.
    invited_by: `inviteContext.invitedBy.organizationId`; empty text is nobody.
    Raises:     nothing; what fits no row has a short countable reason.
    Source:     Microsoft's table in partner_center_api.md, "The three kinds of referral".
    """
    kind, qualified = _folded(type_), _folded(qualification)
    if kind == "shared":
        return Kind(CO_SELL, None)
    if kind != "independent":
        return Kind(None, "unknown_type" if kind else "missing_type")
    if not qualified:
        return Kind(None, "missing_qualification")
    return _INDEPENDENT.get((qualified, _inviter(invited_by)), Kind(None, "unknown_qualification"))


def _inviter(invited_by: str | None) -> str:
    folded = _folded(invited_by)
    if not folded:
        return "nobody"
    return "microsoft" if folded == MICROSOFT else "other"


def _folded(text: str | None) -> str:
    return text.strip().casefold() if isinstance(text, str) else ""
