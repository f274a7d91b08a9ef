"""Serve Entra's endpoints: discovery, sign-in with its pages, tokens, and errors."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from hunter_pipeline.sandbox.customers import ascii_domain
from hunter_pipeline.sandbox.oauth import EntraError
from hunter_pipeline.sandbox.options import TENANT_ID, USERNAME

if TYPE_CHECKING:
    from hunter_pipeline.sandbox.sandbox import Sandbox

# AADSTS number: error code, sentence.
_ERRORS = {
    50011: ("invalid_request", "The redirect URI specified in the request does not match one that is configured."),
    50076: ("invalid_grant", "Due to a configuration change, you must use multi-factor authentication."),
    50173: ("invalid_grant", "The provided grant has expired due to it being revoked, a fresh auth token is needed."),
    53003: ("invalid_grant", "Access has been blocked by Conditional Access policies."),
    54005: ("invalid_grant", "OAuth2 Authorization code was already redeemed."),
    65004: ("authorization_declined", "The user declined to approve the sign-in."),
    70000: ("invalid_grant", "The provided value for the grant is not valid."),
    70003: ("unsupported_grant_type", "The app requested an unsupported grant type."),
    70008: ("invalid_grant", "The provided authorization code is expired."),
    70016: ("authorization_pending", "OAuth 2.0 device flow error. Authorization is pending. Continue polling."),
    70020: ("expired_token", "The provided value for the device code is expired."),
    90002: ("invalid_tenant", "Tenant not found. Check to make sure you have the correct tenant ID."),
    90033: ("temporarily_unavailable", "A transient error has occurred. Please try again."),
    501481: ("invalid_grant", "The Code_Verifier does not match the code_challenge of the authorization request."),
    530036: ("invalid_grant", "Access has been blocked by Conditional Access policies: no device code flow."),
    700016: ("unauthorized_client", "Application was not found in the directory."),
    700082: ("invalid_grant", "The refresh token has expired due to inactivity."),
    900144: ("invalid_request", "The request body must contain all required parameters."),
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - sandbox</title>
<style>
body {{ font: 16px/1.5 "Segoe UI", system-ui, sans-serif; background: #f2f2f2; color: #1b1b1b; margin: 0; }}
main {{ background: #fff; max-width: 24rem; margin: 12vh auto 0; padding: 2.5rem; box-shadow: 0 2px 6px #0003; }}
h1 {{ font-size: 1.5rem; margin: 0 0 1rem; }} label {{ display: block; margin-bottom: .25rem; }}
input[type=text] {{ font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; border: 1px solid #666; }}
button {{ font: inherit; margin-top: 1.25rem; padding: .45rem 1.5rem; border: 0; background: #0067b8; color: #fff; }}
button.quiet {{ background: #e1e1e1; color: #1b1b1b; }} .error {{ color: #a4262c; }}
</style></head><body><main><h1>{title}</h1>{content}</main></body></html>"""
_BUTTONS = """<button type="submit" name="answer" value="approve">{approve}</button>
<button type="submit" name="answer" value="decline" class="quiet">Decline</button>"""


