"""What databases, backups and disks of before call things, the room opens under the same names."""

from django.apps import apps
from django.db.migrations.loader import MigrationLoader


def test_it_finds_its_tables_in_databases_of_before():
    room = apps.get_app_config("matching")
    assert room.name == "lachan.sightings"
    tables = {model._meta.db_table for model in room.get_models()}
    assert tables == {"matching_sighting", "matching_sightingbatch"}


def test_it_takes_no_step_that_databases_of_before_have_taken_twice():
    steps = MigrationLoader(None).disk_migrations
    assert ("matching", "0001_initial") in steps
    assert not [app for app, _name in steps if app == "sightings"]
