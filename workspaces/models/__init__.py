from .audit import AuditEntry
from .channels import Channel
from .people import Invitation, Member, Role, User
from .workspaces import Workspace

__all__ = ["AuditEntry", "Channel", "Invitation", "Member", "Role", "User", "Workspace"]
