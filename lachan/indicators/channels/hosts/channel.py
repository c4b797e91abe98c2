from django.utils.translation import gettext_lazy as _

from lachan.indicators.channel import Channel, Example
from lachan.indicators.ways.get import Get


class Hosts(Channel):
    """For hosts files; they know no subdomains, so only the names themselves are stopped."""

    name = "hosts"
    label = _("Hosts file")
    file_name = "lachan-hosts.txt"
    way = Get()

    def examples(self) -> list[Example]:
        return [Example("domain", "xau.example")]
