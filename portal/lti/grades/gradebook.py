"""A course's gradebook (Assignment and Grade Services 2.0): line items found, made and updated, scores posted."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from pylti1p3.assignments_grades import AssignmentsGradesService
from pylti1p3.grade import Grade
from pylti1p3.lineitem import LineItem

from portal.lti.connector import Connector
from portal.lti.faults import ServiceError, unreadable
from portal.lti.grades.policy import Score
from portal.lti.platforms.base import Capabilities

LINE_ITEM = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
_ITEM = "application/vnd.ims.lis.v2.lineitem+json"
_ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
_MAX_PAGES = 200


@dataclass(frozen=True, slots=True)
class Column:
    """A line item as the portal wants it. Instants are aware; ``opens`` is where Canvas sends who opens the column."""

    label: str
    maximum: float
    resource_id: str
    tag: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    resource_link_id: str | None = None
    opens: str | None = None


class Gradebook:
    """The columns of one course. Never deletes one: on Moodle that would take a whole grade column with it."""

    def __init__(self, connector: Connector, capabilities: Capabilities, line_items_url: str | None) -> None:
        """``line_items_url`` is None where the platform offers single line items only."""
        self._connector, self._capabilities, self._line_items_url = connector, capabilities, line_items_url

    def ensure(self, wanted: Column, *, known_url: str | None) -> str:
        """The line item's URL: the known one if it still is, else the one found, else a new one; brought up to date.

        ServiceError, with code ``gone`` when the column is no more and may not be made again.
        """
        raw = None if known_url is None else self._get(known_url)
        if raw is None and self._line_items_url is not None:
            raw = self._find(wanted)
        if raw is None:
            return self._create(wanted)
        return self._update(raw, wanted)

    def _get(self, url: str) -> dict[str, Any] | None:
        try:
            return _item(self._connector.ask("GET", url, [LINE_ITEM], accept=_ITEM).body)
        except ServiceError as error:
            if error.code == "gone":
                return None
            raise

    def _find(self, wanted: Column) -> dict[str, Any] | None:
        for raw in self._all(resource_id=wanted.resource_id, tag=wanted.tag):
            if raw.get("resourceId") == wanted.resource_id and raw.get("tag") == wanted.tag:
                return raw
        return None

    def _all(self, **filters: str) -> Iterator[dict[str, Any]]:
        url = None if self._line_items_url is None else with_query(self._line_items_url, filters)
        seen: set[str] = set()
        while url is not None:
            if url in seen or len(seen) >= _MAX_PAGES:
                raise unreadable()
            seen.add(url)
            answer = self._connector.ask("GET", url, [LINE_ITEM], accept=_ITEMS)
            if not isinstance(answer.body, list):
                raise unreadable()
            yield from map(_item, answer.body)
            url = answer.links.get("next")

    def _create(self, wanted: Column) -> str:
        if self._line_items_url is None:
            raise _gone()
        values = _values(wanted, dates=self._capabilities.takes_dates)
        if wanted.opens is not None:
            values |= self._capabilities.line_item_extras(wanted.opens)
        answer = self._connector.ask(
            "POST", self._line_items_url, [LINE_ITEM], data=json.dumps(values), content_type=_ITEM, accept=_ITEM
        )
        return str(_item(answer.body)["id"])

    def _update(self, raw: dict[str, Any], wanted: Column) -> str:
        """A PUT replaces the whole definition (3.3.5.2), so all that is not the portal's goes back as it came."""
        values = raw | _values(wanted, dates=self._capabilities.takes_dates)
        values |= {name: raw[name] for name in ("label", "resourceLinkId") if name in raw}
        if values != raw:
            self._connector.ask(
                "PUT", str(raw["id"]), [LINE_ITEM], data=json.dumps(values), content_type=_ITEM, accept=_ITEM
            )
        return str(raw["id"])

    def post(self, line_item_url: str, sub: str, score: Score, *, at: datetime) -> None:
        """Post a person's score, with the instant it stands for. ServiceError."""
        grade = (
            Grade()
            .set_user_id(sub)
            .set_timestamp(timestamp(at))
            .set_activity_progress(score.activity_progress)
            .set_grading_progress(score.grading_progress)
        )
        if score.activity_progress != "Completed":
            grade.set_extra_claims(self._capabilities.progress_extras)
        if score.given is not None:
            grade.set_score_given(score.given).set_score_maximum(score.maximum)
        claim: Any = {"scope": [SCORE], "lineitem": line_item_url}
        service = AssignmentsGradesService(self._connector, claim)
        service.put_grade(grade)


def rising(now: datetime, last: datetime | None, capabilities: Capabilities) -> datetime:
    """The timestamp of a score: later than the last one as the platform's clock of scores sees it."""
    step = capabilities.score_step
    if last is None or now >= last + step:
        return now
    return last + step


def timestamp(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds (3.4.5)."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def with_query(url: str, values: Mapping[str, str]) -> str:
    """The URL with parameters behind those it has."""
    parts = urlsplit(url)
    query = "&".join(each for each in (parts.query, urlencode(values)) if each)
    return urlunsplit(parts._replace(query=query))


def _values(wanted: Column, *, dates: bool) -> dict[str, Any]:
    item = LineItem().set_label(wanted.label).set_score_maximum(wanted.maximum)
    item.set_resource_id(wanted.resource_id).set_tag(wanted.tag)
    if wanted.resource_link_id is not None:
        item.set_resource_link_id(wanted.resource_link_id)
    if dates and wanted.starts_at is not None:
        item.set_start_date_time(timestamp(wanted.starts_at))
    if dates and wanted.ends_at is not None:
        item.set_end_date_time(timestamp(wanted.ends_at))
    values: dict[str, Any] = json.loads(item.get_value())
    return values


def _item(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict) or not isinstance(raw.get("id"), str) or not raw["id"]:
        raise unreadable()
    return raw


def _gone() -> ServiceError:
    return ServiceError("gone", "The column is no longer in the gradebook, and may not be made again.", again=False)
