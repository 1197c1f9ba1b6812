from django.apps import AppConfig
from django.db.models.signals import post_migrate


class WorkspacesConfig(AppConfig):
    name = "workspaces"

    def ready(self) -> None:
        from . import checks, row_security  # noqa: F401  (checks register themselves)

        # The one signal in the code base: row security must also cover the tables of apps migrated later.
        post_migrate.connect(row_security.after_migrate, dispatch_uid="row-security")
