from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "inbox"

    def ready(self) -> None:
        """Templates do not know contacts, and credits do not know messages: the inbox knows all of them."""
        from templates_mgmt import contact_fields
        from workspaces import credit_checks

        from .credit_rules import RULES
        from .template_fields import choices

        contact_fields.learn(choices)
        credit_checks.learn(*RULES)
