"""The one enumeration of permissions and the one table of what each role may do."""

import enum

from portal.models.classes import ClassRole
from portal.models.organizations import Role


class Permission(enum.StrEnum):
    """Something an actor may do; those beginning with ``CLASS_`` are asked about one class."""

    ORGANIZATION_EDIT = "ORGANIZATION_EDIT"
    PLATFORMS_MANAGE = "PLATFORMS_MANAGE"
    MEMBERS_VIEW = "MEMBERS_VIEW"
    MEMBERS_EDIT = "MEMBERS_EDIT"
    AUDIT_VIEW = "AUDIT_VIEW"
    LIBRARY_VIEW = "LIBRARY_VIEW"
    LIBRARY_EDIT = "LIBRARY_EDIT"
    CURRICULA_VIEW = "CURRICULA_VIEW"
    CURRICULA_EDIT = "CURRICULA_EDIT"
    CLASSES_CREATE = "CLASSES_CREATE"
    CLASS_VIEW = "CLASS_VIEW"
    CLASS_EDIT = "CLASS_EDIT"
    CLASS_ENROL = "CLASS_ENROL"
    CLASS_PUBLISH = "CLASS_PUBLISH"
    CLASS_PROGRESS = "CLASS_PROGRESS"


P = Permission
_ALL = frozenset(Permission)
_EDUCATOR = frozenset(
    {P.LIBRARY_VIEW, P.LIBRARY_EDIT, P.CURRICULA_VIEW, P.CURRICULA_EDIT, P.CLASSES_CREATE, P.MEMBERS_VIEW}
)

BY_ROLE: dict[Role, frozenset[Permission]] = {
    Role.OWNER: _ALL,
    Role.ADMIN: _ALL,
    Role.MEMBER: _EDUCATOR,
    Role.STUDENT: frozenset({P.LIBRARY_VIEW}),
}

BY_CLASS_ROLE: dict[ClassRole, frozenset[Permission]] = {
    ClassRole.TEACHER: frozenset({P.CLASS_VIEW, P.CLASS_EDIT, P.CLASS_ENROL, P.CLASS_PUBLISH, P.CLASS_PROGRESS}),
    ClassRole.ASSISTANT: frozenset({P.CLASS_VIEW, P.CLASS_PROGRESS}),
    ClassRole.STUDENT: frozenset(),
    ClassRole.OBSERVER: frozenset(),
}
