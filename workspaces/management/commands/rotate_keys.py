from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand
from django.db import transaction

from workspaces import secrets, tenancy
from workspaces.models import Channel

SEALED_FIELDS = ("secret", "seed")  # what allauth keeps for one-time passwords and recovery codes


class Command(BaseCommand):
    help = "Encrypt every stored secret anew under the first key of FIELD_ENCRYPTION_KEYS. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        with tenancy.all_workspaces():
            channels = list(Channel.objects.select_for_update().only("id", "credentials"))
            for channel in channels:
                channel.credentials = secrets.reseal(bytes(channel.credentials))
                channel.save(update_fields=["credentials"])
        with transaction.atomic():
            factors = list(Authenticator.objects.select_for_update())
            for factor in factors:
                for name in SEALED_FIELDS:
                    if isinstance(factor.data.get(name), str):
                        factor.data[name] = secrets.reseal(factor.data[name].encode()).decode()
                factor.save(update_fields=["data"])
        self.stdout.write(f"{len(channels)} channels and {len(factors)} second factors use the first key now.")
