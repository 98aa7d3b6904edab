"""The portal's keys towards platforms: sealed, an organization's own, rotated with overlap."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.lti import keys
from portal.models.lti import LtiToolKey
from portal.security import sealing
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW

DAY = timedelta(days=1)


def published(cast, now):
    with unit_of_work(organization_id=cast.ada.organization_id):
        return [key["kid"] for key in keys.key_set(now=now)]


def signing(cast, now):
    with unit_of_work(organization_id=cast.ada.organization_id):
        return keys.signing_key(now=now).kid


def test_a_key_is_stored_sealed_and_published_without_its_private_part(cast):
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        made = keys.signing_key(now=NOW)
        stored = db.scalars(select(LtiToolKey)).one()
        assert b"PRIVATE" not in stored.private_key
        assert made.private_key.startswith("-----BEGIN PRIVATE KEY-----")
        assert set(keys.key_set(now=NOW)[0]) == {"kty", "n", "e", "kid", "use", "alg"}


def test_organizations_never_share_a_key(cast):
    signing(cast, NOW)
    with unit_of_work(organization_id=cast.dora.organization_id):
        assert keys.key_set(now=NOW)[0]["kid"] not in published(cast, NOW)


def test_a_new_key_is_published_before_it_signs_and_the_old_one_after_it_was_replaced(cast):
    old = signing(cast, NOW)
    with unit_of_work(organization_id=cast.ada.organization_id):
        new = keys.rotate(actor_member_id=cast.ada.member_id, now=NOW).kid
    assert set(published(cast, NOW)) == {old, new}
    assert signing(cast, NOW + DAY - timedelta(seconds=1)) == old
    assert signing(cast, NOW + DAY) == new
    assert set(published(cast, NOW + 7 * DAY)) == {old, new}
    assert published(cast, NOW + 8 * DAY) == [new]


def test_rotating_twice_at_once_makes_one_key(cast):
    signing(cast, NOW)
    with unit_of_work(organization_id=cast.ada.organization_id):
        first = keys.rotate(actor_member_id=cast.ada.member_id, now=NOW).kid
        assert keys.rotate(actor_member_id=cast.ada.member_id, now=NOW).kid == first


def test_a_key_is_replaced_when_it_is_old_and_not_before(cast):
    signing(cast, NOW)
    with unit_of_work(organization_id=cast.ada.organization_id):
        assert not keys.rotate_old(now=NOW + keys.LIFETIME - DAY)
        assert keys.rotate_old(now=NOW + keys.LIFETIME)
        assert not keys.rotate_old(now=NOW + keys.LIFETIME + DAY)


def test_a_sealed_secret_opens_with_its_key_only(app, settings):
    sealed = sealing.seal("a secret")
    try:
        sealing.configure("another key")
        with pytest.raises(sealing.SealError, match="SECRET_KEY"):
            sealing.unseal(sealed)
    finally:
        sealing.configure(settings.secret_key)
    assert sealing.unseal(sealed) == "a secret"
