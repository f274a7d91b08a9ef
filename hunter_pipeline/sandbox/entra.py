"""
Sign-in, as Entra answers it.

Belongs here: routes and discovery. Does not belong here: who gets tokens (grants.py), what a person
sees (pages.py), refusals (refusals.py).
"""

from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from hunter_pipeline.sandbox import grants, pages
from hunter_pipeline.sandbox.contacts import ascii_domain
from hunter_pipeline.sandbox.options import TENANT_ID
from hunter_pipeline.sandbox.refusals import refusal
from hunter_pipeline.sandbox.site import Site


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a posted form, also put on record."""
    form = dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))
    request.scope["sandbox.form"] = form
    return form


def router(site: Site) -> APIRouter:
    """The routes of sign-in."""
    routes = APIRouter()

    @routes.get("/{tenant}/v2.0/.well-known/openid-configuration")
    async def discovery(tenant: str) -> Response:
        tenant_id = _tenant_of(site, tenant)
        return refusal(90002) if tenant_id is None else JSONResponse(_metadata(site, tenant_id))

    @routes.get("/{tenant}/discovery/v2.0/keys")
    async def keys(tenant: str) -> Response:  # noqa: ARG001
        return JSONResponse({"keys": []})

    @routes.post("/{tenant}/oauth2/v2.0/devicecode")
    async def device_code(tenant: str, request: Request) -> Response:
        return grants.issue_device_code(site, tenant, await form_of(request))

    @routes.post("/{tenant}/oauth2/v2.0/token")
    async def token(tenant: str, request: Request) -> Response:
        return grants.issue_token(site, tenant, await form_of(request))

    @routes.get("/{tenant}/oauth2/v2.0/authorize")
    async def authorize(tenant: str, request: Request) -> Response:
        asked = dict(request.query_params)
        if site.options.auto_approve or grants.authorize_refusal(tenant, asked) is not None:
            return grants.authorize(site, tenant, asked)
        return HTMLResponse(pages.approve(request.url.path, asked))

    @routes.post("/{tenant}/oauth2/v2.0/authorize")
    async def authorized(tenant: str, request: Request) -> Response:
        return grants.authorize(site, tenant, await form_of(request))

    @routes.get("/devicelogin")
    async def ask_for_code(code: str = "") -> Response:
        return HTMLResponse(pages.device_login(code))

    @routes.post("/devicelogin")
    async def take_code(request: Request) -> Response:
        form = await form_of(request)
        found = grants.settle(site, form.get("code", ""), "declined" if form.get("answer") == "decline" else "approved")
        return HTMLResponse(pages.device_done(form) if found else pages.device_login(form.get("code", ""), wrong=True))

    return routes


def _tenant_of(site: Site, name: str) -> str | None:
    name = name.lower()
    if name in {TENANT_ID, "common", "organizations", *site.world.tenants.values()}:
        return TENANT_ID if name in {"common", "organizations"} else name
    try:
        return site.world.tenants.get(ascii_domain(name))
    except UnicodeError:
        return None


def _metadata(site: Site, tenant_id: str) -> dict[str, Any]:
    base = f"{site.url}/{tenant_id}"
    return {
        "issuer": grants.issuer(site, tenant_id),
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
    }
