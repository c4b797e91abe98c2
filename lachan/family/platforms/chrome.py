from django.utils.translation import gettext_lazy as _

from lachan.family.platform import Platform, Step


class Chrome(Platform):
    name = "chrome"
    order = 80
    title = _("Chrome, Edge, Cốc Cốc and others")
    steps = (
        Step(
            _("Open the settings, then “Privacy and security”, then “Security”."),
            screen=(
                _("Privacy and security"),
                _("Security"),
            ),
            tapped=1,
        ),
        Step(
            _("Switch “Use secure DNS” on, choose your own provider, and enter this address."),
            screen=(
                _("Safe Browsing"),
                _("Use secure DNS"),
                _("Add custom DNS service provider"),
            ),
            tapped=2,
            shows="https",
        ),
    )
    covers = _("This browser, everywhere.")
    limits = _("Nothing but this browser. It can be switched off in the same place.")
