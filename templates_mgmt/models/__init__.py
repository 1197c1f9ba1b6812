from .notices import TemplateNotice, TemplateNoticesSeen
from .tasks import TemplateTask
from .templates import MessageTemplate, TemplateFile, TemplateTranslation, TemplateVersion

__all__ = [
    "MessageTemplate",
    "TemplateFile",
    "TemplateNotice",
    "TemplateNoticesSeen",
    "TemplateTask",
    "TemplateTranslation",
    "TemplateVersion",
]
