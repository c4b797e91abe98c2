from django.utils.translation import gettext_lazy as _

from lachan.indicators.channel import Channel, Example


class Hosts(Channel):
    """For hosts files; they know no subdomains, so only the names themselves are stopped."""

    name = "hosts"
    label = _("Hosts file")
    file_name = "lachan-hosts.txt"
    kinds = frozenset({"domain"})

    def examples(self) -> list[Example]:
        return [Example("domain", "xau.example", "0.0.0.0 xau.example\n")]
