import click

from lachan.cli.setup import django_ready


@click.command()
@click.argument("arguments", nargs=-1)
def command(arguments: tuple[str, ...]) -> None:
    """Bring the database to the present schema; with ARGUMENTS, as Django's own command.

    \b
    lachan migrate
    lachan migrate make members     write a room's new migration (for those who develop)
    """
    django_ready(migrate=False, begin=True)
    if arguments[:1] == ("make",):
        from django.core.management import call_command

        call_command("makemigrations", *arguments[1:])
        return
    from lachan.config.prepare import database_prepare

    database_prepare(*arguments)
