from django.utils.translation import gettext_lazy as _

from lachan.family.platform import Platform, Step


class AndroidOld(Platform):
    name = "android-old"
    order = 20
    title = _("Android 7 and 8")
    steps = (
        Step(
            _(
                "These phones have no Private DNS. In Chrome, open the settings, then “Privacy and security”."
            ),
            screen=(
                _("Settings"),
                _("Privacy and security"),
                _("Notifications"),
            ),
            tapped=1,
        ),
        Step(
            _("Tap “Use secure DNS”, choose another provider, and enter this address."),
            screen=(
                _("Safe Browsing"),
                _("Use secure DNS"),
            ),
            tapped=1,
            shows="https",
        ),
        Step(
            _(
                "For the other apps at home: hold the name of your Wi-Fi, change the network, set IP to static, and enter this as DNS 1."
            ),
            screen=(
                _("Modify network"),
                _("Advanced options"),
                _("DNS 1"),
            ),
            tapped=2,
            shows="plain",
        ),
    )
    covers = _("Chrome everywhere; the other apps on this Wi-Fi alone.")
    limits = _(
        "On mobile data, nothing but Chrome is covered. Another Wi-Fi needs the same steps again. Update the phone where its maker offers it."
    )
    network = True
