"""What features put into the shell: navigation, settings sections, the bell's count and the switcher's list."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request, url_for

from portal.security.actor import Actor


@dataclass(frozen=True, slots=True)
class NavItem:
    """An entry of the main navigation; ``label`` is lazy, ``order`` sorts, ``tab`` shows it on phones.

    ``covers`` are the beginnings of the endpoints of pages below it.
    """

    endpoint: str
    label: Any
    icon: str
    order: int
    visible: Callable[[Actor], bool] = lambda actor: True
    tab: bool = True
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A page of the settings."""

    endpoint: str
    label: Any
    icon: str
    order: int
    visible: Callable[[Actor], bool] = lambda actor: True


@dataclass(frozen=True, slots=True)
class ClassTab:
    """A page of a class that a higher feature adds; ``visible(class_id)`` asks whether this class has it."""

    endpoint: str
    label: Any
    visible: Callable[[uuid.UUID], bool]


@dataclass(frozen=True, slots=True)
class Shell:
    """What the application's pages share."""

    nav: Sequence[NavItem]
    sections: Sequence[Section]
    unread: Callable[[Actor], int]
    class_tabs: Sequence[ClassTab] = ()

    def nav_for(self, actor: Actor) -> list[NavItem]:
        """The entries this actor sees, in order."""
        return sorted((item for item in self.nav if item.visible(actor)), key=lambda item: item.order)

    def sections_for(self, actor: Actor) -> list[Section]:
        """The settings pages this actor sees, in order."""
        return sorted((item for item in self.sections if item.visible(actor)), key=lambda item: item.order)


def furnish(app: Flask, shell: Shell) -> None:
    """Give the application its shell."""
    app.extensions["shell"] = shell


def shell() -> Shell:
    """The application's shell."""
    found: Shell = current_app.extensions["shell"]
    return found


def is_here(item: NavItem) -> bool:
    """Whether the request's page is this entry's, or one of those below it."""
    here = request.endpoint or ""
    return here == item.endpoint or here.startswith(item.covers)


def links(actor: Actor) -> list[tuple[Any, str, bool]]:
    """The settings pages as (label, address, whether it is this page)."""
    return [
        (section.label, url_for(section.endpoint), request.endpoint == section.endpoint)
        for section in shell().sections_for(actor)
    ]
