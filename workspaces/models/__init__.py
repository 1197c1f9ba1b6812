from .audit import AuditEntry
from .channels import Channel
from .credits import CreditCheck, CreditEntry, CreditPocket, CreditPrice
from .people import Invitation, Member, Origin, Role, User
from .workspaces import Workspace

__all__ = [
    "AuditEntry",
    "Channel",
    "CreditCheck",
    "CreditEntry",
    "CreditPocket",
    "CreditPrice",
    "Invitation",
    "Member",
    "Origin",
    "Role",
    "User",
    "Workspace",
]
