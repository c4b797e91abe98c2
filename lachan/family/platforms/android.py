from django.utils.translation import gettext_lazy as _

from lachan.family.platform import Platform, Step


class Android(Platform):
    name = "android"
    order = 10
    title = _("Android 9 and newer")
    steps = (
        Step(
            _("Open the settings and tap “Network and internet”. Some makers write “Connections”."),
            screen=(
                _("Settings"),
                _("Network and internet"),
                _("Display"),
                _("Battery"),
            ),
            tapped=1,
        ),
        Step(
            _("Tap “Private DNS”. It may stand under “More connection settings”."),
            screen=(
                _("Wi-Fi"),
                _("Mobile network"),
                _("Private DNS"),
            ),
            tapped=2,
        ),
        Step(
            _("Choose “Private DNS provider hostname”, enter this name, and save."),
            screen=(
                _("Off"),
                _("Automatic"),
                _("Private DNS provider hostname"),
            ),
            tapped=2,
            shows="tls",
        ),
    )
    covers = _(
        "Everything on this device that asks for names: the browser and the apps, at home and on mobile data."
    )
    limits = _(
        "An app that brings its own way out, such as a VPN, is not reached by it. Where a Wi-Fi asks for a sign-in first, switch Private DNS off, sign in, and switch it on again."
    )
