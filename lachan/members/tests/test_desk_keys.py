from datetime import timedelta

import pytest

from lachan.kernel.clock import held_at, now
from lachan.kernel.errors import Refused
from lachan.kernel.sealing.envelope import keypair_from_private, seal, unseal
from lachan.members.entry.first_token import token_path
from lachan.members.errors import InvitationGone, KeyLocked, KeyMissing
from lachan.members.keys.desk_keys import holds_all
from lachan.members.models import Confirmation, DeskKey, DeskKeyWrap, Invitation
from lachan.members.records import Role
from lachan.members.selectors import (
    desk_key_current,
    desk_key_home,
    desk_key_list,
    desk_key_people,
    desk_key_uids,
)
from lachan.members.services import (
    confirmation_give,
    desk_key_open,
    desk_key_rotate,
    desk_keys_give,
    desk_keys_withdraw,
    first_link,
    invitation_accept,
    invitation_create,
    recovery_split,
    recovery_use,
    return_create,
)
from lachan.web.start_cards import start_card_list

PASSWORD = "four-invented-words-here"


def token_of(path):
    return path.rstrip("/").rsplit("/", 1)[-1]


def join_first(**extra):
    return invitation_accept(
        token=token_of(first_link()), password=PASSWORD, email="a@home.example", name="A", **extra
    )


@pytest.mark.parametrize("role", ["analyst", "reviewer", "officer"])
def test_it_opens_the_desk_key_for_those_who_read_cases(personas, role):
    someone = getattr(personas, role)
    private = desk_key_open(by=someone.actor, unlocked=someone.unlocked)
    assert keypair_from_private(private).public == desk_key_home().public


@pytest.mark.parametrize("role", ["administrator", "technical", "auditor"])
def test_it_opens_nothing_for_those_who_read_no_cases(personas, role):
    someone = getattr(personas, role)
    with pytest.raises(Refused):
        desk_key_open(by=someone.actor, unlocked=someone.unlocked)


def test_it_opens_nothing_for_another_organisation(personas):
    someone = personas.other.analyst
    with pytest.raises(KeyMissing):
        desk_key_open(by=someone.actor, unlocked=someone.unlocked)


def test_it_opens_nothing_with_another_persons_key(personas):
    with pytest.raises(KeyLocked):
        desk_key_open(by=personas.analyst.actor, unlocked=personas.reviewer.unlocked)


def test_it_seals_before_anybody_has_signed_in(db):
    assert desk_key_home() is None
    first_link()
    sealed = seal(b"words", to=[desk_key_home().public])
    uid = desk_key_home().uid
    lost, again = first_link(), first_link()
    assert lost != again
    assert desk_key_home().uid == uid
    with pytest.raises(InvitationGone):
        invitation_accept(token=token_of(lost), password=PASSWORD, email="a@h.example", name="A")
    joined = invitation_accept(
        token=token_of(again), password=PASSWORD, email="a@h.example", name="A"
    )
    wrap = DeskKeyWrap.objects.get(person=joined.person, desk_key__uid=uid)
    private = unseal(bytes(wrap.sealed), key=joined.private).decode()
    assert unseal(sealed, key=private) == b"words"


def test_it_forgets_the_first_token_and_makes_a_fresh_key(db):
    path = first_link()
    before = desk_key_home().uid
    assert token_path().stat().st_mode & 0o777 == 0o600
    assert token_of(path).encode() not in bytes(Invitation.objects.get().token_hash)
    join = {"password": PASSWORD, "email": "a@h.example", "name": "A", "organisation_name": "Desk"}
    joined = invitation_accept(token=token_of(path), **join)
    assert not token_path().exists()
    assert desk_key_home().uid != before
    assert joined.person.organisation.name == "Desk"
    assert holds_all(joined.person)
    assert not DeskKeyWrap.objects.filter(person=None).exists()
    assert first_link() is None


