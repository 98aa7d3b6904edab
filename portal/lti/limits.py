"""Rate limits of launches and registration: wide by address, since a school may share one; narrow for failures."""

from flask import Response

from portal.extensions import limiter


def _failed(response: Response) -> bool:
    return response.status_code >= 400


launches = limiter.limit("1200 per minute")
refused_launches = limiter.limit("60 per minute; 600 per hour", deduct_when=_failed)
registrations = limiter.limit("30 per hour")
public_files = limiter.limit("600 per minute")
