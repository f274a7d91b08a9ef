"""Look up the Entra tenant of a domain in its public OpenID configuration, without a token."""

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from time import monotonic

from hunter_pipeline.config.logs import log
from hunter_pipeline.errors import HunterError
from hunter_pipeline.partner_center.http import ApiRequest, Http, RetryPolicy
from hunter_pipeline.partner_center.responses import BAD_REQUEST, ApiResponse, parse_object

PARALLEL_LOOKUPS = 8
_TRIES, _CONNECT, _READ, _RETRY_AFTER_CAP = 2, 5.0, 10.0, 5.0
# The GUID is a path segment of the issuer: https://sts.windows.net/<guid>/.
_GUID = re.compile(r"(?i)/([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})(?:/|$)")
_DOMAIN = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_OK = 200


class TenantDirectory:
    """A directory of the tenants of domains at an authority's host."""

    def __init__(self, http: Http, authority: str) -> None:
        self._http = http
        self._authority = authority.rstrip("/")

    def tenants_of(self, domains: Iterable[str], *, seconds: float) -> dict[str, str | None]:
        """
        Look up the tenants of domains, eight at a time.

        Returns the tenant's GUID by domain, None if no tenant has it: {"contoso.com": "1f4c...", "none.org": None}.
        A domain is left out if it cannot be part of a URL, or if there was no definite answer within `seconds`; look
        it up again later. No network error is raised.
        """
        deadline = monotonic() + seconds
        wanted = [domain for domain in dict.fromkeys(domains) if _DOMAIN.fullmatch(domain)]
        with ThreadPoolExecutor(PARALLEL_LOOKUPS, thread_name_prefix="tenant") as pool:
            results = list(pool.map(self._look_up, wanted, repeat(deadline)))
        found = {domain: tenant for domain, (is_known, tenant) in zip(wanted, results, strict=True) if is_known}
        if len(found) < len(wanted):
            log.info("partner_center_tenants_unanswered", asked=len(wanted), unanswered=len(wanted) - len(found))
        return found

    def _look_up(self, domain: str, deadline: float) -> tuple[bool, str | None]:
        """Return whether the answer is definite, and the tenant."""
        left = deadline - monotonic()
        if left <= 0:
            return False, None
        policy = RetryPolicy(tries=_TRIES, connect=_CONNECT, read=_READ, total=left, retry_after_cap=_RETRY_AFTER_CAP)
        url = f"{self._authority}/{domain}/v2.0/.well-known/openid-configuration"
        try:
            return _read_tenant(self._http.send(ApiRequest("GET", url, "the tenant look-up"), policy=policy))
        except HunterError:
            return False, None


def _read_tenant(response: ApiResponse) -> tuple[bool, str | None]:
    """Return whether a response is documented (200 with a GUID in the issuer, 400 `invalid_tenant`), and the tenant."""
    body = parse_object(response.body)
    if response.status_code == _OK:
        tenant = _GUID.search(str(body.get("issuer", "")))
        return (True, tenant.group(1).lower()) if tenant else (False, None)
    return response.status_code == BAD_REQUEST and body.get("error") == "invalid_tenant", None
