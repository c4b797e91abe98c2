"""Two countries: the one that the product brings, and one that nobody knows and that lies elsewhere."""

from pathlib import Path

from lachan.kernel.country import country_at, country_named

VN = country_named("vn")
XA = country_at(Path(__file__).parent / "xa")
