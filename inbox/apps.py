from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "inbox"

    def ready(self) -> None:
        """Templates and contacts are neighbours that do not know each other; the inbox knows both."""
        from templates_mgmt import contact_fields

        from .template_fields import choices

        contact_fields.learn(choices)
