from django.utils.translation import gettext_lazy as _

from lachan.family.platform import Platform, Step


class Mac(Platform):
    name = "mac"
    order = 40
    title = _("Mac")
    steps = (
        Step(_("Download this file on the Mac and open it."), shows="profile"),
        Step(
            _("Open the system settings, then “Privacy and security”, then “Profiles”."),
            screen=(
                _("General"),
                _("Privacy and security"),
                _("Profiles"),
            ),
            tapped=2,
        ),
        Step(
            _("Double-click the profile and install it."),
            screen=(
                _("Lá Chắn"),
                _("Install"),
            ),
            tapped=1,
        ),
    )
    covers = _(
        "Everything on this device that asks for names: the browser and the apps, at home and on mobile data."
    )
    limits = _(
        "A browser that brings its own secure DNS asks there: see the page for Chrome and Firefox. An administrator of the Mac can remove the profile."
    )
