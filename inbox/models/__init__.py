from .attachments import Attachment
from .conversations import Conversation, ConversationEvent
from .hooks import DeadLetter, InboundWebhook, ParkedStatus
from .messages import Message

__all__ = [
    "Attachment",
    "Conversation",
    "ConversationEvent",
    "DeadLetter",
    "InboundWebhook",
    "Message",
    "ParkedStatus",
]
