"""The audit log: read, filter, export."""

import csv
import io
import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from portal import clock
from portal.errors import N_, Invalid
from portal.events.audit import audit
from portal.organizations import audit_queries as queries
from portal.organizations.words import NOUNS, action_words, field_words, noun_words
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.identity import require_actor
from portal.security.permissions import Permission
from portal.web.parse import maybe_uuid

blueprint = Blueprint("audit", __name__)
blueprint.add_app_template_filter(action_words)
blueprint.add_app_template_filter(field_words)
blueprint.add_app_template_filter(noun_words)

_EXPORTED = 50_000


@blueprint.get("/settings/audit")
def index() -> ResponseReturnValue:
    """Who did what, newest first; ``before`` (an entry's id) goes on to older ones."""
    actor = require_actor()
    authorize(actor, Permission.AUDIT_VIEW)
    chosen = _filter(request.args, actor)
    before = request.args.get("before")
    rows = queries.entries(chosen, before=maybe_uuid(before) if before else None, limit=queries.PAGE + 1)
    return render_template(
        "organizations/audit.html",
        rows=rows[: queries.PAGE],
        older=rows[queries.PAGE - 1].id if len(rows) > queries.PAGE else None,
        chosen=chosen,
        nouns=NOUNS,
        paged=before is not None,
    )


@blueprint.post("/settings/audit/export")
def export() -> ResponseReturnValue:
    """The filtered entries as CSV, at most `_EXPORTED`, newest first; the export is an entry itself."""
    actor = require_actor()
    authorize(actor, Permission.AUDIT_VIEW)
    rows = queries.entries(_filter(request.form, actor), limit=_EXPORTED)
    audit(
        "audit.exported",
        "organization",
        actor.organization_id,
        actor_member_id=actor.member_id,
        now=clock.now(),
        rows=len(rows),
    )
    headers = {"Content-Disposition": "attachment; filename=audit.csv"}
    return Response(_csv(rows), mimetype="text/csv", headers=headers)


def _filter(values: "MultiDict[str, str]", actor: Actor) -> queries.Filter:
    about = values.get("about", "")
    return queries.Filter(
        who=values.get("who", "").strip()[:100],
        noun=values.get("noun", "").strip()[:40],
        first=_day(values, "first"),
        last=_day(values, "last"),
        about=maybe_uuid(about) if about else None,
        zone=actor.zone,
    )


def _day(values: "MultiDict[str, str]", name: str) -> date | None:
    text = values.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("date", N_("%(text)s is not a date such as 2026-09-07."), field=name, text=text[:20]) from None


def _csv(rows: Iterable[queries.Row]) -> str:
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow(["at", "actor", "action", "target_kind", "target", "target_id", "address", "before", "after", "data"])
    for row in rows:
        cells = (
            row.at.isoformat(),
            row.actor,
            row.action,
            row.target_kind,
            row.target,
            row.target_id,
            row.address,
            row.before,
            row.after,
            row.data,
        )
        out.writerow([_cell(cell) for cell in cells])
    return text.getvalue()


def _cell(value: Any) -> str:
    """Text that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
