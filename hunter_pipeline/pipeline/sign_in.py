"""Choose the token store, and open the sign-in and the client that use it."""

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import ConfigurationError
from hunter_pipeline.partner_center.auth import SignIn
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.http import DEFAULT_POLICY, Http, RetryPolicy
from hunter_pipeline.partner_center.token_store import TokenFile, TokenStore
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline.warehouse.sign_in import TokenRow


def token_store(settings: Settings) -> TokenStore:
    """Return the store in the database, which all nodes share, if HUNTER_TOKEN_KEYS is set, else the file."""
    if not settings.token_keys:
        return TokenFile(settings.token_cache)
    keys = [key.get_secret_value() for key in settings.token_keys]
    return TokenRow(Warehouse.from_settings(settings), keys)


def open_sign_in(settings: Settings, http: Http) -> SignIn:
    """Return the sign-in of these settings. Raises: ConfigurationError if the client id or the tenant id is empty."""
    return SignIn.from_settings(settings, http, token_store(settings))


def open_client(settings: Settings, policy: RetryPolicy = DEFAULT_POLICY) -> PartnerCenterClient:
    """Return a client with this sign-in; the caller closes it. Raises: as `open_sign_in`."""
    http = Http(policy)
    return PartnerCenterClient(http, open_sign_in(settings, http), settings.partner_center_api_url)


def own_domains(settings: Settings) -> tuple[str, ...]:
    """
    Return the partner's own domains: those of HUNTER_OWN_DOMAINS and the one of the user who signed in, if any.

    Raises: DatabaseError if the sign-in is kept in the database and that is out of reach.
    """
    if not (settings.partner_center_client_id and settings.partner_center_tenant_id):
        return settings.own_domains
    with Http() as http:
        username = open_sign_in(settings, http).status().username or ""
    _, at, domain = username.rpartition("@")
    return (*settings.own_domains, domain) if at and domain not in settings.own_domains else settings.own_domains


def rotate_key(settings: Settings) -> None:
    """
    Encrypt the stored sign-in with the first of HUNTER_TOKEN_KEYS, so that the others can be removed.

    Raises:
        ConfigurationError: the sign-in is kept in a file.
        PartnerCenterAuthError: no account is signed in, or no key fits.
        DatabaseError: the database is out of reach.
    """
    if not settings.token_keys:
        raise ConfigurationError(
            "HUNTER_TOKEN_KEYS is empty: the sign-in is kept in a file, which is not encrypted.",
            hint="Set it to a Fernet key and sign in again to keep the sign-in in the database.",
        )
    with Http() as http:
        open_sign_in(settings, http).rewrite()
