"""The visitor's address, believed only as far as TRUSTED_PROXY_COUNT says."""

from allauth.account.adapter import get_adapter
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address that rate limits and the audit log use. Raises PermissionDenied if there is none."""
    return get_adapter(request).get_client_ip(request)
