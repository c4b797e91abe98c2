"""`--radius`: how many bits of PDQ may differ."""

from typing import Any

import click


def _checked(ctx: click.Context, param: click.Parameter, radius: int | None) -> int | None:
    del ctx, param
    if radius is None:
        return None
    from lachan.matching.algorithms.pdq.chance import chance_matches, chance_radius

    if radius >= chance_radius():
        chance = min(1.0, chance_matches(radius, 1_000_000) / 1_000_000)
        click.echo(
            f"warning: at a radius of {radius}, pictures that have nothing in common match by chance"
            f" ({1_000_000 * chance:,.2g} of a million listed ones, for each that is asked);"
            " 31 is recommended: docs/matching.md, section 7",
            err=True,
        )
    return radius


def radius_option(most: int) -> Any:
    """The option, up to so many bits; says so where chance matches are to be expected."""
    return click.option(
        "--radius",
        type=click.IntRange(0, most),
        callback=_checked,
        help="Of PDQ; 31 where none is given.",
    )
