"""
Which domains have an Entra tenant: a public question, asked without any token.

What belongs here: the OpenID configuration look-up. What does not: which domains are asked about.
"""

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from time import monotonic

from hunter_pipeline.config.logs import log
from hunter_pipeline.errors import HunterError
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.partner_center.responses import Answer, json_object
from hunter_pipeline.partner_center.retry import RetryPolicy

AT_ONCE = 8
_TRIES, _CONNECT, _READ = 2, 5.0, 10.0
_GUID = re.compile(r"(?i)/([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})(?:/|$)")
_DOMAIN = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_OK, _BAD_REQUEST = 200, 400


class TenantDirectory:
    """Asks an authority's host which tenant a domain belongs to."""

    def __init__(self, http: Http, authority: str) -> None:
        self._http = http
        self._authority = authority.rstrip("/")

    def tenants_of(self, domains: Iterable[str], *, seconds: float) -> dict[str, str | None]:
        """
        The tenant's GUID per domain, eight questions at a time.

        Shape:   {"contoso.com": "1f4c...", "no-tenant.org": None}
        None:    Entra says that no tenant has the domain.
        Missing: no verdict within `seconds`, or nothing that can stand in a URL; ask again another time.
        Raises:  nothing that the network does.
        """
        until = monotonic() + seconds
        wanted = [domain for domain in dict.fromkeys(domains) if _DOMAIN.fullmatch(domain)]
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="tenant") as pool:
            answers = list(pool.map(self._verdict, wanted, repeat(until)))
        found = {domain: tenant for domain, (known, tenant) in zip(wanted, answers, strict=True) if known}
        if len(found) < len(wanted):
            log.info("partner_center_tenants_unanswered", asked=len(wanted), unanswered=len(wanted) - len(found))
        return found

    def _verdict(self, domain: str, until: float) -> tuple[bool, str | None]:
        """(whether there is a verdict, the tenant)."""
        left = until - monotonic()
        if left <= 0:
            return False, None
        policy = RetryPolicy(tries=_TRIES, connect=_CONNECT, read=_READ, total=left, retry_after_cap=5.0)
        url = f"{self._authority}/{domain}/v2.0/.well-known/openid-configuration"
        try:
            return _read(self._http.request("GET", url, where="the tenant look-up", policy=policy))
        except HunterError:
            return False, None


def _read(answer: Answer) -> tuple[bool, str | None]:
    """
    A verdict only from what is documented: 200 with a GUID in the issuer, or 400 `invalid_tenant`.

    A GUID is looked for as a whole path segment of the issuer: https://sts.windows.net/<guid>/.
    """
    body = json_object(answer.body)
    if answer.status_code == _OK:
        tenant = _GUID.search(str(body.get("issuer", "")))
        return (True, tenant.group(1).lower()) if tenant else (False, None)
    return answer.status_code == _BAD_REQUEST and body.get("error") == "invalid_tenant", None
