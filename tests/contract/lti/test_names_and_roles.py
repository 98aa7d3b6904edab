"""Names and Role Provisioning Services 2.0: reading a course's people from a platform over HTTP."""

import json

import pytest
from werkzeug import Response

from portal.lti.faults import ServiceError
from portal.lti.roster.listing import Status, read


def people(count):
    return [{"user_id": f"u{n}", "roles": ["Learner"], "name": f"Person {n}"} for n in range(count)]


@pytest.mark.parametrize(
    "link",
    [
        *('<{url}>; rel="next"', "<{url}>; rel=next", "<{url}>; rel=“next”", "<{url}>; rel='next'"),
        *('<{escaped}>; rel="next"', "<{escaped}>; rel=“next”", '<{url}>; title="n"; rel="next last"'),
    ],
)
def test_next_is_followed_however_it_is_quoted_with_its_case_kept(platform, connector, link):
    platform.people, platform.page_size, platform.next_link = people(7), 3, link
    counts = []
    listing = read(connector, platform.members_url, on_page=counts.append)
    assert [each.sub for each in listing.people] == [f"u{n}" for n in range(7)]
    assert counts == [3, 6, 7]
    assert [each.query for each in platform.asked("GET", "/Context")[1:]] == [
        {"X": ["1"], "Page": ["1"]},
        {"X": ["1"], "Page": ["2"]},
    ]


def test_the_accept_header_names_the_membership_container(platform, connector):
    read(connector, platform.members_url)
    (asked,) = platform.asked("GET", "/Context")
    assert asked.headers["accept"] == "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *(("Active", Status.ACTIVE), ("Inactive", Status.INACTIVE), ("Deleted", Status.DELETED)),
        *((None, Status.ACTIVE), ("Sleeping", Status.ACTIVE), (7, Status.ACTIVE), ([], Status.ACTIVE)),
    ],
)
def test_a_status_is_active_unless_it_says_otherwise(platform, connector, status, expected):
    platform.people = [{"user_id": "u", "roles": [], **({} if status is None else {"status": status})}]
    assert read(connector, platform.members_url).people[0].status is expected


@pytest.mark.parametrize(
    ("told", "name", "email"),
    [
        ({"name": " Ann  Smith ", "email": "ann@example.org"}, "Ann Smith", "ann@example.org"),
        ({"given_name": "Ann", "family_name": "Smith"}, "Ann Smith", None),
        ({"family_name": "Smith", "email": ""}, "Smith", None),
        ({"name": None, "email": 5, "given_name": ["x"]}, None, None),
        ({}, None, None),
    ],
)
def test_a_person_may_come_with_names_with_an_address_or_with_neither(platform, connector, told, name, email):
    platform.people = [{"user_id": "u", "roles": ["Learner"], **told}]
    (found,) = read(connector, platform.members_url).people
    assert (found.name, found.email) == (name, email)


def test_somebody_on_two_pages_is_one_person_and_the_later_page_counts(platform, connector):
    platform.people = [*people(2), {"user_id": "u0", "roles": ["Instructor"]}]
    platform.page_size = 2
    found = {each.sub: each.roles for each in read(connector, platform.members_url).people}
    assert found == {"u0": ("Instructor",), "u1": ("Learner",)}


def test_differences_are_asked_for_where_the_platform_offers_them(platform, connector):
    link = f'<{platform.url}/Context/7/members?since=1>; rel="differences"'
    body = {"members": [{"user_id": "u1", "roles": ["Learner"]}]}
    platform.script("GET", "/Context", Response(json.dumps(body), headers={"Link": link}))
    first = read(connector, platform.members_url)
    assert (first.full, first.differences) == (True, f"{platform.url}/Context/7/members?since=1")
    platform.people = [{"user_id": "u1", "roles": ["Learner"], "status": "Deleted"}]
    second = read(connector, platform.members_url, differences=first.differences)
    assert (second.full, second.people[0].status) == (False, Status.DELETED)
    assert platform.asked("GET", "/Context")[-1].query == {"since": ["1"]}


def test_differences_that_are_gone_lead_to_the_whole_listing(platform, connector):
    platform.people = people(2)
    platform.script("GET", "/Context", Response("", 410))
    listing = read(connector, platform.members_url, differences=platform.members_url + "?since=1")
    assert (listing.full, len(listing.people)) == (True, 2)


@pytest.mark.parametrize(
    "body",
    [
        *("[]", "null", '{"members": {}}', '{"members": [7]}', '{"members": [{"roles": []}]}', "<html>"),
        '{"members": [{"user_id": ""}]}',
    ],
)
def test_garbage_reads_nobody(platform, connector, body):
    platform.script("GET", "/Context", Response(body))
    with pytest.raises(ServiceError) as caught:
        read(connector, platform.members_url)
    assert caught.value.code == "unreadable"


def test_garbage_on_the_second_page_reads_nobody(platform, connector):
    platform.people, platform.page_size = people(4), 2
    link = f'<{platform.members_url}?Page=1>; rel="next"'
    first = Response(json.dumps({"members": people(2)}), headers={"Link": link})
    platform.script("GET", "/Context", first, Response("", 500))
    with pytest.raises(ServiceError):
        read(connector, platform.members_url)


def test_pages_that_lead_in_a_circle_come_to_an_end(platform, connector):
    link = f'<{platform.members_url}>; rel="next"'
    platform.script("GET", "/Context", Response(json.dumps({"members": people(1)}), headers={"Link": link}))
    with pytest.raises(ServiceError) as caught:
        read(connector, platform.members_url)
    assert caught.value.code == "unreadable"


def test_a_next_page_on_another_host_gets_no_token(platform, connector):
    link = '<https://elsewhere.example/members>; rel="next"'
    platform.script("GET", "/Context", Response(json.dumps({"members": people(1)}), headers={"Link": link}))
    with pytest.raises(ServiceError) as caught:
        read(connector, platform.members_url)
    assert caught.value.code == "blocked"
