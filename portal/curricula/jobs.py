"""What paths hear: the starter library was copied, so its ready paths become drafts."""

from datetime import datetime

import yaml
from sqlalchemy import select

from portal.curricula.importing import build
from portal.curricula.pathfile import read
from portal.jobs.registry import EventRef, on_event
from portal.library.origin import FOLDER
from portal.models.curricula import Curriculum
from portal.models.organizations import Member, Role
from portal.security.identity import load_actor
from portal.tenancy.scope import session


@on_event("library.copied")
def copy_starter_paths(event: EventRef, now: datetime) -> None:
    """Make a draft of each starter path whose title is not there yet."""
    owner_id = session().scalar(select(Member.id).where(Member.role == Role.OWNER).limit(1))
    owner = None if owner_id is None else load_actor(owner_id)
    path = FOLDER / "paths.yaml"
    if owner is None or not path.exists():
        return
    there = set(session().scalars(select(Curriculum.title)))
    for entry in yaml.safe_load(path.read_text())["paths"]:
        if entry["title"] not in there:
            build(read(yaml.safe_dump(entry, allow_unicode=True).encode(), "yaml"), actor=owner, now=now)
