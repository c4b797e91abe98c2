from django.utils.translation import gettext_lazy as _

from lachan.family.platform import Platform, Step


class IPhone(Platform):
    name = "iphone"
    order = 30
    title = _("iPhone and iPad")
    steps = (
        Step(
            _("Tap this button in Safari on the device itself, and allow the download."),
            shows="profile",
        ),
        Step(
            _("Open the settings: “Profile Downloaded” stands on top. Tap it."),
            screen=(
                _("Settings"),
                _("Profile Downloaded"),
                _("Airplane Mode"),
            ),
            tapped=1,
        ),
        Step(
            _("Tap “Install” and enter the code of the device."),
            screen=(
                _("Cancel"),
                _("Lá Chắn"),
                _("Install"),
            ),
            tapped=2,
        ),
    )
    covers = _(
        "Everything on this device that asks for names: the browser and the apps, at home and on mobile data."
    )
    limits = _(
        "iCloud Private Relay and VPN apps ask elsewhere: switch them off under the name on top of the settings. Who knows the device's code can remove the profile."
    )
