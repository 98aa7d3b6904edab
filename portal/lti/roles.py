"""From the roles a platform gives to the part somebody has in a class (LTI 1.3, A.2).

Roles come as full URIs, as short names, or as URIs nobody knows; an unknown one gives nothing.
"""

from collections.abc import Iterable

from portal.models.classes import ClassRole
from portal.models.organizations import Role

_MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
_PRINCIPAL = {
    "Instructor": ClassRole.TEACHER,
    "Administrator": ClassRole.TEACHER,
    "ContentDeveloper": ClassRole.ASSISTANT,
    "Manager": ClassRole.ASSISTANT,
    "Officer": ClassRole.OBSERVER,
    "Mentor": ClassRole.OBSERVER,
    "Learner": ClassRole.STUDENT,
    "Member": ClassRole.STUDENT,
    # Outside the vocabulary's principal roles, but sent by themselves all the same.
    "TeachingAssistant": ClassRole.ASSISTANT,
    "Student": ClassRole.STUDENT,
}
_HELPERS = frozenset({"TeachingAssistant", "TeachingAssistantGroup", "TeachingAssistantOffering", "Grader"})
STRENGTH = (ClassRole.TEACHER, ClassRole.ASSISTANT, ClassRole.STUDENT, ClassRole.OBSERVER)


def class_role(roles: Iterable[str]) -> ClassRole:
    """The strongest part the roles give in the class; OBSERVER, which may do nothing, when they give none."""
    found = {role for role in map(_of, roles) if role is not None}
    return next((role for role in STRENGTH if role in found), ClassRole.OBSERVER)


def organization_role(role: ClassRole) -> Role:
    """What a new member with this part in a class is in the organization: never an admin of it."""
    return Role.MEMBER if role in (ClassRole.TEACHER, ClassRole.ASSISTANT) else Role.STUDENT


def _of(role: str) -> ClassRole | None:
    if "/" not in role and "#" not in role and ":" not in role:
        return _PRINCIPAL.get(role.strip())
    if not role.startswith(_MEMBERSHIP):
        return None  # of the institution or the system: it says nothing of the course
    path, _, name = role.removeprefix(_MEMBERSHIP).partition("#")
    if name in _HELPERS and path == "/Instructor":
        return ClassRole.ASSISTANT
    return _PRINCIPAL.get(path.strip("/") or name)
