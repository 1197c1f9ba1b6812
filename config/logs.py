"""One JSON object a line, with secrets and people's numbers removed before anything is written."""

from __future__ import annotations

import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_KEYS = re.compile(r"token|secret|password|authorization|api_?key|cookie|signature|body|text", re.IGNORECASE)
BEARER = re.compile(r"(?i)\b(bearer\s+|EAA|sk_live_|whsec_)[\w\-.~+/=]{8,}")
URL_PASSWORD = re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+@")
HOOK_TOKEN = re.compile(r"(?<=/hooks/)[^/\s\"?]+")
NUMBER = re.compile(r"(?<![\w.\-:])\+?\d{6,11}(\d{4})(?![\w.\-:])")


def redact(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank out values of telling names; shorten phone numbers to their last four digits."""
    for key, value in event.items():
        if key in ("event", "exception", "level", "logger", "timestamp", "request_id"):
            event[key] = scrubbed(value) if key in ("event", "exception") else value
        elif SECRET_KEYS.search(key):
            event[key] = "[removed]"
        else:
            event[key] = scrubbed(value)
    return event


def scrubbed(value: Any) -> Any:
    """The value without tokens, passwords or whole phone numbers in it."""
    if isinstance(value, str):
        value = BEARER.sub("[removed]", value)
        value = URL_PASSWORD.sub(r"\1:[removed]@", value)
        value = HOOK_TOKEN.sub("[removed]", value)
        return NUMBER.sub(r"…\1", value)
    if isinstance(value, dict):
        return {key: "[removed]" if SECRET_KEYS.search(str(key)) else scrubbed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [scrubbed(item) for item in value]
    return value


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso"),
]


def logging_config(level: str, *, readable: bool) -> dict[str, Any]:
    """The dictConfig for Django and for everything that logs through `logging` or structlog."""
    renderer = structlog.dev.ConsoleRenderer(colors=False) if readable else structlog.processors.JSONRenderer()
    last: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redact,
        renderer,
    ]
    formatter = {"()": structlog.stdlib.ProcessorFormatter, "processors": last, "foreign_pre_chain": SHARED}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "rq.worker": {"level": "WARNING"},
            "django.request": {"level": "ERROR"},  # a 404 of a stranger is no news
            "django.security.DisallowedHost": {"level": "CRITICAL"},
        },
    }


def configure(config: dict[str, Any]) -> None:
    """Set up structlog and `logging` alike; Django calls this with LOGGING."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(config)
