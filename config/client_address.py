"""The visitor's address, believed only as far as TRUSTED_PROXY_COUNT says."""

from allauth.account.adapter import get_adapter
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The address that sign-in limits go by; None for a request that came from inside this process."""
    if not request.META.get("REMOTE_ADDR"):
        return None
    return get_adapter(request).get_client_ip(request)
