from django.apps import AppConfig


class MatchingConfig(AppConfig):
    name = "lachan.matching"
    default_auto_field = "django.db.models.BigAutoField"
