from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand
from django.db import transaction

from workspaces import secrets, tenancy
from workspaces.models.tenant import TenantModel
from workspaces.row_security import tenant_models

SEALED_FIELDS = ("secret", "seed")  # what allauth keeps for one-time passwords and recovery codes


class Command(BaseCommand):
    help = "Encrypt every stored secret anew under the first key of FIELD_ENCRYPTION_KEYS. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        with tenancy.all_workspaces():
            rows = sum(_reseal(model) for model in tenant_models() if model.sealed_columns)
        with transaction.atomic():
            factors = list(Authenticator.objects.select_for_update())
            for factor in factors:
                for name in SEALED_FIELDS:
                    if isinstance(factor.data.get(name), str):
                        factor.data[name] = secrets.reseal(factor.data[name].encode()).decode()
                factor.save(update_fields=["data"])
        self.stdout.write(f"{rows} sealed rows and {len(factors)} second factors use the first key now.")


def _reseal(model: type[TenantModel]) -> int:
    columns = model.sealed_columns
    sealed = list(model._base_manager.select_for_update().only("pk", *columns))
    for row in sealed:
        for column in columns:
            setattr(row, column, secrets.reseal(bytes(getattr(row, column))))
        row.save(update_fields=columns)
    return len(sealed)
