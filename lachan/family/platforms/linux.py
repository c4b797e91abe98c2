from django.utils.translation import gettext_lazy as _

from lachan.family.platform import Platform, Step


class Linux(Platform):
    name = "linux"
    order = 60
    title = _("Linux")
    steps = (
        Step(
            _(
                "Write a file /etc/systemd/resolved.conf.d/la-chan.conf with a section [Resolve] and these lines: DNS=(the number)#(the name), DNSOverTLS=yes, Domains=~."
            ),
            shows="plain",
        ),
        Step(_("This is the name:"), shows="tls"),
        Step(_("Start it anew: sudo systemctl restart systemd-resolved")),
    )
    covers = _("Everything on this computer.")
    limits = _("Needs systemd-resolved. Who has the administrator's password can change it back.")
