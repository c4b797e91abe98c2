from django.utils.translation import gettext_lazy as _

from lachan.family.platform import Platform, Step


class Firefox(Platform):
    name = "firefox"
    order = 90
    title = _("Firefox")
    steps = (
        Step(
            _("Open the settings, then “Privacy and security”, and go down to “DNS over HTTPS”."),
            screen=(
                _("Privacy and security"),
                _("DNS over HTTPS"),
            ),
            tapped=1,
        ),
        Step(
            _("Choose “Max Protection”, then “Custom” as the provider, and enter this address."),
            screen=(
                _("Increased Protection"),
                _("Max Protection"),
                _("Choose provider: Custom"),
            ),
            tapped=2,
            shows="https",
        ),
    )
    covers = _("This browser, everywhere.")
    limits = _("Nothing but this browser. It can be switched off in the same place.")
