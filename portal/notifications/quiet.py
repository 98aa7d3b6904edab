"""When a message may go out: digest times and quiet hours in the member's own zone. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def local_instant(day: date, at: time, zone: str) -> datetime:
    """The UTC instant of a local time; one in a daylight-saving gap becomes the moment after the gap."""
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)


def earliest(now: datetime, zone: str, quiet_from: time, quiet_until: time) -> datetime:
    """``now``, or the end of the quiet hours it falls into; equal times mean no quiet hours."""
    local = now.astimezone(ZoneInfo(zone))
    at = local.time()
    if quiet_from == quiet_until:
        return now
    if quiet_from < quiet_until:
        return local_instant(local.date(), quiet_until, zone) if quiet_from <= at < quiet_until else now
    if at >= quiet_from:
        return local_instant(local.date() + timedelta(days=1), quiet_until, zone)
    return local_instant(local.date(), quiet_until, zone) if at < quiet_until else now
