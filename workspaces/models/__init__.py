from .audit import AuditEntry
from .channels import Channel
from .people import Invitation, Member, Origin, Role, User
from .workspaces import Workspace

__all__ = ["AuditEntry", "Channel", "Invitation", "Member", "Origin", "Role", "User", "Workspace"]
