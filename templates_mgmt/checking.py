"""No text with errors leaves the editor."""

from __future__ import annotations

from . import components, linting
from .models import TemplateTranslation, TemplateVersion
from .refusals import TemplateRefused


def refuse_errors(translation: TemplateTranslation, version: TemplateVersion) -> None:
    """Raises TemplateRefused with the first errors of a text; warnings pass."""
    template = translation.template
    findings = linting.lint(
        components.read(version.components),
        name=template.name,
        language=translation.language,
        category=version.category,
        parameter_format=version.parameter_format,
        variables=version.variables,
        kind=template.kind,
    )
    errors = [finding.text for finding in findings if finding.level == "error"]
    if errors:
        more = f" And {len(errors) - 3} more." if len(errors) > 3 else ""
        raise TemplateRefused("components", " ".join(errors[:3]) + more)
