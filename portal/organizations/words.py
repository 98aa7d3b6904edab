"""The audit log in words; an action without words of its own reads as it is stored."""

from flask_babel import gettext as _

from portal.errors import N_

_ACTIONS = {
    "activity.archived": N_("archived the activity"),
    "activity.changed": N_("changed the activity"),
    "activity.created": N_("added the activity"),
    "activity.restored": N_("brought back the activity"),
    "assignment.published": N_("published the path"),
    "audit.exported": N_("exported the audit log of"),
    "blackout.added": N_("added days off"),
    "blackout.removed": N_("took days off away"),
    "category.created": N_("added the category"),
    "class.archived": N_("archived the class"),
    "class.changed": N_("changed the class"),
    "class.created": N_("made the class"),
    "enrolment.added": N_("enrolled somebody in"),
    "enrolment.changed": N_("changed a student's days in"),
    "enrolment.removed": N_("took somebody out of"),
    "feed.minted": N_("made a calendar address"),
    "feed.revoked": N_("ended a calendar address"),
    "grading.changed": N_("changed the grading of"),
    "lti.approved": N_("approved a learning platform"),
    "lti.content_returned": N_("put content into a course of a learning platform"),
    "lti.deployment_added": N_("allowed an installation of a learning platform"),
    "lti.disabled": N_("switched off a learning platform"),
    "lti.key_rotated": N_("changed the signing key of"),
    "lti.launched": N_("came from a learning platform"),
    "lti.link_made": N_("made a registration link"),
    "lti.refused": N_("refused a launch"),
    "lti.registered": N_("registered a learning platform"),
    "lti.registration_refused": N_("refused a registration"),
    "lti.roster_read": N_("read the roster of a course into"),
    "member.invited": N_("invited"),
    "member.joined": N_("joined"),
    "member.kept_apart": N_("kept apart two entries of"),
    "member.launched": N_("came for the first time from a learning platform"),
    "member.linked": N_("linked an account to"),
    "member.merged": N_("merged two entries of"),
    "member.removed": N_("removed"),
    "member.role": N_("changed the role of"),
    "member.signed_in": N_("signed in"),
    "member.signed_out": N_("signed out"),
    "member.signed_out_everywhere": N_("signed out everywhere"),
    "organization.changed": N_("changed the settings of"),
    "organization.created": N_("made"),
    "path.archived": N_("archived the path"),
    "path.created": N_("made the path"),
    "path.published": N_("made a version of the path"),
    "plan.caught_up": N_("caught up missed work in"),
    "plan.extended": N_("extended a step in"),
    "plan.leave": N_("changed the days away in"),
    "plan.moved": N_("moved an item of"),
    "plan.overrides": N_("changed a student's days in"),
    "plan.relevelled": N_("arranged anew"),
    "plan.repaired": N_("made more fit in"),
    "plan.rolled_back": N_("took a change back in"),
    "plan.unpinned": N_("freed an item of"),
    "roster.imported": N_("imported a roster into"),
    "term.created": N_("made the term"),
}

NOUNS = {
    "activity": N_("Activities"),
    "assignment": N_("Publishing"),
    "audit": N_("Audit log"),
    "blackout": N_("Days off"),
    "category": N_("Categories"),
    "class": N_("Classes"),
    "enrolment": N_("Enrolment"),
    "feed": N_("Calendar addresses"),
    "grading": N_("Grading"),
    "lti": N_("Learning platforms"),
    "member": N_("Members and sign-ins"),
    "organization": N_("Organization"),
    "path": N_("Paths"),
    "plan": N_("Changes of plans"),
    "roster": N_("Rosters"),
    "term": N_("Terms"),
}

_FIELDS = {
    "holiday_country": N_("public holidays"),
    "name": N_("name"),
    "role": N_("role"),
    "zone": N_("time zone"),
}


def action_words(action: str) -> str:
    """“changed the role of”, to be followed by what it was done to."""
    return str(_(_ACTIONS[action])) if action in _ACTIONS else action


def noun_words(noun: str) -> str:
    """“Members and sign-ins”: what the actions of a noun are about."""
    return str(_(NOUNS[noun])) if noun in NOUNS else noun


def field_words(name: str) -> str:
    """A field of before and after."""
    return str(_(_FIELDS[name])) if name in _FIELDS else name.replace("_", " ")
