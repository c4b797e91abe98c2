from django.utils.translation import gettext_lazy as _

from lachan.family.platform import Platform, Step


class Windows(Platform):
    name = "windows"
    order = 50
    title = _("Windows 11 and 10")
    steps = (
        Step(
            _("Open the settings, “Network and internet”, then your Wi-Fi, then its properties."),
            screen=(
                _("System"),
                _("Network and internet"),
                _("Wi-Fi properties"),
            ),
            tapped=2,
        ),
        Step(
            _(
                "At “DNS server assignment” press “Edit”, choose “Manual”, switch IPv4 on, and enter this number."
            ),
            screen=(
                _("DNS server assignment"),
                _("Manual"),
                _("Preferred DNS"),
            ),
            tapped=2,
            shows="plain",
        ),
        Step(
            _(
                "On Windows 11 choose “DNS over HTTPS: on (manual template)” and enter this address."
            ),
            screen=(
                _("DNS over HTTPS"),
                _("On (manual template)"),
            ),
            tapped=1,
            shows="https",
        ),
    )
    covers = _("Everything on this computer, on this network.")
    limits = _(
        "Windows 10 asks without encryption, as the home's network: add your home network to the child for it. An account without administrator's rights cannot change this back: give the child one."
    )
    network = True
