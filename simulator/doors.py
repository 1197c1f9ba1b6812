"""Who may come in: this machine only. The simulator hands out secrets and forges messages on request."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class LoopbackOnly:
    """Refuses callers, Host names and Origins that are not this machine, and adds the security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if reason := _refusal(scope):
            await PlainTextResponse(reason, status_code=403)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _refusal(scope: Scope) -> str:
    headers = Headers(scope=scope)
    client = scope.get("client")
    if client and client[0] not in LOOPBACK and not client[0].startswith("127."):
        return "The simulator answers this machine only."
    if urlsplit("//" + headers.get("host", "")).hostname not in LOOPBACK:
        return "The simulator answers under a loopback address only."
    origin = headers.get("origin")
    # A page of another site open in the same browser must not be able to write here (DNS names aside, ports differ).
    if origin and scope["method"] not in ("GET", "HEAD") and urlsplit(origin).netloc != headers.get("host"):
        return "Requests from other sites are refused."
    return ""
