"""Core launches that must work (LTI 1.3 core; the cases have the certification suite's names)."""

import pytest
from sqlalchemy import select

from portal.models.classes import ClassRole, Classroom, Enrolment
from portal.models.lti import LtiContext, LtiUser
from portal.models.organizations import Member, Role
from portal.tenancy.scope import unit_of_work
from tests.contract.lti.launching import GONE, INSTRUCTOR, LEARNER, Lms

CASES = {
    "standard message": {},
    "several roles": {"more_roles": ["http://purl.imsglobal.org/vocab/lis/v2/institution/person#Student"]},
    "short role names": {"short": True},
    "unknown role URI": {"roles": ["http://example.org/roles#Unheard"]},
    "empty role": {"roles": [""]},
    "only e-mail": {"name": GONE, "given_name": GONE, "family_name": GONE},
    "only names": {"email": GONE},
    "no personal data at all": {"name": GONE, "given_name": GONE, "family_name": GONE, "email": GONE},
    "no context claim": {"context": GONE},
    "AGS claim without lineitem": {
        "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {
            "scope": ["https://purl.imsglobal.org/spec/lti-ags/scope/score"],
            "lineitems": "https://lms.example.org/7/lineitems",
        }
    },
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("who", "role"), [("instructor", INSTRUCTOR), ("learner", LEARNER)])
def test_a_valid_launch_begins_a_session(lms: Lms, case, who, role):
    changes = dict(CASES[case])
    roles = changes.pop("roles", None) or [role.partition("#")[2] if changes.pop("short", False) else role]
    roles += changes.pop("more_roles", [])
    browser = lms.browser()
    answer = lms.launch(browser, sub=who, roles=roles, **changes)
    assert answer.status_code == 303, answer.text
    page = browser.get(answer.headers["Location"])
    assert page.status_code == 200, page.text
    assert "data-embed" in page.text
    assert lms.trace()[1] == 1
    assert lms.reasons() == []


def enrolments(lms: Lms) -> dict[str, ClassRole]:
    with unit_of_work(organization_id=lms.admin.organization_id) as db:
        rows = db.execute(
            select(LtiUser.sub, Enrolment.role)
            .join(Enrolment, Enrolment.member_id == LtiUser.member_id)
            .join(LtiContext, LtiContext.class_id == Enrolment.class_id)
        )
        return dict(rows.all())


def roles(lms: Lms) -> dict[str, Role]:
    with unit_of_work(organization_id=lms.admin.organization_id) as db:
        rows = db.execute(select(LtiUser.sub, Member.role).join(Member, Member.id == LtiUser.member_id))
        return dict(rows.all())


def test_an_instructor_makes_the_course_a_class_and_a_learner_is_enrolled(lms: Lms):
    lms.launch(sub="teacher", roles=[INSTRUCTOR])
    lms.launch(sub="learner", roles=[LEARNER])
    with unit_of_work(organization_id=lms.admin.organization_id) as db:
        context = db.scalars(select(LtiContext)).one()
        assert db.get_one(Classroom, context.class_id).name == "Biology"
    assert enrolments(lms) == {"teacher": ClassRole.TEACHER, "learner": ClassRole.STUDENT}
    assert roles(lms) == {"teacher": Role.MEMBER, "learner": Role.STUDENT}


@pytest.mark.parametrize("given", [["http://example.org/roles#Unheard"], [""], []])
def test_unknown_roles_have_the_least_rights(lms: Lms, given):
    lms.launch(sub="teacher", roles=[INSTRUCTOR])
    lms.launch(sub="stranger", roles=given)
    assert enrolments(lms)["stranger"] is ClassRole.OBSERVER
    assert roles(lms)["stranger"] is Role.STUDENT


def test_a_second_launch_is_the_same_person_in_the_same_class(lms: Lms):
    for _again in range(2):
        lms.launch(sub="teacher", roles=[INSTRUCTOR])
        lms.launch(sub="learner")
    assert lms.trace()[1] == 2
    with unit_of_work(organization_id=lms.admin.organization_id) as db:
        assert len(db.scalars(select(LtiContext)).all()) == 1


def test_a_platforms_administrator_is_no_admin_here(lms: Lms):
    admin = "http://purl.imsglobal.org/vocab/lis/v2/"
    lms.launch(sub="root", roles=[admin + "system/person#Administrator", admin + "institution/person#Administrator"])
    assert roles(lms)["root"] is Role.STUDENT


LOGINS = {
    "iss alone": {"client_id": GONE, "lti_deployment_id": GONE},
    "with client_id": {"lti_deployment_id": GONE},
    "with lti_deployment_id": {"client_id": GONE},
    "with both": {},
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("case", LOGINS)
def test_a_login_leads_to_the_platforms_sign_in(lms: Lms, case, method):
    asked = lms.asked(lms.browser(), method=method, **LOGINS[case])
    assert asked.pop("state")
    assert asked.pop("nonce")
    assert asked == {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": lms.client_id,
        "redirect_uri": lms.launch_url,
        "login_hint": "someone",
    }


def test_the_message_hint_goes_back_as_it_came(lms: Lms):
    assert lms.asked(lms.browser(), lti_message_hint="a=b&c")["lti_message_hint"] == "a=b&c"


def test_a_sign_in_address_with_a_query_keeps_it(lms: Lms):
    lms.client_id = "another"
    lms.register(auth_login_url=lms.issuer + "/auth?tenant=7")
    answer = lms.begin(lms.browser())
    assert answer.headers["Location"].startswith(lms.issuer + "/auth?tenant=7&scope=openid")


def test_deep_linking_works_without_target_link_uri_and_resource_link(lms: Lms):
    settings = {
        "deep_link_return_url": lms.issuer + "/return",
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe"],
    }
    answer = lms.launch(
        sub="teacher",
        roles=[INSTRUCTOR],
        message_type="LtiDeepLinkingRequest",
        deep_linking=settings,
        target_link_uri=GONE,
        resource_link=GONE,
    )
    assert answer.status_code == 303, answer.text
