"""Pages of referrals as parsed JSON."""

from hunter_pipeline.partner_center.pagination import Page
from hunter_pipeline.referrals.payloads import WireReferral


def parsed_items(page: Page) -> list[object]:
    """Return the items of a page, each parsed."""
    return [item.parsed() if isinstance(item, WireReferral) else item for item in page.items]
