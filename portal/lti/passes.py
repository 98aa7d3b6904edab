"""A pass from a frame that keeps no cookies to a tab that does: random, for one use, for five minutes."""

import hashlib
import json
import secrets
import uuid
from dataclasses import dataclass

from portal.errors import N_
from portal.extensions import valkey
from portal.lti.refusals import Refused
from portal.web.parse import maybe_uuid

SECONDS = 300


@dataclass(frozen=True, slots=True)
class Pass:
    """Whose session begins, and where it goes on."""

    organization_id: uuid.UUID
    member_id: uuid.UUID
    target: str
    frame_origins: str


def issue(organization_id: uuid.UUID, member_id: uuid.UUID, target: str, frame_origins: str) -> str:
    """A new pass's code, for the body of a form and never for an address."""
    code = f"{organization_id.hex}.{secrets.token_urlsafe(24)}"
    value = {"member": member_id.hex, "target": target, "frames": frame_origins}
    valkey.client.set(_name(code), json.dumps(value), ex=SECONDS)
    return code


def redeem(code: str) -> Pass:
    """What a code stands for, once. Refused."""
    found = valkey.client.getdel(_name(code))
    if found is None:
        raise Refused("used_pass", N_("This was used already, or waited too long. Open the link in the course again."))
    value = json.loads(found)
    return Pass(_owner(code), uuid.UUID(value["member"]), value["target"], value["frames"])


def _owner(code: str) -> uuid.UUID:
    return maybe_uuid(code.partition(".")[0][:32])


def _name(code: str) -> str:
    return f"lti:{_owner(code).hex}:pass:{hashlib.sha256(code.encode('utf-8', 'surrogatepass')).hexdigest()}"
