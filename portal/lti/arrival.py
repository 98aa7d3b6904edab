"""What is known here of a launch that passed its checks, read in one statement."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from portal.errors import N_
from portal.lti.launch import Verified
from portal.lti.refusals import Refused
from portal.models.classes import ClassRole, Enrolment, EnrolmentStatus
from portal.models.lti import ClientState, LtiClient, LtiContext, LtiDeployment, LtiPlatform, LtiResourceLink, LtiUser
from portal.models.organizations import Member
from portal.tenancy.scope import session


@dataclass(frozen=True, slots=True)
class Known:
    """The deployment of a launch, and what was here before it; None for what was not.

    ``class_role`` is the person's active part in the class of the course.
    """

    deployment: LtiDeployment
    user: LtiUser | None
    member: Member | None
    context: LtiContext | None
    link: LtiResourceLink | None
    class_role: ClassRole | None


_KNOWN = (
    select(LtiClient.state, LtiDeployment, LtiUser, Member, LtiContext, LtiResourceLink, Enrolment.role)
    .join(LtiPlatform, LtiPlatform.id == LtiClient.platform_id)
    .outerjoin(
        LtiDeployment,
        (LtiDeployment.lti_client_id == LtiClient.id) & (LtiDeployment.deployment_id == bindparam("deployment_id")),
    )
    .outerjoin(LtiUser, (LtiUser.platform_id == LtiPlatform.id) & (LtiUser.sub == bindparam("sub")))
    .outerjoin(Member, Member.id == LtiUser.member_id)
    .outerjoin(
        LtiContext,
        (LtiContext.lti_deployment_id == LtiDeployment.id) & (LtiContext.context_id == bindparam("context_id")),
    )
    .outerjoin(
        LtiResourceLink,
        (LtiResourceLink.lti_context_id == LtiContext.id)
        & (LtiResourceLink.resource_link_id == bindparam("resource_link_id")),
    )
    .outerjoin(
        Enrolment,
        (Enrolment.class_id == LtiContext.class_id)
        & (Enrolment.member_id == Member.id)
        & (Enrolment.status == EnrolmentStatus.ACTIVE),
    )
    .where(
        LtiClient.id == bindparam("client_key"),
        LtiClient.client_id == bindparam("client_id"),
        LtiPlatform.issuer == bindparam("issuer"),
        LtiPlatform.jwks_url == bindparam("jwks_url"),
    )
)


def read(verified: Verified) -> Known:
    """Read it in the open unit of work. Refused unless the client is still as it was at login, and may launch."""
    claims, registered = verified.claims, verified.registered
    row = (
        session()
        .execute(
            _KNOWN,
            {
                "client_key": registered.client_key,
                "client_id": registered.client_id,
                "issuer": registered.issuer,
                "jwks_url": registered.jwks_url,
                "deployment_id": claims.deployment_id,
                "sub": claims.sub,
                "context_id": claims.context_id,
                "resource_link_id": claims.resource_link_id,
            },
        )
        .first()
    )
    if row is None or row[0] is not ClientState.ACTIVE:
        raise Refused("registration_disabled", N_("This learning platform was switched off by an admin."))
    if row[1] is None:
        raise _unknown_deployment(claims.deployment_id)
    return Known(*row[1:])


def _unknown_deployment(deployment_id: str) -> Refused:
    refused = Refused(
        "unknown_deployment",
        N_("This installation (deployment %(id)s) is not known here yet. An admin of the portal can add it."),
        id=deployment_id,
    )
    refused.details["deployment_id"] = deployment_id
    return refused