class EntraEndpoints:
    """The endpoints of one sandbox."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._oauth = sandbox.oauth

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/{tenant}/v2.0/.well-known/openid-configuration", self._openid_configuration),
            Route("/{tenant}/discovery/v2.0/keys", self._keys),
            Route("/{tenant}/oauth2/v2.0/devicecode", self._device_code, methods=["POST"]),
            Route("/{tenant}/oauth2/v2.0/token", self._token, methods=["POST"]),
            Route("/{tenant}/oauth2/v2.0/authorize", self._authorize, methods=["GET", "POST"]),
            Route("/devicelogin", self._device_login, methods=["GET", "POST"]),
        ]

    async def _openid_configuration(self, request: Request) -> Response:
        tenant_id = self._tenant_id(request.path_params["tenant"])
        if tenant_id is None:
            raise EntraError(90002)
        base = f"{self._sandbox.url}/{tenant_id}"
        return JSONResponse({
            "issuer": self._oauth.issuer(tenant_id),
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token", "code id_token"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "tenant_region_scope": "EU",
            "cloud_instance_name": "localhost",
        })  # fmt: skip

    async def _keys(self, _request: Request) -> Response:
        return JSONResponse({"keys": []})

    async def _device_code(self, request: Request) -> Response:
        return JSONResponse(self._oauth.issue_device_code(request.path_params["tenant"], await _form(request)))

    async def _token(self, request: Request) -> Response:
        tokens = self._oauth.redeem(request.path_params["tenant"], await _form(request))
        return JSONResponse(tokens, headers={"cache-control": "no-store"})

    async def _authorize(self, request: Request) -> Response:
        """Redirect the browser to the app with a code, after a person has agreed if that is required."""
        fields = dict(request.query_params) if request.method == "GET" else await _form(request)
        try:
            self._oauth.check_authorization_request(request.path_params["tenant"], fields)
        except EntraError as error:
            reason = f'<p class="error">{escape(error_body(error.number)["error_description"])}</p>'
            return HTMLResponse(html_page("Sorry, but we are having trouble signing you in", reason), 400)
        if request.method == "GET" and not self._sandbox.options.auto_approve:
            question = f"<p>An app on this computer wants to sign in as {USERNAME}.</p>"
            return HTMLResponse(html_page("Sign in", question + _post_form(request.url.path, fields, "Approve")))
        answer = {"state": fields.get("state", "")}
        if fields.get("answer") == "decline":
            answer |= {"error": "access_denied", "error_description": error_body(65004)["error_description"]}
        else:
            answer["code"] = self._oauth.issue_authorization_code(fields)
        return _redirect_to_app(fields, answer)

    async def _device_login(self, request: Request) -> Response:
        if request.method == "GET":
            return HTMLResponse(_code_page(request.query_params.get("code", "")))
        form = await _form(request)
        approve = form.get("answer") != "decline"
        if not self._oauth.answer_device_code(form.get("code", ""), approve=approve):
            alert = '<p class="error" role="alert">That code did not work. Check it and try again.</p>'
            return HTMLResponse(_code_page(form.get("code", ""), alert))
        title, text = "You are signed in", f"Signed in as {USERNAME}."
        if not approve:
            title, text = "Sign-in declined", "You have declined the sign-in."
        return HTMLResponse(html_page(title, f'<p role="status">{text} You may close this window.</p>'))

    def _tenant_id(self, tenant: str) -> str | None:
        """Return the id of a tenant that is named by its id or by one of its domains."""
        tenant = tenant.lower()
        if tenant in {"common", "organizations"}:
            return TENANT_ID
        tenants = self._sandbox.world.tenants
        if tenant == TENANT_ID or tenant in tenants.values():
            return tenant
        try:
            return tenants.get(ascii_domain(tenant))
        except UnicodeError:
            return None


def error_body(number: int) -> dict[str, Any]:
    """Return the body of an error with an AADSTS number; an unknown number is an `invalid_grant`."""
    error, sentence = _ERRORS.get(number, ("invalid_grant", "The request was refused."))
    trace_id, correlation_id = str(uuid.uuid4()), str(uuid.uuid4())
    timestamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    ids = f"Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {timestamp}"
    return {
        "error": error,
        "error_description": f"AADSTS{number}: {sentence} {ids}",
        "error_codes": [number],
        "timestamp": timestamp,
        "trace_id": trace_id,
        "correlation_id": correlation_id,
    }


def error_response(_request: Request, error: EntraError) -> Response:
    """Return an error in Entra's form."""
    body = error_body(error.number)
    return JSONResponse(body, status_code=401 if body["error"] == "unauthorized_client" else 400)


def html_page(title: str, content: str) -> str:
    """Return an HTML page; `content` is HTML."""
    return _PAGE.format(title=title, content=content)


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a posted form, and add them to the recorded request."""
    form = dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))
    request.scope["sandbox.request"].form = form
    return form


def _code_page(code: str, alert: str = "") -> str:
    """Return the page on which a device code is entered."""
    label = '<label for="code">Code</label>'
    field = f'<input type="text" id="code" name="code" value="{escape(code)}" autocomplete="off" autofocus required>'
    return html_page(
        "Enter code",
        f"{alert}<p>Enter the code shown by the app to sign in as {USERNAME}.</p>"
        f'<form method="post" action="/devicelogin">{label}{field}{_BUTTONS.format(approve="Sign in")}</form>',
    )


def _post_form(action: str, fields: Mapping[str, str], approve: str | None = None) -> str:
    """Return a form that posts hidden fields: with buttons to approve and decline, or one to continue."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items()
    )
    buttons = _BUTTONS.format(approve=approve) if approve else '<button type="submit">Continue</button>'
    return f'<form method="post" action="{escape(action)}">{hidden}{buttons}</form>'


def _redirect_to_app(query: Mapping[str, str], answer: Mapping[str, str]) -> Response:
    target = query["redirect_uri"]
    if query.get("response_mode") == "form_post":
        submit = "<script>document.forms[0].submit()</script>"
        return HTMLResponse(html_page("Signing in", _post_form(target, answer) + submit))
    separator = "&" if urlsplit(target).query else "?"
    return RedirectResponse(target + separator + urlencode(answer), status_code=302)
