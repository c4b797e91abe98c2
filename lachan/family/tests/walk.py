"""Real things of a household, for the walk in tests/architecture."""

from lachan.family.models import AdultSession, OwnName, Subscription
from lachan.family.services import children, devices, households, subscriptions

from .schools import OfSchool


def samples(personas):
    family = personas.family
    me = family.adult
    more = me.invites()
    child, device = {"uid": family.child}, {"uid": family.device.uid}
    # Opened on the device, which has another link for the next one.
    family.device.cookie  # noqa: B018  made
    token = devices.device_link_new(by=me.actor, key=me.key, device=family.device.uid)
    family.device.asks("walk.example", "bài tập")
    children.name_set(by=me.actor, child=family.child, name="walk2.example", allow=True)
    join = households.adult_invite(by=me.actor, key=me.key)
    of_child = ("", "-edit", "-remove")
    subscriptions.subscription_add(
        by=me.actor,
        way="email",
        address="walk@nha.example",
        language="vi",
        home="http://testserver/family/",
    )
    told = Subscription.objects.get().uid
    school = personas.school
    of_class, teacher = OfSchool(uid=school.classes["6A"]), school.teacher("7B")
    return {
        "family-class": of_class,
        "family-lesson": of_class,
        "family-network-add": of_class,
        "family-board": of_class,
        "family-class-list": OfSchool(),
        "family-teacher": OfSchool(uid=teacher.opened.adult.uid),
        "class-board": {"token": school.board("6A")},
        "family-message-remove": {"uid": told},
        "family-stop": {"uid": told, "mark": subscriptions.stop_marks(told)[0]},
        "family-join": {"token": join},
        "my-join": {"token": token},
        "family-adult-remove": {"uid": more.opened.adult.uid},
        "family-session-end": {"uid": AdultSession.objects.get(adult=more.opened.adult).uid},
        **{f"family-child{one}": child for one in of_child},
        **{
            f"family-{one}": child
            for one in ("rules", "slot-add", "slot-remove", "name-add", "pause", "device-add")
        },
        "family-name-remove": {"uid": OwnName.objects.get().uid},
        "family-device": device,
        "family-device-remove": device,
        "family-device-profile": device,
        "family-on": device | {"platform": "android"},
        "my-on": {"platform": "android"},
        "my-works-seen": {"nonce": "0" * 20, "tried": 9},
        "family-ask-answer": {"uid": family.waiting[0].uid},
    }
