"""Structured logs on standard error, one line an event; every line of a request carries its id.

Never logged: tokens, passwords, query strings, and e-mail addresses, which are taken out of every line.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog

_ADDRESS = re.compile(
    r"""(?:"[^"\n]{1,64}"|[^\s@<>()\[\]{}",;:=\\]{1,64})(?:@|%40)(?:\[[0-9A-Fa-f.:IPv]+\]|\w[\w.-]*)"""
)


def _without_addresses(value: Any) -> Any:
    """The value with each e-mail address (RFC 5321 §4.1.2, plain or percent-encoded) as ``[address]``."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {_without_addresses(key): _without_addresses(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_without_addresses(each) for each in value]
    return _ADDRESS.sub("[address]", str(value))


def _scrub(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    scrubbed: structlog.typing.EventDict = _without_addresses(event)
    return scrubbed


def configure(log_format: str) -> None:
    """Send structlog's and the standard library's records through one renderer: ``text`` or ``json``."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if log_format == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _scrub,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("alembic", "flask-limiter"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
