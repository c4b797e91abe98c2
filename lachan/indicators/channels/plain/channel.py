from django.utils.translation import gettext_lazy as _

from lachan.indicators.channel import Channel, Example, Settings
from lachan.indicators.ways.get import Get


class Plain(Channel):
    """One value a line; domains, unless others are asked for, so that a resolver can read it.

    Where a value alone would be read as something else, its kind stands before it: `pdq:…`.
    """

    name = "plain"
    label = _("Plain list, one value a line")
    file_name = "lachan.txt"
    way = Get()
    settings = Settings(usual_kinds=frozenset({"domain"}))
    version = 2

    def examples(self) -> list[Example]:
        return [
            Example("domain", "xau.example"),
            Example("url", "https://xau.example/a"),
            Example("pdq", "5a" * 32),
        ]
