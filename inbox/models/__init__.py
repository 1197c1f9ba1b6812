from .attachments import Attachment
from .conversations import Conversation, ConversationEvent
from .hooks import DeadLetter, InboundWebhook, ParkedStatus
from .messages import Message
from .uploads import ProviderUpload

__all__ = [
    "Attachment",
    "Conversation",
    "ConversationEvent",
    "DeadLetter",
    "InboundWebhook",
    "Message",
    "ParkedStatus",
    "ProviderUpload",
]
