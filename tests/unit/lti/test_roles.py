"""From LIS roles to parts in a class."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.lti.roles import class_role, organization_role
from portal.models.classes import ClassRole
from portal.models.organizations import Role

M = "http://purl.imsglobal.org/vocab/lis/v2/membership"


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        *(([f"{M}#Instructor"], ClassRole.TEACHER), ([f"{M}#Learner"], ClassRole.STUDENT)),
        *((["Instructor"], ClassRole.TEACHER), (["Learner"], ClassRole.STUDENT)),
        ([f"{M}#Learner", f"{M}#Instructor"], ClassRole.TEACHER),
        ([f"{M}/Instructor#TeachingAssistant"], ClassRole.ASSISTANT),
        ([f"{M}/Instructor#GuestInstructor"], ClassRole.TEACHER),
        ([f"{M}/Learner#GuestLearner"], ClassRole.STUDENT),
        ([f"{M}#Mentor"], ClassRole.OBSERVER),
        (["http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"], ClassRole.OBSERVER),
        (["http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator"], ClassRole.OBSERVER),
        (["http://example.org/role#Instructor"], ClassRole.OBSERVER),
        *(([""], ClassRole.OBSERVER), ([], ClassRole.OBSERVER)),
    ],
)
def test_the_strongest_part_counts_and_an_unknown_role_gives_nothing(roles, expected):
    assert class_role(roles) is expected


@given(st.lists(st.text()))
def test_no_text_makes_a_teacher_but_the_vocabularys(texts):
    known = {"Instructor", "Administrator"}
    if not any(text.strip() in known or text.startswith(M) for text in texts):
        assert class_role(texts) is not ClassRole.TEACHER


def test_nobody_becomes_an_admin_of_the_organization():
    assert {organization_role(role) for role in ClassRole} == {Role.MEMBER, Role.STUDENT}
