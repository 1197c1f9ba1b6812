from django.urls import URLPattern, URLResolver, include, path

from .views import channels, entering, members, settings

app_name = "workspaces"

_members = [
    path("", members.listing, name="members"),
    path("<int:member_id>/role/", members.role, name="member_role"),
    path("<int:member_id>/removal/", members.removal, name="member_removal"),
]
_invitations = [
    path("<uuid:uuid>/renewal/", members.renewal, name="invitation_renewal"),
    path("<uuid:uuid>/revocation/", members.revocation, name="invitation_revocation"),
]
_channels = [
    path("", channels.listing, name="channels"),
    path("new/whatsapp/", channels.new_whatsapp, name="channel_new_whatsapp"),
    path("<uuid:uuid>/", channels.detail, name="channel"),
    path("<uuid:uuid>/check/", channels.check, name="channel_check"),
    path("<uuid:uuid>/name/", channels.name, name="channel_name"),
    path("<uuid:uuid>/secrets/", channels.replace_secrets, name="channel_secrets"),
    path("<uuid:uuid>/sending/", channels.sending, name="channel_sending"),
    path("<uuid:uuid>/disconnection/", channels.disconnection, name="channel_disconnection"),
]
_settings: list[URLPattern | URLResolver] = [
    path("", settings.start, name="settings"),
    path("general/", settings.general, name="general"),
    path("members/", include(_members)),
    path("invitations/", include(_invitations)),
    path("channels/", include(_channels)),
    path("audit/", settings.audit, name="audit"),
]

urlpatterns = [
    path("", entering.home, name="home"),
    path("me/", entering.profile, name="profile"),
    path("me/sessions/<int:session_id>/end/", entering.session_end, name="session_end"),
    path("invite/<str:token>/", entering.invitation, name="invitation"),
    path("w/", entering.switcher, name="switcher"),
    path("w/new/", entering.new_workspace, name="new"),
    path("w/<slug:slug>/", entering.workspace_home, name="workspace"),
    path("w/<slug:slug>/settings/", include(_settings)),
]
