from .broadcasts import Broadcast
from .recipients import AudienceList, AudienceListEntry, Recipient

__all__ = ["AudienceList", "AudienceListEntry", "Broadcast", "Recipient"]
