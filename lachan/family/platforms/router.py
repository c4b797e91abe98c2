from django.utils.translation import gettext_lazy as _

from lachan.family.platform import Platform, Step


class Router(Platform):
    name = "router"
    order = 70
    title = _("Router: the whole home")
    steps = (
        Step(
            _(
                "Open the router's page in a browser. Its address stands on its back, often 192.168.1.1."
            ),
            screen=(
                _("Status"),
                _("Internet"),
                _("Wi-Fi"),
                _("Local network"),
            ),
            tapped=3,
        ),
        Step(
            _("Look for “DNS” or “DHCP” and enter this number in both fields."),
            screen=(
                _("Primary DNS"),
                _("Secondary DNS"),
            ),
            shows="plain",
        ),
        Step(_("Then add your home network to the child here, and start the router anew.")),
    )
    covers = _("Everything that uses this Wi-Fi. Televisions and game consoles too.")
    limits = _(
        "All who use this Wi-Fi get the same rules, adults too. It ends at the door: on mobile data nothing of it holds. Newer routers also take DNS over TLS: use the page for Android there."
    )
    network = True
