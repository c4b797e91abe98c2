from lachan.cli.main import cli

cli(prog_name="lachan")
