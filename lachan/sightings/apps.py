from django.apps import AppConfig


class SightingsConfig(AppConfig):
    name = "lachan.sightings"
    # What migrations and tables are called in every database and backup there is (docs/adr/0025).
    label = "matching"
    default_auto_field = "django.db.models.BigAutoField"
