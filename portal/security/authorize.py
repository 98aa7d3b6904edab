"""authorize(): the one question above row-level security."""

import uuid

from sqlalchemy import select

from portal.errors import N_, Forbidden, NotFound
from portal.models.classes import ClassRole, Enrolment, EnrolmentStatus
from portal.security.actor import Actor
from portal.security.permissions import BY_CLASS_ROLE, BY_ROLE, Permission
from portal.tenancy.scope import session


def may(actor: Actor, permission: Permission) -> bool:
    """Whether the actor's role in the organization gives the permission (everywhere in it)."""
    return permission in BY_ROLE[actor.role]


def may_in_class(actor: Actor, permission: Permission, class_id: uuid.UUID) -> bool:
    """Whether the actor may, by role in the organization or by role in this class."""
    if may(actor, permission):
        return True
    role = class_role(actor, class_id)
    return role is not None and permission in BY_CLASS_ROLE[role]


def class_role(actor: Actor, class_id: uuid.UUID) -> ClassRole | None:
    """The actor's active role in the class."""
    return session().scalar(
        select(Enrolment.role).where(
            Enrolment.class_id == class_id,
            Enrolment.member_id == actor.member_id,
            Enrolment.status == EnrolmentStatus.ACTIVE,
        )
    )


def authorize(actor: Actor, permission: Permission, *, class_id: uuid.UUID | None = None) -> None:
    """Return when the actor may; else Forbidden, or NotFound for a class the actor has no part in."""
    if class_id is None:
        if not may(actor, permission):
            raise Forbidden("forbidden", N_("Your role does not allow this. Ask an admin of your organization."))
        return
    if may_in_class(actor, permission, class_id):
        return
    if class_role(actor, class_id) is None:
        raise NotFound("class_not_found", N_("There is no such class."))
    raise Forbidden("forbidden", N_("Your role in this class does not allow this. Ask its teacher."))