def test_it_starts_a_new_desk_key_when_the_first_token_was_lost(db):
    first_link()
    before = desk_key_home().uid
    token_path().unlink()
    first_link()
    assert desk_key_home().uid != before


def test_it_hands_the_desk_key_on_with_an_invitation(db):
    boss = join_first()
    record = invitation_create(
        by=actor(boss.person), unlocked=boss.private, organisation=boss.person.organisation,
        roles=[Role.ANALYST], email="B@home.example", name="B",
    )  # fmt: skip
    assert record.with_desk_key
    joined = invitation_accept(token=token_of(record.path), password=PASSWORD)
    assert joined.person.email == "b@home.example"
    assert desk_key_open(by=actor(joined.person), unlocked=joined.private)
    with pytest.raises(InvitationGone):
        invitation_accept(token=token_of(record.path), password=PASSWORD)


def test_it_hands_no_desk_key_to_a_role_that_reads_no_cases(db):
    boss = join_first()
    record = invitation_create(
        by=actor(boss.person), unlocked=boss.private, organisation=boss.person.organisation,
        roles=[Role.AUDITOR], email="c@home.example", name="C",
    )  # fmt: skip
    assert not record.with_desk_key
    joined = invitation_accept(token=token_of(record.path), password=PASSWORD)
    assert not joined.person.wraps.exists()


def test_it_rotates_and_keeps_the_old_key_for_old_reports(personas):
    old = desk_key_home()
    new = desk_key_rotate(by=personas.administrator.actor, organisation=personas.organisation)
    assert desk_key_home() == new
    analyst = personas.analyst
    for record in (old, new):
        private = desk_key_open(by=analyst.actor, unlocked=analyst.unlocked, uid=record.uid)
        assert keypair_from_private(private).public == record.public
    assert DeskKey.objects.filter(valid_until=None).count() == 1


def returned(personas, *, ends, at):
    """An analyst until `ends`, who held the key and lost the password, and joins again by a link at `at`."""
    boss, analyst = personas.administrator, personas.with_roles()
    personas.given(analyst.person, Role.ANALYST, until=ends)
    desk_keys_give(by=boss.actor, unlocked=boss.unlocked, person=analyst.person)
    record = return_create(by=boss.actor, unlocked=boss.unlocked, person=analyst.person)
    confirmation_give(
        by=personas.second.actor, confirmation=Confirmation.objects.get(person=analyst.person)
    )
    assert record.with_desk_key
    with held_at(at):
        return invitation_accept(token=token_of(record.path), password=PASSWORD)


def test_it_hands_the_desk_key_on_with_a_way_back_for_a_role_with_an_end(personas):
    joined = returned(personas, ends=now() + timedelta(30), at=now() + timedelta(1))
    private = desk_key_open(by=actor(joined.person), unlocked=joined.private)
    assert private == personas.desk_private


def test_it_leaves_no_copy_to_who_comes_back_when_the_role_has_ended(personas):
    joined = returned(personas, ends=now() + timedelta(1), at=now() + timedelta(2))
    assert not joined.person.wraps.exists()


def test_it_gives_and_withdraws_copies(personas):
    newcomer = personas.with_roles(Role.ANALYST)
    boss = personas.administrator
    with pytest.raises(KeyMissing):
        desk_key_open(by=newcomer.actor, unlocked=newcomer.unlocked)
    assert desk_keys_give(by=boss.actor, unlocked=boss.unlocked, person=newcomer.person) == 1
    assert desk_key_open(by=newcomer.actor, unlocked=newcomer.unlocked) == personas.desk_private
    desk_keys_withdraw(by=boss.actor, person=newcomer.person)
    with pytest.raises(KeyMissing):
        desk_key_open(by=newcomer.actor, unlocked=newcomer.unlocked)


