"""Real things of a household, for the walk in tests/architecture."""

from lachan.family.models import AdultSession, OwnName, Subscription
from lachan.family.services import children, devices, households, subscriptions


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
    return {
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
        "family-ask-answer": {"uid": family.waiting[0].uid},
    }