def test_it_gives_no_copy_to_a_role_without_need_or_by_a_stranger(personas):
    boss, other = personas.administrator, personas.other.administrator
    with pytest.raises(KeyMissing):
        desk_keys_give(by=boss.actor, unlocked=boss.unlocked, person=personas.auditor.person)
    with pytest.raises(Refused):
        desk_keys_give(by=other.actor, unlocked=other.unlocked, person=personas.analyst.person)
    with pytest.raises(Refused):
        desk_key_rotate(by=other.actor, organisation=personas.organisation)


def actor(person):
    from lachan.members.selectors import actor_for

    return actor_for(person)


def test_each_organisation_keeps_its_own_desk_key_history_and_shares(personas):
    there, home = personas.other, personas.organisation
    assert desk_key_current(there.organisation.pk) is None
    boss, own = there.administrator, there.organisation
    first = desk_key_rotate(by=boss.actor, organisation=own)
    second = desk_key_rotate(by=boss.actor, organisation=own)
    assert (desk_key_current(own.pk), desk_key_current(home.pk)) == (second, desk_key_home())
    assert desk_key_home().uid == personas.desk_key.uid
    assert [key.uid for key in desk_key_list()] == [personas.desk_key.uid, second.uid]
    assert desk_key_uids(own.pk, since=now()) == {second.uid}
    assert desk_key_uids(own.pk, since=now() - timedelta(hours=1)) == {first.uid, second.uid}
    assert set(desk_key_people().values()) == {home.pk, own.pk}
    analyst = there.analyst
    for record in (first, second):
        private = desk_key_open(by=analyst.actor, unlocked=analyst.unlocked, uid=record.uid)
        assert keypair_from_private(private).public == record.public
    assert desk_key_open(by=analyst.actor, unlocked=analyst.unlocked) == private
    made = {"by": boss.actor, "unlocked": boss.unlocked, "needed": 2, "total": 3}
    for by in (personas.administrator, boss):
        stranger = home if by is boss else own
        with pytest.raises(Refused):
            desk_key_rotate(by=by.actor, organisation=stranger)
        with pytest.raises(Refused):
            recovery_split(**made | {"by": by.actor}, organisation=stranger)
    shares = recovery_split(**made, organisation=own)
    analyst.person.wraps.all().delete()
    assert recovery_use(shares=shares[:2], email=analyst.person.email) == 2
    assert holds_all(analyst.person)
    with pytest.raises(KeyMissing):
        recovery_use(shares=shares[:2], email=personas.analyst.person.email)


def test_it_shows_and_asks_each_administrator_about_the_own_desk(personas):
    there, at = personas.other, "/staff/members/desk-key/"
    boss = there.administrator.client()
    assert at not in {card.url for card in start_card_list(there.administrator.actor)}
    # Where there is no key, nobody holds a copy of it, and there is nothing to lose.
    none = boss.get(at).content.decode()
    assert "/staff/members/people/" not in none
    assert "/staff/members/desk-key/shares/" not in none
    boss.post(f"{at}fresh/")
    key = desk_key_current(there.organisation.pk)
    page = boss.get(at)
    assert page.context["organisation"] == there.organisation
    assert [row.uid for row in page.context["keys"]] == [key.uid]
    assert desk_key_home().uid == personas.desk_key.uid
    assert at in {card.url for card in start_card_list(there.administrator.actor)}
    late = there.with_roles(Role.ANALYST)
    lacking = f"/staff/members/people/{late.person.uid}/"
    assert boss.get(lacking).context["gives_key"]
    # The operator's administrators manage other organisations' people, and hold no key of theirs.
    operator = personas.administrator.client()
    assert not operator.get(lacking).context["gives_key"]
    boss.post(f"{lacking}key/")
    assert holds_all(late.person)
    invited = {"name": "N", "email": "n@other.example", "roles": ["analyst"]}
    asked = f"/staff/members/{there.organisation.uid}/invite/"
    assert operator.post(asked, invited).context["carries"] is False
    invited["email"] = "m@other.example"
    assert boss.post(asked, invited).context["record"].with_desk_key
